/* The serial port. It carries the REPL, so it is up before the drivers. */
#include "init_levels.h"
#include "report.h"

static unsigned listening;

static void uart_init0(void) {
    REPORT_CALL();
    listening = 1;
}
MP_INIT_REGISTER(core, 40, uart_init0);

static void uart_deinit_all(void) {
    REPORT_CALL();
    listening = 0;
}
MP_DEINIT_REGISTER(core, 40, uart_deinit_all);
