/* The port's main is a task: no call reaches it from the entry point, only a pointer that
 * a scheduler follows. */
#include "calls.h"

static void mp_task(void *argument) {
    (void)argument;
    uart_init0();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        readline_init0();
        pin_init0();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        pin_deinit();
        gc_sweep_all();
        mp_deinit();
    }
}

int main(void) {
    STAGE(boot);
    system_clock_init();
    struct task task = { mp_task, 0 };
    task_create(&task);
    task_scheduler();
}
