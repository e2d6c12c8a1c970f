//! The drivers of the port. On Linux the kernel owns the hardware, so each holds no
//! more than what a script may have open.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::report_call;

static TERMINAL_RAW: AtomicUsize = AtomicUsize::new(0);
static HISTORY_LINES: AtomicUsize = AtomicUsize::new(0);
static OPEN_PINS: AtomicUsize = AtomicUsize::new(0);
static PENDING_TIMERS: AtomicUsize = AtomicUsize::new(0);
static RUNNING_THREADS: AtomicUsize = AtomicUsize::new(0);
static OPEN_UARTS: AtomicUsize = AtomicUsize::new(0);

pub(crate) extern "C" fn terminal_init() {
    report_call!();
    TERMINAL_RAW.store(1, Relaxed);
}

pub(crate) extern "C" fn terminal_deinit() {
    report_call!();
    TERMINAL_RAW.store(0, Relaxed);
}

pub(crate) extern "C" fn readline_init0() {
    report_call!();
    HISTORY_LINES.store(0, Relaxed);
}

pub(crate) extern "C" fn mp_thread_init() {
    report_call!();
    RUNNING_THREADS.store(1, Relaxed);
}

pub(crate) extern "C" fn mp_thread_deinit() {
    report_call!();
    RUNNING_THREADS.store(0, Relaxed);
}

pub(crate) extern "C" fn machine_pin_init0() {
    report_call!();
    OPEN_PINS.store(0, Relaxed);
}

pub(crate) extern "C" fn machine_pin_deinit_all() {
    report_call!();
    OPEN_PINS.store(0, Relaxed);
}

pub(crate) extern "C" fn soft_timer_init() {
    report_call!();
    PENDING_TIMERS.store(0, Relaxed);
}

pub(crate) extern "C" fn soft_timer_deinit() {
    report_call!();
    PENDING_TIMERS.store(0, Relaxed);
}

pub(crate) extern "C" fn uart_init0() {
    report_call!();
    OPEN_UARTS.store(0, Relaxed);
}

pub(crate) extern "C" fn uart_deinit_all() {
    report_call!();
    OPEN_UARTS.store(0, Relaxed);
}

#[cfg(feature = "network")]
pub(crate) mod network {
    use super::*;

    static OPEN_SOCKETS: AtomicUsize = AtomicUsize::new(0);

    pub(crate) extern "C" fn mod_network_init() {
        report_call!();
        OPEN_SOCKETS.store(0, Relaxed);
    }

    pub(crate) extern "C" fn mod_network_deinit() {
        report_call!();
        OPEN_SOCKETS.store(0, Relaxed);
    }
}

#[cfg(feature = "bluetooth")]
pub(crate) mod bluetooth {
    use super::*;

    static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);

    pub(crate) extern "C" fn mp_bluetooth_hci_init() {
        report_call!();
        CONNECTIONS.store(0, Relaxed);
    }

    pub(crate) extern "C" fn mp_bluetooth_deinit() {
        report_call!();
        CONNECTIONS.store(0, Relaxed);
    }
}

#[cfg(feature = "can")]
pub(crate) mod can {
    use super::*;

    static BOUND_SOCKETS: AtomicUsize = AtomicUsize::new(0);

    pub(crate) extern "C" fn machine_can_init0() {
        report_call!();
        BOUND_SOCKETS.store(0, Relaxed);
    }

    pub(crate) extern "C" fn machine_can_deinit_all() {
        report_call!();
        BOUND_SOCKETS.store(0, Relaxed);
    }
}

#[cfg(feature = "i2s")]
pub(crate) mod i2s {
    use super::*;

    static STREAMS: AtomicUsize = AtomicUsize::new(0);

    pub(crate) extern "C" fn machine_i2s_init0() {
        report_call!();
        STREAMS.store(0, Relaxed);
    }

    pub(crate) extern "C" fn machine_i2s_deinit_all() {
        report_call!();
        STREAMS.store(0, Relaxed);
    }
}
