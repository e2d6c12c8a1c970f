//! What a project switches on and off: the trace, and all of it.

use std::path::Path;
use std::process::Command;

use crate::tools::{have, links_with_gnu_ld, package, scratch, succeed, text};

/// A program that uses the whole interface, as `switches.c` prints it.
fn output_of(test: &str, options: &[&str], linking: &[&str]) -> String {
    let program = scratch(test).join("program");
    succeed(
        Command::new("cc")
            .current_dir(package())
            .args(["-std=c99", "-Os", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iinclude"])
            .args(options)
            .args(["src/mp_registry.c", "src/mp_registry_count.c", "src/mp_registry_trace.c"])
            .arg("tests/programs/switches.c")
            .args(linking)
            .arg("-o")
            .arg(&program),
    );
    text(&succeed(&mut Command::new(program)).stdout)
}

const FRAGMENT: [&str; 2] = ["-Wl,--gc-sections", "-Wl,-T,link/mp_registry_hosted.ld"];

#[test]
fn a_trace_has_two_lines_for_each_call_in_the_format_of_linux() {
    if !links_with_gnu_ld() {
        return;
    }
    assert_eq!(
        output_of("trace", &["-DMP_REGISTRY_TRACE"], &FRAGMENT),
        "3 entries\n\
         [    0.999998] calling  timer_init0+0x0/0x0 @ driver\n\
         timer_init0\n\
         [    1.000000] initcall timer_init0+0x0/0x0 returned 0 after 1 usecs\n\
         [    1.000001] calling  uart_init+0x0/0x0 @ driver\n\
         uart_init 115200\n\
         [    1.000003] initcall uart_init+0x0/0x0 returned 0 after 1 usecs\n\
         [    1.000004] calling  timer_deinit+0x0/0x0 @ driver\n\
         timer_deinit\n\
         [    1.000006] initcall timer_deinit+0x0/0x0 returned 0 after 1 usecs\n"
    );
}

#[test]
fn without_a_trace_there_is_no_line_and_without_the_registry_no_call() {
    if !links_with_gnu_ld() {
        return;
    }
    assert_eq!(
        output_of("no-trace", &[], &FRAGMENT),
        "3 entries\ntimer_init0\nuart_init 115200\ntimer_deinit\n"
    );
    assert_eq!(output_of("off", &["-DMP_REGISTRY_OFF"], &[]), "0 entries\n");
    assert_eq!(
        output_of("off-on-another-target", &["-DMP_REGISTRY_OFF", "-U__ELF__"], &[]),
        "0 entries\n"
    );
}

/// Code, data and bss of an object.
fn size(object: &Path) -> String {
    let printed = text(&succeed(Command::new("size").arg(object)).stdout);
    let columns = printed.lines().nth(1).unwrap_or_default().split_whitespace();
    columns.take(3).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_off_takes_no_byte() {
    if !have(&["cc", "size"]) {
        return;
    }
    let folder = scratch("no-byte");
    let compile = |name: &str, source: &str, options: &[&str]| {
        let object = folder.join(name);
        succeed(
            Command::new("cc")
                .current_dir(package())
                .args(["-Os", "-Iinclude", "-c", source])
                .args(options)
                .arg("-o")
                .arg(&object),
        );
        size(&object)
    };
    assert_eq!(compile("trace.o", "src/mp_registry_trace.c", &[]), "0 0 0");
    for source in ["src/mp_registry.c", "src/mp_registry_count.c", "src/mp_registry_trace.c"] {
        let options = ["-DMP_REGISTRY_OFF", "-DMP_REGISTRY_TRACE"];
        assert_eq!(compile("off.o", source, &options), "0 0 0", "{source}");
    }
}

#[test]
fn the_crate_is_silent_when_it_is_off_and_traces_when_it_is_told_to() {
    if !have(&["rustc"]) || !links_with_gnu_ld() {
        return;
    }
    let folder = scratch("rust-switches");
    let run = |features: &[&str], linking: &[&str]| {
        let features: Vec<String> =
            features.iter().map(|feature| format!("--cfg=feature=\"{feature}\"")).collect();
        let rustc = |crate_name: &str, source: &str| {
            let mut rustc = Command::new("rustc");
            rustc
                .current_dir(package())
                .args(["--edition=2024", "-O", "-Dwarnings", "--crate-name", crate_name, source])
                .args(&features)
                .arg("--out-dir")
                .arg(&folder);
            rustc
        };
        succeed(
            rustc("registry_rt", "src/lib.rs").args(["--crate-type=rlib", "-Aunexpected_cfgs"]),
        );
        succeed(
            rustc("switches", "tests/programs/switches.rs")
                .args(linking)
                .arg("--extern=registry_rt")
                .arg("-L")
                .arg(&folder),
        );
        text(&succeed(&mut Command::new(folder.join("switches"))).stdout)
    };
    let gnu_ld = ["-Clinker-features=-lld", "-Clink-arg=-Wl,-T,link/mp_registry_hosted.ld"];
    assert_eq!(run(&["off"], &[]), "0 entries\n");
    assert_eq!(run(&[], &gnu_ld), "2 entries\ntimer_init0\nuart_init 115200\n");
    assert_eq!(
        run(&["trace", "no-ties"], &gnu_ld),
        "2 entries\n\
         [    0.999998] calling  timer_init0+0x0/0x0 @ driver\n\
         timer_init0\n\
         [    0.999999] initcall timer_init0+0x0/0x0 returned 0 after 1 usecs\n\
         [    1.000000] calling  uart_init+0x0/0x0 @ driver\n\
         uart_init 115200\n\
         [    1.000001] initcall uart_init+0x0/0x0 returned 0 after 1 usecs\n"
    );
}
