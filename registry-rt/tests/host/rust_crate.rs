//! The crate in a program of its own, linked with the fragment of each linker and with
//! drivers in C.

use std::path::Path;
use std::process::Command;

use crate::tools::{have, links_with_gnu_ld, package, scratch, succeed, text};

const BOTH_LANGUAGES: &str = "pin_init0
uart_init0
timer_init0 (C)
dac_init
backlight_init
--
backlight_deinit
timer_deinit (C)
uart_deinit_all
";

/// What `program.rs` prints, optimised, with `c_driver.c` and `c_sources` linked in.
fn output_of(folder: &Path, fragment: &str, linker: &[&str], c_sources: &[&str]) -> String {
    let crate_file = folder.join("libregistry_rt.rlib");
    let program = folder.join("program");
    let mut rustc = Command::new("rustc");
    rustc.current_dir(package()).args(["--edition=2024", "-O"]);
    succeed(
        rustc
            .args(["--crate-type=rlib", "--crate-name=registry_rt", "src/lib.rs", "-o"])
            .arg(&crate_file),
    );

    let mut rustc = Command::new("rustc");
    rustc
        .current_dir(package())
        .args(["--edition=2024", "-O", "tests/programs/program.rs"])
        .args(linker)
        .arg(format!("-Clink-arg=-Wl,-T,{fragment}"))
        .arg("-Clink-arg=-Wl,-T,tests/programs/panel.ld")
        .arg(format!("--extern=registry_rt={}", crate_file.display()))
        .arg("-o")
        .arg(&program);
    for source in c_sources {
        let object =
            folder.join(Path::new(source).with_extension("o").file_name().expect("a file"));
        succeed(
            Command::new("cc")
                .current_dir(package())
                .args(["-O2", "-Iinclude", "-c", source, "-o"])
                .arg(&object),
        );
        rustc.arg(format!("-Clink-arg={}", object.display()));
    }
    succeed(&mut rustc);
    text(&succeed(&mut Command::new(program)).stdout)
}

#[test]
fn rust_and_c_entries_share_the_tables_when_gnu_ld_links() {
    if !have(&["rustc"]) || !links_with_gnu_ld() {
        return;
    }
    let printed = output_of(
        &scratch("rust-gnu-ld"),
        "link/mp_registry_hosted.ld",
        &["-Clinker-features=-lld"],
        &["tests/programs/c_driver.c"],
    );
    assert_eq!(printed, BOTH_LANGUAGES);
}

#[test]
fn rust_and_c_entries_share_the_tables_when_lld_links() {
    if !have(&["rustc"]) || !links_with_gnu_ld() {
        return;
    }
    let printed = output_of(
        &scratch("rust-lld"),
        "link/mp_registry_hosted_lld.ld",
        &[],
        &["tests/programs/c_driver.c"],
    );
    assert_eq!(printed, BOTH_LANGUAGES);
}

#[test]
fn an_image_may_hold_the_runner_of_c_as_well() {
    if !have(&["rustc"]) || !links_with_gnu_ld() {
        return;
    }
    let printed = output_of(
        &scratch("rust-and-c-runner"),
        "link/mp_registry_hosted.ld",
        &["-Clinker-features=-lld"],
        &["tests/programs/c_driver.c", "src/mp_registry.c"],
    );
    assert_eq!(printed, BOTH_LANGUAGES);
}

#[test]
fn the_crate_can_be_packaged_with_its_header_and_fragments() {
    let folder = scratch("package");
    let cargo = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(package()).args(["package", "--offline", "--locked", "--allow-dirty"]);
        cargo.arg("--target-dir").arg(&folder);
        cargo
    };
    succeed(&mut cargo());
    let listed = text(&succeed(cargo().arg("--list")).stdout);
    for file in
        ["include/mp_registry.h", "link/mp_registry_second.ld", "src/mp_registry.c", "README.md"]
    {
        assert!(listed.lines().any(|line| line == file), "{file} is not in\n{listed}");
    }
    assert!(!listed.contains("firmware"), "{listed}");
}

#[test]
fn tables_with_keys_are_walked_by_priority() {
    if !have(&["rustc"]) {
        return;
    }
    let program = scratch("keyed-walk").join("tests");
    succeed(
        Command::new("rustc")
            .current_dir(package())
            .args(["--edition=2024", "--test", "--crate-name=registry_rt", "src/lib.rs"])
            .args(["--cfg=feature=\"keyed\"", "--check-cfg=cfg(feature, values(any()))", "-o"])
            .arg(&program),
    );
    let printed = text(&succeed(&mut Command::new(program)).stdout);
    assert!(
        printed.contains("table::tests::init_tables_run_from_first_to_last ... ok"),
        "{printed}"
    );
}
