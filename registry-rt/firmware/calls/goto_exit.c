/* A soft reset is the end of a `for (;;)` body; boot.py and main.py may leave by a label
 * in its middle. */
#include "calls.h"

int main(void) {
    STAGE(boot);
    system_clock_init();
    led_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        readline_init0();
        pin_init0();
        uart_init0();
        if (has_network()) {
            mod_network_init();
        }

        if (pyexec_file_if_exists("boot.py") == PYEXEC_FORCED_EXIT) {
            goto soft_reset_exit;
        }
        mp_usbd_init();
        servo_init();
        if (pyexec_file_if_exists("main.py") == PYEXEC_FORCED_EXIT) {
            goto soft_reset_exit;
        }
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

    soft_reset_exit:
        STAGE(stop);
        mp_usbd_deinit();
        mod_network_deinit();
        uart_deinit_all();
        pin_deinit();
        gc_sweep_all();
        mp_deinit();
    }
}
