/* Two runners of lines, one or the other in each turn of a loop. */
#include "calls.h"

int main(void) {
    STAGE(boot);
    system_clock_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        readline_init0();
        pin_init0();
        mp_usbd_init();

        pyexec_file_if_exists("boot.py");
        for (;;) {
            if (repl_is_raw()) {
                if (pyexec_raw_repl() != PYEXEC_DONE) {
                    break;
                }
            } else {
                if (pyexec_friendly_repl() != PYEXEC_DONE) {
                    break;
                }
            }
        }

        STAGE(stop);
        mp_usbd_deinit();
        pin_deinit();
        gc_sweep_all();
        mp_deinit();
    }
}
