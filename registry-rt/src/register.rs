//! The macros that put a function into a table.

/// Registers a function to run when the init functions of a level run.
///
/// `init_register!(driver, 00, timer_init0)` adds one pointer to the table of
/// the level `driver`. The level is a bare word: one of `early`, `core`,
/// `driver`, `service`, or a project's own (see [`level!`](crate::level!)). The
/// priority is two digits, because the linker sorts text, in which 9 is after
/// 10. Entries of equal priority run in the order of their function names.
///
/// The function is named by a plain identifier in scope and must be an
/// `extern "C" fn()`; anything else does not compile. One with arguments or a
/// result is registered as a closure without captures, under the name in front
/// of it:
///
/// ```no_run
/// fn uart_init(number: u8, baud: u32) { /* ... */ }
/// registry_rt::init_register!(driver, 05, uart_init, || uart_init(1, 115_200));
/// ```
///
/// Facts may follow, which cost nothing in the image and which `initboard check`
/// holds against the order: the functions or subsystems that must have run
/// before, and what the function starts, where its name does not tell.
///
/// ```no_run
/// # extern "C" fn wifi_init() {}
/// registry_rt::init_register!(service, 10, wifi_init, after = [spi_init0, pin], subsystem = network);
/// ```
///
/// An init whose deinit needs no call of its own says why: the heap's sweep runs a
/// `finaliser`, the next init sets everything back (`reinit`), it is meant to stay
/// (`persistent`), or main calls what stops it together with something else
/// (`call(dma_deinit)`). Then nobody misses it.
///
/// ```no_run
/// # extern "C" fn flash_init() {}
/// registry_rt::init_register!(core, 20, flash_init, satisfied = persistent("it holds the filesystem"));
/// ```
///
/// The symbol of the entry is global, so registering one function twice at the
/// same place is a link error, even across crates.
#[macro_export]
macro_rules! init_register {
    ($($registration:tt)*) => {
        $crate::register!(init, $($registration)*);
    };
}

/// Registers a function to run when the deinit functions of a level run.
///
/// Deinit tables run backwards: a function registered with the same priority as
/// its init function undoes it in mirrored order. All else is as in
/// [`init_register!`].
#[macro_export]
macro_rules! deinit_register {
    ($($registration:tt)*) => {
        $crate::register!(deinit, $($registration)*);
    };
}

/// Takes a registration apart: a function or a closure, then facts.
#[doc(hidden)]
#[macro_export]
macro_rules! register {
    (
        $phase:ident, $level:ident, $priority:literal, $function:ident
        $(, after = [$($after:ident),+ $(,)?])? $(, subsystem = $subsystem:ident)?
        $(, satisfied = $means:ident($($with:ident,)? $reason:literal $(,)?))? $(,)?
    ) => {
        $crate::entry!(
            $phase, $level, $priority, $function, $function,
            [$($($after)+)?] [$($subsystem)?] [$($means $($with)? $reason)?]
        );
    };
    (
        $phase:ident, $level:ident, $priority:literal, $name:ident, || $call:expr
        $(, after = [$($after:ident),+ $(,)?])? $(, subsystem = $subsystem:ident)?
        $(, satisfied = $means:ident($($with:ident,)? $reason:literal $(,)?))? $(,)?
    ) => {
        $crate::entry!(
            $phase, $level, $priority, $name,
            {
                extern "C" fn call() {
                    let call: fn() = || $call;
                    call();
                }
                call
            },
            [$($($after)+)?] [$($subsystem)?] [$($means $($with)? $reason)?]
        );
    };
}

/// One entry of ABI version 1: a pointer whose section and symbol carry the sort
/// order, and the record that describes it.
#[cfg(not(feature = "off"))]
#[doc(hidden)]
#[macro_export]
macro_rules! entry {
    ($phase:ident, $level:ident, $priority:literal, $name:ident, $function:expr, $after:tt $subsystem:tt $satisfied:tt) => {
        const _: () = {
            $crate::level_is_known!($level);
            $crate::means_are_known!($satisfied);
            assert!(
                $crate::record::is_two_digits(stringify!($priority)),
                "the priority must be two digits, 00 to 99: the linker sorts it as text, in which 9 is after 10"
            );
            const FUNCTION: $crate::InitFn =
                $crate::traced!($function, stringify!($level), stringify!($name));
            $crate::place!($phase, $level, $priority, $name, FUNCTION);
        };
        $crate::record!($phase, $level, $priority, $name, $after $subsystem $satisfied);
    };
}

/// Nothing is registered; the function is named all the same, so that nobody
/// calls it unused.
#[cfg(feature = "off")]
#[doc(hidden)]
#[macro_export]
macro_rules! entry {
    ($phase:ident, $level:ident, $priority:literal, $name:ident, $function:expr, $after:tt $subsystem:tt $satisfied:tt) => {
        const _: $crate::InitFn = $function;
    };
}

