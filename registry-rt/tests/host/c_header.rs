//! The C header, its runner and the linker fragment for hosted programs.

use std::process::Command;

use crate::tools::{have, links_with_gnu_ld, package, scratch, succeed, text};

const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

const C_STANDARDS: [&str; 3] = ["-std=c99", "-std=c11", "-std=c17"];

const ALL_LEVELS: &str = "clock_init
pin_init0
timer_init0
uart_init0
backlight_init
touch_init
usbd_init
--
--
usbd_deinit
touch_deinit
backlight_deinit
uart_deinit_all
timer_deinit
";

fn compiler(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(package()).args(STRICT).arg("-Iinclude");
    command
}

/// Every way to place the entries, and what can be switched.
const SWITCHES: [&[&str]; 6] = [
    &[],
    &["-DMP_REGISTRY_RODATA"],
    &["-DMP_REGISTRY_KEYED"],
    &["-DMP_REGISTRY_TRACE", "-DMP_REGISTRY_NO_TIES"],
    &["-DMP_REGISTRY_TRACE", "-DMP_REGISTRY_RODATA"],
    &["-DMP_REGISTRY_OFF"],
];

/// The compilers that are installed; those of the machine itself are needed, Clang and
/// those of other machines are not.
fn compilers(native: &'static str, others: &[&'static str]) -> Vec<&'static str> {
    if !have(&[native]) {
        return Vec::new();
    }
    let is_installed = |compiler: &&&str| Command::new(compiler).arg("--version").output().is_ok();
    std::iter::once(native).chain(others.iter().filter(is_installed).copied()).collect()
}

#[test]
fn header_and_sources_compile_without_a_warning_in_every_c_standard() {
    let others =
        ["clang-14", "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc", "xtensa-lx106-elf-gcc"];
    for cc in compilers("cc", &others) {
        for standard in C_STANDARDS {
            for switches in SWITCHES {
                for source in [
                    "src/mp_registry.c",
                    "src/mp_registry_count.c",
                    "src/mp_registry_trace.c",
                    "tests/programs/everything.c",
                ] {
                    succeed(
                        compiler(cc)
                            .args([standard, "-ffreestanding", "-S", "-o", "/dev/null", source])
                            .args(switches),
                    );
                }
            }
        }
    }
}

#[test]
fn header_compiles_without_a_warning_as_cpp() {
    for cxx in compilers("c++", &["clang++-14"]) {
        for standard in ["-std=c++11", "-std=c++17"] {
            for switches in SWITCHES {
                succeed(
                    compiler(cxx)
                        .args([standard, "-S", "-o", "/dev/null", "-x", "c++"])
                        .args(switches)
                        .arg("tests/programs/everything.c"),
                );
            }
        }
    }
}

/// Links `source`, compiled by `driver` with `options`, and runs it.
fn output_of(test: &str, driver: &str, options: &[&str], source: &str) -> String {
    let folder = scratch(test);
    let runner = folder.join("mp_registry.o");
    let object = folder.join("program.o");
    let program = folder.join("program");
    succeed(compiler("cc").args(options).args(["-c", "src/mp_registry.c", "-o"]).arg(&runner));
    succeed(
        compiler(driver).args(options).arg("-c").args(source.split(' ')).arg("-o").arg(&object),
    );
    succeed(
        compiler(driver)
            .args(options)
            .args([&object, &runner])
            .args(["-Wl,--gc-sections", "-Wl,-T,link/mp_registry_hosted.ld"])
            .args(["-Wl,-T,tests/programs/panel.ld", "-o"])
            .arg(&program),
    );
    text(&succeed(&mut Command::new(program)).stdout)
}

#[test]
fn levels_run_up_and_down_in_order() {
    if !links_with_gnu_ld() {
        return;
    }
    for (test, options) in [
        ("c-at-o0", ["-O0", "-fPIE"]),
        ("c-at-os", ["-Os", "-ffunction-sections"]),
        ("c-with-lto", ["-O2", "-flto"]),
    ] {
        assert_eq!(
            output_of(test, "cc", &options, "tests/programs/program.c"),
            ALL_LEVELS,
            "{options:?}"
        );
    }
}

#[test]
fn entries_made_by_cpp_run_and_are_named_as_those_of_c() {
    if !have(&["c++", "nm"]) || !links_with_gnu_ld() {
        return;
    }
    let printed = output_of("cpp", "c++", &["-O2", "-fPIE"], "-x c++ tests/programs/program.c");
    assert_eq!(printed, ALL_LEVELS);

    let object = scratch("cpp-names").join("program.o");
    succeed(
        compiler("c++").args(["-c", "-x", "c++", "tests/programs/program.c", "-o"]).arg(&object),
    );
    let symbols = text(&succeed(Command::new("nm").arg(object)).stdout);
    let mut entries: Vec<_> = symbols
        .split_whitespace()
        .filter(|word| word.contains("__mp_") && word.contains("timer"))
        .collect();
    entries.sort_unstable();
    assert_eq!(entries, ["__mp_deinit_core_10_timer_deinit", "__mp_init_core_10_timer_init0"]);
}

#[test]
fn empty_levels_run_nothing_at_any_optimisation() {
    if !links_with_gnu_ld() {
        return;
    }
    for (test, options) in [
        ("empty-at-o0", vec!["-O0"]),
        ("empty-at-o2", vec!["-O2"]),
        ("empty-with-lto", vec!["-O3", "-flto"]),
    ] {
        assert_eq!(
            output_of(test, "cc", &options, "tests/programs/empty.c"),
            "nothing ran\n",
            "{options:?}"
        );
    }
}

/// Code and constants of the runner, in bytes, optimised for size.
fn runner_size(cpu: &str) -> u32 {
    let object = scratch(&format!("runner-{cpu}")).join("mp_registry.o");
    succeed(
        compiler("arm-none-eabi-gcc")
            .args([&format!("-mcpu={cpu}"), "-mthumb", "-Os", "-ffreestanding"])
            .args(["-c", "src/mp_registry.c", "-o"])
            .arg(&object),
    );
    let printed = text(&succeed(Command::new("arm-none-eabi-size").arg(object)).stdout);
    let columns: Vec<&str> =
        printed.lines().nth(1).unwrap_or_default().split_whitespace().collect();
    let [read_only, data, bss, ..] = columns[..] else {
        panic!("the table of size(1), not {printed:?}");
    };
    assert_eq!((data, bss), ("0", "0"), "the runner needs no RAM");
    read_only.parse().expect("a size in bytes")
}

#[test]
fn the_runner_takes_less_than_200_bytes_on_cortex_m() {
    if !have(&["arm-none-eabi-gcc", "arm-none-eabi-size"]) {
        return;
    }
    for cpu in ["cortex-m0plus", "cortex-m4"] {
        let size = runner_size(cpu);
        assert!(size < 200, "{size} bytes on {cpu}");
    }
}
