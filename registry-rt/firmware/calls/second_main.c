/* main only goes on to another function, which is the port's main. It may leave by an
 * end of input, as a program does. */
#include "calls.h"

/* A platform's own beginning, then the rest. */
NOINLINE static int main_(int argument) {
    STAGE(boot);
    if (argument == 0) {
        system_clock_init();
    }

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        pin_init0();
        uart_init0();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        uart_deinit_all();
        pin_deinit();
        gc_sweep_all();
        mp_deinit();
        if (resumes()) {
            break;
        }
    }
    return argument;
}

int main(void) {
    return main_(0);
}
