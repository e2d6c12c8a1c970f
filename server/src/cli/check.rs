//! `initboard check`: what the rules say, of firmware files or of a source tree.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::build_path::board_of_path;
use super::source_tree::TreeArguments;
use super::{extract, firmware_file};
use crate::analyze::check::{Baseline, Subject, check};
use crate::config::Config;
use crate::model::{PortName, Severity, Sha256};
use crate::report::{findings, json, sarif};
use crate::tree::mains;

/// Largest baseline, in bytes.
const MAX_BASELINE_BYTES: u64 = 64 << 20;

/// Say what the rules find in firmware files, or in the mains of a source tree,
/// side by side
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Linked firmware (ELF)
    #[arg(value_name = "FILE", required_unless_present = "tree", conflicts_with = "tree")]
    files: Vec<PathBuf>,
    /// Source tree to check in place of firmware: a folder with its files, or a
    /// git repository, which may be bare
    #[arg(long, value_name = "PATH")]
    tree: Option<PathBuf>,
    #[command(flatten)]
    reading: TreeArguments,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Exit with 1 from this severity on, waived and known findings left out
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Findings to leave out: those that --write-baseline wrote
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all findings to a file, to begin with a clean slate
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
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
        let (mut subjects, config) = self.subjects()?;
        let baseline = match &self.baseline {
            Some(path) => read_baseline(path)?,
            None => Baseline::default(),
        };
        let today = today()?;
        let report = check(&mut subjects, &config.policy, &baseline, today);
        if let Some(path) = &self.write_baseline {
            let text = json::value(&report.baseline());
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let text = match self.format {
            Format::Terminal => findings::terminal(&report),
            Format::Json => json::value(&report),
            Format::Sarif => sarif::text(&report),
            Format::Markdown => findings::markdown(&report),
        };
        let mut out = anstream::stdout().lock();
        write!(out, "{text}").and_then(|()| out.flush())?;
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

    /// The tables to check, and the configuration to check them with.
    fn subjects(&self) -> anyhow::Result<(Vec<Subject>, Config)> {
        if let Some(path) = &self.tree {
            let tree = self.reading.open(path, &[])?;
            let found = mains::read(&*tree.opened.tree, &tree.config.tree, &tree.ports)?;
            for missing in &found.missing {
                super::complain(&anyhow::anyhow!("{missing}"));
            }
            ensure!(!found.tables.is_empty(), "{} has no main to check", path.display());
            let subject = |table: crate::model::InitTable| {
                let port = table.source.as_ref().map(|source| source.port.clone())?;
                Some(Subject { label: port.to_string(), port, board: None, table })
            };
            return Ok((found.tables.into_iter().filter_map(subject).collect(), tree.config));
        }
        let config = self.reading.config_of_firmware()?;
        let subjects = self.files.iter().map(|path| subject(path)).collect::<Result<_, _>>()?;
        Ok((subjects, config))
    }
}

fn subject(path: &Path) -> anyhow::Result<Subject> {
    let bytes = firmware_file::read(path)?;
    let table = crate::extract::extract(&bytes[..], Sha256::of(&bytes))
        .with_context(|| path.display().to_string())?;
    let board = board_of_path(path);
    // Files that name no port are compared as if of one.
    let unknown = || "unknown".parse::<PortName>().context("a port without a name");
    let port = board.as_ref().map_or_else(unknown, |board| Ok(board.port.clone()))?;
    Ok(Subject {
        label: extract::label(path),
        port,
        board: board.map(|board| board.label()),
        table,
    })
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
fn today() -> anyhow::Result<Date> {
    let text = Timestamp::now().strftime("%Y-%m-%d").to_string();
    text.parse().context("the clock of this machine is out of range")
}
