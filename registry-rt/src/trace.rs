//! A report of each call, for finding out which one takes long or never returns.
//!
//! Two lines per call, in the format of Linux' `initcall_debug`, so that what
//! reads those reads these. Only with the feature `trace`; without it neither
//! code nor text is in the image. The project says where lines go and what time
//! it is, by two functions with C linkage:
//!
//! ```no_run
//! #[unsafe(no_mangle)]
//! extern "C" fn mp_registry_trace_usecs() -> u32 { /* microseconds since reset */ 0 }
//!
//! #[unsafe(no_mangle)]
//! extern "C" fn mp_registry_trace_write(text: *const u8, length: usize) { /* ... */ }
//! ```

use core::fmt::{self, Write};

use crate::InitFn;

unsafe extern "C" {
    /// Microseconds since reset; may wrap.
    safe fn mp_registry_trace_usecs() -> u32;

    fn mp_registry_trace_write(text: *const u8, length: usize);
}

/// Where the project writes to.
struct Output;

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the bytes of a string, for as long as the call lasts.
        unsafe { mp_registry_trace_write(text.as_ptr(), text.len()) };
        Ok(())
    }
}

/// Calls `function` and reports it.
#[doc(hidden)]
pub fn call(function: InitFn, level: &str, name: &str) {
    let start = mp_registry_trace_usecs();
    line(start, format_args!("calling  {name}+0x0/0x0 @ {level}"));
    function();
    let end = mp_registry_trace_usecs();
    let duration = end.wrapping_sub(start);
    line(end, format_args!("initcall {name}+0x0/0x0 returned 0 after {duration} usecs"));
}

fn line(time: u32, text: fmt::Arguments<'_>) {
    let (seconds, micros) = (time / 1_000_000, time % 1_000_000);
    // Writing to `Output` does not fail.
    let _ = writeln!(Output, "[{seconds:5}.{micros:06}] {text}");
}
