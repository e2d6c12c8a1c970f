//! `initboard catalog`: the boards of a source tree, and the linker scripts of
//! each.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::output::print;
use super::source_tree::{TreeArguments, complain_of_skipped};
use crate::model::PortName;
use crate::report::{catalog as report, json};
use crate::tree::catalog::catalog;

/// List the boards of a source tree with their variants, microcontrollers and
/// linker scripts
#[derive(Debug, Args)]
pub(super) struct Catalog {
    /// Root of the source tree: a folder with its files, or a git repository,
    /// which may be bare
    #[arg(long, value_name = "PATH")]
    tree: PathBuf,
    #[command(flatten)]
    reading: TreeArguments,
    /// Only the boards of this port; may be given several times
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<PortName>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A list for a person
    Terminal,
    /// The format of docs/source-tree.md
    Json,
    /// A line for each board and variant
    Csv,
}

impl Catalog {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let tree = self.reading.open(&self.tree, &self.ports)?;
        let catalog = catalog(&*tree.opened.tree, &tree.config.tree, &self.ports)?;
        complain_of_skipped(&catalog.skipped);
        let text = match self.format {
            Format::Terminal => report::terminal(&catalog.boards),
            Format::Json => json::value(&catalog.boards),
            Format::Csv => report::csv(&catalog.boards),
        };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
