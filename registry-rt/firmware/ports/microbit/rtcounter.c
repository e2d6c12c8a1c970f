/* The low-power counter behind time.ticks_ms. */
#include "init_levels.h"
#include "report.h"

static unsigned overflows;
static unsigned enabled_channels;

static void rtc_counter_init0(void) {
    REPORT_CALL();
    overflows = 0;
}
MP_INIT_REGISTER(core, 20, rtc_counter_init0);

static void irq_init0(void) {
    REPORT_CALL();
    enabled_channels = 0;
}
MP_INIT_REGISTER(core, 21, irq_init0);
