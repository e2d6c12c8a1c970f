//! How far a build has come on the way from calls to the registry.

use serde::Serialize;
use utoipa::ToSchema;

use super::by_hand::{
    Known, Once, Reason, StaysByHand, is_call_by_hand, is_registered, reasons, staying,
};
use super::code::Language;
use crate::analyze::diff::{OrderChange, TableDiff};
use crate::analyze::policy::Policy;
use crate::model::{EntryKind, InitTable, PortName};

/// How far a board has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There is no build, or none that tells what it runs.
    NotSeen,
    /// Main calls everything by hand.
    Calls,
    /// Some functions are registered, and main still calls others that could be.
    Partial,
    /// Nothing is left that could be registered and is not.
    Migrated,
    /// The same, and the order is proven to be that of the calls before.
    Verified,
}

/// How far a build has come, and what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Migration {
    /// How far.
    pub state: State,
    /// How many functions are registered.
    pub registered: u32,
    /// Positions of the calls by hand that could be registered, in their order.
    pub left: Vec<u32>,
    /// Functions that are registered and called by hand as well, so that they run
    /// twice.
    pub twice: Vec<Twice>,
    /// Positions of the registered entries of levels that main is not seen to run; of
    /// a build whose main could be read.
    pub idle: Vec<u32>,
    /// The calls that should stay by hand, and why.
    pub by_hand: Vec<StaysByHand>,
    /// Whether main could be read: else nothing tells what it calls by hand.
    pub is_main_read: bool,
}

/// A function that is registered and called by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Twice {
    /// The position of the registered entry.
    pub registered: u32,
    /// The position of the call.
    pub called: u32,
}

impl State {
    /// All states, from the first to the last.
    pub const ALL: [Self; 5] =
        [Self::NotSeen, Self::Calls, Self::Partial, Self::Migrated, Self::Verified];

    /// The word for the state, as JSON has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSeen => "not-seen",
            Self::Calls => "calls",
            Self::Partial => "partial",
            Self::Migrated => "migrated",
            Self::Verified => "verified",
        }
    }
}

impl Migration {
    /// How far a build has come, by itself: never [`State::Verified`], for which
    /// [`prove`] needs the build before.
    pub fn of(table: &InitTable, port: &PortName, policy: &Policy) -> Self {
        let entries = &table.entries;
        let known = Known {
            policy,
            port: Some(port),
            written: None,
            headers: None,
            once: Once::ByHand,
            languages: &[Language::C],
        };
        let reasons = reasons(entries, known);
        let registered = entries.iter().filter(|entry| is_registered(entry)).count();
        // In the text of main, entries hide behind the calls that run their levels.
        let runs_levels = entries.iter().any(|entry| entry.kind == EntryKind::RunLevel);
        let left: Vec<u32> = entries
            .iter()
            .zip(&reasons)
            .filter(|(entry, reason)| is_call_by_hand(entry) && reason.is_none())
            .map(|(entry, _)| entry.position)
            .collect();
        let twice = twice(table);
        let mut by_hand = staying(entries, &reasons, known);
        by_hand.retain(|stays| stays.reason != Reason::Registered);
        // Nor does it run anything that main is not seen to run.
        let idle: Vec<u32> = entries
            .iter()
            .filter(|entry| is_registered(entry) && entry.stage.is_none())
            .map(|entry| entry.position)
            .collect();
        let is_main_read = table.main.is_some();
        let registers = registered > 0 || runs_levels;
        let is_done = left.is_empty() && twice.is_empty() && idle.is_empty();
        let state = match (is_main_read, registers, is_done) {
            (false, false, _) => State::NotSeen,
            (true, _, true) => State::Migrated,
            (true, false, false) => State::Calls,
            // Where main cannot be read, nothing tells that it calls no more.
            (_, true, _) => State::Partial,
        };
        Self {
            state,
            registered: u32::try_from(registered).unwrap_or(u32::MAX),
            left,
            twice,
            by_hand,
            idle: if is_main_read { idle } else { Vec::new() },
            is_main_read,
        }
    }
}

/// The functions that a table registers and main calls as well.
pub(in crate::analyze) fn twice(table: &InitTable) -> Vec<Twice> {
    let registered = table.entries.iter().filter(|entry| is_registered(entry));
    let pair = |registered: &crate::model::Entry| {
        let same = |called: &&crate::model::Entry| {
            is_call_by_hand(called)
                && called.function.is_some()
                && (called.phase, &called.function) == (registered.phase, &registered.function)
        };
        let called = table.entries.iter().find(same)?;
        Some(Twice { registered: registered.position, called: called.position })
    };
    registered.filter_map(pair).collect()
}

/// What a build before tells of a build that registers what that one called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Proof {
    /// How far the later build has come: [`State::Verified`] where it is migrated and
    /// nothing changed its order.
    pub state: State,
    /// What runs otherwise than before; empty where all runs as it did.
    pub changes: Vec<OrderChange>,
    /// How many functions were called before and are registered now.
    pub moved_to_registry: usize,
    /// Whether every entry of both builds has a name and all of both mains was read;
    /// else nothing is proven.
    pub is_certain: bool,
}

