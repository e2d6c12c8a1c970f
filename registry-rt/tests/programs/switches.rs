//! The interface that a project switches: see tests/host/switches.rs.

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use registry_rt::{Level, init_register};

extern "C" fn timer_init0() {
    println!("timer_init0");
}
init_register!(driver, 00, timer_init0);

fn uart_init(baud: u32) {
    println!("uart_init {baud}");
}
init_register!(driver, 10, uart_init, || uart_init(115_200), after = [timer_init0], subsystem = uart);

/// A clock that is about to pass a second.
#[unsafe(no_mangle)]
extern "C" fn mp_registry_trace_usecs() -> u32 {
    static NOW: AtomicU32 = AtomicU32::new(999_998);
    NOW.fetch_add(1, Ordering::Relaxed)
}

#[unsafe(no_mangle)]
extern "C" fn mp_registry_trace_write(text: *const u8, length: usize) {
    // SAFETY: the trace passes the bytes of a string.
    let text = unsafe { std::slice::from_raw_parts(text, length) };
    std::io::stdout().write_all(text).unwrap();
}

fn main() {
    println!("{} entries", registry_rt::count());
    registry_rt::init_run_level(Level::Driver);
}
