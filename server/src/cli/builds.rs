//! The builds that people name: linked firmware, its tables as JSON, or folders of
//! either.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};

use super::firmware_folder::{self, Wanted};
use super::{extract, firmware_file};
use crate::analyze::check::Subject;
use crate::analyze::diff::{Side, Unreadable};
use crate::config::Config;
use crate::model::{BoardId, BoardTable, InitTable, PortName};

/// The builds that paths name. Those in folders that cannot be read are part of the
/// answer.
///
/// # Errors
/// When a file that is named cannot be read, a folder has no builds, or two of
/// them are of one board.
pub(super) fn read(paths: &[PathBuf], config: &Config) -> anyhow::Result<Side> {
    let mut side = Side::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let before = side.builds.len();
        if path.is_dir() {
            read_folder(path, config, &mut side)?;
        } else {
            side.builds.extend(read_file(path, config)?);
        }
        for build in &side.builds[before..] {
            ensure!(
                seen.insert(build.label.clone()),
                "{} has a second build of {}: expected one of each board",
                path.display(),
                build.label
            );
        }
    }
    Ok(side)
}

fn read_folder(path: &Path, config: &Config, side: &mut Side) -> anyhow::Result<()> {
    for file in firmware_folder::files(&[path.to_owned()], Wanted::FirmwareOrTable, &config.tree)? {
        match read_file(&file, config) {
            Ok(builds) => side.builds.extend(builds),
            Err(error) => side.unreadable.push(Unreadable {
                board: extract::label(&file, config),
                why: without_path(&error, &file),
            }),
        }
    }
    Ok(())
}

/// What went wrong, without the path: it depends on where the job ran, and the
/// board tells as much.
fn without_path(error: &anyhow::Error, file: &Path) -> String {
    let path = file.display().to_string();
    let causes: Vec<String> =
        error.chain().map(ToString::to_string).filter(|cause| *cause != path).collect();
    causes.join(": ").replace(&path, "the file")
}

/// The builds of a file: one of firmware, and those of all tables of a JSON text.
fn read_file(path: &Path, config: &Config) -> anyhow::Result<Vec<Subject>> {
    if path.extension().is_none_or(|extension| extension != "json") {
        let table = extract::read(path, config)?;
        return Ok(vec![subject(path, config.tree.board_of_build(path), table)?]);
    }
    let text = firmware_file::read(path)?;
    let tables = BoardTable::read_all(&text).with_context(|| path.display().to_string())?;
    ensure!(
        !tables.is_empty(),
        "{} is empty: expected what `initboard extract --format json` prints",
        path.display()
    );
    let of_table = |BoardTable { board, table }: BoardTable| {
        subject(path, board.or_else(|| config.tree.board_of_build(path)), table)
    };
    tables.into_iter().map(of_table).collect()
}

/// A table of a board; of a port, where it is of its source text; of a file, where
/// nothing tells more.
fn subject(path: &Path, board: Option<BoardId>, table: InitTable) -> anyhow::Result<Subject> {
    let source = table.source.as_ref().map(|source| source.port.clone());
    let table = Arc::new(table);
    Ok(match (board, source) {
        (_, Some(port)) => Subject { label: port.to_string(), port, board: None, table },
        (Some(board), None) => Subject {
            label: board.to_string(),
            board: Some(board.label()),
            port: board.port,
            table,
        },
        (None, None) => {
            let port = "unknown".parse::<PortName>().context("a port without a name")?;
            Subject { label: path.display().to_string(), port, board: None, table }
        }
    })
}
