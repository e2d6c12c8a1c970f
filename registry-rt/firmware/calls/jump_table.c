/* One of eight modes decides what starts: a switch that compilers turn into a table. */
#include "calls.h"

int main(void) {
    STAGE(boot);
    system_clock_init();

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        pin_init0();
        switch (boot_mode()) {
            case 0:
                uart_init0();
                break;
            case 1:
                i2c_init0();
                break;
            case 2:
                spi_init0();
                sdcard_init();
                break;
            case 3:
                can_init0();
                /* As case 4, and more. */
                __attribute__((fallthrough));
            case 4:
                dac_init();
                break;
            case 5:
                adc_init();
                break;
            case 6:
                mp_bluetooth_init();
                break;
            case 7:
                accel_init();
                break;
            default:
                led_init();
                break;
        }
        mp_usbd_init();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() != PYEXEC_FORCED_EXIT) {
        }

        STAGE(stop);
        mp_usbd_deinit();
        pin_deinit();
        gc_sweep_all();
        mp_deinit();
    }
}
