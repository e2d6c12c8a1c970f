//! Output through the C library, and what the firmware says while it runs: the name
//! of each function, from inside that function, one a line on standard output.

use core::ffi::{c_int, c_void};

#[link(name = "c")]
unsafe extern "C" {
    fn write(descriptor: c_int, bytes: *const c_void, count: usize) -> isize;
    safe fn _exit(status: c_int) -> !;
}

const STANDARD_OUTPUT: c_int = 1;

/// Writes a line.
pub(crate) fn report_line(prefix: &str, text: &str) {
    write_text(prefix);
    write_text(text);
    write_text("\n");
}

/// Writes the last segment but one of `path`, the name in
/// `firmware::drivers::uart_init0::marker`.
#[inline(never)]
pub(crate) fn report_parent(prefix: &str, path: &str) {
    // Between the two colons is an empty part.
    report_line(prefix, path.rsplit(':').nth(2).unwrap_or_default());
}

fn write_text(text: &str) {
    // SAFETY: the pointer and the length are those of a string that outlives the call.
    let written = unsafe { write(STANDARD_OUTPUT, text.as_ptr().cast(), text.len()) };
    if usize::try_from(written) != Ok(text.len()) {
        abort();
    }
}

/// Ends the process as a failed one: nobody reads what the firmware says, or a bug.
pub(crate) fn abort() -> ! {
    _exit(1)
}

/// First statement of every init and deinit function.
#[macro_export]
macro_rules! report_call {
    () => {{
        fn marker() {}
        $crate::console::report_parent("", core::any::type_name_of_val(&marker));
    }};
}

/// First statement of a function that orders the others without being one of them.
#[macro_export]
macro_rules! report_landmark {
    () => {{
        fn marker() {}
        $crate::console::report_parent("# ", core::any::type_name_of_val(&marker));
    }};
}
