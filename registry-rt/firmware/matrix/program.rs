//! The program of the matrix in Rust, between the same start-up code and linker
//! scripts.
#![no_std]

use registry_rt::{Level, deinit_register, init_register};

unsafe extern "C" {
    fn say(line: *const u8);
}

fn print(line: &'static core::ffi::CStr) {
    // SAFETY: a string that ends in a zero byte and never goes away.
    unsafe { say(line.as_ptr().cast()) };
}

extern "C" fn pin_init0() {
    print(c"pin_init0");
}
init_register!(core, 10, pin_init0);

extern "C" fn pin_deinit() {
    print(c"pin_deinit");
}
deinit_register!(core, 10, pin_deinit);

fn uart_init(baud: u32) {
    if baud > 0 {
        print(c"uart_init");
    }
}
init_register!(
    driver, 20, uart_init, || uart_init(115_200),
    after = [pin_init0], subsystem = serial, satisfied = persistent("the REPL stays on it"),
);

mod dac {
    extern "C" fn dac_init() {
        super::print(c"dac_init");
    }
    registry_rt::init_register!(driver, 05, dac_init, satisfied = call(pin_deinit, "its pins are off"));
}

// SAFETY: the start-up code calls a function of this name and type.
#[unsafe(no_mangle)]
extern "C" fn program() -> i32 {
    registry_rt::init_run_level(Level::Early);
    registry_rt::init_run_level(Level::Core);
    registry_rt::init_run_level(Level::Driver);
    registry_rt::deinit_run_level(Level::Driver);
    registry_rt::deinit_run_level(Level::Core);
    0
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
