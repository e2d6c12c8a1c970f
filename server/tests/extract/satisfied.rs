//! A registration that says why its deinit needs no call: `check` does not miss it,
//! and what shows why shows the reason, as with a declaration in the configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use initboard::model::{Means, SatisfiedBy};
use serde_json::Value;

use crate::matrix::succeed;
use crate::{files, tools};

/// A main with a soft reset, which runs and stops one level.
const MAIN: &str = "
#include \"mp_registry.h\"
#define OUT __attribute__((noinline)) void
OUT mp_init(void) { __asm__ volatile(\"\"); }
OUT mp_deinit(void) { __asm__ volatile(\"\"); }
OUT pyexec_friendly_repl(void) { __asm__ volatile(\"\"); }
int main(void) {
    for (;;) {
        mp_init();
        mp_init_run_level(MP_INIT_DRIVER);
        pyexec_friendly_repl();
        mp_deinit_run_level(MP_INIT_DRIVER);
        mp_deinit();
    }
}
";

const C_DRIVER: &str = "
#include \"mp_registry.h\"
static void usb_init(void) { __asm__ volatile(\"\"); }
static void usb_deinit(void) { __asm__ volatile(\"\"); }
";

const STOPS: &str =
    "MP_INIT_REGISTER(driver, 10, usb_init); MP_DEINIT_REGISTER(driver, 10, usb_deinit);";
const FORGETS: &str =
    "MP_INIT_REGISTER(driver, 10, usb_init); void use(void); void use(void) { usb_deinit(); }";
const DECLARES: &str = "MP_INIT_REGISTER_WITH(driver, 10, usb_init, MP_SATISFIED(persistent, \"the host would see it vanish\")); void use(void); void use(void) { usb_deinit(); }";

const RUST_DRIVER: &str = "
#![no_std]
extern crate registry_rt;
extern \"C\" fn usb_init() {}
registry_rt::init_register!(driver, 10, usb_init, satisfied = persistent(\"the host would see it vanish\"));
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
";

fn package() -> PathBuf {
    files::root().join("registry-rt")
}

/// The image of a port, whose driver is an object or an archive.
fn image(folder: &Path, port: &str, driver: &[&Path]) -> PathBuf {
    let build = folder.join(format!("ports/{port}/build-{}", port.to_uppercase()));
    std::fs::create_dir_all(&build).unwrap();
    let main = folder.join("main.c");
    std::fs::write(&main, MAIN).unwrap();
    let image = build.join("firmware.elf");
    succeed(
        Command::new("cc")
            .current_dir(package())
            .args(["-Os", "-Wall", "-Wextra", "-Werror", "-Iinclude"])
            .args(["-Wl,--gc-sections", "-Wl,-T,link/mp_registry_hosted.ld"])
            .arg(main)
            .args(driver)
            .arg("-o")
            .arg(&image),
    );
    image
}

fn of_c(folder: &Path, port: &str, registrations: &str) -> PathBuf {
    let driver = folder.join(format!("{port}.c"));
    std::fs::write(&driver, format!("{C_DRIVER}{registrations}\n")).unwrap();
    image(folder, port, &[&driver, &package().join("src/mp_registry.c")])
}

fn of_rust(folder: &Path, port: &str) -> PathBuf {
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
    succeed(rustc("driver", "staticlib").arg("-Clto=fat").arg(driver));
    // One member after link-time optimisation, which main needs for the runner.
    image(folder, port, &[&folder.join("libdriver.a")])
}

/// What `check` finds of deinits, a line each.
fn missed(images: &[&Path]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_initboard"))
        .args(["check", "--format", "json"])
        .args(images)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().iter();
    found
        .filter(|found| found["rule"].as_str().unwrap().starts_with("IB3"))
        .map(|found| format!("{}: {}", found["rule"], found["message"]).replace('"', ""))
        .collect()
}

#[test]
fn a_deinit_that_its_registration_calls_needless_is_not_missed() {
    if tools::need("cc").is_none()
        || tools::need("rustc").is_none()
        || tools::need_x86_64_linux().is_none()
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [a, b] = ["a", "b"].map(|port| of_c(folder, port, STOPS));

    let forgets = of_c(folder, "c", FORGETS);
    assert_eq!(
        missed(&[&a, &b, &forgets]),
        [
            "IB301: `usb_init` starts usb on every soft reset, and nothing stops it; a call does on a/A, b/B"
        ]
    );

    for declares in [of_c(folder, "c", DECLARES), of_rust(folder, "d")] {
        let of = declares.display();
        let table = files::extract(&std::fs::read(&declares).unwrap());
        let init = table.entries.iter().find(|entry| entry.display_name() == "usb_init").unwrap();
        let reason = "the host would see it vanish".to_owned();
        let said = SatisfiedBy::new(Means::Persistent, None, reason).unwrap();
        assert_eq!(init.satisfied, Some(said), "{of}");
        assert_eq!(missed(&[&a, &b, &declares]), [""; 0], "{of}");

        let output = succeed(
            Command::new(env!("CARGO_BIN_EXE_initboard"))
                .args(["matrix", "--format", "csv"])
                .args([&a, &b, &declares]),
        );
        let csv = String::from_utf8(output.stdout).unwrap();
        assert!(
            csv.contains(
                "meant to persist: the host would see it vanish (declared by its registration)"
            ),
            "{of}: {csv}"
        );
    }
}
