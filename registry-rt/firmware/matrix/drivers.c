/* A second file, whose entries stand between those of the first; the service level is
 * left empty. */
#include "mp_registry.h"
#include "say.h"

static void spi_init0(void) {
    say(__func__);
}
MP_INIT_REGISTER_WITH(driver, 99, spi_init0, MP_AFTER(uart_init) MP_SATISFIED_BY_CALL(spi_deinit, "it stops all buses"));

static void dac_init(void) {
    say(__func__);
}
MP_INIT_REGISTER(driver, 00, dac_init);

static void extint_init0(void) {
    say(__func__);
}
MP_INIT_REGISTER(core, 07, extint_init0);

static void dac_deinit(void) {
    say(__func__);
}
MP_DEINIT_REGISTER(driver, 00, dac_deinit);

static void spi_deinit(void) {
    say(__func__);
}
MP_DEINIT_REGISTER(driver, 99, spi_deinit);
