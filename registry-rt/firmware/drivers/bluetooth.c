/* The Bluetooth host and the transport to its controller. */
#include "drivers.h"
#include "report.h"

enum { TRANSPORT_CLOSED, TRANSPORT_OPEN };

static int transport = TRANSPORT_CLOSED;

void mp_bluetooth_hci_init(void) {
    REPORT_CALL();
    transport = TRANSPORT_OPEN;
}

/* The controller keeps running; only the host lets go of it. */
void mp_bluetooth_deinit(void) {
    REPORT_CALL();
    if (transport == TRANSPORT_OPEN) {
        transport = TRANSPORT_CLOSED;
    }
}
