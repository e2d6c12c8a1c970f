//! `extract` and `why`, as programs are run.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::elf::data;

fn run(arguments: &[&str], file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_initboard")).args(arguments).arg(file).output().unwrap()
}

fn out(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn error(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn extract_shows_a_board_from_power_up_to_soft_reset() {
    let output = run(&["extract"], &data("firmware/2/ports/virt/build-VIRT_MINI/firmware.elf"));
    assert!(output.status.success(), "{}", error(&output));
    insta::assert_snapshot!("extract_virt_mini", out(&output));
    let output = run(&["extract"], &data("calls/run-levels-thumbv7m.elf"));
    let text = out(&output).split_once('\n').unwrap().1;
    insta::assert_snapshot!("extract_run_levels", text);
}

#[test]
fn why_says_what_registers_a_function_and_which_call_reaches_it() {
    let output = run(
        &["why", "mod_network_deinit"],
        &data("firmware/2/ports/mps2/build-MPS2_NET/firmware.elf"),
    );
    assert!(output.status.success(), "{}", error(&output));
    insta::assert_snapshot!("why_registered", out(&output));
}

#[test]
fn why_says_that_a_function_is_both_registered_and_called() {
    let output = run(&["why", "uart_init0"], &data("calls/run-levels-thumbv7m.elf"));
    let text = out(&output);
    assert!(text.contains("it runs at position 9 as well: registered"), "{text}");
    assert!(text.contains("it runs at position 8 as well: called by hand"), "{text}");
}

#[test]
fn why_offers_names_that_are_like_one_that_is_not_there() {
    let elf = data("firmware/2/ports/virt/build-VIRT_MINI/firmware.elf");
    let output = run(&["why", "machine_pin_init"], &elf);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        error(&output),
        "initboard: `machine_pin_init` is neither registered nor called by main in virt/VIRT_MINI; there is machine_pins_init, machine_pins_deinit, machine_clock_init, machine_timer_init0, machine_uart_init0\n"
    );
}
