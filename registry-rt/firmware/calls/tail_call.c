/* Helpers whose last call is a jump: of two calls and more, and of one alone. */
#include "calls.h"

/* All calls of it start drivers: who reads main would look inside. */
NOINLINE static void start_drivers(void) {
    pin_init0();
    timer_init0();
    uart_init0();
}

NOINLINE static void start_network(void) {
    mod_network_init();
}

NOINLINE static void stop_drivers(void) {
    uart_deinit_all();
    timer_deinit();
    pin_deinit();
}

int main(void) {
    STAGE(boot);
    system_clock_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        readline_init0();
        start_drivers();
        if (has_network()) {
            start_network();
        }
        mp_usbd_init();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        mp_usbd_deinit();
        stop_drivers();
        gc_sweep_all();
        mp_deinit();
    }
}
