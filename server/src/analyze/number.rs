//! The number by which a call is known on every page: its place among the calls up to
//! the last REPL, or among those on the way out, each from 1. Landmarks have none: they
//! are not counted by who counts inits and deinits.

use crate::model::{Entry, EntryKind, InitTable, Phase, Stage};

/// The number of each entry, in the order of the entries.
pub fn numbers(table: &InitTable) -> Vec<Option<u32>> {
    let mut counted = [0; 2];
    let number = |entry: &Entry| {
        (entry.kind == EntryKind::Entry).then(|| {
            let count = &mut counted[usize::from(is_way_out(table, entry))];
            *count += 1;
            *count
        })
    };
    table.entries.iter().map(number).collect()
}

/// Whether an entry is drawn among what runs on the way out.
fn is_way_out(table: &InitTable, entry: &Entry) -> bool {
    match (table.main.is_some(), entry.stage) {
        (true, Some(stage)) => stage == Stage::Stop,
        _ => entry.phase == Some(Phase::Deinit),
    }
}