/// Fails to resolve where the level is neither of the RFC nor in scope.
#[doc(hidden)]
#[macro_export]
macro_rules! level_is_known {
    (early) => {};
    (core) => {};
    (driver) => {};
    (service) => {};
    ($own:ident) => {
        const _: () = $own::IS_A_LEVEL;
    };
}

/// Refuses a word that says nothing of a deinit, and a reason that an assembler
/// would take for something else.
#[doc(hidden)]
#[macro_export]
macro_rules! means_are_known {
    ([]) => {};
    ([finaliser $reason:literal]) => { $crate::reason_is_plain!($reason); };
    ([reinit $reason:literal]) => { $crate::reason_is_plain!($reason); };
    ([persistent $reason:literal]) => { $crate::reason_is_plain!($reason); };
    ([call $with:ident $reason:literal]) => { $crate::reason_is_plain!($reason); };
    ($other:tt) => {
        compile_error!(
            "satisfied must be finaliser(\"reason\"), reinit(\"reason\"), persistent(\"reason\") or call(function, \"reason\")"
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! reason_is_plain {
    ($reason:literal) => {
        assert!(
            $crate::record::is_plain($reason),
            "the reason must be a sentence without quotation marks and backslashes, because it passes through an assembler"
        );
    };
}

/// The pointer itself.
#[doc(hidden)]
#[macro_export]
#[rustfmt::skip] // it would indent the names further at every run
macro_rules! place {
    ($phase:ident, $level:ident, $priority:literal, $name:ident, $function:expr) => {
        // SAFETY: what stands in sections of this name is read as `Entry` values,
        // and that is what stands here; the symbol is of a form that nothing else
        // defines.
        #[used]
        #[unsafe(link_section = $crate::section!($phase, $level, $priority, $name))]
        #[unsafe(export_name = concat!(
            "__mp_", stringify!($phase), "_", stringify!($level),
            "_", stringify!($priority), "_", stringify!($name)
        ))]
        static ENTRY: $crate::table::Entry = $crate::entry_value!($function, $priority);

        // Its symbol holds the name of the crate, so that the linker takes this object
        // out of its archive even if another crate has the symbol above, and refuses
        // the two instead of leaving one out. Of no size.
        #[used]
        static PULLED: () = ();
    };
}

/// The input section of an entry, which a linker fragment collects and sorts.
#[cfg(not(any(feature = "rodata", feature = "keyed")))]
#[doc(hidden)]
#[macro_export]
#[rustfmt::skip] // as above
macro_rules! section {
    ($phase:ident, $level:ident, $priority:literal, $name:ident) => {
        concat!(
            ".mp_", stringify!($phase), "_", stringify!($level),
            ".", stringify!($priority), ".", stringify!($name)
        )
    };
}

/// The input section of an entry, which the linker places and sorts with the rest
/// of the read-only data.
#[cfg(feature = "rodata")]
#[doc(hidden)]
#[macro_export]
#[rustfmt::skip] // as above
macro_rules! section {
    ($phase:ident, $level:ident, $priority:literal, $name:ident) => {
        concat!(
            ".rodata.mp_", stringify!($phase), "_", stringify!($level),
            ".", stringify!($priority), ".", stringify!($name)
        )
    };
}

/// The input section of an entry, which the linker bounds by itself.
#[cfg(all(feature = "keyed", not(feature = "rodata")))]
#[doc(hidden)]
#[macro_export]
macro_rules! section {
    ($phase:ident, $level:ident, $priority:literal, $name:ident) => {
        concat!("mp_", stringify!($phase), "_", stringify!($level))
    };
}

/// What a table holds of an entry.
#[cfg(not(feature = "keyed"))]
#[doc(hidden)]
#[macro_export]
macro_rules! entry_value {
    ($function:expr, $priority:literal) => {
        $function
    };
}

/// What a table holds of an entry that carries its priority.
#[cfg(feature = "keyed")]
#[doc(hidden)]
#[macro_export]
macro_rules! entry_value {
    ($function:expr, $priority:literal) => {
        $crate::table::Entry {
            function: $function,
            priority: $crate::record::number(stringify!($priority)),
        }
    };
}

/// The function itself, or with a report of each call around it.
#[cfg(not(feature = "trace"))]
#[doc(hidden)]
#[macro_export]
macro_rules! traced {
    ($function:expr, $level:expr, $name:expr) => {
        $function
    };
}

/// See the other.
#[cfg(feature = "trace")]
#[doc(hidden)]
#[macro_export]
macro_rules! traced {
    ($function:expr, $level:expr, $name:expr) => {{
        extern "C" fn traced() {
            let function: $crate::InitFn = $function;
            $crate::trace::call(function, $level, $name);
        }
        traced
    }};
}
