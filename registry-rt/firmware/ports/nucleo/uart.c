/* Serial ports. Registered, and still called by main: nobody took that call out when the
 * driver was migrated. */
#include "chip.h"
#include "mp_registry.h"
#include "report.h"

static unsigned open_uarts;

void uart_init0(void) {
    REPORT_CALL();
    open_uarts = 0;
}
MP_INIT_REGISTER(driver, 10, uart_init0);

void uart_deinit_all(void) {
    REPORT_CALL();
    open_uarts = 0;
}
