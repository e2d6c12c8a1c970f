/* Pins and the interrupt that they share. */
#include "init_levels.h"
#include "report.h"

#define PINS 20

static void *pin_handler[PINS];
static unsigned enabled_pins;

static void machine_pin_init(void) {
    REPORT_CALL();
    for (int pin = 0; pin < PINS; ++pin) {
        pin_handler[pin] = 0;
    }
}
MP_INIT_REGISTER(core, 10, machine_pin_init);

static void machine_pin_deinit(void) {
    REPORT_CALL();
    enabled_pins = 0;
}
MP_DEINIT_REGISTER(core, 10, machine_pin_deinit);

/* The real-time counter has an interrupt set-up of the same name. */
static void irq_init0(void) {
    REPORT_CALL();
    enabled_pins = 0;
}
MP_INIT_REGISTER(core, 11, irq_init0);
