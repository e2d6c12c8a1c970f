//! What changed between two builds of one board.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::excerpt::{self, ExcerptLine};
use super::matching::{Matching, Movers, matching};
use crate::analyze::align::items;
use crate::analyze::fleet::{Fleet, Unit, Use, stops};
use crate::analyze::policy::Policy;
use crate::model::{
    Entry, EntryKind, InitTable, Level, Origin, Phase, PortName, Stage, StepKind, SymbolName,
};

/// How many of the entries that one moved over are named.
const NAMED: usize = 8;

/// What changed between two builds of one board. Renumbered priorities, other
/// addresses and other lines are no change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableDiff {
    /// What happened to the order: what is gone in its old order, then the rest in
    /// its new one.
    pub changes: Vec<OrderChange>,
    /// Entries that were read elsewhere than before, such as calls that are
    /// registered now, in their new order.
    pub origins: Vec<OriginChange>,
    /// Subsystems that lost or gained a deinit, by name.
    pub deinits: Vec<DeinitChange>,
    /// How many entries have no name, so that nothing tells whether they changed
    /// places among themselves.
    pub nameless: usize,
    /// For each change, how many of `steady` run before it, before and after.
    pub(super) places: Vec<[Option<usize>; 2]>,
    /// What stayed, in its order.
    pub(super) steady: Vec<Key>,
}

/// What tells an entry from others of its board, the same on all boards.
pub(super) type Key = (Option<SymbolName>, EntryKind, Option<Phase>, usize);

/// What happened to one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderChange {
    /// What happened. An entry that moved may have changed as well: compare its
    /// standings.
    pub what: StepKind,
    /// The function; null in a stripped file.
    pub function: Option<SymbolName>,
    /// What the entry is.
    pub kind: EntryKind,
    /// Whether it starts or stops something; null for a landmark.
    pub phase: Option<Phase>,
    /// What it starts or stops.
    pub subsystem: Option<String>,
    /// How it stood; null where it is new.
    pub before: Option<Standing>,
    /// How it stands; null where it is gone.
    pub after: Option<Standing>,
    /// Where it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Shift>,
}

/// How an entry stands in an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Standing {
    /// Its stage; null where main is not seen to run it.
    pub stage: Option<Stage>,
    /// Its level, where it is registered.
    pub level: Option<Level>,
    /// Whether a path through main leaves it out.
    pub conditional: bool,
    /// The preprocessor's condition around it; only of source text.
    pub condition: Option<String>,
    /// What runs right before it: the function, or `boot.py` and `main.py` for
    /// their runners; null for the first one.
    pub behind: Option<String>,
}

/// How far an entry moved, over what stayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shift {
    /// Whether it runs later than before.
    pub later: bool,
    /// Over how many entries and landmarks it moved.
    pub places: usize,
    /// The first of them, in their order.
    pub over: Vec<String>,
    /// The landmarks among all of them, in their order.
    pub landmarks: Vec<String>,
}

/// An entry that was read elsewhere than before.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct OriginChange {
    /// The function.
    pub function: SymbolName,
    /// Where it was read.
    pub before: Origin,
    /// Where it is read now.
    pub after: Origin,
}

/// A subsystem that lost or gained a deinit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
pub struct DeinitChange {
    /// The subsystem.
    pub subsystem: String,
    /// Whether it was stopped and is no longer, though nobody stopped starting it;
    /// else it is stopped now, and was not.
    pub is_lost: bool,
}

impl TableDiff {
    /// What changed between two tables of a board of `port`, with subsystems
    /// derived by `policy`.
    pub fn of(port: &PortName, before: &InitTable, after: &InitTable, policy: &Policy) -> Self {
        let units = [before, after].map(|table| Unit::new("", port, table));
        Self::among_others(&Fleet::new(units.to_vec(), policy), [0, 1], policy, &Movers::unknown())
    }

    /// The same of two tables of a fleet, given by their places, where more is known
    /// of others.
    pub(super) fn among_others(
        fleet: &Fleet<'_>,
        tables: [usize; 2],
        policy: &Policy,
        movers: &Movers,
    ) -> Self {
        let [before, after] = tables.map(|place| fleet.units[place].table);
        let [old, new] = [before, after].map(|table| table.entries.iter().collect::<Vec<_>>());
        let matching = matching(&old, &new, movers);
        let sides = Sides {
            names: [names(&before.entries), names(&after.entries)],
            orders: [&old, &new],
            matching: &matching,
        };
        let (changes, places) = sides.changes();
        Self {
            changes,
            places,
            steady: sides.steady_keys(),
            origins: sides.origins(),
            deinits: deinits(fleet, tables, policy),
            nameless: new.iter().chain(&old).filter(|entry| entry.function.is_none()).count(),
        }
    }

