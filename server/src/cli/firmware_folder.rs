//! The firmware below a folder of builds, or the tables that were extracted from
//! it: one file of each build folder, such as `ports/PORT/build-BOARD/`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::tree::Layout;

/// How deep below a folder that is named a build folder may stand.
const MAX_DEPTH: usize = 6;
/// Most names that are looked at below one folder.
const MAX_NAMES: usize = 200_000;
/// What the firmware of a build is called, the most telling first; without any
/// of these it is the largest linked file.
const NAMES: [&str; 3] = ["firmware.elf", "micropython.elf", "micropython"];

/// What is wanted of a build folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Linked firmware.
    Firmware,
    /// Linked firmware, or where there is none, its table as
    /// `initboard extract --format json` prints it.
    FirmwareOrTable,
}

/// The files among `paths`, and the file that is wanted of each build folder below
/// the folders among them, by path. Symbolic links below a folder are not followed.
///
/// # Errors
/// When a folder cannot be read, has nothing that is wanted below it, or too much
/// else.
pub(super) fn files(
    paths: &[PathBuf],
    wanted: Wanted,
    layout: &Layout,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let name = path.display();
        // A path such as `.` does not say where it is.
        let root = path.canonicalize().with_context(|| format!("cannot read {name}"))?;
        let before = files.len();
        let mut left = MAX_NAMES;
        search(&root, wanted, layout, MAX_DEPTH, &mut left, &mut files)?;
        ensure!(
            files.len() > before,
            "{name} has no firmware below it: expected files such as ports/stm32/build-PYBV10/firmware.elf; another layout is `tree.builds` of initboard.toml"
        );
    }
    Ok(files)
}

fn search(
    folder: &Path,
    wanted: Wanted,
    layout: &Layout,
    depth: usize,
    left: &mut usize,
    files: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    let cannot_read = || format!("cannot read {}", folder.display());
    let is_build = folder.parent().is_some_and(|parent| layout.board_of_build(parent).is_none())
        && layout.board_of_build(folder).is_some();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot_read)? {
        *left = left.checked_sub(1).with_context(|| {
            format!(
                "more than {MAX_NAMES} files below {}: give the folder of the builds",
                folder.display()
            )
        })?;
        let entry = entry.with_context(cannot_read)?;
        // Of the link itself, which is neither a file nor a folder.
        names.push((entry.path(), entry.file_type().with_context(cannot_read)?));
    }
    names.sort_by(|(one, _), (other, _)| one.cmp(other));
    if is_build {
        let regular = names.into_iter().filter(|(_, kind)| kind.is_file());
        let regular: Vec<PathBuf> = regular.map(|(path, _)| path).collect();
        let linked = regular.iter().filter(|path| is_linked(path)).cloned().collect();
        let table = || regular.iter().find(|path| is_table(path)).cloned();
        files.extend(match wanted {
            Wanted::Firmware => firmware(linked),
            Wanted::FirmwareOrTable => firmware(linked).or_else(table),
        });
        return Ok(());
    }
    for (path, kind) in names {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if kind.is_dir() && !hidden && depth > 0 {
            search(&path, wanted, layout, depth - 1, left, files)?;
        }
    }
    Ok(())
}

/// Whether a file begins as a linked ELF file does: object files are none.
fn is_linked(path: &Path) -> bool {
    let mut head = [0; 18];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    // ELF gABI: e_type stands at byte 16, in the file's own byte order, and is 1
    // for an object file and 4 for a core dump.
    read.is_ok() && head.starts_with(b"\x7fELF") && matches!(head[16] | head[17], 2 | 3)
}

/// Whether a JSON file begins as a table does: builds leave others as well.
fn is_table(path: &Path) -> bool {
    if path.extension().is_none_or(|extension| extension != "json") {
        return false;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(64).read_to_end(&mut head));
    let text = head.trim_ascii_start().strip_prefix(b"{").unwrap_or_default().trim_ascii_start();
    read.is_ok() && (text.starts_with(b"\"board\"") || text.starts_with(b"\"schema\""))
}

/// The firmware among the linked files of a build.
fn firmware(linked: Vec<PathBuf>) -> Option<PathBuf> {
    let named =
        |name: &&str| linked.iter().find(|path| path.file_name().is_some_and(|n| n == *name));
    if let Some(path) = NAMES.iter().find_map(named) {
        return Some(path.clone());
    }
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    linked.into_iter().max_by_key(size)
}
