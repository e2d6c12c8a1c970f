//! What a project configures, for the page and the API: the text that counts or an
//! earlier one, what came of it, and what changed.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

use super::AppError;
use super::checked::Checked;
use super::derived::Derived;
use super::findings::Of;
use super::policies::Judge;
use crate::analyze::check::UnusedWaiver;
use crate::analyze::policy::{Satisfied, Waiver};
use crate::analyze::unmatched::Unmatched;
use crate::config::Config;
use crate::model::{Means, PortName};
use crate::store::{ConfigurationVersion, Project, Reader};

/// Most former versions that are listed.
const VERSIONS: usize = 50;
/// How long it is tried to find the fewest changes.
const PATIENCE: Duration = Duration::from_millis(100);
/// Lines that are shown around a change.
const CONTEXT: usize = 3;

/// One version of a project's configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Configured {
    /// The version; null where none was sent, and the shipped configuration counts.
    pub(super) version: Option<ConfigurationVersion>,
    /// Whether it is the one that counts.
    pub(super) counts: bool,
    /// The text as it was sent.
    pub(super) text: String,
    /// The shipped configuration that it builds on.
    pub(super) extends: Option<String>,
    /// Why the text is no configuration for this version of the server, so that the
    /// shipped one counts in its place; null where it is one.
    pub(super) fault: Option<String>,
    /// The findings that it accepts, in the order in which they are looked at;
    /// those of the configuration that it builds on last.
    pub(super) waivers: Vec<WaiverState>,
    /// The deinits that need no call, in the order in which they are looked at.
    pub(super) satisfied: Vec<SatisfiedState>,
    /// What it declares and nothing in the text of a main matches: likely a slip in a
    /// name. Empty where no text was uploaded.
    pub(super) unmatched: Vec<Unmatched>,
    /// The newest versions, newest first.
    pub(super) versions: Vec<ConfigurationVersion>,
    /// What changed since the version that was asked for; null where none was.
    pub(super) difference: Option<Difference>,
}

/// A waiver, and what it does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WaiverState {
    #[serde(flatten)]
    pub(super) waiver: Waiver,
    /// Whether it comes with the configuration that the text builds on.
    pub(super) is_inherited: bool,
    /// What it does today.
    pub(super) effect: Effect,
}

/// What a waiver does today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Effect {
    /// It waives a finding in the text of a main.
    Used,
    /// It waives none there; it may in firmware.
    Unused,
    /// It is about one board, whose firmware is not looked at here.
    OfBoard,
    /// Its day has passed.
    RunOut,
}

/// A deinit that needs no call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SatisfiedState {
    /// The subsystem or a pattern of such, if it is about some.
    pub(super) subsystem: Option<String>,
    /// The init function or a pattern of such, if it is about some.
    pub(super) function: Option<String>,
    /// The ports; empty for all.
    pub(super) ports: Vec<PortName>,
    pub(super) by: Means,
    pub(super) reason: String,
    /// Where that can be seen.
    pub(super) evidence: Option<String>,
    /// Whether it comes with the configuration that the text builds on.
    pub(super) is_inherited: bool,
}

/// What changed from one version to another, line by line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Difference {
    /// The version before.
    pub(super) from: u32,
    /// The changes with the lines around them, a list for each place; empty where
    /// both are one text.
    pub(super) places: Vec<Vec<Line>>,
}

