//! The crate on Arm and RISC-V: built without cargo against a `core` that is
//! compiled here, from Debian's packages `rustc-web` and `rust-web-src`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::matrix::{satisfied, succeed};
use crate::{files, tools};

/// Debian's compiler, whose version is that of the sources of `core` beside it.
const RUSTC: &str = "/usr/bin/rustc";

/// One target, with what links an image for it.
struct Chip {
    target: &'static str,
    machine: &'static str,
    /// The folder that tells `firmware/run` which emulator it is.
    port: &'static str,
    cc: &'static str,
    flags: &'static [&'static str],
    strip: &'static str,
    sources: &'static [&'static str],
}

const ARM: Chip = Chip {
    target: "thumbv7em-none-eabi",
    machine: "m4",
    port: "mps2",
    cc: "arm-none-eabi-gcc",
    flags: &["-mcpu=cortex-m4", "-mthumb"],
    strip: "arm-none-eabi-strip",
    sources: &["shared/startup_cortex_m.c"],
};

const RISCV: Chip = Chip {
    target: "riscv32imac-unknown-none-elf",
    machine: "rv32",
    port: "virt",
    cc: "riscv64-unknown-elf-gcc",
    flags: &["-march=rv32imac", "-mabi=ilp32", "-mcmodel=medany", "-msmall-data-limit=0"],
    strip: "riscv64-unknown-elf-strip",
    sources: &[],
};

fn package() -> PathBuf {
    files::root().join("registry-rt")
}

/// rustc for a chip, with the `core` that `make_core` puts into `folder`.
fn rustc(chip: &Chip, folder: &Path) -> Command {
    let mut rustc = Command::new(RUSTC);
    rustc.current_dir(package()).args(["--edition=2024", "-Cpanic=abort", "-Copt-level=s"]);
    rustc.args(["--target", chip.target, "--sysroot"]).arg(folder);
    rustc
}

fn core_source() -> PathBuf {
    let sysroot = succeed(Command::new(RUSTC).args(["--print", "sysroot"])).stdout;
    let sysroot = String::from_utf8(sysroot).unwrap();
    Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core/src/lib.rs")
}

/// Compiles `core`, and an empty crate in place of the one that every other is given
/// for the arithmetic that a chip lacks.
fn make_core(chip: &Chip, folder: &Path) {
    let libraries = folder.join("lib/rustlib").join(chip.target).join("lib");
    std::fs::create_dir_all(&libraries).unwrap();
    let builtins = folder.join("compiler_builtins.rs");
    std::fs::write(
        &builtins,
        "#![feature(compiler_builtins)]\n#![compiler_builtins]\n#![no_std]\n",
    )
    .unwrap();
    for (name, source) in [("core", core_source()), ("compiler_builtins", builtins)] {
        succeed(
            rustc(chip, folder)
                .env("RUSTC_BOOTSTRAP", "1")
                .args(["--crate-type=rlib", "--cap-lints=allow", "--crate-name", name])
                .arg(source)
                .arg("-o")
                .arg(libraries.join(format!("lib{name}.rlib"))),
        );
    }
}

/// The program in Rust as a static library.
fn library(chip: &Chip, folder: &Path, feature: &str, lto: bool) -> PathBuf {
    let features =
        if feature.is_empty() { vec![] } else { vec![format!("--cfg=feature=\"{feature}\"")] };
    let registry = folder.join(format!("libregistry_rt{feature}.rlib"));
    succeed(
        rustc(chip, folder)
            .args(["--crate-type=rlib", "--crate-name=registry_rt", "src/lib.rs", "-o"])
            .arg(&registry)
            .args(&features),
    );
    let library = folder.join(format!("libprogram{feature}{lto}.a"));
    succeed(
        rustc(chip, folder)
            .args(["--crate-type=staticlib", "firmware/matrix/program.rs"])
            .args(lto.then_some("-Clto=fat"))
            .arg(format!("--extern=registry_rt={}", registry.display()))
            .arg("-o")
            .arg(&library),
    );
    library
}

