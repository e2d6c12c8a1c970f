//! `initboard check`: what the rules say, of firmware files or of a source tree.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::order_check;
use super::output::print;
use super::subjects::Subjects;
use crate::analyze::check::{Baseline, check};
use crate::analyze::rules;
use crate::model::Severity;
use crate::report::{self, findings, json, sarif};

/// Largest baseline, in bytes.
const MAX_BASELINE_BYTES: u64 = 64 << 20;

/// Say what the rules find in firmware files, or in the mains of a source tree,
/// side by side
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    subjects: Subjects,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Address of a server of initboard, to whose pages of the rules SARIF links
    #[arg(long, value_name = "URL", env = "INITBOARD_SERVER")]
    server: Option<String>,
    /// Exit with 1 from this severity on, waived and known findings left out
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Findings to leave out: those that --write-baseline wrote
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all findings to a file, to begin with a clean slate
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Compare what the firmware runs with this reviewed order file, which
    /// `initboard order --write` wrote, in place of the rules; exit with 1 where it
    /// differs. FILE may then also be a table as `initboard extract --format json`
    /// prints it, or a folder of builds
    #[arg(
        long,
        value_name = "ORDER",
        conflicts_with_all = ["tree", "server", "fail_on", "baseline", "write_baseline"]
    )]
    order: Option<PathBuf>,
    /// Print what a rule looks at, why, and what to do, and nothing else: IB301 or
    /// missing-deinit
    #[arg(long, value_name = "RULE", exclusive = true)]
    explain: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person
    Terminal,
    /// All findings with their evidence
    Json,
    /// For GitHub code scanning and editors (SARIF 2.1.0)
    Sarif,
    /// For a pull request or a job summary
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Note,
    Warning,
    Error,
    Never,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(wanted) = &self.explain {
            print(&report::rules::terminal(rules::find(wanted)?))?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(path) = &self.order {
            return order_check::run(path, &self.subjects, self.format);
        }
        let (subjects, config) = self.subjects.read()?;
        let baseline = match &self.baseline {
            Some(path) => read_baseline(path)?,
            None => Baseline::default(),
        };
        let today = today()?;
        let report = check(&subjects, &config.policy, &baseline, today);
        if let Some(path) = &self.write_baseline {
            let text = json::value(&report.baseline());
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let text = match self.format {
            Format::Terminal => findings::terminal(&report),
            Format::Json => json::value(&report),
            Format::Sarif => {
                sarif::text(&report, self.server.as_deref().map(|url| url.trim_end_matches('/')))
            }
            Format::Markdown => findings::markdown(&report),
        };
        print(&text)?;
        let least = match self.fail_on {
            FailOn::Note => Severity::Note,
            FailOn::Warning => Severity::Warning,
            FailOn::Error => Severity::Error,
            FailOn::Never => return Ok(ExitCode::SUCCESS),
        };
        // What was just accepted does not fail.
        let fails = self.write_baseline.is_none()
            && report.open().any(|found| found.finding.severity >= least);
        Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn read_baseline(path: &Path) -> anyhow::Result<Baseline> {
    let name = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read {name}"))?;
    ensure!(
        metadata.is_file() && metadata.len() <= MAX_BASELINE_BYTES,
        "{name} is no baseline: expected a file that `initboard check --write-baseline` wrote"
    );
    let text = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    let baseline: Baseline = serde_json::from_slice(&text).with_context(|| {
        format!(
            "{name} is no baseline: expected a file that `initboard check --write-baseline` wrote"
        )
    })?;
    ensure!(baseline.schema == 1, "{name} has schema {}: expected 1", baseline.schema);
    Ok(baseline)
}

/// The day, in UTC.
pub(super) fn today() -> anyhow::Result<Date> {
    let text = Timestamp::now().strftime("%Y-%m-%d").to_string();
    text.parse().context("the clock of this machine is out of range")
}
