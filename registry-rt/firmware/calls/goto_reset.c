/* A soft reset is a `goto` back to a label. The heap is swept before the last deinit,
 * and the UART starts again after mp_deinit. */
#include "calls.h"

int main(void) {
    STAGE(boot);
    system_clock_init();
    flash_init();
    uart_init0();

soft_reset:
    STAGE(start);
    gc_init(heap, heap_end);
    mp_init();
    readline_init0();
    pin_init0();
    extint_init0();
    timer_init0();

    int result = pyexec_file_if_exists("boot.py");
    if (first_cycle()) {
        mp_usbd_init();
    }
    accel_init();
    if (result == PYEXEC_DONE) {
        pyexec_file_if_exists("main.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }
    }

    STAGE(stop);
    timer_deinit();
    extint_deinit();
    gc_sweep_all();
    pin_deinit();
    mp_deinit();
    uart_init0();
    goto soft_reset;
}
