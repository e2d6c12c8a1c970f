//! The committed firmware.

use std::path::{Path, PathBuf};

use initboard::model::{InitTable, Sha256};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All ELF files below a folder of the repository, by path.
pub(crate) fn elf_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "elf") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no ELF file in {folder}");
    found.sort();
    found
}

/// The committed ELF files with what distinguishes their paths: `mps2-MPS2_NET`
/// or the fixture's name.
pub(crate) fn committed() -> Vec<(String, PathBuf)> {
    let firmware = elf_files("data/firmware").into_iter().map(|path| {
        let part = |back: usize| path.iter().nth_back(back).unwrap().to_string_lossy().into_owned();
        let board = part(1);
        (format!("{}-{}-{}", part(4), part(2), board.trim_start_matches("build-")), path)
    });
    let fixtures = elf_files("data/fixtures")
        .into_iter()
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path));
    firmware.chain(fixtures).collect()
}

/// A table as `initboard extract` gives it.
pub(crate) fn extract(bytes: &[u8]) -> InitTable {
    let mut table = initboard::extract::extract(bytes, Sha256::of(bytes)).unwrap();
    initboard::analyze::derive(&mut table);
    table
}
