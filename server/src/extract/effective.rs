//! The effective order: the calls of main, each run-level call replaced in place
//! by the entries of its level.

use super::calls::{CallKind, Calls, MainCall};
use super::conventions::Conventions;
use super::registry::Registry;
use crate::model::{Address, Anomaly, AnomalyKind, Entry, EntryKind, MAX_ENTRIES, Origin, Phase};

/// Joins what main calls with what is registered.
///
/// Entries of levels that main is not seen to run stand after the rest, in the
/// order in which they came.
pub(super) fn order(
    calls: &Calls,
    registry: Registry,
    conventions: &Conventions,
    anomalies: &mut Vec<Anomaly>,
) -> Vec<Entry> {
    let Registry { levels, entries: registered, .. } = registry;
    let mut left: Vec<Option<Entry>> = registered.iter().cloned().map(Some).collect();
    let mut entries: Vec<Entry> = Vec::new();
    for call in &calls.list {
        // A level that is run again and again must not fill the memory.
        if entries.len() >= MAX_ENTRIES {
            break;
        }
        match call.kind {
            CallKind::RunLevel(phase, number) => {
                let level = number.and_then(|number| conventions.level(number, &levels));
                let Some(level) = level else {
                    anomalies.push(Anomaly {
                        function: Some(call.function.clone()),
                        address: Some(Address(call.site)),
                        ..Anomaly::new(AnomalyKind::LevelUnknown)
                    });
                    entries.push(Entry {
                        phase: Some(phase),
                        kind: EntryKind::RunLevel,
                        ..of_call(call)
                    });
                    continue;
                };
                for (index, entry) in registered.iter().enumerate() {
                    if entry.phase == Some(phase) && entry.level.as_ref() == Some(&level) {
                        left[index] = None;
                        entries.push(Entry {
                            stage: Some(call.stage),
                            call_address: Some(Address(call.site)),
                            conditional: call.conditional,
                            ..entry.clone()
                        });
                    }
                }
            }
            CallKind::Entry(phase) => entries.push(Entry { phase: Some(phase), ..of_call(call) }),
            CallKind::Landmark => {
                entries.push(Entry { kind: EntryKind::Landmark, ..of_call(call) });
            }
        }
    }
    entries.extend(left.into_iter().flatten());
    entries.truncate(MAX_ENTRIES);
    for (position, entry) in (0..).zip(&mut entries) {
        entry.position = position;
    }
    entries
}

fn of_call(call: &MainCall) -> Entry {
    Entry {
        position: 0,
        phase: None::<Phase>,
        kind: EntryKind::Entry,
        origin: Origin::Calls,
        stage: Some(call.stage),
        level: None,
        slot: None,
        priority: None,
        function: Some(call.function.clone()),
        subsystem: None,
        declared_subsystem: None,
        satisfied: None,
        address: call.address(),
        call_address: Some(Address(call.site)),
        via: call.via.clone(),
        conditional: call.conditional,
        condition: None,
        location: None,
        after: Vec::new(),
    }
}
