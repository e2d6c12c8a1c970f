//! The files that people name: linked firmware, and what is none at first
//! glance.

use std::path::Path;

use anyhow::{Context as _, ensure};

/// Largest file that is read. Firmware with all its debug information has some
/// tens of MiB.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// The bytes of a file.
///
/// # Errors
/// When it cannot be read; and before it is opened, when it is a folder, a
/// device or a pipe, which may have no end, or too large for any firmware.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    check(path)?;
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Checks that there is a file that [`read`] would read.
///
/// # Errors
/// As [`read`].
pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    let name = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read {name}"))?;
    ensure!(
        !metadata.is_dir(),
        "{name} is a folder: expected a linked firmware, such as firmware.elf in it"
    );
    ensure!(
        metadata.is_file(),
        "{name} is no regular file: expected a linked firmware, such as firmware.elf"
    );
    ensure!(
        metadata.len() <= MAX_FILE_BYTES,
        "{name} has {} bytes, more than any firmware: expected at most {MAX_FILE_BYTES}",
        metadata.len()
    );
    Ok(())
}
