/* Pins and their external interrupts. */
#include "mp_registry.h"
#include "report.h"

#define LINES 16

static void *pin_class_mapper;
static void *extint_callback[LINES];

static void forget_callbacks(void) {
    for (int line = 0; line < LINES; ++line) {
        extint_callback[line] = 0;
    }
}

static void pin_init0(void) {
    REPORT_CALL();
    pin_class_mapper = 0;
}
MP_INIT_REGISTER(core, 10, pin_init0);

static void extint_init0(void) {
    REPORT_CALL();
    forget_callbacks();
}
MP_INIT_REGISTER(core, 20, extint_init0);

static void extint_deinit_all(void) {
    REPORT_CALL();
    forget_callbacks();
}
MP_DEINIT_REGISTER(core, 20, extint_deinit_all);
