/* Hardware timers. */
#include "mp_registry.h"
#include "report.h"

#define TIMERS 4

static void *timer_object[TIMERS];

static void timer_init0(void) {
    REPORT_CALL();
    for (int timer = 0; timer < TIMERS; ++timer) {
        timer_object[timer] = 0;
    }
}
MP_INIT_REGISTER(core, 30, timer_init0);

static void timer_deinit(void) {
    REPORT_CALL();
    for (int timer = 0; timer < TIMERS; ++timer) {
        timer_object[timer] = 0;
    }
}
MP_DEINIT_REGISTER(core, 30, timer_deinit);
