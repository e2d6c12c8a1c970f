#include "machine.h"

#include "report.h"

static unsigned clock_running;
static unsigned pins_in_use;
static unsigned timers_in_use;
static unsigned uarts_in_use;
static unsigned can_in_use;
static unsigned dac_in_use;

void machine_clock_init(void) {
    REPORT_CALL();
    clock_running = 1;
}

void machine_clock_deinit(void) {
    REPORT_CALL();
    clock_running = 0;
}

void machine_pins_init(void) {
    REPORT_CALL();
    pins_in_use = 0;
}

void machine_pins_deinit(void) {
    REPORT_CALL();
    pins_in_use = 0;
}

void machine_timer_init0(void) {
    REPORT_CALL();
    timers_in_use = 0;
}

void machine_timer_deinit_all(void) {
    REPORT_CALL();
    timers_in_use = 0;
}

void machine_uart_init0(void) {
    REPORT_CALL();
    uarts_in_use = 1;
}

void machine_uart_deinit_all(void) {
    REPORT_CALL();
    uarts_in_use = 0;
}

void machine_can_init0(void) {
    REPORT_CALL();
    can_in_use = 0;
}

void machine_can_deinit_all(void) {
    REPORT_CALL();
    can_in_use = 0;
}

void machine_dac_init(void) {
    REPORT_CALL();
    dac_in_use = 0;
}

void machine_dac_deinit_all(void) {
    REPORT_CALL();
    dac_in_use = 0;
}
