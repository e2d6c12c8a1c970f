//! The text of a main held against a build: which of the calls under a condition
//! the board has.

use super::counted;
use super::repository::Repository;
use super::run::Place;
use crate::analyze::configuration::{Configuration, Standing};
use crate::analyze::number::numbers;
use crate::model::{InitTable, Phase, Stage};
use crate::store::{BuildSummary, Source};

/// The part of a board's page.
pub(super) struct ConfigurationView {
    /// `30 of 46 calls under a condition are in this build`
    pub(super) answer: String,
    /// What is said where text and build are not of one commit.
    pub(super) other_commit: Option<String>,
    pub(super) clauses: Vec<Clauses>,
    pub(super) calls: Vec<CallRow>,
    /// Calls of the build that the text does not have.
    pub(super) unexplained: String,
}

/// Clauses of which the build says the same.
pub(super) struct Clauses {
    pub(super) title: &'static str,
    pub(super) texts: Vec<String>,
}

/// A call of the text.
pub(super) struct CallRow {
    pub(super) stage: &'static str,
    pub(super) phase: &'static str,
    pub(super) function: String,
    pub(super) condition: String,
    pub(super) sign: &'static str,
    pub(super) standing: String,
    pub(super) place: Option<Place>,
}

impl ConfigurationView {
    pub(super) fn new(
        source: &Source,
        build: &InitTable,
        summary: &BuildSummary,
        configuration: &Configuration,
        repository: Option<&Repository<'_>>,
    ) -> Self {
        let entries = &source.table.entries;
        let numbers = numbers(build);
        let calls: Vec<CallRow> = entries
            .iter()
            .zip(&configuration.standings)
            .map(|(entry, standing)| {
                let (sign, standing) = said(*standing, build, &numbers);
                CallRow {
                    stage: entry.stage.map_or("", Stage::as_str),
                    phase: entry.phase.map_or("", Phase::as_str),
                    function: entry.display_name(),
                    condition: entry.condition.clone().unwrap_or_default(),
                    sign,
                    standing,
                    place: entry
                        .location
                        .as_ref()
                        .map(|place| Place::new(place, repository, &source.summary.commit)),
                }
            })
            .collect();
        let conditional = || {
            let all = entries.iter().zip(&configuration.standings);
            all.filter(|(entry, _)| entry.condition.is_some()).map(|(_, standing)| standing)
        };
        let present =
            conditional().filter(|standing| matches!(standing, Standing::Present { .. })).count();
        let out = conditional().filter(|standing| **standing == Standing::CompiledOut).count();
        let clauses = |title, holds| Clauses {
            title,
            texts: configuration
                .clauses
                .iter()
                .filter(|clause| clause.holds == holds)
                .map(|clause| clause.clause.clone())
                .collect(),
        };
        let named = |position: &u32| {
            let entry = build.entries.get(usize::try_from(*position).ok()?)?;
            Some(entry.display_name())
        };
        Self {
            answer: format!(
                "Of {} under a condition, {present} {} in this build and {out} {} compiled out",
                counted(conditional().count(), "call"),
                if present == 1 { "is" } else { "are" },
                if out == 1 { "is" } else { "are" }
            ),
            other_commit: (source.summary.commit != summary.commit).then(|| {
                format!(
                    "The text is of {}, the build of {}: no text of that commit was uploaded.",
                    source.summary.commit.short(),
                    summary.commit.short()
                )
            }),
            clauses: [
                clauses("● holds", Some(true)),
                clauses("○ does not hold", Some(false)),
                clauses("? the calls do not tell", None),
            ]
            .into_iter()
            .filter(|clauses| !clauses.texts.is_empty())
            .collect(),
            calls,
            unexplained: configuration
                .unexplained
                .iter()
                .filter_map(named)
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

/// A sign and the words for where a call stands.
fn said(standing: Standing, build: &InitTable, numbers: &[Option<u32>]) -> (&'static str, String) {
    match standing {
        Standing::Present { position } => {
            let at = usize::try_from(position).unwrap_or(usize::MAX);
            let phase = build.entries.get(at).and_then(|entry| entry.phase);
            let number = numbers.get(at).copied().flatten();
            let which = phase.zip(number).map(|(phase, number)| format!(", {phase} {number}"));
            ("●", format!("in the build{}", which.unwrap_or_default()))
        }
        Standing::CompiledOut => ("○", "compiled out".to_owned()),
        Standing::Unseen => ("?", "not seen: inlined, or it does nothing".to_owned()),
        Standing::Unclear => ("?", "one of several calls, of which some are there".to_owned()),
        Standing::Hook => ("?", "a macro whose function is not known".to_owned()),
    }
}
