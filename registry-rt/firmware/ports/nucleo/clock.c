/* System clock and tick, once per power-up. */
#include "mp_registry.h"
#include "report.h"

static unsigned clock_mhz;
static unsigned tick_period_us;

static void system_clock_init(void) {
    REPORT_CALL();
    clock_mhz = 84;
}
MP_INIT_REGISTER(early, 00, system_clock_init);

static void systick_init(void) {
    REPORT_CALL();
    tick_period_us = clock_mhz != 0 ? 1000 : 0;
}
MP_INIT_REGISTER(early, 10, systick_init);

static void systick_deinit(void) {
    REPORT_CALL();
    tick_period_us = 0;
}
MP_DEINIT_REGISTER(early, 10, systick_deinit);
