//! Registrations in archives: what a linker leaves out, and what keeps them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{have, links_with_gnu_ld, package, scratch, succeed, text};

const DRIVER: &str = "#include <stdio.h>
#include \"mp_registry.h\"
static void sensor_init(void) { puts(\"sensor_init\"); }
MP_INIT_REGISTER(driver, 10, sensor_init);
MP_REGISTRY_ANCHOR(sensor);
";

const MAIN: &str = "#include <stdio.h>
#include \"mp_registry.h\"
int main(void) {
    printf(\"%u\\n\", mp_registry_count());
    mp_init_run_level(MP_INIT_DRIVER);
    return 0;
}
";

/// Puts the driver into an archive and links a program with it.
fn output_of(test: &str, compiling: &[&str], linking: impl Fn(&Path) -> Vec<String>) -> String {
    let folder = scratch(test);
    let write = |name: &str, text: &str| -> PathBuf {
        std::fs::write(folder.join(name), text).expect("the scratch folder can be written");
        folder.join(name)
    };
    let object = folder.join("driver.o");
    let cc = || {
        let mut cc = Command::new("cc");
        cc.current_dir(package()).args(["-O2", "-Iinclude"]).args(compiling);
        cc
    };
    succeed(cc().arg("-c").arg(write("driver.c", DRIVER)).arg("-o").arg(&object));
    let archive = folder.join("libdrivers.a");
    succeed(Command::new("gcc-ar").arg("rcs").args([&archive, &object]));
    let program = folder.join("program");
    succeed(
        cc().args(["src/mp_registry.c", "src/mp_registry_count.c"])
            .arg(write("main.c", MAIN))
            .args(linking(&archive))
            .args(["-Wl,--gc-sections", "-Wl,-T,link/mp_registry_hosted.ld", "-o"])
            .arg(&program),
    );
    text(&succeed(&mut Command::new(program)).stdout)
}

#[test]
fn an_archive_member_that_only_registers_needs_an_anchor_or_to_be_taken_whole() {
    if !have(&["gcc-ar"]) || !links_with_gnu_ld() {
        return;
    }
    let path = |archive: &Path| archive.display().to_string();
    for (test, compiling) in [("archive", &[][..]), ("archive-lto", &["-flto"])] {
        // This is the trap, and what the anchor is for.
        assert_eq!(output_of(test, compiling, |archive| vec![path(archive)]), "0\n", "{test}");
        let anchored =
            |archive: &Path| vec!["-Wl,-u,mp_registry_anchor_sensor".to_owned(), path(archive)];
        assert_eq!(output_of(test, compiling, anchored), "1\nsensor_init\n", "{test}");
        let whole = |archive: &Path| {
            vec![
                "-Wl,--whole-archive".to_owned(),
                path(archive),
                "-Wl,--no-whole-archive".to_owned(),
            ]
        };
        assert_eq!(output_of(test, compiling, whole), "1\nsensor_init\n", "{test}");
    }
}

#[test]
fn an_anchor_takes_no_byte() {
    if !have(&["cc", "size"]) {
        return;
    }
    let size = |name: &str, driver: &str| {
        let folder = scratch(name);
        std::fs::write(folder.join("driver.c"), driver).expect("the scratch folder can be written");
        let object = folder.join("driver.o");
        succeed(
            Command::new("cc")
                .current_dir(package())
                .args(["-Os", "-Iinclude", "-c"])
                .arg(folder.join("driver.c"))
                .arg("-o")
                .arg(&object),
        );
        let printed = text(&succeed(Command::new("size").arg(object)).stdout);
        printed
            .lines()
            .nth(1)
            .map(|line| line.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
    };
    let without = DRIVER.replace("MP_REGISTRY_ANCHOR(sensor);", "");
    assert_eq!(size("anchored", DRIVER), size("not-anchored", &without));
}

/// Builds a program of two crates, of which the second only registers.
fn rust_output(test: &str, main: &str, options: &[&str]) -> String {
    let folder = scratch(test);
    let rustc = |name: &str, source: Option<&str>| {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(package()).args(["--edition=2024", "-O", "-L"]).arg(&folder);
        rustc.args(["--crate-name", name, "--out-dir"]).arg(&folder);
        match source {
            Some(source) => {
                let file = folder.join(format!("{name}.rs"));
                std::fs::write(&file, source).expect("the scratch folder can be written");
                rustc.arg(file);
            }
            None => {
                rustc.arg("src/lib.rs");
            }
        }
        rustc
    };
    succeed(rustc("registry_rt", None).arg("--crate-type=rlib"));
    let driver = "extern crate registry_rt;
        extern \"C\" fn sensor_init() { println!(\"sensor_init\"); }
        registry_rt::init_register!(driver, 10, sensor_init);";
    succeed(rustc("sensor", Some(driver)).arg("--crate-type=rlib"));
    succeed(
        rustc("program", Some(main))
            .args(options)
            .args(["-Clinker-features=-lld", "-Clink-arg=-Wl,-T,link/mp_registry_hosted.ld"]),
    );
    text(&succeed(&mut Command::new(folder.join("program"))).stdout)
}

#[test]
fn a_crate_that_only_registers_must_be_named() {
    if !have(&["rustc"]) || !links_with_gnu_ld() {
        return;
    }
    let run = "extern crate registry_rt;
        fn main() { registry_rt::init_run_level(registry_rt::Level::Driver); println!(\"--\"); }";
    let named = format!("extern crate sensor as _;\n{run}");
    for (test, options) in [("crates", &[][..]), ("crates-lto", &["-Clto=fat"])] {
        // This is the trap, and what keeps the crate.
        assert_eq!(rust_output(test, run, options), "--\n", "{test}");
        assert_eq!(rust_output(test, &named, options), "sensor_init\n--\n", "{test}");
    }
}
