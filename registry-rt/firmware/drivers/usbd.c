/* The USB device stack with the interfaces that a script added. */
#include "drivers.h"
#include "report.h"

static int attached;

void mp_usbd_init(void) {
    REPORT_CALL();
    attached = 1;
}

void mp_usbd_deinit(void) {
    REPORT_CALL();
    attached = 0;
}
