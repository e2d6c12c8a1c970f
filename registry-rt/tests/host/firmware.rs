//! The sample firmware: every committed image runs as a firmware should, and rebuilding
//! gives images that behave the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{have, links_with_gnu_ld, package, scratch, succeed, text};

const EMULATORS: [&str; 2] = ["qemu-system-arm", "qemu-system-riscv32"];

/// The images under `folder`, as `<port>/build-<BOARD>/firmware.elf`, sorted.
fn images(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.expect("a readable folder").path())
            .collect()
    };
    let mut images: Vec<_> = entries(folder)
        .iter()
        .flat_map(|port| entries(port))
        .map(|board| board.join("firmware.elf"))
        .filter(|image| image.exists())
        .map(|image| image.strip_prefix(folder).expect("found below it").to_owned())
        .collect();
    images.sort();
    images
}

fn committed(revision: u32) -> PathBuf {
    package().join(format!("../data/firmware/{revision}/ports"))
}

/// What the image prints; its exit status must be 0.
fn printed(image: &Path) -> String {
    let run = package().join("firmware/run");
    text(&succeed(Command::new(run).arg(image)).stdout)
}

/// The lines between one stage marker and the next, for every stage in order.
fn stages(printed: &str) -> Vec<(&str, Vec<&str>)> {
    let mut stages: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in printed.lines() {
        match line.strip_prefix("# ") {
            Some(stage @ ("boot" | "start" | "stop" | "off")) => stages.push((stage, Vec::new())),
            _ => stages.last_mut().expect("nothing runs before boot").1.push(line),
        }
    }
    stages
}

#[test]
fn every_committed_image_boots_resets_once_and_ends() {
    if !have(&EMULATORS) || !links_with_gnu_ld() {
        return;
    }
    for revision in [1, 2] {
        let folder = committed(revision);
        let images = images(&folder);
        assert_eq!(images.len(), 13, "{images:?}");
        for image in images {
            let printed = printed(&folder.join(&image));
            let stages = stages(&printed);
            let names: Vec<_> = stages.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, ["boot", "start", "stop", "start", "stop", "off"], "{image:?}");

            let [_, start, stop, second_start, second_stop, _] = &stages[..] else {
                unreachable!("six stages were found");
            };
            assert_eq!((start, stop), (second_start, second_stop), "{image:?}: both cycles alike");
            assert_eq!(start.1[..2], ["# gc_init", "# mp_init"], "{image:?}");
            assert_eq!(stop.1[stop.1.len() - 2..], ["# gc_sweep_all", "# mp_deinit"], "{image:?}");
        }
    }
}

#[test]
fn revisions_differ_on_the_boards_of_mps2_and_nowhere_else() {
    if !have(&EMULATORS) || !links_with_gnu_ld() {
        return;
    }
    let differing: Vec<_> = images(&committed(2))
        .into_iter()
        .filter(|image| printed(&committed(1).join(image)) != printed(&committed(2).join(image)))
        .collect();
    assert_eq!(
        differing,
        ["CAN", "MINI", "NET"]
            .map(|board| PathBuf::from(format!("mps2/build-MPS2_{board}/firmware.elf")))
    );
}

#[test]
fn rebuilt_images_print_what_the_committed_ones_print() {
    let compilers = ["make", "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc", "rustc"];
    if !have(&compilers) || !have(&EMULATORS) || !links_with_gnu_ld() {
        return;
    }
    let build = scratch("firmware");
    for revision in [1, 2] {
        succeed(
            Command::new("make")
                .arg("-C")
                .arg(package().join("firmware"))
                .arg("ports")
                .arg(format!("REVISION={revision}"))
                .arg(format!("BUILD={}", build.display()))
                .env_remove("RUSTFLAGS"),
        );
        let rebuilt = build.join(format!("{revision}/ports"));
        assert_eq!(images(&rebuilt), images(&committed(revision)));
        for image in images(&rebuilt) {
            assert_eq!(
                printed(&rebuilt.join(&image)),
                printed(&committed(revision).join(&image)),
                "{image:?}"
            );
        }
    }
}
