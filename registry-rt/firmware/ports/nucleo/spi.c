/* SPI controllers. */
#include "mp_registry.h"
#include "report.h"

static unsigned active_controllers;

static void spi_init0(void) {
    REPORT_CALL();
    active_controllers = 0;
}
MP_INIT_REGISTER(driver, 20, spi_init0);

static void spi_deinit_all(void) {
    REPORT_CALL();
    active_controllers = 0;
}
MP_DEINIT_REGISTER(driver, 20, spi_deinit_all);