fn runs_as_read(chip: &Chip) {
    if tools::need(RUSTC).is_none()
        || tools::need(chip.cc).is_none()
        || tools::need("qemu-system-arm").is_none()
        || tools::need("qemu-system-riscv32").is_none()
        || tools::need_file(&core_source(), "rust-web-src").is_none()
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_core(chip, folder);
    let board =
        std::fs::read_to_string(package().join("firmware/matrix/boards/cortex-m-rt.ld")).unwrap();
    let with_fragment = folder.join("board.ld");
    std::fs::write(
        &with_fragment,
        board
            .replace(
                "INCLUDE machine.ld\n",
                "INCLUDE machine.ld\nREGION_ALIAS(\"MP_REGISTRY\", FLASH)\n",
            )
            .replace("    INCLUDE ram", "    INCLUDE mp_registry.ld\n    INCLUDE ram"),
    )
    .unwrap();
    for (feature, script, linking) in [
        ("", with_fragment.display().to_string(), vec![]),
        ("keyed", "firmware/matrix/boards/cortex-m-rt.ld".to_owned(), vec![]),
        (
            "rodata",
            "firmware/matrix/boards/cortex-m-rt.ld".to_owned(),
            vec!["-Wl,--sort-section=name"],
        ),
    ] {
        for lto in [true, false] {
            let library = library(chip, folder, feature, lto);
            let build = folder.join(format!("ports/{}/build-{feature}{lto}", chip.port));
            std::fs::create_dir_all(&build).unwrap();
            let image = build.join("firmware.elf");
            let sources = chip.sources.iter().chain(&[
                "matrix/start.c",
                "shared/report.c",
                "shared/semihosting.c",
            ]);
            succeed(
                Command::new(chip.cc)
                    .current_dir(package())
                    .args(chip.flags)
                    .args(["-Os", "-ffreestanding", "-fno-tree-loop-distribute-patterns"])
                    .args(["-ffunction-sections", "-DPORT_MAIN=program"])
                    .args(["-Iinclude", "-Ifirmware/shared", "-Ifirmware/matrix"])
                    .args(sources.map(|source| format!("firmware/{source}")))
                    .args([
                        "-nostdlib",
                        "-static",
                        "-Wl,--gc-sections",
                        "-Llink",
                        "-Lfirmware/shared",
                    ])
                    .arg(format!("-Lfirmware/matrix/machines/{}", chip.machine))
                    .args(["-T", &script])
                    .args(&linking)
                    // A member that holds only entries is in the image no other way.
                    .arg("-Wl,--whole-archive")
                    .arg(&library)
                    .args(["-Wl,--no-whole-archive", "-o"])
                    .arg(&image),
            );
            check(chip, &image, &format!("{} {feature} {lto}", chip.target));
        }
    }
}

/// Reads and runs an image, however much is stripped of it.
fn check(chip: &Chip, image: &Path, of: &str) {
    for strip in [None, Some("-g"), Some("--strip-all")] {
        if let Some(strip) = strip {
            succeed(Command::new(chip.strip).arg(strip).arg(image));
        }
        let of = format!("{of} {strip:?}");
        let table = files::extract(&std::fs::read(image).unwrap());
        let read: Vec<String> = table
            .entries
            .iter()
            .map(|entry| {
                let name = entry.function.as_ref().map_or("?", |name| name.as_str());
                let file = entry.location.as_ref().map_or("?", |place| place.file.as_str());
                format!("{name} {file} {}", entry.after.join(" "))
            })
            .collect();
        let program = "firmware/matrix/program.rs";
        assert_eq!(
            read,
            [
                format!("pin_init0 {program} "),
                format!("dac_init {program} "),
                format!("uart_init {program} pin_init0"),
                format!("pin_deinit {program} "),
            ],
            "{of}"
        );
        assert_eq!(table.entries[2].subsystem.as_deref(), Some("serial"), "{of}");
        assert_eq!(
            satisfied(&table),
            [
                "dac_init: stopped together with something else, its pins are off",
                "uart_init: meant to persist, the REPL stays on it",
            ],
            "{of}"
        );
        let output = succeed(Command::new(package().join("firmware/run")).arg(image)).stdout;
        let printed = String::from_utf8(output).unwrap();
        assert_eq!(printed, "pin_init0\ndac_init\nuart_init\npin_deinit\n", "{of}");
    }
}

#[test]
fn the_crate_runs_as_it_is_read_on_arm() {
    runs_as_read(&ARM);
}

#[test]
fn the_crate_runs_as_it_is_read_on_riscv() {
    runs_as_read(&RISCV);
}
