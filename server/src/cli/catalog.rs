//! `initboard catalog`: the boards of a source tree, and the linker scripts of
//! each.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};

use super::source_tree::TreeArguments;
use crate::model::PortName;
use crate::report::{catalog as report, json, terminal};
use crate::tree::catalog::catalog;

/// Most names that are said to be none, a line each.
const MAX_SKIPPED: usize = 10;
/// Most ports that are named where one is missing.
const MAX_NAMED: usize = 40;

/// List the boards of a source tree with their variants, microcontrollers and
/// linker scripts
#[derive(Debug, Args)]
pub(super) struct Catalog {
    #[command(flatten)]
    tree: TreeArguments,
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
        let (opened, config) = self.tree.open()?;
        let path = self.tree.tree.display();
        let (ports, _) = config.tree.ports(&*opened.tree)?;
        ensure!(
            !ports.is_empty(),
            "{path} has no ports: expected the root of a firmware's source tree, or its layout in `[tree]` of initboard.toml"
        );
        if let Some(missing) = self.ports.iter().find(|name| ports.iter().all(|p| p.port != **name))
        {
            let names: Vec<&str> =
                ports.iter().take(MAX_NAMED).map(|port| port.port.as_str()).collect();
            bail!("{path} has no port `{missing}`: expected one of {}", names.join(", "));
        }
        let catalog = catalog(&*opened.tree, &config.tree, &self.ports)?;
        for name in catalog.skipped.iter().take(MAX_SKIPPED) {
            anstream::eprintln!(
                "initboard: skipped {}: its name can be none of a port, board or variant",
                terminal::printable(name)
            );
        }
        if let Some(more @ 1..) = catalog.skipped.len().checked_sub(MAX_SKIPPED) {
            anstream::eprintln!("initboard: skipped {more} more of that kind");
        }
        let text = match self.format {
            Format::Terminal => report::terminal(&catalog.boards),
            Format::Json => json::boards(&catalog.boards),
            Format::Csv => report::csv(&catalog.boards),
        };
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())?;
        Ok(ExitCode::SUCCESS)
    }
}
