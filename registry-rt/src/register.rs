//! The macros that put a function into a table.

/// Registers `function` to run when the init functions of `level` run.
///
/// `init_register!(driver, 00, timer_init0)` adds one pointer to the table of
/// the level `driver`. The level is a bare word: one of `early`, `core`,
/// `driver`, `service`, or a project's own (see [`level!`](crate::level!)).
/// The priority is text to the linker: write every priority of a level with the
/// same number of digits, or 9 runs after 10. Entries of equal priority run in
/// the order of their function names.
///
/// The function is named by a plain identifier in scope and must be an
/// `extern "C" fn()`; anything else does not compile:
///
/// ```compile_fail,E0308
/// extern "C" fn uart_init0(baud: u32) {}
/// registry_rt::init_register!(driver, 00, uart_init0);
/// ```
///
/// The symbol of the entry is global, so registering one function twice at the
/// same place is a link error, even across crates.
#[macro_export]
macro_rules! init_register {
    ($level:ident, $priority:literal, $function:ident) => {
        $crate::entry!(init, $level, $priority, $function);
    };
}

/// Registers `function` to run when the deinit functions of `level` run.
///
/// Deinit tables run backwards: a function registered with the same priority as
/// its init function undoes it in mirrored order. All else is as in
/// [`init_register!`].
#[macro_export]
macro_rules! deinit_register {
    ($level:ident, $priority:literal, $function:ident) => {
        $crate::entry!(deinit, $level, $priority, $function);
    };
}

/// One entry of ABI version 1: a pointer in an input section of its own, whose
/// name carries the sort order.
#[doc(hidden)]
#[macro_export]
#[rustfmt::skip] // it would indent the two names further at every run
macro_rules! entry {
    ($phase:ident, $level:ident, $priority:literal, $function:ident) => {
        const _: () = {
            // SAFETY: the linker fragment collects sections of this name into a
            // table of `InitFn` values, and that is what stands here; the
            // symbol is of a form that nothing else defines.
            #[used]
            #[unsafe(link_section = concat!(
                ".mp_", stringify!($phase), "_", stringify!($level),
                ".", stringify!($priority), ".", stringify!($function)
            ))]
            #[unsafe(export_name = concat!(
                "__mp_", stringify!($phase), "_", stringify!($level),
                "_", stringify!($priority), "_", stringify!($function)
            ))]
            static ENTRY: $crate::InitFn = $function;
        };
    };
}
