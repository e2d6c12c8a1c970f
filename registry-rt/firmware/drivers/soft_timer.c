/* Timers without hardware of their own, kept in one list ordered by expiry. */
#include "drivers.h"
#include "report.h"

struct soft_timer {
    struct soft_timer *next;
};

static struct soft_timer end_of_list;
static struct soft_timer *first;

void soft_timer_init(void) {
    REPORT_CALL();
    first = &end_of_list;
}

/* Entries of the list are on the heap: forget them before it is swept. */
void soft_timer_deinit(void) {
    REPORT_CALL();
    first = &end_of_list;
}
