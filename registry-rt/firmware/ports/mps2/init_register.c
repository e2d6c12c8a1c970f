/* Where the shared drivers run on this port. Drivers of the chip itself register in
 * their own files.
 *
 * Deinit tables run from the last entry to the first. */
#include "board.h"
#include "drivers.h"
#include "mp_registry.h"

MP_INIT_CORE(00, readline_init0);
MP_INIT_CORE(05, soft_timer_init);

#if REVISION == 1
/* Stopped after the peripherals, which still used it. */
MP_DEINIT_CORE(05, soft_timer_deinit);
#else
/* Stopped first, before the drivers that its callbacks use. */
MP_DEINIT_SERVICE(90, soft_timer_deinit);
#endif

#if BOARD_HAS_NETWORK
#if REVISION == 1
MP_INIT_DRIVER(60, mod_network_init);
MP_DEINIT_DRIVER(60, mod_network_deinit);
#else
MP_INIT_DRIVER(20, mod_network_init);
MP_DEINIT_SERVICE(10, mod_network_deinit);
#endif
#endif

#if BOARD_HAS_BLUETOOTH
MP_INIT_SERVICE(10, mp_bluetooth_hci_init);
MP_DEINIT_SERVICE(20, mp_bluetooth_deinit);
#endif

#if BOARD_HAS_I2S
MP_INIT_DRIVER(50, machine_i2s_init0);
MP_DEINIT_DRIVER(50, machine_i2s_deinit_all);
#endif

MP_DEINIT_DRIVER(70, machine_pwm_deinit_all);

MP_INIT_SERVICE(30, mp_usbd_init);
MP_DEINIT_SERVICE(00, mp_usbd_deinit);
