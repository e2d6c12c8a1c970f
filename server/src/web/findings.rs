//! The findings of a project: of the mains of its source tree side by side, or of
//! the latest build of each board; filtered alike for the page and its JSON twin.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AppError;
use super::pages::encoded;
use super::policies::{Judge, Policies};
use crate::analyze;
use crate::analyze::check::{Baseline, Found, Report, Subject, UnusedWaiver, check, check_each};
use crate::analyze::rules::{self, Rule};
use crate::model::{BoardId, CommitSha, InitTable, PortName, ProjectName, Severity};
use crate::store::{
    CommitPrefix, PortBoard, Project, ProjectId, Reader, Source, StoreError, TableId,
};

/// The parameters. What is empty is no filter.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FindingsQuery {
    #[serde(default)]
    pub(super) of: String,
    #[serde(default)]
    pub(super) rule: String,
    #[serde(default)]
    pub(super) severity: String,
    #[serde(default)]
    pub(super) port: String,
    #[serde(default)]
    pub(super) since: String,
}

/// Where findings are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Of {
    /// In the newest text of each port's main, side by side.
    Source,
    /// In the latest build of each board, by itself.
    Builds,
}

/// Which findings are wanted.
#[derive(Default)]
pub(super) struct Filter {
    /// Where they are looked for; the source tree where there is one, if nothing
    /// else is said.
    of: Option<Of>,
    pub(super) rule: Option<&'static Rule>,
    severity: Option<Severity>,
    port: Option<PortName>,
    since: Option<Moment>,
}

/// A time in the life of a project.
#[derive(Debug)]
enum Moment {
    /// The beginning of a day, in UTC.
    Day(Date),
    Commit(CommitPrefix),
}

/// The findings of a project.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listing {
    /// The project.
    pub(super) project: ProjectName,
    /// Where they were looked for.
    pub(super) of: Of,
    /// The findings, by port, then by code.
    pub(super) findings: Vec<Listed>,
    /// The ports or boards that were checked.
    pub(super) checked: Vec<String>,
    /// Waivers that nothing needed, and those that have run out.
    pub(super) waivers: Vec<UnusedWaiver>,
    /// What `since` was compared with; `null` where it was not given.
    pub(super) since: Option<Compared>,
    /// The commit of each port whose text was read.
    #[serde(skip)]
    pub(super) commits: BTreeMap<String, CommitSha>,
}

/// A finding, with the boards that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Listed {
    #[serde(flatten)]
    pub(super) found: Found,
    /// The boards of the port whose latest builds have it; empty for its text.
    pub(super) boards: Vec<String>,
    /// The commit that was read; of several boards that of the first.
    #[schema(value_type = String)]
    pub(super) commit: CommitSha,
}

/// An earlier state, which did not have the findings that are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Compared {
    /// The day or the commit that was asked for.
    pub(super) asked: String,
    /// The time up to which trees or builds were taken; `null` where nothing of
    /// that commit was uploaded, so that nobody knows when it was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) until: Option<Timestamp>,
    /// The newest commit among them; `null` where there was none.
    #[schema(value_type = Option<String>)]
    pub(super) commit: Option<CommitSha>,
    /// The ports or boards of which nothing was known then: all of their findings
    /// are listed.
    pub(super) unknown: Vec<String>,
}

impl FindingsQuery {
    /// The same as the end of an address, from `?` on; empty where nothing is asked.
    pub(super) fn address(&self) -> String {
        let parameters = [
            ("of", &self.of),
            ("rule", &self.rule),
            ("severity", &self.severity),
            ("port", &self.port),
            ("since", &self.since),
        ];
        let given: Vec<String> = parameters
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
    }

    /// The filter, or in words what is wrong with it.
    pub(super) fn filter(&self) -> Result<Filter, String> {
        let wrong = |name: &str, expected: &str| {
            format!("the parameter `{name}` is none that it can be: expected {expected}")
        };
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Filter {
            of: match self.of.as_str() {
                "" => None,
                "source" => Some(Of::Source),
                "builds" => Some(Of::Builds),
                _ => return Err(wrong("of", "source or builds")),
            },
            rule: given(&self.rule)
                .map(|text| rules::find(&text).map_err(|error| error.to_string()))
                .transpose()?,
            severity: match self.severity.as_str() {
                "" => None,
                "note" => Some(Severity::Note),
                "warning" => Some(Severity::Warning),
                "error" => Some(Severity::Error),
                _ => return Err(wrong("severity", "note, warning or error")),
            },
            port: given(&self.port)
                .map(|text| text.parse().map_err(|_| wrong("port", "the name of a port")))
                .transpose()?,
            since: given(self.since.trim())
                .map(|text| {
                    let expected = "a day such as 2026-06-30, or the beginning of a commit";
                    // No commit holds a hyphen, and every day does.
                    if text.contains('-') {
                        text.parse().map(Moment::Day).map_err(|_| wrong("since", expected))
                    } else {
                        text.parse().map(Moment::Commit).map_err(|_| wrong("since", expected))
                    }
                })
                .transpose()?,
        })
    }
}

