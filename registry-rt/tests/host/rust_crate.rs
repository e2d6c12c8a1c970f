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
