//! `initboard diff`: what changed in the order between two builds, or two folders
//! of builds.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::compared::{Compared, Comparison, FailOn};
use super::output::print;
use crate::report::{changes, json};

/// Show what changed in the order between two builds, or between two sets of
/// builds
#[derive(Debug, Args)]
pub(super) struct Diff {
    #[command(flatten)]
    compared: Compared,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Exit with 1 when this happened; may be given several times, or separated by
    /// commas
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
    /// Exit with 1 unless it is certain that every board runs what it ran, in the
    /// same order and stages; where it is registered or called from may differ
    #[arg(long)]
    expect_same_order: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Terminal,
    /// For a pull request or a job summary on GitHub
    Markdown,
    /// Everything, for a program
    Json,
    /// For a log or a mail: as for a terminal, without colour
    Text,
}

impl Diff {
    /// Prints the report. Builds in a folder that cannot be read are part of it,
    /// and named on standard error.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Comparison { report, subject, complete } = self.compared.read()?;
        let text = match self.format {
            Format::Terminal => changes::terminal(&report, &subject),
            Format::Markdown => changes::markdown(&report, &subject),
            Format::Json => json::value(&report),
            Format::Text => changes::text(&report, &subject),
        };
        print(&text)?;
        let obstacles =
            if self.expect_same_order { report.obstacles_to_same_order() } else { vec![] };
        for obstacle in &obstacles {
            super::complain(&anyhow::anyhow!("expected the same order: {obstacle}"));
        }
        let fails = !obstacles.is_empty() || self.fail_on.iter().any(|what| what.is_in(&report));
        Ok(match (fails, complete) {
            (true, _) => ExitCode::FAILURE,
            (false, false) => ExitCode::from(2),
            (false, true) => ExitCode::SUCCESS,
        })
    }
}
