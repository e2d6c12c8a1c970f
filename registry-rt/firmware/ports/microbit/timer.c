/* Hardware timers. */
#include "init_levels.h"
#include "report.h"

static unsigned running;

static void timer_init0(void) {
    REPORT_CALL();
    running = 0;
}
MP_INIT_REGISTER(core, 30, timer_init0);

static void timer_deinit(void) {
    REPORT_CALL();
    running = 0;
}
MP_DEINIT_REGISTER(core, 30, timer_deinit);