    /// The functions that moved.
    pub(super) fn moved(&self) -> impl Iterator<Item = &SymbolName> {
        let moved = self.changes.iter().filter(|change| change.what == StepKind::Moved);
        moved.filter_map(|change| change.function.as_ref())
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.origins.is_empty() && self.deinits.is_empty()
    }

    /// Whether everything runs as it did: at most its origin or its level is
    /// another one.
    pub fn keeps_order(&self) -> bool {
        self.changes.iter().all(|change| !change.changes_order())
    }
}

/// Both orders of a board as one listing, around what changed.
pub(super) fn excerpt(before: &InitTable, after: &InitTable, movers: &Movers) -> Vec<ExcerptLine> {
    let [old, new] = [before, after].map(|table| table.entries.iter().collect::<Vec<_>>());
    let matching = matching(&old, &new, movers);
    let names = [names(&before.entries), names(&after.entries)];
    excerpt::lines([&old, &new], &names, &matching)
}

impl OrderChange {
    /// Whether something runs that did not, or no longer, or elsewhere, or on
    /// other paths; another level alone is none of these.
    pub fn changes_order(&self) -> bool {
        let as_before = |before: &Standing, after: &Standing| {
            let of = |standing: &Standing| {
                (standing.stage, standing.conditional, standing.condition.clone())
            };
            of(before) == of(after)
        };
        match (self.what, &self.before, &self.after) {
            (StepKind::Changed, Some(before), Some(after)) => !as_before(before, after),
            _ => true,
        }
    }
}

/// Whether an entry that stayed has changed all the same.
pub(super) fn has_changed(before: &Entry, after: &Entry) -> bool {
    let relevelled = before.level.is_some() && after.level.is_some() && before.level != after.level;
    relevelled
        || before.stage != after.stage
        || before.conditional != after.conditional
        || before.condition != after.condition
}

/// What to call each entry: its function; the script for what runs `boot.py` or
/// `main.py`; an entry without a name by its table.
pub(in crate::analyze) fn names(entries: &[Entry]) -> Vec<String> {
    let name = |(entry, item): (&Entry, Option<_>)| {
        let script = item
            .filter(|_| entry.kind == EntryKind::Landmark)
            .map(|item: crate::analyze::consensus::Item| item.name);
        match (script, &entry.function, &entry.level) {
            (Some(script), ..) if script == "boot.py" || script == "main.py" => script,
            (_, Some(function), _) => function.to_string(),
            (_, None, Some(level)) => format!("(no name, level {level})"),
            (_, None, None) => "(no name)".to_owned(),
        }
    };
    entries.iter().zip(items(entries)).map(name).collect()
}

/// Two orders with what was which: the earlier one, then the later one.
struct Sides<'a> {
    orders: [&'a [&'a Entry]; 2],
    names: [Vec<String>; 2],
    matching: &'a Matching,
}

