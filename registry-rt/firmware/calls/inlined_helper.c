/* Static helpers that are inlined into main. What they are called stands in DWARF alone;
 * without it, only the calls that they make remain. */
#include "calls.h"

/* Prints its name by itself: inlined, no call of main has this name. */
static inline void board_pins_init(void) {
    REPORT_CALL();
}

static inline void board_pins_deinit(void) {
    REPORT_CALL();
}

/* Its name stands in DWARF, its calls in main as well. */
static inline void radio_init(void) {
    REPORT_CALL();
    spi_init0();
    mod_network_init();
}

int main(void) {
    STAGE(boot);
    system_clock_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        board_pins_init();
        uart_init0();
        if (has_network()) {
            radio_init();
        }
        mp_usbd_init();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        mp_usbd_deinit();
        uart_deinit_all();
        board_pins_deinit();
        gc_sweep_all();
        mp_deinit();
    }
}
