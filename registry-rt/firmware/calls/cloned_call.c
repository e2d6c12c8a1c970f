/* One call between two questions about the same thing: compilers give each arm a copy of
 * it and ask once. */
#include "calls.h"

int main(void) {
    STAGE(boot);
    system_clock_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        int network = has_network();
        if (network) {
            spi_init0();
        }
        pin_init0();
        if (network) {
            mod_network_init();
        }
        mp_usbd_init();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        mp_usbd_deinit();
        if (network) {
            mod_network_deinit();
        } else {
            adc_deinit_all();
        }
        pin_deinit();
        if (network) {
            spi_deinit_all();
        }
        gc_sweep_all();
        mp_deinit();
    }
}
