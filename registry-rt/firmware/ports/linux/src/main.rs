//! The life of the linux port: the same as on a chip, in a process of its own, with
//! the crate `registry-rt` instead of the C header.

#![no_std]
#![no_main]

mod console;
mod drivers;
mod registrations;
mod runtime;

use core::ffi::c_int;
use core::panic::PanicInfo;

use console::report_line;
use registry_rt::{Level, deinit_run_level, init_run_level};

/// Entered by the C library's start-up code.
// SAFETY: the one `main` of the program, without the arguments that it may ignore.
#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    report_line("# ", "boot");
    init_run_level(Level::Early);

    for _soft_reset in 0..2 {
        report_line("# ", "start");
        runtime::gc_init();
        runtime::mp_init();
        init_run_level(Level::Core);
        init_run_level(Level::Driver);
        init_run_level(Level::Service);

        if runtime::script_run_file("boot.py").is_ok() {
            // A main.py that is missing or fails ends in the REPL like one that returns.
            let _ = runtime::script_run_file("main.py");
        }
        runtime::repl_run();

        report_line("# ", "stop");
        deinit_run_level(Level::Service);
        deinit_run_level(Level::Driver);
        deinit_run_level(Level::Core);
        runtime::gc_sweep_all();
        runtime::mp_deinit();
    }

    report_line("# ", "off");
    deinit_run_level(Level::Early);
    0
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    console::abort()
}