impl Sides<'_> {
    fn changes(&self) -> (Vec<OrderChange>, Vec<[Option<usize>; 2]>) {
        let [before, after] = self.orders;
        // How many that stayed run before each place.
        let is_steady = |old: usize| self.matching.became[old].is_some_and(|new| self.stayed(new));
        let steady_before = running_count((0..before.len()).map(is_steady));
        let steady_after = running_count((0..after.len()).map(|new| self.stayed(new)));
        let gone =
            (0..before.len()).filter(|&old| self.matching.became[old].is_none()).map(|old| {
                let change = OrderChange {
                    what: StepKind::Removed,
                    before: Some(self.standing(0, old)),
                    after: None,
                    moved: None,
                    ..of_entry(before[old])
                };
                (change, [Some(steady_before[old]), None])
            });
        let there = (0..after.len()).filter_map(|new| {
            let old = self.matching.came_from[new];
            let what = match old {
                None => StepKind::Added,
                Some(_) if !self.stayed(new) => StepKind::Moved,
                Some(old) if has_changed(before[old], after[new]) => StepKind::Changed,
                Some(_) => return None,
            };
            let places = [old.map(|old| steady_before[old]), Some(steady_after[new])];
            let shift = |old: usize| self.shift(steady_before[old], steady_after[new]);
            let change = OrderChange {
                what,
                before: old.map(|old| self.standing(0, old)),
                after: Some(self.standing(1, new)),
                moved: old.filter(|_| what == StepKind::Moved).map(shift),
                ..of_entry(after[new])
            };
            Some((change, places))
        });
        gone.chain(there).unzip()
    }

    fn stayed(&self, new: usize) -> bool {
        self.matching.stayed[new]
    }

    fn standing(&self, side: usize, index: usize) -> Standing {
        let entry = self.orders[side][index];
        Standing {
            stage: entry.stage,
            level: entry.level.clone(),
            conditional: entry.conditional,
            condition: entry.condition.clone(),
            behind: index.checked_sub(1).map(|index| self.names[side][index].clone()),
        }
    }

    /// The places of what stayed in the later order, in their order.
    fn steady(&self) -> impl Iterator<Item = usize> {
        (0..self.orders[1].len()).filter(|&new| self.stayed(new))
    }

    /// How something moved that ran behind `before` and runs behind `after` of
    /// those that stayed.
    fn shift(&self, before: usize, after: usize) -> Shift {
        let (from, to) = (before.min(after), before.max(after));
        let over: Vec<usize> = self.steady().skip(from).take(to - from).collect();
        let name = |&new: &usize| self.names[1][new].clone();
        let is_landmark = |new: &&usize| self.orders[1][**new].kind == EntryKind::Landmark;
        Shift {
            later: after > before,
            places: over.len(),
            over: over.iter().take(NAMED).map(name).collect(),
            landmarks: over.iter().filter(is_landmark).map(name).collect(),
        }
    }

    fn steady_keys(&self) -> Vec<Key> {
        let mut seen: BTreeMap<(Option<&SymbolName>, Option<Phase>), usize> = BTreeMap::new();
        let key = |new: usize| {
            let entry = self.orders[1][new];
            let times = seen.entry((entry.function.as_ref(), entry.phase)).or_default();
            *times += 1;
            (entry.function.clone(), entry.kind, entry.phase, *times)
        };
        self.steady().map(key).collect()
    }

    fn origins(&self) -> Vec<OriginChange> {
        let change = |(new, old): (usize, &Option<usize>)| {
            let (before, after) = (self.orders[0][(*old)?], self.orders[1][new]);
            let function = after.function.clone()?;
            (before.origin != after.origin).then_some(OriginChange {
                function,
                before: before.origin,
                after: after.origin,
            })
        };
        self.matching.came_from.iter().enumerate().filter_map(change).collect()
    }
}

/// For each place, how many places before it hold.
fn running_count(holds: impl Iterator<Item = bool>) -> Vec<usize> {
    let mut count = 0;
    holds
        .map(|holds| {
            let before = count;
            count += usize::from(holds);
            before
        })
        .collect()
}

/// A change of an entry, of which only the entry is known yet.
fn of_entry(entry: &Entry) -> OrderChange {
    OrderChange {
        what: StepKind::Changed,
        function: entry.function.clone(),
        kind: entry.kind,
        phase: entry.phase,
        subsystem: entry.subsystem.clone().filter(|_| entry.kind == EntryKind::Entry),
        before: None,
        after: None,
        moved: None,
    }
}

