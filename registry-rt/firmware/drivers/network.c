/* Network interfaces, registered with the stack while a script uses them. */
#include "drivers.h"
#include "report.h"

#define INTERFACES 4

static void *interfaces[INTERFACES];

static void forget_interfaces(void) {
    for (int index = 0; index < INTERFACES; ++index) {
        interfaces[index] = 0;
    }
}

void mod_network_init(void) {
    REPORT_CALL();
    forget_interfaces();
}

void mod_network_deinit(void) {
    REPORT_CALL();
    forget_interfaces();
}
