/* Registers in every way the header has and runs all levels; also compiled as C++. What
 * it prints is asserted in tests/host/c_header.rs. */
#include <stdio.h>

#include "mp_registry.h"

#define FUNCTION(name) \
    static void name(void) { \
        puts(#name); \
    }

FUNCTION(clock_init)
FUNCTION(pin_init0)
FUNCTION(timer_init0)
FUNCTION(timer_deinit)
FUNCTION(uart_init0)
FUNCTION(uart_deinit_all)
FUNCTION(usbd_init)
FUNCTION(usbd_deinit)
FUNCTION(backlight_init)
FUNCTION(backlight_deinit)
FUNCTION(touch_init)
FUNCTION(touch_deinit)

/* Words that are levels to the registry may be macros to a project. */
#define driver something_else

MP_INIT_EARLY(00, clock_init);
MP_INIT_REGISTER(core, 10, timer_init0);
MP_INIT_CORE(00, pin_init0);
MP_INIT_REGISTER(driver, 00, uart_init0);
MP_INIT_SERVICE(00, usbd_init);

MP_DEINIT_CORE(10, timer_deinit);
MP_DEINIT_REGISTER(driver, 00, uart_deinit_all);
MP_DEINIT_SERVICE(00, usbd_deinit);

MP_INIT_LEVEL(panel);
MP_INIT_REGISTER(panel, 20, touch_init);
MP_INIT_REGISTER(panel, 10, backlight_init);
MP_DEINIT_REGISTER(panel, 20, touch_deinit);
MP_DEINIT_REGISTER(panel, 10, backlight_deinit);

int main(void) {
    mp_init_run_level(MP_INIT_EARLY);
    mp_init_run_level(MP_INIT_CORE);
    mp_init_run_level(MP_INIT_DRIVER);
    MP_INIT_RUN(panel);
    mp_init_run_level(MP_INIT_SERVICE);
    puts("--");
    mp_init_run_level(MP_INIT_NUM_LEVELS);
    mp_deinit_run_level(MP_INIT_NUM_LEVELS);
    puts("--");
    mp_deinit_run_level(MP_INIT_SERVICE);
    MP_DEINIT_RUN(panel);
    mp_deinit_run_level(MP_INIT_DRIVER);
    mp_deinit_run_level(MP_INIT_CORE);
    mp_deinit_run_level(MP_INIT_EARLY);
    return 0;
}
