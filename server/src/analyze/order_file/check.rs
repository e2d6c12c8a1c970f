//! Builds against the order file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use super::{Call, NoOrderReason, OrderFile, Role, order};
use crate::analyze::check::Subject;
use crate::analyze::diff::{ChangeReport, Side, Unreadable, compare};
use crate::analyze::policy::Policy;
use crate::analyze::rules;
use crate::model::{Entry, EntryKind, InitTable, MainFunction, Origin, Phase, SymbolName};

/// What builds run, against what an order file says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderCheck {
    /// What changed from the file, its base, to the builds, its head. Only boards
    /// with both are in it.
    pub report: ChangeReport,
    /// Built boards that the file does not list, by name.
    pub unlisted: Vec<String>,
    /// Built boards that the file does not list because nothing is known of their
    /// order: main could not be read, and there is no registry.
    pub unknown: Vec<String>,
    /// Boards that the file lists and that were not built, by name.
    pub unbuilt: Vec<String>,
}

impl OrderCheck {
    /// Whether the file says what every build runs. Of builds that could not be
    /// compared nothing is known.
    pub fn is_accepted(&self) -> bool {
        self.report.groups.is_empty() && self.unlisted.is_empty()
    }
}

impl OrderFile {
    /// Compares builds with what the file says. `policy` gives functions their
    /// subsystems.
    pub fn check(&self, built: Side, policy: &Policy, today: Date) -> OrderCheck {
        let Side { builds, mut unreadable } = built;
        let (mut unlisted, mut unknown) = (Vec::new(), Vec::new());
        let mut seen: BTreeSet<String> =
            unreadable.iter().map(|unreadable| unreadable.board.clone()).collect();
        let (mut base, mut head) = (Vec::new(), Vec::new());
        for build in builds {
            seen.insert(build.label.clone());
            let board = build.board.as_deref();
            let listed = board.and_then(|board| self.ports.get(&build.port)?.calls(board));
            match (order(&build), listed) {
                (Ok(_), Some(calls)) => {
                    let table = Arc::new(said(&build.table, &calls));
                    base.push(Subject { table, ..build.clone() });
                    head.push(build);
                }
                (Ok(_), None) => unlisted.push(build.label),
                (Err(NoOrderReason::Unknown), None) => unknown.push(build.label),
                (Err(why), _) => {
                    unreadable.push(Unreadable { board: build.label, why: why.to_string() });
                }
            }
        }
        unlisted.sort();
        unknown.sort();
        let listed = self.ports.iter().flat_map(|(port, order)| {
            order.boards.keys().map(move |board| format!("{port}/{board}"))
        });
        let base = Side { builds: base, unreadable: Vec::new() };
        let head = Side { builds: head, unreadable };
        OrderCheck {
            report: compare(base, head, &without_rules(policy), today),
            unlisted,
            unknown,
            unbuilt: listed.filter(|label| !seen.contains(label)).collect(),
        }
    }
}

/// A policy whose rules say nothing: an order file is about the order alone.
fn without_rules(policy: &Policy) -> Policy {
    let severities = rules::RULES.iter().map(|rule| (rule.code.to_owned(), None)).collect();
    Policy { severities, ..policy.clone() }
}

/// The table that a build would have if it ran what the file says. Levels,
/// priorities and origins, of which the file says nothing, are as built.
fn said(built: &InitTable, calls: &[Call]) -> InitTable {
    let mut known: BTreeMap<&SymbolName, Vec<&Entry>> = BTreeMap::new();
    // From the end, so that the first one is taken first.
    for entry in built.entries.iter().rev() {
        if let Some(function) = &entry.function {
            known.entry(function).or_default().push(entry);
        }
    }
    let entries = (0..).zip(calls).map(|(position, call)| {
        let built = known.get_mut(&call.function).and_then(Vec::pop);
        let (kind, phase) = kind_and_phase(call.role);
        Entry {
            position,
            kind,
            phase,
            stage: call.stage,
            conditional: call.is_conditional,
            ..built.cloned().unwrap_or_else(|| unbuilt(call))
        }
    });
    // A stage is known only where main was read. Without it in the build, all its
    // calls would look removed.
    let has_stages = calls.iter().any(|call| call.stage.is_some());
    let main = built.main.clone().or_else(|| {
        let function = SymbolName::from_bytes(b"main").filter(|_| has_stages)?;
        Some(MainFunction { function, evidence: Vec::new(), folded: 0 })
    });
    InitTable { entries: entries.collect(), main, ..built.clone() }
}

const fn kind_and_phase(role: Role) -> (EntryKind, Option<Phase>) {
    match role {
        Role::Init => (EntryKind::Entry, Some(Phase::Init)),
        Role::Deinit => (EntryKind::Entry, Some(Phase::Deinit)),
        Role::Landmark => (EntryKind::Landmark, None),
        Role::RunInit => (EntryKind::RunLevel, Some(Phase::Init)),
        Role::RunDeinit => (EntryKind::RunLevel, Some(Phase::Deinit)),
    }
}

/// An entry of which nothing is known but what the file says.
fn unbuilt(call: &Call) -> Entry {
    let (kind, phase) = kind_and_phase(call.role);
    Entry {
        position: 0,
        phase,
        kind,
        origin: Origin::Calls,
        stage: call.stage,
        level: None,
        slot: None,
        priority: None,
        function: Some(call.function.clone()),
        subsystem: None,
        declared_subsystem: None,
        satisfied: None,
        address: None,
        call_address: None,
        via: Vec::new(),
        conditional: call.is_conditional,
        condition: None,
        location: None,
        after: Vec::new(),
    }
}
