//! Boards that changed alike.
//!
//! Boards of one source have different entries, so the same edit leaves an entry
//! behind another neighbour on each. Two boards changed alike when the same
//! happened to the same entries, and when each of these stands behind the same
//! of what stayed on both.

use std::collections::{HashMap, HashSet};

use super::matching::Movers;
use super::table::{Key, OrderChange, TableDiff};
use crate::analyze::fleet::Fleet;
use crate::analyze::policy::Policy;
use crate::model::{EntryKind, Level, Phase, Stage, StepKind, SymbolName};

/// What changed between each two tables of a fleet, and what moved: where two
/// neighbours changed places, all boards say the same of which one moved.
pub(super) fn diffs(
    fleet: &Fleet<'_>,
    versions: &[Versions],
    policy: &Policy,
) -> (Vec<TableDiff>, Movers) {
    let diff = |versions: &Versions, movers: &Movers| {
        TableDiff::among_others(fleet, versions.places, policy, movers)
    };
    let unknown = Movers::unknown();
    let mut diffs: Vec<TableDiff> = versions.iter().map(|of| diff(of, &unknown)).collect();
    let moved = diffs
        .iter()
        .zip(versions)
        .flat_map(|(diff, of)| diff.moved().map(|function| (function.clone(), of.boards.len())));
    let movers = Movers::of(moved);
    for (found, of) in diffs.iter_mut().zip(versions) {
        if found.moved().next().is_some() {
            *found = diff(of, &movers);
        }
    }
    (diffs, movers)
}

/// Boards that ran the same before, and run the same after.
#[derive(Debug)]
pub(super) struct Versions {
    /// The places of the two tables in a fleet.
    pub(super) places: [usize; 2],
    /// Which boards, ascending.
    pub(super) boards: Vec<usize>,
}

/// The places of what changed alike: each group in order, by the first of each.
pub(super) fn groups(diffs: &[&TableDiff]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut of_signature: HashMap<Signature<'_>, Vec<usize>> = HashMap::new();
    for (board, diff) in diffs.iter().enumerate() {
        let candidates = of_signature.entry(Signature::of(diff)).or_default();
        let is_alike = |group: &usize| stands_alike(diffs[groups[*group][0]], diff);
        if let Some(group) = candidates.iter().copied().find(is_alike) {
            groups[group].push(board);
        } else {
            candidates.push(groups.len());
            groups.push(vec![board]);
        }
    }
    groups
}

/// What happened, without where the neighbours of a board put it.
#[derive(PartialEq, Eq, Hash)]
struct Signature<'a> {
    changes: Vec<ChangeSignature<'a>>,
    origins: &'a [super::OriginChange],
    deinits: &'a [super::DeinitChange],
}

#[derive(PartialEq, Eq, Hash)]
struct ChangeSignature<'a> {
    what: StepKind,
    function: Option<&'a SymbolName>,
    kind: EntryKind,
    phase: Option<Phase>,
    standings: [Option<StandingSignature<'a>>; 2],
    moved: Option<(bool, &'a [String])>,
}

type StandingSignature<'a> = (Option<Stage>, Option<&'a Level>, bool, Option<&'a str>);

impl<'a> Signature<'a> {
    fn of(diff: &'a TableDiff) -> Self {
        Self {
            changes: diff.changes.iter().map(ChangeSignature::of).collect(),
            origins: &diff.origins,
            deinits: &diff.deinits,
        }
    }
}

impl<'a> ChangeSignature<'a> {
    fn of(change: &'a OrderChange) -> Self {
        let standing = |standing: &'a super::Standing| {
            let condition = standing.condition.as_deref();
            (standing.stage, standing.level.as_ref(), standing.conditional, condition)
        };
        Self {
            what: change.what,
            function: change.function.as_ref(),
            kind: change.kind,
            phase: change.phase,
            standings: [&change.before, &change.after].map(|side| side.as_ref().map(standing)),
            moved: change.moved.as_ref().map(|shift| (shift.later, &shift.landmarks[..])),
        }
    }
}

/// Whether what changed stands behind the same, as far as both boards have it.
fn stands_alike(one: &TableDiff, other: &TableDiff) -> bool {
    if one.steady == other.steady {
        return one.places == other.places;
    }
    let of_one: HashSet<&Key> = one.steady.iter().collect();
    let both: HashSet<&Key> = other.steady.iter().filter(|key| of_one.contains(key)).collect();
    let behind = |diff: &'_ TableDiff, place: Option<usize>| {
        let before = &diff.steady[..place.unwrap_or(0)];
        before.iter().rev().find(|key| both.contains(key)).cloned()
    };
    one.places
        .iter()
        .flatten()
        .zip(other.places.iter().flatten())
        .all(|(&here, &there)| behind(one, here) == behind(other, there))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::diff::made;
    use crate::analyze::fleet::Unit;
    use crate::model::InitTable;

    fn grouped(boards: &[[&str; 2]]) -> Vec<Vec<usize>> {
        let port = "stm32".parse().unwrap();
        let tables: Vec<InitTable> =
            boards.iter().flatten().map(|&words| made::table(words)).collect();
        let units = tables.iter().map(|table| Unit::new("", &port, table)).collect();
        let fleet = Fleet::new(units, &made::policy());
        let versions: Vec<Versions> = (0..boards.len())
            .map(|board| Versions { places: [2 * board, 2 * board + 1], boards: vec![board] })
            .collect();
        let (diffs, _) = diffs(&fleet, &versions, &made::policy());
        groups(&diffs.iter().collect::<Vec<_>>())
    }

    #[test]
    fn one_edit_is_one_group_whatever_else_the_boards_have() {
        assert_eq!(
            grouped(&[
                ["start: a_init b_init", "start: a_init x_init b_init"],
                ["start: a_init can_init b_init", "start: a_init can_init x_init b_init"],
                ["start: b_init", "start: x_init b_init"],
            ]),
            [vec![0, 1, 2]]
        );
    }

    #[test]
    fn the_same_entry_elsewhere_is_another_group() {
        assert_eq!(
            grouped(&[
                ["start: a_init b_init c_init", "start: b_init a_init c_init"],
                ["start: a_init b_init c_init", "start: b_init c_init a_init"],
                ["start: a_init b_init d_init c_init", "start: b_init d_init a_init c_init"],
            ]),
            [vec![0, 2], vec![1]]
        );
    }
}
