/* Pulse-width modulation on any pin that has a timer. */
#include "drivers.h"
#include "report.h"

static unsigned running_channels;

void machine_pwm_init0(void) {
    REPORT_CALL();
    running_channels = 0;
}

void machine_pwm_deinit_all(void) {
    REPORT_CALL();
    running_channels = 0;
}
