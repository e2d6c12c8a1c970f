/* Where the shared drivers that are migrated run on this port. The others are called by
 * main: readline, soft timers, and the network.
 *
 * Deinit tables run from the last entry to the first. */
#include "board.h"
#include "drivers.h"
#include "mp_registry.h"

MP_INIT_DRIVER(30, machine_pwm_init0);
MP_DEINIT_DRIVER(30, machine_pwm_deinit_all);

#if BOARD_HAS_BLUETOOTH
MP_INIT_SERVICE(10, mp_bluetooth_hci_init);
MP_DEINIT_SERVICE(10, mp_bluetooth_deinit);
#endif

MP_INIT_SERVICE(20, mp_usbd_init);
MP_DEINIT_SERVICE(20, mp_usbd_deinit);
