/* Registers in every way the header has. What it prints is the order in which it ran. */
#include "mp_registry.h"
#include "say.h"

int program(void);

static void clock_init(void) {
    say(__func__);
}
MP_INIT_REGISTER(early, 00, clock_init);

static void pin_init0(void) {
    say(__func__);
}
MP_INIT_REGISTER(core, 05, pin_init0);

static void timer_init0(void) {
    say(__func__);
}
MP_INIT_REGISTER_WITH(core, 10, timer_init0, MP_AFTER(clock_init, pin) MP_SUBSYSTEM(soft_timer));

static void timer_deinit(void) {
    say(__func__);
}
MP_DEINIT_REGISTER(core, 10, timer_deinit);

static int uart_init(const char *name, int baud) {
    say(name);
    return baud;
}
MP_INIT_REGISTER_CALL_WITH(driver, 20, uart_init, ("uart_init", 115200),
    MP_SATISFIED(persistent, "the \"REPL\" stays on it; " "its baud rate, too"));

int program(void) {
    mp_init_run_level(MP_INIT_EARLY);
    mp_init_run_level(MP_INIT_CORE);
    mp_init_run_level(MP_INIT_DRIVER);
    mp_init_run_level(MP_INIT_SERVICE);
    mp_deinit_run_level(MP_INIT_SERVICE);
    mp_deinit_run_level(MP_INIT_DRIVER);
    mp_deinit_run_level(MP_INIT_CORE);
    mp_deinit_run_level(MP_INIT_EARLY);
    return 0;
}
