/* Where the shared drivers run on this port. The radio serves Bluetooth first and
 * everything else after it, so the network comes a level later than on other ports. */
#include "board.h"
#include "drivers.h"
#include "init_levels.h"

MP_INIT_REGISTER(core, 00, readline_init0);

/* The timers' callbacks may be needed by any deinit: last of all. */
MP_INIT_REGISTER(core, 01, soft_timer_init);
MP_DEINIT_REGISTER(core, 00, soft_timer_deinit);

MP_INIT_REGISTER(driver, 10, machine_pwm_init0);
MP_DEINIT_REGISTER(driver, 10, machine_pwm_deinit_all);

#if BOARD_HAS_BLUETOOTH
MP_INIT_REGISTER(driver, 30, mp_bluetooth_hci_init);
MP_DEINIT_REGISTER(driver, 30, mp_bluetooth_deinit);
#endif

#if BOARD_HAS_NETWORK
MP_INIT_REGISTER(service, 00, mod_network_init);
MP_DEINIT_REGISTER(service, 00, mod_network_deinit);
#endif
