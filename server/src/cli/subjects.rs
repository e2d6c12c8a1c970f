//! The tables that a subcommand puts side by side: of firmware files, or of the
//! mains of a source tree.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;

use super::extract;
use super::source_tree::TreeArguments;
use crate::analyze::check::Subject;
use crate::config::Config;
use crate::model::{InitTable, PortName};
use crate::tree::mains;

/// Tables to put side by side: of firmware files, or of the mains of a tree.
#[derive(Debug, Args)]
pub(super) struct Subjects {
    /// Linked firmware (ELF)
    #[arg(value_name = "FILE", required_unless_present = "tree", conflicts_with = "tree")]
    files: Vec<PathBuf>,
    /// Source tree to read in place of firmware: a folder with its files, or a
    /// git repository, which may be bare
    #[arg(long, value_name = "PATH")]
    tree: Option<PathBuf>,
    #[command(flatten)]
    reading: TreeArguments,
}

impl Subjects {
    /// The paths of firmware files.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// How to read them.
    pub(super) fn reading(&self) -> &TreeArguments {
        &self.reading
    }

    /// The tables, and the configuration that goes with them.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(super) fn read(&self) -> anyhow::Result<(Vec<Subject>, Config)> {
        if let Some(path) = &self.tree {
            let tree = self.reading.open(path, &[])?;
            let found = mains::read(&*tree.opened.tree, &tree.config.tree, &tree.ports)?;
            for missing in &found.missing {
                super::complain(&anyhow::anyhow!("{missing}"));
            }
            ensure!(!found.tables.is_empty(), "{} has no main to check", path.display());
            let subject = |table: InitTable| {
                let port = table.source.as_ref().map(|source| source.port.clone())?;
                let table = Arc::new(table);
                Some(Subject { label: port.to_string(), port, board: None, table })
            };
            return Ok((found.tables.into_iter().filter_map(subject).collect(), tree.config));
        }
        let config = self.reading.config_of_firmware()?;
        let subjects =
            self.files.iter().map(|path| subject(path, &config)).collect::<Result<_, _>>()?;
        Ok((subjects, config))
    }
}

fn subject(path: &Path, config: &Config) -> anyhow::Result<Subject> {
    let table = extract::read(path, config)?;
    let board = config.tree.board_of_build(path);
    // Files that name no port are compared as if of one.
    let unknown = || "unknown".parse::<PortName>().context("a port without a name");
    let port = board.as_ref().map_or_else(unknown, |board| Ok(board.port.clone()))?;
    Ok(Subject {
        label: extract::label(path, config),
        port,
        board: board.map(|board| board.label()),
        table: Arc::new(table),
    })
}