impl Filter {
    /// Whether anything is left out but for the place and the time.
    pub(super) fn narrows(&self) -> bool {
        self.rule.is_some() || self.severity.is_some() || self.port.is_some()
    }

    /// Whether a finding is wanted.
    pub(super) fn fits(&self, listed: &Listed) -> bool {
        let finding = &listed.found.finding;
        self.rule.is_none_or(|rule| rule.code == finding.rule)
            && self.severity.is_none_or(|severity| severity == finding.severity)
            && self.port.as_ref().is_none_or(|port| port.as_str() == listed.found.of)
    }

    /// The findings of a project that are new since the time of this filter,
    /// whatever else it asks for.
    pub(super) fn read(
        &self,
        reader: &Reader<'_>,
        judge: &Judge,
        project: &Project,
    ) -> Result<Listing, AppError> {
        let has_text = || reader.sources(project.id).map(|sources| !sources.is_empty());
        let of = match self.of {
            Some(of) => of,
            None if has_text()? || reader.project_boards(project.id)?.is_empty() => Of::Source,
            None => Of::Builds,
        };
        let since =
            self.since.as_ref().map(|moment| moment.resolve(reader, project)).transpose()?;
        match of {
            Of::Source => of_source(reader, judge, project, since),
            Of::Builds => of_builds(reader, judge, project, since),
        }
    }
}

impl Moment {
    /// The time that it was, with nothing compared yet.
    fn resolve(&self, reader: &Reader<'_>, project: &Project) -> Result<Compared, AppError> {
        let (asked, until) = match self {
            Self::Day(day) => (day.to_string(), format!("{day}T00:00:00Z").parse().ok()),
            Self::Commit(prefix) => match reader.commit(project.id, prefix)? {
                Some(found) => (found.commit.to_string(), Some(found.committed_at)),
                None => (prefix.to_string(), None),
            },
        };
        Ok(Compared { asked, until, commit: None, unknown: Vec::new() })
    }
}

impl Compared {
    /// Notes what was known then: the newest commit, and which of those that are
    /// checked now.
    fn with(&mut self, commit: Option<CommitSha>, known: &BTreeSet<String>, checked: &[String]) {
        self.commit = commit;
        self.unknown = checked.iter().filter(|label| !known.contains(*label)).cloned().collect();
    }
}

/// The findings of the mains of a source tree side by side.
fn of_source(
    reader: &Reader<'_>,
    judge: &Judge,
    project: &Project,
    mut since: Option<Compared>,
) -> Result<Listing, AppError> {
    let sources = reader.sources_until(project.id, Timestamp::MAX)?;
    let commits: BTreeMap<String, CommitSha> = sources
        .iter()
        .map(|source| (source.summary.port.to_string(), source.summary.commit.clone()))
        .collect();
    let mut report = side_by_side(sources, judge);
    if let Some(since) = &mut since {
        let sources = match since.until {
            Some(until) => reader.sources_until(project.id, until)?,
            None => Vec::new(),
        };
        let newest = sources.iter().max_by_key(|source| source.summary.committed_at);
        let newest = newest.map(|source| source.summary.commit.clone());
        let before = side_by_side(sources, judge);
        since.with(newest, &before.checked.into_iter().collect(), &report.checked);
        let had: BTreeSet<String> =
            before.findings.into_iter().map(|found| found.fingerprint).collect();
        report.findings.retain(|found| !had.contains(&found.fingerprint));
    }
    let listed = |found: Found| {
        let commit = commits.get(&found.of)?.clone();
        Some(Listed { found, boards: Vec::new(), commit })
    };
    Ok(Listing {
        project: project.name.clone(),
        of: Of::Source,
        findings: report.findings.into_iter().filter_map(listed).collect(),
        checked: report.checked,
        waivers: report.waivers,
        since,
        commits,
    })
}

/// The findings of the newest texts of all mains, side by side.
pub(super) fn of_text(
    reader: &Reader<'_>,
    project: ProjectId,
    judge: &Judge,
) -> Result<Report, StoreError> {
    Ok(side_by_side(reader.sources_until(project, Timestamp::MAX)?, judge))
}

fn side_by_side(sources: Vec<Source>, judge: &Judge) -> Report {
    let subject = |source: Source| {
        let port = source.summary.port;
        Subject { label: port.to_string(), port, board: None, table: source.table }
    };
    let mut subjects: Vec<Subject> = sources.into_iter().map(subject).collect();
    check(&mut subjects, judge.policy(), &Baseline::default(), judge.today())
}

