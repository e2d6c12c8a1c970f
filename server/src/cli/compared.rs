//! Two sets of builds, and what changed between them: what `diff` prints and
//! `comment` posts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::ensure;
use clap::{Args, ValueEnum};

use super::builds;
use super::check::today;
use super::source_tree::config_of_firmware;
use crate::analyze::diff::{ChangeReport, Revision, Side, Unreadable, compare};
use crate::model::{CommitSha, ProjectName, Severity};
use crate::report::changes;

/// Builds before and after.
#[derive(Debug, Args)]
pub(super) struct Compared {
    /// Builds before: linked firmware (ELF), tables as `initboard extract --format
    /// json` prints them, or a folder with either as ports/PORT/build-BOARD/FILE
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// Builds after
    #[arg(value_name = "HEAD")]
    head: PathBuf,
    /// Configuration to use in place of the initboard.toml of this folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The project; else the one that the configuration names
    #[arg(long, value_name = "NAME", env = "INITBOARD_PROJECT")]
    project: Option<ProjectName>,
    /// Address of a server of initboard, to whose pages the report links
    #[arg(long, value_name = "URL", env = "INITBOARD_SERVER")]
    server: Option<String>,
    /// The commit that was built before, to be named in the report
    #[arg(long, value_name = "SHA")]
    base_commit: Option<CommitSha>,
    /// The commit that was built after
    #[arg(long, value_name = "SHA")]
    head_commit: Option<CommitSha>,
}

/// What changed between them.
pub(super) struct Comparison {
    pub(super) report: ChangeReport,
    pub(super) subject: changes::Subject,
    /// Whether every build could be read.
    pub(super) complete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// The order changed on a board
    Order,
    /// A subsystem is still started and no longer stopped
    LostDeinit,
    /// A finding is new
    Note,
    /// A finding of severity warning or error is new
    Warning,
    /// A finding of severity error is new
    Error,
}

impl Compared {
    /// Reads both. Builds in a folder that cannot be read are part of the report, and
    /// named on standard error.
    ///
    /// # Errors
    /// When a file that is named cannot be read, or a folder has no builds.
    pub(super) fn read(&self) -> anyhow::Result<Comparison> {
        let config = config_of_firmware(self.config.as_deref())?;
        let mut base = builds::read(std::slice::from_ref(&self.base), &config)?;
        let mut head = builds::read(std::slice::from_ref(&self.head), &config)?;
        if let ([before], [after]) = (&mut base.builds[..], &mut head.builds[..])
            && !self.base.is_dir()
            && !self.head.is_dir()
        {
            // Whoever names two builds wants to see them compared.
            before.label.clone_from(&after.label);
        }
        ensure_one_kind(&base, &head)?;
        let broken = [(&base, Revision::Base), (&head, Revision::Head)];
        let mut complete = true;
        for (side, revision) in broken {
            for Unreadable { board, why } in &side.unreadable {
                super::complain(&anyhow::anyhow!("{board} at {}: {why}", revision.as_str()));
                complete = false;
            }
        }
        let report = compare(base, head, &config.policy, today()?);
        let subject = changes::Subject {
            project: self.project.clone().or(config.project.name),
            server: self.server.clone(),
            base: self.base_commit.clone(),
            base_note: None,
            head: self.head_commit.clone(),
            head_is_finished: false,
        };
        Ok(Comparison { report, subject, complete })
    }
}

impl FailOn {
    /// Whether it happened.
    pub(super) fn is_in(self, report: &ChangeReport) -> bool {
        let is_new = |least| report.findings_that(true).any(|finding| finding.severity >= least);
        match self {
            Self::Order => report.reordered_boards() > 0,
            Self::LostDeinit => !report.lost_deinits().is_empty(),
            Self::Note => is_new(Severity::Note),
            Self::Warning => is_new(Severity::Warning),
            Self::Error => is_new(Severity::Error),
        }
    }
}

/// Text holds what some board may run, and firmware what one runs: all that
/// differs would be told as a change.
fn ensure_one_kind(base: &Side, head: &Side) -> anyhow::Result<()> {
    let kinds: BTreeSet<bool> =
        base.builds.iter().chain(&head.builds).map(|build| build.table.source.is_some()).collect();
    ensure!(
        kinds.len() < 2,
        "some tables are of firmware, others of source text: expected builds on both sides, or the tables of two trees"
    );
    Ok(())
}
