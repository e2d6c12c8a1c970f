//! Registers and runs, from Rust, together with `c_driver.c`. What it prints is
//! asserted in tests/host/rust_crate.rs.

use registry_rt::{Level, deinit_register, deinit_run_level, init_register, init_run_level};

registry_rt::level!(
    /// A level of the project's own.
    mod panel
);

mod uart {
    pub(crate) extern "C" fn uart_init0() {
        println!("uart_init0");
    }

    pub(crate) extern "C" fn uart_deinit_all() {
        println!("uart_deinit_all");
    }
}

use uart::{uart_deinit_all, uart_init0};

extern "C" fn pin_init0() {
    println!("pin_init0");
}

extern "C" fn dac_init() {
    println!("dac_init");
}

extern "C" fn backlight_init() {
    println!("backlight_init");
}

extern "C" fn backlight_deinit() {
    println!("backlight_deinit");
}

init_register!(driver, 20, dac_init);
init_register!(core, 00, pin_init0);
init_register!(driver, 00, uart_init0);
init_register!(panel, 00, backlight_init);
deinit_register!(driver, 00, uart_deinit_all);
deinit_register!(panel, 00, backlight_deinit);

unsafe extern "C" {
    safe fn run_core_from_c();
}

fn main() {
    init_run_level(Level::Early);
    run_core_from_c();
    init_run_level(Level::Driver);
    panel::init();
    init_run_level(Level::Service);
    println!("--");
    deinit_run_level(Level::Service);
    panel::deinit();
    deinit_run_level(Level::Driver);
    deinit_run_level(Level::Core);
    deinit_run_level(Level::Early);
}
