/* User LEDs; lit by the boot code, so they are up before anything else. */
#include "mp_registry.h"
#include "report.h"

static unsigned lit;

static void led_init(void) {
    REPORT_CALL();
    lit = 1;
}
MP_INIT_REGISTER(early, 20, led_init);
