/* Loops that are tested at their top, with calls before, inside and after. */
#include "calls.h"

int main(void) {
    STAGE(boot);
    system_clock_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        pin_init0();
        while (mode_changed()) {
            timer_init0();
            uart_init0();
        }
        mod_network_init();
        mp_usbd_init();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        mp_usbd_deinit();
        while (mode_changed()) {
            uart_deinit_all();
        }
        mod_network_deinit();
        gc_sweep_all();
        mp_deinit();
    }
}
