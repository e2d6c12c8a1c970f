//! `initboard matrix`: every subsystem on every board of some firmware, or on
//! every port of a source tree.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::ensure;
use clap::{Args, ValueEnum};

use super::firmware_folder::{self, Wanted};
use super::output::print;
use super::source_tree::{SelectedTree, TreeArguments};
use crate::analyze;
use crate::analyze::fleet::{Fleet, Unit};
use crate::analyze::matrix;
use crate::config::Config;
use crate::model::{InitTable, PortName};
use crate::report::{json, matrix as report};
use crate::tree::mains;

/// Show which subsystems each board or each port starts and stops, and where one
/// departs from the others
#[derive(Debug, Args)]
pub(super) struct Matrix {
    /// Linked firmware (ELF), or folders in which it stands as
    /// ports/PORT/build-BOARD/FILE.elf
    #[arg(value_name = "PATH", required_unless_present = "tree", conflicts_with = "tree")]
    paths: Vec<PathBuf>,
    /// Source tree to read in place of firmware: a folder with its files, or a
    /// git repository, which may be bare
    #[arg(long, value_name = "PATH")]
    tree: Option<PathBuf>,
    #[command(flatten)]
    reading: TreeArguments,
    /// Only this port; may be given several times
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<PortName>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for a person
    Terminal,
    /// A line for each subsystem of each board or port
    Csv,
    /// The matrix as the server gives it
    Json,
    /// A page that stands alone
    Html,
}

/// A table with what is known of where it was read.
struct Read {
    label: String,
    port: PortName,
    table: InitTable,
}

impl Matrix {
    /// Prints the matrix of all that can be read; the others are named on
    /// standard error, a line each.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (read, complete, what, policy) = if let Some(path) = &self.tree {
            let tree = self.reading.open(path, &self.ports)?;
            (of_tree(&tree)?, true, "port", tree.config.policy)
        } else {
            let config = self.reading.config_of_firmware()?;
            let (read, complete) = self.of_files(&config)?;
            (read, complete, "board", config.policy)
        };
        ensure!(!read.is_empty(), "nothing could be read: there is no matrix");
        let units = read.iter().map(|Read { label, port, table }| Unit::new(label, port, table));
        let units = units.collect();
        let matrix =
            matrix::Matrix::of(&Fleet::new(units, &policy), &policy, super::check::today()?);
        let text = match self.format {
            Format::Terminal => report::terminal(&matrix, what),
            Format::Csv => report::csv(&matrix),
            Format::Json => json::value(&matrix),
            Format::Html => report::html(&matrix, what),
        };
        print(&text)?;
        Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    /// The tables of the files, and whether all could be read.
    fn of_files(&self, config: &Config) -> anyhow::Result<(Vec<Read>, bool)> {
        let files = firmware_folder::files(&self.paths, Wanted::Firmware, &config.tree)?;
        let mut read: Vec<Read> = Vec::new();
        let mut complete = true;
        for path in files {
            let Some(of) = of_path(&path, config) else { continue };
            if !self.ports.is_empty() && !self.ports.contains(&of.1) {
                continue;
            }
            match read_file(&path, of, config) {
                Ok(found) => read.push(found),
                Err(error) => {
                    super::complain(&error);
                    complete = false;
                }
            }
        }
        Ok((read, complete))
    }
}

/// The tables of the mains of a tree. Ports whose main was not found are named
/// on standard error, a line each, and are no failure: some have none.
fn of_tree(tree: &SelectedTree) -> anyhow::Result<Vec<Read>> {
    let found = mains::read(&*tree.opened.tree, &tree.config.tree, &tree.ports)?;
    for missing in &found.missing {
        super::complain(&anyhow::anyhow!("{missing}"));
    }
    let read = |mut table: InitTable| {
        let port = table.source.as_ref().map(|source| source.port.clone())?;
        analyze::derive_with(&mut table, &tree.config.policy, Some(&port));
        Some(Read { label: port.to_string(), port, table })
    };
    Ok(found.tables.into_iter().filter_map(read).collect())
}

/// The board that a path names with its port; for a path that names none, the
/// path itself, of a port that is not known.
fn of_path(path: &Path, config: &Config) -> Option<(String, PortName)> {
    let label = super::extract::label(path, config);
    let port = match config.tree.board_of_build(path) {
        Some(board) => board.port,
        None => "unknown".parse().ok()?,
    };
    Some((label, port))
}

fn read_file(
    path: &Path,
    (label, port): (String, PortName),
    config: &Config,
) -> anyhow::Result<Read> {
    Ok(Read { label, port, table: super::extract::read(path, config)? })
}
