//! The levels: the RFC's four behind integers, and a project's own behind names.

use crate::table::{between, run_ascending, run_descending};

/// The four levels of the RFC, in the order in which a main function runs them
/// at start; it stops them in the opposite order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Level {
    /// Clocks, memory protection, anything needed before the heap exists.
    Early = 0,
    /// What drivers stand on: pins, interrupts, timers.
    Core = 1,
    /// Peripherals.
    Driver = 2,
    /// What builds on drivers: USB device, Bluetooth, file sharing.
    Service = 3,
}

/// Runs the init functions of `level` in ascending order of priority.
///
/// This is a call to the C symbol `mp_init_run_level` with the level as a
/// constant integer, so that tools which look for that call in a binary find it
/// in Rust images as well.
#[inline(always)]
pub fn init_run_level(level: Level) {
    mp_init_run_level(level as u32);
}

/// Runs the deinit functions of `level` in descending order of priority.
#[inline(always)]
pub fn deinit_run_level(level: Level) {
    mp_deinit_run_level(level as u32);
}

/// [`init_run_level`] for C code in the same image; it replaces the function of
/// `src/mp_registry.c`, which is a weak symbol. Numbers that are no level run
/// nothing.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn mp_init_run_level(level: u32) {
    let [early, core, driver, service] = [
        crate::table_of!(__mp_init_early_start, __mp_init_early_end),
        crate::table_of!(__mp_init_core_start, __mp_init_core_end),
        crate::table_of!(__mp_init_driver_start, __mp_init_driver_end),
        crate::table_of!(__mp_init_service_start, __mp_init_service_end),
    ];
}
