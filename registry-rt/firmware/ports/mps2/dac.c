/* Digital-to-analogue converters. */
#include "mp_registry.h"
#include "report.h"

static unsigned playing;

static void dac_init(void) {
    REPORT_CALL();
    playing = 0;
}
MP_INIT_REGISTER(driver, 40, dac_init);

#if REVISION >= 2
/* A DAC that plays from a heap buffer must stop before the heap goes. */
static void dac_deinit_all(void) {
    REPORT_CALL();
    playing = 0;
}
MP_DEINIT_REGISTER(driver, 40, dac_deinit_all);
#endif
