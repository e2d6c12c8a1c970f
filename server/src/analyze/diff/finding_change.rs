//! The findings that came and went between two commits.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::grouping::Versions;
use crate::analyze::check::{About, Subject, counting, side_by_side};
use crate::analyze::fleet::Fleet;
use crate::analyze::policy::Policy;
use crate::model::{Finding, Severity};

/// A finding that is new or gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingChange {
    /// Whether it is new; else it is gone.
    pub is_new: bool,
    /// The rule's code.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it says of the first board.
    pub message: String,
    /// The subsystem concerned.
    pub subsystem: Option<String>,
    /// The function concerned.
    pub function: Option<String>,
    /// The boards, by name.
    pub boards: Vec<String>,
}

/// The same boards before and after, each with the place of its table in a fleet.
pub(super) struct BothSides<'a> {
    pub(super) subjects: [&'a [Subject]; 2],
    pub(super) places: &'a [Vec<usize>; 2],
}

/// The findings that came and went.
pub(super) fn findings(
    sides: &BothSides<'_>,
    fleet: &Fleet<'_>,
    versions: &[Versions],
    policy: &Policy,
    today: Date,
) -> Vec<FindingChange> {
    let [before, after] = sides.places;
    if before == after {
        return Vec::new();
    }
    let [before, after] =
        [0, 1].map(|side| side_by_side(fleet, sides.subjects[side], &sides.places[side], policy));
    let head = sides.subjects[1];
    let table = |place: usize| fleet.units[place].table;
    let change = |is_new: bool| {
        let (here, there) = if is_new { (&after, &before) } else { (&before, &after) };
        let mut found: Vec<(usize, About<'_>, &Finding)> = Vec::new();
        for Versions { places: [old, new], boards } in versions {
            let (own, other) = if is_new { (*new, *old) } else { (*old, *new) };
            let others: HashSet<About<'_>> =
                there[other].iter().map(|finding| About::of(finding, table(other))).collect();
            let findings =
                here[own].iter().map(|finding| (About::of(finding, table(own)), finding));
            for (about, finding) in findings.filter(|(about, _)| !others.contains(about)) {
                found.extend(boards.iter().map(|&board| (board, about, finding)));
            }
        }
        // By board, so that what is said is said of the first one.
        found.sort_by_key(|&(board, ..)| board);
        of_boards(&found, head, policy, today, is_new)
    };
    [true, false].into_iter().flat_map(change).collect()
}

/// The findings of boards that count, those of one kind together: the gravest first,
/// then those on most boards.
fn of_boards(
    found: &[(usize, About<'_>, &Finding)],
    subjects: &[Subject],
    policy: &Policy,
    today: Date,
    is_new: bool,
) -> Vec<FindingChange> {
    let mut by_kind: BTreeMap<_, FindingChange> = BTreeMap::new();
    for &(board, about, finding) in found {
        let Subject { label, port, board, .. } = &subjects[board];
        // A project's severities and waivers are the same on both sides.
        let Some(severity) = counting(finding, port, board.as_deref(), policy, today) else {
            continue;
        };
        let change =
            by_kind.entry((std::cmp::Reverse(severity), about)).or_insert_with(|| FindingChange {
                is_new,
                rule: finding.rule.clone(),
                severity,
                message: finding.message.clone(),
                subsystem: finding.subsystem.clone(),
                function: about.function.map(str::to_owned),
                boards: Vec::new(),
            });
        if change.boards.last() != Some(label) {
            change.boards.push(label.clone());
        }
    }
    let mut changes: Vec<FindingChange> = by_kind.into_values().collect();
    // Stable: of those alike by rule and by what they are about.
    changes.sort_by_key(|change| {
        (std::cmp::Reverse(change.severity), std::cmp::Reverse(change.boards.len()))
    });
    changes
}
