/* Serial ports. */
#include "mp_registry.h"
#include "report.h"

static unsigned open_uarts;

static void uart_init0(void) {
    REPORT_CALL();
    open_uarts = 0;
}
MP_INIT_REGISTER(driver, 00, uart_init0);

static void uart_deinit_all(void) {
    REPORT_CALL();
    open_uarts = 0;
}
MP_DEINIT_REGISTER(driver, 00, uart_deinit_all);
