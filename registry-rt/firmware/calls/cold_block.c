/* Calls that the compiler is told to expect rarely: their blocks move to the end of the
 * function, behind what runs after them. */
#include "calls.h"

#define UNLIKELY(condition) __builtin_expect((condition), 0)
#define LIKELY(condition) __builtin_expect((condition), 1)

int main(void) {
    STAGE(boot);
    system_clock_init();
    if (UNLIKELY(!clock_is_stable())) {
        flash_init();
    }
    led_init();

soft_reset:
    STAGE(start);
    gc_init(heap, heap_end);
    mp_init();
    if (UNLIKELY(first_cycle())) {
        sdcard_init();
        adc_init();
    }
    pin_init0();
    if (LIKELY(has_network())) {
        mod_network_init();
    } else {
        can_init0();
    }
    mp_usbd_init();

    if (UNLIKELY(pyexec_file_if_exists("boot.py") == PYEXEC_DONE)) {
        accel_init();
        servo_init();
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }
    }

    STAGE(stop);
    mp_usbd_deinit();
    if (UNLIKELY(has_network())) {
        mod_network_deinit();
    }
    pin_deinit();
    gc_sweep_all();
    mp_deinit();
    goto soft_reset;
}
