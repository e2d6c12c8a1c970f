/* A soft-reset loop with two entries: control flow that no loop statement gives. */
#include "calls.h"

int main(void) {
    STAGE(boot);
    system_clock_init();
    if (resumes()) {
        flash_init();
        goto resume;
    }
    led_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        pin_init0();
    resume:
        uart_init0();
        mp_usbd_init();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        mp_usbd_deinit();
        pin_deinit();
        gc_sweep_all();
        mp_deinit();
    }
}
