/* Every macro of the header once; only compiled. */
#include "mp_registry.h"

int everything(void);

static void timer_init0(void) {
}

static void timer_deinit(void) {
}

static int uart_init(int number, const char *name) {
    return number + (name == 0);
}

/* Words that are levels to the registry may be macros to a project. */
#define driver something_else
#define core something_else
#define finaliser something_else

MP_INIT_LEVEL(panel);
MP_INIT_LEVEL_DEFINE(late);

MP_INIT_REGISTER(driver, 00, timer_init0);
MP_DEINIT_REGISTER(panel, 09, timer_deinit);
MP_INIT_REGISTER_WITH(core, 99, timer_init0, MP_AFTER(clock_init, pin) MP_AFTER(dma) MP_SUBSYSTEM(timer));
MP_DEINIT_REGISTER_WITH(late, 10, timer_deinit, MP_AFTER(uart));
MP_INIT_REGISTER_CALL(driver, 05, uart_init, (1, "one"));
MP_DEINIT_REGISTER_CALL(driver, 05, uart_init, (0, 0));
MP_INIT_REGISTER_CALL_WITH(driver, 06, uart_init, (2, "two"), MP_AFTER(timer) MP_SATISFIED(finaliser, "it has one"));
MP_INIT_REGISTER_CALL_WITH(driver, 07, uart_init, (2, "two"), MP_SATISFIED_BY_CALL(timer_deinit, "with it"));
MP_DEINIT_REGISTER_CALL_WITH(driver, 06, uart_init, (0, 0), MP_SUBSYSTEM(serial));
MP_INIT_EARLY(10, timer_init0);
MP_INIT_CORE(10, timer_init0);
MP_INIT_DRIVER(10, timer_init0);
MP_INIT_SERVICE(10, timer_init0);
MP_DEINIT_EARLY(10, timer_deinit);
MP_DEINIT_CORE(10, timer_deinit);
MP_DEINIT_DRIVER(10, timer_deinit);
MP_DEINIT_SERVICE(10, timer_deinit);
#if !defined(MP_REGISTRY_RODATA) && !defined(MP_REGISTRY_KEYED)
MP_REGISTRY_EXPECT(17);
#endif
MP_REGISTRY_ANCHOR(everything);

int everything(void) {
    mp_init_run_level(MP_INIT_DRIVER);
    mp_deinit_run_level(MP_INIT_DRIVER);
    MP_INIT_RUN(panel);
    MP_DEINIT_RUN(late);
    return (int)mp_registry_count();
}
