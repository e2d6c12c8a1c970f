/* Pins and their external interrupts. */
#include "mp_registry.h"
#include "report.h"

#define LINES 16

static void *pin_class_mapper;
static void *extint_callback[LINES];

static void pin_init0(void) {
    REPORT_CALL();
    pin_class_mapper = 0;
}
MP_INIT_REGISTER(core, 10, pin_init0);

/* Callbacks are heap objects: a soft reset starts without any. */
static void extint_init0(void) {
    REPORT_CALL();
    for (int line = 0; line < LINES; ++line) {
        extint_callback[line] = 0;
    }
}
MP_INIT_REGISTER(core, 20, extint_init0);
