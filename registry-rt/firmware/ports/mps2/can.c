/* CAN controllers. */
#include "mp_registry.h"
#include "report.h"

static unsigned active_controllers;

static void pyb_can_init0(void) {
    REPORT_CALL();
    active_controllers = 0;
}
MP_INIT_REGISTER(driver, 30, pyb_can_init0);

static void pyb_can_deinit_all(void) {
    REPORT_CALL();
    active_controllers = 0;
}
MP_DEINIT_REGISTER(driver, 30, pyb_can_deinit_all);
