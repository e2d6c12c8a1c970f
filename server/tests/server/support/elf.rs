//! Firmware to upload.

use std::path::{Path, PathBuf};

/// A file below `data/`.
pub(crate) fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(path)
}

/// All committed sample images by path, with their port and `BOARD[-VARIANT]`.
pub(crate) fn samples() -> Vec<(String, String, PathBuf)> {
    let root = data("firmware/2/ports");
    let mut samples = Vec::new();
    for port in folders(&root) {
        for build in folders(&port) {
            let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            let label = name(&build).strip_prefix("build-").unwrap().to_owned();
            samples.push((name(&port), label, build.join("firmware.elf")));
        }
    }
    assert!(samples.len() >= 8, "only {} sample images", samples.len());
    samples
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// The bytes of one sample image with a registry.
pub(crate) fn firmware() -> Vec<u8> {
    let samples = samples();
    let (_, _, path) = samples.iter().find(|(_, label, _)| label == "MPS2_NET").unwrap();
    std::fs::read(path).unwrap()
}

/// The same firmware with one byte changed where extraction does not look: the
/// padding of the ELF identification.
pub(crate) fn other_firmware() -> Vec<u8> {
    let mut bytes = firmware();
    bytes[15] = 1;
    bytes
}

/// The firmware with another type in the ELF header (1: object file, 4: core
/// dump).
pub(crate) fn of_type(elf_type: u8) -> Vec<u8> {
    let mut bytes = firmware();
    bytes[16] = elf_type;
    bytes
}
