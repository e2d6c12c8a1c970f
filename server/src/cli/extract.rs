//! `initboard extract`: what firmware files say, or the source text of a tree,
//! without a server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::output::print;
use super::source_tree::TreeArguments;
use super::{extract_tree, firmware_file};
use crate::config::Config;
use crate::model::{BoardTable, InitTable, PortName, Sha256};
use crate::report::{json, terminal};
use crate::{analyze, extract};

/// Print the init and deinit functions of firmware files, or of the main of each
/// port of a source tree, in the order in which they run
#[derive(Debug, Args)]
pub(super) struct Extract {
    /// Linked firmware (ELF)
    #[arg(value_name = "FILE", required_unless_present = "tree", conflicts_with = "tree")]
    files: Vec<PathBuf>,
    /// Source tree to read in place of firmware: a folder with its files, or a
    /// git repository, which may be bare
    #[arg(long, value_name = "PATH")]
    tree: Option<PathBuf>,
    #[command(flatten)]
    reading: TreeArguments,
    /// Only this port of the tree; may be given several times
    #[arg(long = "port", value_name = "PORT", requires = "tree")]
    ports: Vec<PortName>,
    /// Print how the order of each port changed, commit by commit
    #[arg(long, requires = "tree", conflicts_with = "facts")]
    history: bool,
    /// Leave older commits out of the history
    #[arg(long, value_name = "YYYY-MM-DD", requires = "tree")]
    since: Option<jiff::civil::Date>,
    /// Print everything that a server stores of a source tree, as one JSON value:
    /// tables, boards and history
    #[arg(long, requires = "tree")]
    facts: bool,
    /// How to print it. Several files give several JSON values, one after
    /// another
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for a person
    Terminal,
    /// The format of docs/init-table.md
    Json,
}

impl Extract {
    /// Prints every file that can be read; the others are named on standard
    /// error, a line each.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(path) = &self.tree {
            let tree = self.reading.open(path, &self.ports)?;
            return if self.facts {
                extract_tree::print_facts(&tree, self.since)
            } else if self.history {
                extract_tree::print_history(&tree, self.since, self.format)
            } else {
                extract_tree::print_tables(&tree, self.format)
            };
        }
        // Where files conflict with --tree, clap does not ask for what needs it.
        let of_tree = self.history || self.facts || self.since.is_some() || !self.ports.is_empty();
        anyhow::ensure!(
            !of_tree,
            "--port, --history, --since and --facts are for source trees: expected --tree PATH in place of files"
        );
        let config = self.reading.config_of_firmware()?;
        let mut code = ExitCode::SUCCESS;
        for (index, path) in self.files.iter().enumerate() {
            match read(path, &config) {
                Ok(table) => {
                    let text = match self.format {
                        Format::Terminal => terminal::table(&label(path, &config), &table),
                        Format::Json => json::value(&BoardTable {
                            board: config.tree.board_of_build(path),
                            table,
                        }),
                    };
                    let gap = if index > 0 && self.format == Format::Terminal { "\n" } else { "" };
                    print(&format!("{gap}{text}"))?;
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

/// The table of a file of a project, with all that is derived from it.
pub(super) fn read(path: &Path, config: &Config) -> anyhow::Result<InitTable> {
    let bytes = firmware_file::read(path)?;
    let mut table = extract::extract_with(&bytes[..], Sha256::of(&bytes), &config.firmware)
        .with_context(|| path.display().to_string())?;
    let port = config.tree.board_of_build(path).map(|board| board.port);
    analyze::derive_with(&mut table, &config.policy, port.as_ref());
    Ok(table)
}

/// The board that the path names, else the path.
pub(super) fn label(path: &Path, config: &Config) -> String {
    match config.tree.board_of_build(path) {
        Some(board) => board.to_string(),
        None => path.display().to_string(),
    }
}