/// The subsystems that are stopped only before, or only after. Of what is started
/// no more nothing is lost, and of what is new nothing is gained; neither is what is
/// declared to need no call.
fn deinits(fleet: &Fleet<'_>, places: [usize; 2], policy: &Policy) -> Vec<DeinitChange> {
    let names: BTreeSet<&str> =
        places.iter().flat_map(|&place| fleet.uses[place].keys().copied()).collect();
    let change = |subsystem: &str| {
        let none = Use::default();
        let [old, new] = places.map(|place| fleet.uses[place].get(subsystem).unwrap_or(&none));
        // What no call of main starts is started by its driver, when it is used.
        let is_lazy = old.inits.is_empty() && new.inits.is_empty();
        let started = if is_lazy { 1 } else { old.inits.len().min(new.inits.len()) };
        let stopped = |of: &Use| if is_lazy { 1 } else { of.inits.len() }.min(of.deinits.len());
        let (was, is) = (stopped(old).min(started), stopped(new).min(started));
        let is_satisfied = |side: usize, of: &Use| {
            let unit = &fleet.units[places[side]];
            let declared = || policy.satisfied(unit.port, subsystem, None, &stops(unit.table));
            of.satisfied.is_some() || (is_lazy && declared().is_some())
        };
        let is_lost = is < was && !is_satisfied(1, new);
        let is_gained = is > was && !is_satisfied(0, old);
        (is_lost || is_gained).then(|| DeinitChange { subsystem: subsystem.to_owned(), is_lost })
    };
    names.into_iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analyze::diff::made;

    fn diff(before: &str, after: &str) -> TableDiff {
        let policy = made::policy();
        let port = "stm32".parse().unwrap();
        let [before, after] = [before, after].map(|words| {
            let mut table = made::table(words);
            crate::analyze::derive_with(&mut table, &policy, Some(&port));
            table
        });
        TableDiff::of(&port, &before, &after, &policy)
    }

    /// What changed, in words.
    fn said(before: &str, after: &str) -> Vec<String> {
        let diff = diff(before, after);
        let said = |change: &OrderChange| {
            let name = change.function.as_ref().map_or("-", |name| name.as_str());
            let stands = |standing: &Option<Standing>| match standing {
                None => "nowhere".to_owned(),
                Some(Standing { stage, level, conditional, behind, .. }) => {
                    let stage = stage.map_or("unseen", Stage::as_str);
                    let level = level.as_ref().map_or(String::new(), |level| format!(" {level}"));
                    let conditional = if *conditional { " conditional" } else { "" };
                    let behind = behind.as_deref().unwrap_or("nothing");
                    format!("{stage}{level}{conditional} behind {behind}")
                }
            };
            let moved = change.moved.as_ref().map_or_else(String::new, |shift| {
                let way = if shift.later { "later" } else { "earlier" };
                format!(
                    " {way} over {} of which {}",
                    shift.over.join(","),
                    shift.landmarks.join(",")
                )
            });
            let what = change.what.as_str();
            format!("{what} {name}{moved}: {} -> {}", stands(&change.before), stands(&change.after))
        };
        let mut all: Vec<String> = diff.changes.iter().map(said).collect();
        all.extend(
            diff.origins.iter().map(|of| {
                format!("{} {} -> {}", of.function, of.before.as_str(), of.after.as_str())
            }),
        );
        all.extend(diff.deinits.iter().map(|of| {
            format!("{} deinit of {}", if of.is_lost { "lost" } else { "gained" }, of.subsystem)
        }));
        all
    }

    #[test]
    fn priorities_and_addresses_are_no_change() {
        let mut renumbered = made::table("start: @core/a_init @core/b_init");
        renumbered.entries[0].priority = Some("70".parse().unwrap());
        renumbered.entries[1].address = None;
        let before = made::table("start: @core/a_init @core/b_init");
        let port = "stm32".parse().unwrap();
        assert!(TableDiff::of(&port, &before, &renumbered, &made::policy()).is_empty());
    }

    #[test]
    fn an_entry_is_added_removed_and_moved() {
        assert_eq!(
            said("start: a_init b_init c_init", "start: x_init c_init a_init"),
            [
                "removed b_init: start behind a_init -> nowhere",
                "added x_init: nowhere -> start behind nothing",
                "moved c_init earlier over a_init of which : start behind b_init -> start behind x_init",
            ]
        );
    }

    #[test]
    fn moving_over_boot_py_is_seen_within_a_stage() {
        assert_eq!(
            said("start: usbd_init pyexec_file a_init", "start: pyexec_file usbd_init a_init"),
            [
                "moved usbd_init later over boot.py of which boot.py: start behind nothing -> start behind boot.py"
            ]
        );
    }

    #[test]
    fn another_stage_another_level_and_another_path_are_changes() {
        assert_eq!(
            said("boot: a_init start: mp_init", "start: a_init mp_init"),
            ["changed a_init: boot behind nothing -> start behind nothing"]
        );
        assert_eq!(
            said("start: @core/a_init", "start: ?@driver/a_init"),
            [
                "changed a_init: start core behind nothing -> start driver conditional behind nothing"
            ]
        );
        let relevelled = diff("start: @core/a_init b_init", "start: @driver/a_init b_init");
        assert!(relevelled.keeps_order() && !relevelled.is_empty());
        assert!(!diff("start: a_init", "start: ?a_init").keeps_order());
    }

    #[test]
    fn calls_that_are_registered_now_keep_their_order() {
        let before = "start: gc_init a_init b_init mp_init c_init stop: c_deinit b_deinit";
        let after = "start: gc_init @core/a_init @core/b_init mp_init @driver/c_init stop: c_deinit b_deinit";
        assert_eq!(
            said(before, after),
            ["a_init calls -> registry", "b_init calls -> registry", "c_init calls -> registry"]
        );
        assert!(diff(before, after).keeps_order());
        let moved =
            "start: gc_init @core/a_init mp_init @core/b_init c_init stop: c_deinit b_deinit";
        assert!(!diff(before, moved).keeps_order());
    }

    #[test]
    fn a_registration_says_the_phase_that_a_call_only_suggests() {
        let mut after = made::table("stop: @core/uart_init");
        after.entries[0].phase = Some(Phase::Deinit);
        let before = made::table("stop: uart_init");
        let diff = TableDiff::of(&"rp2".parse().unwrap(), &before, &after, &made::policy());
        assert_eq!((diff.changes.len(), diff.origins.len()), (0, 1));
    }

    #[test]
    fn a_deinit_is_lost_where_the_init_stays() {
        let both = "start: foo_init stop: foo_deinit";
        assert_eq!(
            said(both, "start: foo_init"),
            ["removed foo_deinit: stop behind foo_init -> nowhere", "lost deinit of foo"]
        );
        assert_eq!(
            said("start: foo_init", both),
            ["added foo_deinit: nowhere -> stop behind foo_init", "gained deinit of foo"]
        );
        // Gone altogether, and declared to be set back by the next init.
        assert_eq!(diff(both, "start: mp_init").deinits, []);
        let satisfied = "start: readline_init0 stop: readline_deinit";
        assert_eq!(diff(satisfied, "start: readline_init0").deinits, []);
        // Started by its driver, when a script uses it.
        assert_eq!(
            said("stop: dac_deinit_all", "stop:"),
            ["removed dac_deinit_all: stop behind nothing -> nowhere", "lost deinit of dac"]
        );
        // Renamed.
        assert_eq!(diff(both, "start: foo_init stop: foo_deinit_all").deinits, []);
    }

    #[test]
    fn entries_without_a_name_are_counted_and_told_apart_by_level() {
        let stripped = diff("start: @core/- @core/- @driver/-", "start: @core/- @driver/-");
        let said: Vec<_> = stripped
            .changes
            .iter()
            .map(|change| (change.what, change.before.as_ref().and_then(|of| of.level.clone())))
            .collect();
        assert_eq!(said, [(StepKind::Removed, Some("core".parse().unwrap()))]);
        assert_eq!(stripped.nameless, 5);
    }

    #[test]
    fn a_function_that_is_called_all_the_time_is_no_burden() {
        let many = "start: ".to_owned() + &"a_init ".repeat(4096);
        let fewer = "start: ".to_owned() + &"a_init ".repeat(4000);
        assert_eq!(diff(&many, &fewer).changes.len(), 96);
    }

    fn words() -> impl Strategy<Value = String> {
        let name = "\\??(@core/|@driver/)?[a-e]_(init|deinit)|gc_init|pyexec_file|stop:";
        proptest::collection::vec(name, 0..20)
            .prop_map(|words| format!("start: {}", words.join(" ")))
    }

    proptest! {
        #[test]
        fn nothing_changed_between_a_table_and_itself(words in words()) {
            prop_assert!(diff(&words, &words).is_empty());
        }

        #[test]
        fn every_entry_that_stands_elsewhere_is_told(before in words(), after in words()) {
            let found = diff(&before, &after);
            let count = |what| found.changes.iter().filter(|change| change.what == what).count();
            let (old, new) = (made::table(&before).entries.len(), made::table(&after).entries.len());
            // What is not told stayed: on both sides as many.
            let steady = found.steady.len();
            prop_assert_eq!(steady + count(StepKind::Moved) + count(StepKind::Removed), old);
            prop_assert_eq!(steady + count(StepKind::Moved) + count(StepKind::Added), new);
            for change in &found.changes {
                let moved = change.what == StepKind::Moved;
                prop_assert_eq!(change.moved.as_ref().is_some_and(|shift| shift.places > 0), moved);
            }
        }

        #[test]
        fn the_way_back_has_as_many_changes(before in words(), after in words()) {
            let (there, back) = (diff(&before, &after), diff(&after, &before));
            let count = |diff: &TableDiff, what| {
                diff.changes.iter().filter(|change| change.what == what).count()
            };
            prop_assert_eq!(count(&there, StepKind::Added), count(&back, StepKind::Removed));
            prop_assert_eq!(count(&there, StepKind::Moved), count(&back, StepKind::Moved));
            let lost = |diff: &TableDiff, is_lost| {
                diff.deinits.iter().filter(|of| of.is_lost == is_lost).count()
            };
            prop_assert_eq!(lost(&there, true), lost(&back, false));
        }

        #[test]
        fn registering_what_is_called_keeps_the_order(words in words()) {
            let registered: Vec<String> = words
                .split_whitespace()
                .map(|word| match word.strip_prefix('?') {
                    _ if word.contains(['@', ':']) || !word.contains('_') => word.to_owned(),
                    _ if ["gc_init", "pyexec_file"].contains(&word) => word.to_owned(),
                    Some(name) => format!("?@core/{name}"),
                    None => format!("@core/{word}"),
                })
                .collect();
            let found = diff(&words, &registered.join(" "));
            prop_assert!(found.keeps_order());
            prop_assert_eq!(&found.changes, &[]);
        }
    }
}
