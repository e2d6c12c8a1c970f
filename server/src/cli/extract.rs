//! `initboard extract`: what firmware files say, without a server.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::build_path::board_of_path;
use super::firmware_file;
use crate::model::{InitTable, Sha256};
use crate::report::{json, terminal};
use crate::{analyze, extract};

/// Print the init and deinit functions of firmware files, in the order in which
/// they run
#[derive(Debug, Args)]
pub(super) struct Extract {
    /// Linked firmware (ELF)
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How to print it. Several files give several JSON values, one after
    /// another
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for a person
    Terminal,
    /// The format of docs/init-table.md
    Json,
}

impl Extract {
    /// Prints every file that can be read; the others are named on standard
    /// error, a line each.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let mut code = ExitCode::SUCCESS;
        let mut out = anstream::stdout().lock();
        for (index, path) in self.files.iter().enumerate() {
            match read(path) {
                Ok(table) => {
                    let text = match self.format {
                        Format::Terminal => terminal::table(&label(path), &table),
                        Format::Json => json::table(&table),
                    };
                    let gap = if index > 0 && self.format == Format::Terminal { "\n" } else { "" };
                    write!(out, "{gap}{text}").and_then(|()| out.flush())?;
                }
                Err(error) => {
                    super::complain(&error);
                    code = ExitCode::from(2);
                }
            }
        }
        Ok(code)
    }
}

/// The table of a file, with all that is derived from it.
pub(super) fn read(path: &Path) -> anyhow::Result<InitTable> {
    let bytes = firmware_file::read(path)?;
    let mut table = extract::extract(&bytes[..], Sha256::of(&bytes))
        .with_context(|| path.display().to_string())?;
    analyze::derive(&mut table);
    Ok(table)
}

/// The board that the path names, else the path.
pub(super) fn label(path: &Path) -> String {
    match board_of_path(path) {
        Some(board) => board.to_string(),
        None => path.display().to_string(),
    }
}
