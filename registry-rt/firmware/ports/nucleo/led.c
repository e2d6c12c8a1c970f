/* The user LED. */
#include "chip.h"
#include "report.h"

static unsigned lit;

void led_init(void) {
    REPORT_CALL();
    lit = 1;
}