/// A line of a difference.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Line {
    pub(super) change: LineChange,
    /// Its number in the version before, from 1; null where it is new.
    pub(super) old: Option<usize>,
    /// Its number in this version, from 1; null where it is gone.
    pub(super) new: Option<usize>,
    pub(super) text: String,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LineChange {
    /// It stayed.
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

impl Configured {
    /// The version with that number, or the one that counts.
    ///
    /// # Errors
    /// 404 where there is none with one of the numbers; or when the database fails.
    pub(super) fn read(
        reader: &Reader<'_>,
        derived: &Derived,
        project: &Project,
        number: Option<u32>,
        from: Option<u32>,
    ) -> Result<Self, AppError> {
        let found = match number {
            None => reader.configuration(project.id, None)?,
            Some(number) => Some(version(reader, project, number)?),
        };
        let versions = reader.configuration_versions(project.id, VERSIONS)?;
        let (version_of_it, text, judge, fault) = if let Some(found) = found {
            let config = derived.policies().config(reader, found.version.sha256)?;
            let fault = config.as_ref().err().map(ToString::to_string);
            (Some(found.version), found.text, Judge::of(config), fault)
        } else {
            let judge = derived.policies().judge(reader, project)?;
            (None, Config::shipped_text().to_owned(), judge, None)
        };
        let difference = match from {
            Some(from) => Some(difference(from, &version(reader, project, from)?.text, &text)),
            None => None,
        };
        let newest = versions.first().map(|version| version.number);
        let counts = version_of_it.as_ref().map(|version| version.number) == newest;
        let checked = if counts {
            derived.checked(reader, project, Of::Source, None)?
        } else {
            Arc::new(Checked::of_texts(reader, &judge, project, None)?)
        };
        Ok(Self {
            counts,
            extends: judge.extends().map(str::to_owned),
            waivers: waivers(&checked.waivers, &judge),
            satisfied: satisfied(&judge),
            unmatched: if checked.subjects.is_empty() {
                Vec::new()
            } else {
                checked.unmatched.clone()
            },
            version: version_of_it,
            text,
            fault,
            versions,
            difference,
        })
    }
}

fn version(
    reader: &Reader<'_>,
    project: &Project,
    number: u32,
) -> Result<crate::store::Configuration, AppError> {
    reader.configuration(project.id, Some(number))?.ok_or_else(|| {
        AppError::not_found(
            "no-version",
            format!("`{}` has no version {number} of its configuration", project.name),
        )
    })
}

/// What each waiver does today, given those that waive nothing.
fn waivers(unused: &[UnusedWaiver], judge: &Judge) -> Vec<WaiverState> {
    let policy = judge.policy();
    let own = policy.waivers.len().saturating_sub(policy.shipped_waivers);
    let state = |(index, waiver): (usize, &Waiver)| WaiverState {
        effect: match unused.iter().find(|unused| unused.waiver == *waiver) {
            Some(unused) if unused.has_run_out => Effect::RunOut,
            Some(_) if waiver.board.is_some() => Effect::OfBoard,
            Some(_) => Effect::Unused,
            None => Effect::Used,
        },
        is_inherited: index >= own,
        waiver: waiver.clone(),
    };
    policy.waivers.iter().enumerate().map(state).collect()
}

fn satisfied(judge: &Judge) -> Vec<SatisfiedState> {
    let all = &judge.policy().satisfied;
    let own = all.len() - judge.inherited().map_or(0, |policy| policy.satisfied.len());
    let state = |(index, item): (usize, &Satisfied)| SatisfiedState {
        subsystem: item.subsystem.clone(),
        function: item.function.clone(),
        ports: item.ports.clone(),
        by: item.by,
        reason: item.reason.clone(),
        evidence: item.evidence.clone(),
        is_inherited: index >= own,
    };
    all.iter().enumerate().map(state).collect()
}

fn difference(from: u32, before: &str, after: &str) -> Difference {
    // Long texts without a line in common take their time; what is left of them then
    // is said to differ as a whole.
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let line = |change: similar::Change<&str>| Line {
        change: match change.tag() {
            ChangeTag::Equal => LineChange::Same,
            ChangeTag::Insert => LineChange::Added,
            ChangeTag::Delete => LineChange::Removed,
        },
        old: change.old_index().map(|index| index + 1),
        new: change.new_index().map(|index| index + 1),
        text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
    };
    let places = diff.grouped_ops(CONTEXT);
    let places = places.iter().map(|place| {
        place.iter().flat_map(|step| diff.iter_changes(step)).map(line).collect::<Vec<_>>()
    });
    Difference { from, places: places.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(before: &str, after: &str) -> Vec<Vec<String>> {
        let sign = |line: &Line| match line.change {
            LineChange::Same => ' ',
            LineChange::Added => '+',
            LineChange::Removed => '-',
        };
        let places = difference(1, before, after).places;
        places
            .iter()
            .map(|place| place.iter().map(|line| format!("{}{}", sign(line), line.text)).collect())
            .collect()
    }

    #[test]
    fn a_text_does_not_differ_from_itself() {
        assert_eq!(said("a\nb\n", "a\nb\n"), Vec::<Vec<String>>::new());
    }

    #[test]
    fn changes_are_shown_with_the_lines_around_them() {
        let text: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
        let before = text.join("\n");
        let after = before.replace("\n5\n", "\n5a\n").replace("\n18\n", "\n");
        assert_eq!(
            said(&before, &after),
            [
                vec![" 2", " 3", " 4", "-5", "+5a", " 6", " 7", " 8"],
                vec![" 15", " 16", " 17", "-18", " 19", " 20"],
            ]
        );
    }
}
