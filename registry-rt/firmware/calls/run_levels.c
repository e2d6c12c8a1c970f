/* Run-level calls among calls by hand: levels that are constants at the call, a constant
 * that waits in a register, and one that nobody knows before it runs. */
#include "calls.h"

#include "mp_registry.h"

MP_INIT_REGISTER(early, 00, flash_init);
MP_INIT_REGISTER(core, 00, pin_init0);
MP_INIT_REGISTER(core, 10, extint_init0);
MP_INIT_REGISTER(driver, 00, uart_init0);
MP_INIT_REGISTER(driver, 10, spi_init0);
MP_INIT_REGISTER(service, 00, mod_network_init);
MP_INIT_REGISTER(service, 10, mp_usbd_init);

MP_DEINIT_REGISTER(core, 00, pin_deinit);
MP_DEINIT_REGISTER(core, 10, extint_deinit);
MP_DEINIT_REGISTER(driver, 00, uart_deinit_all);
MP_DEINIT_REGISTER(driver, 10, spi_deinit_all);
MP_DEINIT_REGISTER(service, 00, mod_network_deinit);
MP_DEINIT_REGISTER(service, 10, mp_usbd_deinit);

/* The compiler may not repeat the constant at each use: it stays in the register that
 * was loaded before the loop. */
#define IN_REGISTER(variable) __asm__ volatile ("" : "+r"(variable))

int main(void) {
    STAGE(boot);
    system_clock_init();
    mp_init_run_level(MP_INIT_EARLY);
    led_init();
    unsigned driver_level = MP_INIT_DRIVER;
    IN_REGISTER(driver_level);

    for (;;) {
        STAGE(start);
        gc_init(heap, heap_end);
        mp_init();
        readline_init0();
        mp_init_run_level(MP_INIT_CORE);
        /* By hand what the next level registers too. */
        uart_init0();
        mp_init_run_level(driver_level);
        timer_init0();
        mp_init_run_level(last_level());
        servo_init();

        pyexec_file_if_exists("boot.py");
        while (pyexec_friendly_repl() == PYEXEC_DONE) {
        }

        STAGE(stop);
        mp_deinit_run_level(MP_INIT_SERVICE);
        timer_deinit();
        mp_deinit_run_level(driver_level);
        gc_sweep_all();
        mp_deinit_run_level(MP_INIT_CORE);
        mp_deinit();
    }
}
