//! What takes records or entries away: `check` says what was lost and what to do, or,
//! where nothing is left that could tell, the link is what has to fail.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::matrix::succeed;
use crate::{files, tools};

const DRIVERS: &str = "
#include \"mp_registry.h\"
static void uart_init(void) { __asm__ volatile(\"\"); }
static void spi_init(void) { __asm__ volatile(\"\"); }
MP_INIT_REGISTER(driver, 20, uart_init);
MP_INIT_REGISTER(driver, 10, spi_init);
";

const MAIN: &str = "
#include \"mp_registry.h\"
int main(void) { mp_init_run_level(MP_INIT_DRIVER); return 0; }
";

const RUST_DRIVER: &str = "
#![no_std]
extern crate registry_rt;
extern \"C\" fn usb_init() {}
registry_rt::init_register!(driver, 10, usb_init);
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
";

fn package() -> PathBuf {
    files::root().join("registry-rt")
}

/// A program of these files, or what the linker says.
fn link(folder: &Path, main: &str, more: &[&Path], options: &[&str]) -> Result<PathBuf, String> {
    std::fs::write(folder.join("main.c"), main).unwrap();
    let build = folder.join("ports/linux/build-LINUX");
    std::fs::create_dir_all(&build).unwrap();
    let image = build.join("firmware.elf");
    let output = Command::new("cc")
        .current_dir(package())
        .args(["-Os", "-fno-pie", "-no-pie", "-Iinclude", "-Wl,--gc-sections"])
        .args(options)
        .arg(folder.join("main.c"))
        .args(more)
        .arg("-o")
        .arg(&image)
        .output()
        .unwrap();
    if output.status.success() {
        Ok(image)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The C program with its two drivers.
fn of_c(folder: &Path, options: &[&str]) -> PathBuf {
    let drivers = folder.join("drivers.c");
    std::fs::write(&drivers, DRIVERS).unwrap();
    link(folder, MAIN, &[&drivers, &package().join("src/mp_registry.c")], options).unwrap()
}

const FRAGMENT: &[&str] = &["-Wl,-T,link/mp_registry_hosted.ld"];

/// The entries by name, and what `check` says, without what it says of main.
fn checked(image: &Path) -> (Vec<String>, Vec<String>) {
    let table = files::extract(&std::fs::read(image).unwrap());
    let names = table
        .entries
        .iter()
        .map(|entry| entry.function.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string));
    let output = Command::new(env!("CARGO_BIN_EXE_initboard"))
        .args(["check", "--format", "json"])
        .arg(image)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let said = report["findings"].as_array().unwrap().iter();
    let said = said.filter(|found| found["rule"] != "IB112").map(|found| {
        format!("{} {}", found["rule"].as_str().unwrap(), found["message"].as_str().unwrap())
    });
    (names.collect(), said.collect())
}

fn need() -> Option<()> {
    tools::need("cc")?;
    tools::need_x86_64_linux()
}

#[test]
fn what_strips_sections_that_are_not_loaded_takes_the_names_and_check_says_so() {
    if need().is_none() || tools::need("llvm-strip-14").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stripped = |with: &str, option: &str| {
        let image = of_c(folder.path(), FRAGMENT);
        succeed(Command::new(with).arg(option).arg(&image));
        checked(&image)
    };
    let both = ["spi_init", "uart_init"].map(str::to_owned).to_vec();
    for (with, option) in [("strip", "--strip-all"), ("llvm-strip-14", "--strip-all-gnu")] {
        let (names, said) = stripped(with, option);
        assert_eq!(names, both, "{with} {option}");
        assert!(said.iter().all(|said| !said.contains("record:")), "{with} {option}: {said:?}");
    }
    let (names, said) = stripped("llvm-strip-14", "--strip-all");
    assert_eq!(names, ["?", "?"]);
    assert_eq!(
        said,
        [
            "IB111 the file has no symbols, and 2 entries have no record: name, priority and file are gone; give the ELF file as it was before strip, or strip it with what leaves the records of registry-rt (`strip` of binutils, `llvm-strip --strip-all-gnu`; `llvm-strip --strip-all` takes them)"
        ]
    );
}

#[test]
fn read_only_data_that_the_linker_was_not_told_to_sort_is_lost_by_name() {
    if need().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let sorted = ["-DMP_REGISTRY_RODATA", "-Wl,--sort-section=name"];
    let (names, said) = checked(&of_c(folder.path(), &sorted));
    assert_eq!((names, said), (["spi_init", "uart_init"].map(str::to_owned).to_vec(), vec![]));

    let (_, said) = checked(&of_c(folder.path(), &sorted[..1]));
    let lost = |function: &str| {
        format!(
            "IB105 `{function}` was registered, but stands outside the init table of level driver: nothing runs it; check that the linker script collects its section between the bounds, and that with MP_REGISTRY_RODATA the linker is told --sort-section=name"
        )
    };
    for function in ["uart_init", "spi_init"] {
        assert!(said.contains(&lost(function)), "{said:#?}");
    }
}

#[test]
fn a_member_that_only_registers_is_lost_without_a_trace_unless_the_number_is_stated() {
    if need().is_none() || tools::need("rustc").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rustc = |name: &str, kind: &str| {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(package()).args(["--edition=2024", "-Cpanic=abort", "-Copt-level=s"]);
        rustc.args(["--crate-name", name, "--crate-type", kind, "-L"]).arg(folder);
        rustc.arg("--out-dir").arg(folder);
        rustc
    };
    succeed(rustc("registry_rt", "rlib").arg("src/lib.rs"));
    let driver = folder.join("driver.rs");
    std::fs::write(&driver, RUST_DRIVER).unwrap();
    let stating = MAIN.replace("int main", "MP_REGISTRY_EXPECT(1);\nint main");
    let build = |options: &[&str], main: &str| {
        succeed(rustc("driver", "staticlib").args(options).arg(&driver));
        link(folder, main, &[&folder.join("libdriver.a")], FRAGMENT)
    };

    // The trap: nothing in the image tells that there was a driver. That all tables
    // are empty is odd; that one of twelve entries is missing would not be.
    let image = build(&[], MAIN).unwrap();
    let empty = "IB110 the tables are there and all of them are empty: either no driver registers anything yet, or the linker dropped or misplaced the entries: a script that names them needs KEEP around them, entries that are read-only data need --sort-section=name";
    assert_eq!(checked(&image), (vec![], vec![empty.to_owned()]));
    // What the documentation says to do.
    let said = build(&[], &stating).unwrap_err();
    assert!(said.contains("MP_REGISTRY_EXPECT"), "{said}");
    let image = build(&["-Clto=fat"], &stating).unwrap();
    assert_eq!(checked(&image), (vec!["usb_init".to_owned()], vec![]));
}
