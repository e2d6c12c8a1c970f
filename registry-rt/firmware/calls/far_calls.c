/* A main function out of reach of what it calls: long calls, or veneers of the linker.
 * FAR_MAIN moves main away instead of the functions. */
#include "calls.h"

#if defined(FAR_MAIN)
__attribute__((section(".far.main")))
#endif
int main(void) {
    STAGE(boot);
    system_clock_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        pin_init0();
        if (has_network()) {
            mod_network_init();
        }
        uart_init0();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        uart_deinit_all();
        if (has_network()) {
            mod_network_deinit();
        }
        pin_deinit();
        gc_sweep_all();
        mp_deinit();
        /* Again, after everything: one function at two places of the order. */
        uart_init0();
    }
}
