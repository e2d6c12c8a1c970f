//! The levels: the RFC's four behind integers, and a project's own behind names.

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
    runner::mp_init_run_level(level as u32);
}

/// Runs the deinit functions of `level` in descending order of priority, by a
/// call to the C symbol `mp_deinit_run_level`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the constant must stand at the call in main")]
pub fn deinit_run_level(level: Level) {
    runner::mp_deinit_run_level(level as u32);
}

/// How many entries the tables of the four levels hold: for a project that states
/// the number and stops when something is missing.
#[must_use]
pub fn count() -> usize {
    runner::tables().map(|bounds| bounds.table().len()).sum()
}

/// Running the levels: two functions with C linkage, for C code in the same image
/// as well. The C definitions in `src/mp_registry.c` are weak and give way.
#[cfg(not(feature = "off"))]
mod runner {
    use crate::table::{Bounds, run_ascending, run_descending};
    use crate::{bounds, define_bounds};

    define_bounds!(early);
    define_bounds!(core);
    define_bounds!(driver);
    define_bounds!(service);

    /// The init tables of the four levels, in the order of their numbers. Looked
    /// up rather than matched: on Cortex-M that is half the code.
    static INIT: [Bounds; 4] =
        [bounds!(init, early), bounds!(init, core), bounds!(init, driver), bounds!(init, service)];

    /// The deinit tables of the four levels, likewise.
    static DEINIT: [Bounds; 4] = [
        bounds!(deinit, early),
        bounds!(deinit, core),
        bounds!(deinit, driver),
        bounds!(deinit, service),
    ];

    /// Runs the init table of a level. A number that is no level runs nothing.
    // SAFETY: the name and the signature are those of the registry's C header.
    #[unsafe(no_mangle)]
    #[inline(never)]
    pub(super) extern "C" fn mp_init_run_level(level: u32) {
        if let Some(bounds) = INIT.get(level as usize) {
            run_ascending(bounds.table());
        }
    }

    /// Runs the deinit table of a level, likewise.
    // SAFETY: as for `mp_init_run_level`.
    #[unsafe(no_mangle)]
    #[inline(never)]
    pub(super) extern "C" fn mp_deinit_run_level(level: u32) {
        if let Some(bounds) = DEINIT.get(level as usize) {
            run_descending(bounds.table());
        }
    }

    /// All tables.
    pub(super) fn tables() -> impl Iterator<Item = &'static Bounds> {
        INIT.iter().chain(&DEINIT)
    }
}

/// Nothing is registered, and nothing runs.
#[cfg(feature = "off")]
mod runner {
    use crate::table::Bounds;

    pub(super) fn mp_init_run_level(_level: u32) {}

    pub(super) fn mp_deinit_run_level(_level: u32) {}

    pub(super) fn tables() -> impl Iterator<Item = &'static Bounds> {
        core::iter::empty()
    }
}

/// The bounds of the table of one phase and level, by their names.
#[cfg(not(feature = "off"))]
#[doc(hidden)]
#[macro_export]
macro_rules! bounds {
    ($phase:ident, $level:ident) => {{
        unsafe extern "C" {
            #[link_name = $crate::bound_name!(start, $phase, $level)]
            static START: [$crate::table::Entry; 0];
            #[link_name = $crate::bound_name!(end, $phase, $level)]
            static END: [$crate::table::Entry; 0];
        }
        // SAFETY: both symbols are defined around the entries of this phase and
        // level, by the linker fragment, by the linker itself or by
        // `define_bounds!`, and entries are only ever written by
        // `init_register!`, `deinit_register!` and their C counterparts.
        unsafe { $crate::table::Bounds::new((&raw const START).cast(), (&raw const END).cast()) }
    }};
}

/// No table: nothing is registered.
#[cfg(feature = "off")]
#[doc(hidden)]
#[macro_export]
macro_rules! bounds {
    ($phase:ident, $level:ident) => {
        $crate::table::Bounds::NONE
    };
}

/// The symbol of a bound, which the linker fragment or `define_bounds!` defines.
#[cfg(not(feature = "keyed"))]
#[doc(hidden)]
#[macro_export]
macro_rules! bound_name {
    ($edge:ident, $phase:ident, $level:ident) => {
        concat!("__mp_", stringify!($phase), "_", stringify!($level), "_", stringify!($edge))
    };
}

/// The symbol of a bound, which the linker defines.
#[cfg(feature = "keyed")]
#[doc(hidden)]
#[macro_export]
macro_rules! bound_name {
    (start, $phase:ident, $level:ident) => {
        concat!("__start_mp_", stringify!($phase), "_", stringify!($level))
    };
    (end, $phase:ident, $level:ident) => {
        concat!("__stop_mp_", stringify!($phase), "_", stringify!($level))
    };
}

/// Nothing: the linker fragment defines the bounds.
#[cfg(not(all(any(feature = "rodata", feature = "keyed"), not(feature = "off"))))]
#[doc(hidden)]
#[macro_export]
macro_rules! define_bounds {
    ($level:ident) => {};
}

/// The two sections between which the entries of a table sort. Weak, so that the
/// runners of C and of Rust may stand in one image.
#[cfg(all(feature = "rodata", not(feature = "off")))]
#[doc(hidden)]
#[macro_export]
macro_rules! define_bounds {
    ($level:ident) => {
        $crate::define_bounds!(@ concat!("mp_init_", stringify!($level)));
        $crate::define_bounds!(@ concat!("mp_deinit_", stringify!($level)));
    };
    (@ $table:expr) => {
        ::core::arch::global_asm!(
            concat!(".pushsection .rodata.", $table, ",\"aR\",%progbits"),
            ".balign {size}",
            concat!(".weak __", $table, "_start"),
            concat!(".hidden __", $table, "_start"),
            concat!("__", $table, "_start:"),
            ".popsection",
            concat!(".pushsection .rodata.", $table, ".end,\"aR\",%progbits"),
            ".balign {size}",
            concat!(".weak __", $table, "_end"),
            concat!(".hidden __", $table, "_end"),
            concat!("__", $table, "_end:"),
            ".popsection",
            size = const size_of::<$crate::InitFn>(),
        );
    };
}

/// The section of a table: the linker makes the bounds of sections that are
/// there, be they empty.
#[cfg(all(feature = "keyed", not(any(feature = "rodata", feature = "off"))))]
#[doc(hidden)]
#[macro_export]
macro_rules! define_bounds {
    ($level:ident) => {
        ::core::arch::global_asm!(
            concat!(".pushsection mp_init_", stringify!($level), ",\"aR\",%progbits"),
            ".popsection",
            concat!(".pushsection mp_deinit_", stringify!($level), ",\"aR\",%progbits"),
            ".popsection",
        );
    };
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
            $crate::define_bounds!($level);

            /// What a registration at this level names.
            #[doc(hidden)]
            pub const IS_A_LEVEL: () = ();

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
