//! Where each driver runs: all in one place, because this port has no drivers that
//! others bring.

use registry_rt::{deinit_register, init_register};

use crate::drivers::*;

init_register!(early, 00, terminal_init);
deinit_register!(early, 00, terminal_deinit);

init_register!(core, 00, mp_thread_init);
init_register!(core, 10, readline_init0);
init_register!(core, 20, machine_pin_init0);
init_register!(core, 30, soft_timer_init);

init_register!(driver, 10, uart_init0);

// Deinit tables run from the last entry to the first: threads stop first of all,
// because any of them may use any driver, and timers last.
deinit_register!(service, 90, mp_thread_deinit);
deinit_register!(driver, 10, uart_deinit_all);
deinit_register!(core, 20, machine_pin_deinit_all);
deinit_register!(core, 10, soft_timer_deinit);

#[cfg(feature = "network")]
mod network {
    use super::*;
    use crate::drivers::network::*;

    init_register!(driver, 40, mod_network_init);
    deinit_register!(driver, 40, mod_network_deinit);
}

#[cfg(feature = "bluetooth")]
mod bluetooth {
    use super::*;
    use crate::drivers::bluetooth::*;

    // In the same level as the network and before it.
    init_register!(driver, 30, mp_bluetooth_hci_init);
    deinit_register!(driver, 50, mp_bluetooth_deinit);
}

#[cfg(feature = "can")]
mod can {
    use super::*;
    use crate::drivers::can::*;

    init_register!(driver, 20, machine_can_init0);
    deinit_register!(driver, 20, machine_can_deinit_all);
}

#[cfg(feature = "i2s")]
mod i2s {
    use super::*;
    use crate::drivers::i2s::*;

    init_register!(service, 10, machine_i2s_init0);
    deinit_register!(service, 10, machine_i2s_deinit_all);
}
