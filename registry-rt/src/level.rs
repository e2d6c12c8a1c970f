//! The levels: the RFC's four behind integers, and a project's own behind names.

use crate::bounds;
use crate::table::{Bounds, run_ascending, run_descending};

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
    /// What builds on drivers: USB device, Bluetooth, network.
    Service = 3,
}

/// Runs the init functions of `level` in ascending order of priority.
///
/// In the image this is a call to the C symbol `mp_init_run_level` with the
/// level as a constant integer, so that a tool which looks for such calls finds
/// them in Rust images as well.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the constant must stand at the call in main")]
pub fn init_run_level(level: Level) {
    mp_init_run_level(level as u32);
}

/// Runs the deinit functions of `level` in descending order of priority, by a
/// call to the C symbol `mp_deinit_run_level`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the constant must stand at the call in main")]
pub fn deinit_run_level(level: Level) {
    mp_deinit_run_level(level as u32);
}

/// The init tables of the four levels, in the order of their numbers. Looked up
/// rather than matched: on Cortex-M that is half the code.
static INIT: [Bounds; 4] =
    [bounds!(init, early), bounds!(init, core), bounds!(init, driver), bounds!(init, service)];

/// The deinit tables of the four levels, likewise.
static DEINIT: [Bounds; 4] = [
    bounds!(deinit, early),
    bounds!(deinit, core),
    bounds!(deinit, driver),
    bounds!(deinit, service),
];

/// The runner for Rust and for C code in the same image; the C definition in
/// `src/mp_registry.c` is weak and gives way to it. A number that is no level
/// runs nothing.
// SAFETY: the name and the signature are those of the registry's C header.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn mp_init_run_level(level: u32) {
    if let Some(bounds) = INIT.get(level as usize) {
        run_ascending(bounds.table());
    }
}

/// The counterpart of [`mp_init_run_level`] for the deinit tables.
// SAFETY: as for `mp_init_run_level`.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn mp_deinit_run_level(level: u32) {
    if let Some(bounds) = DEINIT.get(level as usize) {
        run_descending(bounds.table());
    }
}

/// The bounds of the table of one phase and level, by their names.
#[doc(hidden)]
#[macro_export]
macro_rules! bounds {
    ($phase:ident, $level:ident) => {{
        unsafe extern "C" {
            #[link_name = concat!("__mp_", stringify!($phase), "_", stringify!($level), "_start")]
            static START: [$crate::InitFn; 0];
            #[link_name = concat!("__mp_", stringify!($phase), "_", stringify!($level), "_end")]
            static END: [$crate::InitFn; 0];
        }
        // SAFETY: both symbols are defined by the linker fragment around the
        // sorted entries of this phase and level, and entries are only ever
        // written by `init_register!`, `deinit_register!` and their C
        // counterparts, which put one constant function pointer each.
        unsafe { $crate::table::Bounds::new((&raw const START).cast(), (&raw const END).cast()) }
    }};
}

/// Declares a level of the project's own: a module with `init()`, which runs
/// its init table ascending, and `deinit()`, which runs its deinit table
/// descending.
///
/// The linker script must place the two tables as `link/mp_registry.ld` does
/// for the RFC's levels; where the level stands among the others is decided by
/// where `main` runs it.
///
/// ```no_run
/// registry_rt::level!(
///     /// Displays and touch, after the drivers they are wired to.
///     pub mod panel
/// );
///
/// extern "C" fn backlight_init() { /* ... */ }
/// registry_rt::init_register!(panel, 00, backlight_init);
///
/// # fn main() {
/// panel::init();
/// # }
/// ```
#[macro_export]
macro_rules! level {
    ($(#[$attribute:meta])* $visibility:vis mod $level:ident) => {
        $(#[$attribute])*
        $visibility mod $level {
            /// Runs the init functions of this level in ascending order.
            pub fn init() {
                $crate::table::run_ascending($crate::bounds!(init, $level).table());
            }

            /// Runs the deinit functions of this level in descending order.
            pub fn deinit() {
                $crate::table::run_descending($crate::bounds!(deinit, $level).table());
            }
        }
    };
}