/// The findings of the latest build of each board, each by itself.
fn of_builds(
    reader: &Reader<'_>,
    judge: &Judge,
    project: &Project,
    mut since: Option<Compared>,
) -> Result<Listing, AppError> {
    let mut tables = BTreeMap::new();
    let boards = reader.project_boards(project.id)?;
    let checked: Vec<String> = boards.iter().map(|board| board.board.to_string()).collect();
    let mut found = each(reader, judge, &boards, &mut tables)?;
    if let Some(since) = &mut since {
        let boards = match since.until {
            Some(until) => reader.project_boards_until(project.id, until)?,
            None => Vec::new(),
        };
        let newest = boards.iter().max_by_key(|board| board.latest.committed_at);
        let newest = newest.map(|board| board.latest.commit.clone());
        let known = boards.iter().map(|board| board.board.to_string()).collect();
        since.with(newest, &known, &checked);
        let had: BTreeSet<(&BoardId, String)> = each(reader, judge, &boards, &mut tables)?
            .into_iter()
            .map(|(board, found)| (&board.board, found.fingerprint))
            .collect();
        found.retain(|(board, found)| !had.contains(&(&board.board, found.fingerprint.clone())));
    }
    Ok(Listing {
        project: project.name.clone(),
        of: Of::Builds,
        findings: on_boards(found),
        checked,
        // That no build needs a waiver says nothing: the text may.
        waivers: Vec::new(),
        since,
        commits: BTreeMap::new(),
    })
}

/// What the rules say of the build of each board. `tables` keeps what was read:
/// boards that run the same share a table.
fn each<'a>(
    reader: &Reader<'_>,
    judge: &Judge,
    boards: &'a [PortBoard],
    tables: &mut BTreeMap<(PortName, TableId), InitTable>,
) -> Result<Vec<(&'a PortBoard, Found)>, AppError> {
    let mut subjects = Vec::new();
    let mut of = Vec::new();
    for board in boards {
        let port = &board.board.port;
        let table = match tables.entry((port.clone(), board.latest.table)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => {
                let mut table = reader.table_of(board.latest.id)?;
                analyze::derive_with(&mut table, judge.policy(), Some(port));
                vacant.insert(table)
            }
        };
        if !table.findings.is_empty() {
            subjects.push(Subject {
                // What boards of a port share is one finding, with one fingerprint.
                label: port.to_string(),
                port: port.clone(),
                board: Some(board.board.label()),
                table: table.clone(),
            });
            of.push(board);
        }
    }
    let found = check_each(&subjects, judge.policy(), judge.today());
    Ok(found.into_iter().map(|(index, found)| (of[index], found)).collect())
}

/// Findings that say the same of boards of one port, each once.
fn on_boards(found: Vec<(&PortBoard, Found)>) -> Vec<Listed> {
    let mut rows: Vec<Listed> = Vec::new();
    let mut places = BTreeMap::new();
    for (board, found) in found {
        let finding = &found.finding;
        let same = (found.fingerprint.clone(), finding.message.clone(), finding.waived.clone());
        let row = *places.entry(same).or_insert_with(|| {
            rows.push(Listed {
                found: found.clone(),
                boards: Vec::new(),
                commit: board.latest.commit.clone(),
            });
            rows.len() - 1
        });
        let label = board.board.label();
        if rows[row].boards.last() != Some(&label) {
            rows[row].boards.push(label);
        }
    }
    rows
}

/// How often a project has a rule now, but for what is waived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct RuleCount {
    /// The project.
    pub(super) project: ProjectName,
    /// Findings in the mains of its source tree, side by side.
    pub(super) source: usize,
    /// Findings in the latest builds of its boards; one that boards of a port share
    /// counts once.
    pub(super) builds: usize,
    /// Findings of either that are waived.
    pub(super) waived: usize,
}

/// How often each project of the server has a rule.
pub(super) fn counts_of_rule(
    reader: &Reader<'_>,
    policies: &Policies,
    rule: &Rule,
) -> Result<Vec<RuleCount>, AppError> {
    let mut counts = Vec::new();
    for project in reader.projects()?.into_iter().map(|summary| summary.project) {
        let judge = policies.judge(reader, &project)?;
        let in_rule = |listing: Listing| {
            let is_it = |listed: &&Listed| listed.found.finding.rule == rule.code;
            let waived = |listed: &&Listed| listed.found.finding.waived.is_some();
            let all = listing.findings.iter().filter(is_it).count();
            let waived = listing.findings.iter().filter(is_it).filter(waived).count();
            (all - waived, waived)
        };
        let (source, waived) = in_rule(of_source(reader, &judge, &project, None)?);
        let (builds, waived_in_builds) = in_rule(of_builds(reader, &judge, &project, None)?);
        let waived = waived + waived_in_builds;
        counts.push(RuleCount { project: project.name, source, builds, waived });
    }
    Ok(counts)
}
