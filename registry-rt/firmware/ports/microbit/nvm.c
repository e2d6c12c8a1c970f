/* Flash controller: wait states and write protection, once per power-up. */
#include "init_levels.h"
#include "report.h"

static unsigned writable;

static void nvm_init(void) {
    REPORT_CALL();
    writable = 0;
}
MP_INIT_REGISTER(early, 00, nvm_init);

static void nvm_deinit(void) {
    REPORT_CALL();
    writable = 0;
}
MP_DEINIT_REGISTER(early, 00, nvm_deinit);