/// Compares a build with one before, of a board of `port`, with subsystems derived
/// by `policy`.
pub fn prove(port: &PortName, before: &InitTable, after: &InitTable, policy: &Policy) -> Proof {
    let diff = TableDiff::of(port, before, after, policy);
    let is_certain = diff.nameless == 0 && before.tells_all_of_main() && after.tells_all_of_main();
    let is_move = |change: &&crate::analyze::diff::OriginChange| {
        change.before != crate::model::Origin::Registry
            && change.after == crate::model::Origin::Registry
    };
    let moved_to_registry = diff.origins.iter().filter(is_move).count();
    let state = match Migration::of(after, port, policy).state {
        State::Migrated if is_certain && diff.keeps_order() && moved_to_registry > 0 => {
            State::Verified
        }
        state => state,
    };
    let changes = diff.changes.into_iter().filter(OrderChange::changes_order).collect();
    Proof { state, changes, moved_to_registry, is_certain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::diff::made;

    fn of(table: &InitTable) -> Migration {
        Migration::of(table, &"rp2".parse().unwrap(), &made::policy())
    }

    fn state(words: &str) -> (State, usize, usize) {
        let migration = of(&made::table(words));
        (migration.state, migration.left.len(), migration.twice.len())
    }

    #[test]
    fn a_build_is_as_far_as_what_it_leaves_to_be_called() {
        assert_eq!(state("start: mp_init a_init stop: a_deinit"), (State::Calls, 2, 0));
        assert_eq!(state("start: mp_init @core/a_init b_init"), (State::Partial, 1, 0));
        assert_eq!(
            state("boot: led_init start: gc_init mp_init @core/a_init"),
            (State::Migrated, 0, 0)
        );
        assert_eq!(state("start: mp_init @core/a_init a_init"), (State::Partial, 0, 1));
        // Nothing that could be registered.
        assert_eq!(state("start: gc_init mp_init stop: mp_deinit"), (State::Migrated, 0, 0));
    }

    #[test]
    fn a_build_whose_main_is_hidden_is_never_migrated() {
        let mut table = made::table("start: mp_init @core/a_init");
        table.main = None;
        assert_eq!(of(&table).state, State::Partial);
        table.entries.clear();
        assert_eq!(of(&table).state, State::NotSeen);
    }

    #[test]
    fn what_the_project_leaves_in_main_is_not_left_to_be_registered() {
        let words = "start: mp_init @core/a_init init_flash_fs";
        let of = |port: &str| {
            let policy = crate::config::Config::shipped().policy;
            let migration = Migration::of(&made::table(words), &port.parse().unwrap(), &policy);
            let because = migration.by_hand.into_iter().filter_map(|stays| stays.because).collect();
            (migration.state, because)
        };
        let why = "main hands it the kind of reset, and puts what it mounts on the path";
        assert_eq!(of("stm32"), (State::Migrated, vec![why.to_owned()]));
        assert_eq!(of("rp2"), (State::Partial, vec![]));
    }

    #[test]
    fn entries_that_nothing_runs_do_not_make_a_migrated_build() {
        let mut table = made::table("start: mp_init @core/a_init @driver/b_init");
        table.entries[2].stage = None;
        let migration = of(&table);
        assert_eq!((migration.state, migration.idle), (State::Partial, vec![2]));
    }

    #[test]
    fn nothing_is_proven_by_a_build_that_hides_some_of_main() {
        let tables = ["start: mp_init a_init", "start: mp_init @core/a_init"].map(made::table);
        let prove = |before: &InitTable, after: &InitTable| {
            super::prove(&"rp2".parse().unwrap(), before, after, &made::policy()).state
        };
        assert_eq!(prove(&tables[0], &tables[1]), State::Verified);
        let hiding = |table: &InitTable| {
            let mut table = table.clone();
            let kind = crate::model::AnomalyKind::MainIncomplete;
            table.anomalies.push(crate::model::Anomaly::new(kind));
            table
        };
        assert_eq!(prove(&hiding(&tables[0]), &tables[1]), State::Migrated);
        assert_eq!(prove(&tables[0], &hiding(&tables[1])), State::Migrated);
    }

    fn proof(before: &str, after: &str) -> (State, Vec<String>) {
        let tables = [before, after].map(made::table);
        let port = "rp2".parse().unwrap();
        let proof = prove(&port, &tables[0], &tables[1], &made::policy());
        let said = |change: &OrderChange| {
            let over = change
                .moved
                .as_ref()
                .map_or_else(String::new, |moved| format!(" over {}", moved.landmarks.join(" ")));
            let function = change.function.as_ref().map_or("-", |function| function.as_str());
            format!("{} {function}{over}", change.what.as_str())
        };
        (proof.state, proof.changes.iter().map(said).collect())
    }

    const BEFORE: &str =
        "start: mp_init a_init b_init pyexec_file c_init stop: c_deinit a_deinit gc_sweep_all";

    #[test]
    fn the_same_order_is_verified() {
        let after = "start: mp_init @core/a_init @core/b_init pyexec_file @service/c_init \
            stop: @core/c_deinit @core/a_deinit gc_sweep_all";
        assert_eq!(proof(BEFORE, after), (State::Verified, vec![]));
        assert_eq!(proof(after, after), (State::Migrated, vec![]));
    }

    #[test]
    fn an_entry_that_crosses_a_landmark_is_told_with_it() {
        let over_script = "start: mp_init @core/a_init pyexec_file @core/b_init @service/c_init \
            stop: @core/c_deinit @core/a_deinit gc_sweep_all";
        assert_eq!(
            proof(BEFORE, over_script),
            (State::Migrated, vec!["moved b_init over boot.py".to_owned()])
        );
        let over_sweep = "start: mp_init @core/a_init @core/b_init pyexec_file @service/c_init \
            stop: @core/c_deinit gc_sweep_all @core/a_deinit";
        assert_eq!(
            proof(BEFORE, over_sweep),
            (State::Migrated, vec!["moved a_deinit over gc_sweep_all".to_owned()])
        );
    }
}
