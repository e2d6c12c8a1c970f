//! The interpreter, as far as main sees it: a heap, a virtual machine and something
//! that runs scripts until the user asks for a soft reset.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::report_landmark;

const HEAP_SIZE: usize = 64 * 1024;

static HEAP_FREE: AtomicUsize = AtomicUsize::new(0);
static INTERPRETER_READY: AtomicBool = AtomicBool::new(false);

// SAFETY of the plain names below: nothing else in the program, nor the C library, has
// functions of these names. Tools find main by its calls to them.

/// Scripts run between `mp_init` and `mp_deinit` only.
pub(crate) struct NotReady;

#[inline(never)]
#[unsafe(no_mangle)]
pub(crate) fn gc_init() {
    report_landmark!();
    HEAP_FREE.store(HEAP_SIZE, Relaxed);
}

#[inline(never)]
#[unsafe(no_mangle)]
pub(crate) fn gc_sweep_all() {
    report_landmark!();
    HEAP_FREE.store(0, Relaxed);
}

#[inline(never)]
#[unsafe(no_mangle)]
pub(crate) fn mp_init() {
    report_landmark!();
    INTERPRETER_READY.store(true, Relaxed);
}

#[inline(never)]
#[unsafe(no_mangle)]
pub(crate) fn mp_deinit() {
    report_landmark!();
    INTERPRETER_READY.store(false, Relaxed);
}

/// Runs a script from the file system; one that is not there is no error.
#[inline(never)]
#[unsafe(no_mangle)]
pub(crate) fn script_run_file(path: &str) -> Result<(), NotReady> {
    report_landmark!();
    if path.is_empty() || !INTERPRETER_READY.load(Relaxed) {
        return Err(NotReady);
    }
    Ok(())
}

/// Reads and runs lines until the user asks for a soft reset.
#[inline(never)]
#[unsafe(no_mangle)]
pub(crate) fn repl_run() {
    report_landmark!();
    // A line of input lives on the heap; nobody types, so the reset comes now.
    HEAP_FREE.fetch_sub(80, Relaxed);
}
