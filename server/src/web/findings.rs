//! The findings of a project: of the mains of its source tree side by side, or of
//! the latest build of each board; filtered alike for the page and its JSON twin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AppError;
use super::api::parameters::unexpected;
use super::checked::{Checked, OnSubject};
use super::derived::Derived;
use super::pages::encoded;
use crate::analyze::check::{Found, UnusedWaiver};
use crate::analyze::rules::{self, Rule};
use crate::model::{BoardId, CommitSha, PortName, ProjectName, Severity};
use crate::store::{CommitPrefix, Project, Reader};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Of {
    /// In the newest text of each port's main, side by side.
    Source,
    /// In the latest build of each board, side by side.
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
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Filter {
            of: match self.of.as_str() {
                "" => None,
                "source" => Some(Of::Source),
                "builds" => Some(Of::Builds),
                _ => return Err(unexpected("of", &self.of, "source or builds")),
            },
            rule: given(&self.rule)
                .map(|text| rules::find(&text).map_err(|error| error.to_string()))
                .transpose()?,
            severity: match self.severity.as_str() {
                "" => None,
                "note" => Some(Severity::Note),
                "warning" => Some(Severity::Warning),
                "error" => Some(Severity::Error),
                _ => return Err(unexpected("severity", &self.severity, "note, warning or error")),
            },
            port: given(&self.port)
                .map(|text| {
                    text.parse().map_err(|_| unexpected("port", &self.port, "the name of a port"))
                })
                .transpose()?,
            since: given(self.since.trim())
                .map(|text| {
                    let expected = "a day such as 2026-06-30, or the beginning of a commit";
                    // No commit holds a hyphen, and every day does.
                    let moment = if text.contains('-') {
                        text.parse().ok().map(Moment::Day)
                    } else {
                        text.parse().ok().map(Moment::Commit)
                    };
                    moment.ok_or_else(|| unexpected("since", &self.since, expected))
                })
                .transpose()?,
        })
    }
}

impl Filter {
    /// The port that alone is wanted.
    pub(super) fn port(&self) -> Option<&PortName> {
        self.port.as_ref()
    }

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
        derived: &Derived,
        project: &Project,
    ) -> Result<Listing, AppError> {
        let has_text = || reader.sources(project.id).map(|sources| !sources.is_empty());
        let of = match self.of {
            Some(of) => of,
            None if has_text()? || derived.boards(reader, project)?.is_empty() => Of::Source,
            None => Of::Builds,
        };
        let now = derived.checked(reader, project, of, None)?;
        let Some(since) = &self.since else {
            return Ok(now.listing(project, of, None));
        };
        let (asked, until) = since.resolve(reader, project)?;
        let before = match until {
            Some(until) => derived.checked(reader, project, of, Some(until))?,
            None => Arc::default(),
        };
        let known: BTreeSet<&String> = before.subjects.iter().collect();
        let unknown = now.subjects.iter().filter(|label| !known.contains(label));
        let compared = Compared {
            asked,
            until,
            commit: before.newest.clone(),
            unknown: unknown.cloned().collect(),
        };
        Ok(now.listing(project, of, Some((&before, compared))))
    }
}

impl Moment {
    /// What was asked for, in words, and the time that it was, if that is known.
    fn resolve(
        &self,
        reader: &Reader<'_>,
        project: &Project,
    ) -> Result<(String, Option<Timestamp>), AppError> {
        Ok(match self {
            Self::Day(day) => (day.to_string(), format!("{day}T00:00:00Z").parse().ok()),
            Self::Commit(prefix) => match reader.commit(project.id, prefix)? {
                Some(found) => (found.commit.to_string(), Some(found.committed_at)),
                None => (prefix.to_string(), None),
            },
        })
    }
}

impl Checked {
    /// The findings in rows, without those that an earlier state had.
    fn listing(&self, project: &Project, of: Of, since: Option<(&Self, Compared)>) -> Listing {
        let before = since.iter().flat_map(|(before, _)| &before.found);
        let had: BTreeSet<(Option<&BoardId>, &String)> = before.map(OnSubject::key).collect();
        let found = self.found.iter().filter(|on| !had.contains(&on.key()));
        Listing {
            project: project.name.clone(),
            of,
            findings: rows(found),
            checked: self.subjects.clone(),
            waivers: self.waivers.clone(),
            since: since.map(|(_, compared)| compared),
            commits: self.commits.clone(),
        }
    }
}

/// The findings in rows: those that say the same of boards of one port share one.
fn rows<'a>(found: impl Iterator<Item = &'a OnSubject>) -> Vec<Listed> {
    let mut rows: Vec<Listed> = Vec::new();
    let mut places = BTreeMap::new();
    for OnSubject { found, board, commit } in found {
        let row =
            || Listed { found: Found::clone(found), boards: Vec::new(), commit: commit.clone() };
        let Some(board) = board else {
            rows.push(row());
            continue;
        };
        let finding = &found.finding;
        let same = (&found.fingerprint, &finding.message, &finding.waived);
        let row = *places.entry(same).or_insert_with(|| {
            rows.push(row());
            rows.len() - 1
        });
        let label = board.label();
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
    derived: &Derived,
    rule: &Rule,
) -> Result<Vec<RuleCount>, AppError> {
    let mut counts = Vec::new();
    for project in reader.projects()?.into_iter().map(|summary| summary.project) {
        let counted = |of| -> Result<(usize, usize), AppError> {
            let checked = derived.checked(reader, &project, of, None)?;
            let has_it = checked.found.iter().filter(|on| on.found.finding.rule == rule.code);
            let rows = rows(has_it);
            let is_waived = |listed: &&Listed| listed.found.finding.waived.is_some();
            let waived = rows.iter().filter(is_waived).count();
            Ok((rows.len() - waived, waived))
        };
        let (source, waived) = counted(Of::Source)?;
        let (builds, waived_in_builds) = counted(Of::Builds)?;
        let waived = waived + waived_in_builds;
        counts.push(RuleCount { project: project.name, source, builds, waived });
    }
    Ok(counts)
}
