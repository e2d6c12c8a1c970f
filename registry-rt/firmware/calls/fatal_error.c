/* What is missing at start ends in a call that does not return. */
#include "calls.h"

int main(void) {
    STAGE(boot);
    if (!clock_is_stable()) {
        __fatal_error("no clock");
    }
    system_clock_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        pin_init0();
        if (has_network()) {
            mod_network_init();
        } else if (clock_is_stable()) {
            mp_bluetooth_init();
        } else {
            __fatal_error("no radio");
        }
        mp_usbd_init();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        mp_usbd_deinit();
        if (has_network()) {
            mod_network_deinit();
        }
        gc_sweep_all();
        mp_deinit();
    }
}
