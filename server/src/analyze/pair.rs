//! Pairing: each init with the deinit of the same subsystem.

use std::collections::HashMap;

use crate::model::{Entry, EntryKind, Phase};

/// One init with its deinit, by their places in the list that was paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Index of the init entry.
    pub init: usize,
    /// Index of the deinit entry.
    pub deinit: usize,
}

/// Pairs the entries of one effective order by subsystem.
///
/// A subsystem that is started in two steps and stopped in two is paired from
/// the outside in, as nested scopes are: what started last stops first. Entries
/// without a subsystem (a stripped file) stay unpaired.
pub fn pairs(entries: &[Entry]) -> Vec<Pair> {
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    let of_phase = |phase| {
        entries
            .iter()
            .enumerate()
            .filter(move |(_, entry)| entry.kind == EntryKind::Entry && entry.phase == Some(phase))
            .filter_map(|(index, entry)| Some((index, entry.subsystem.as_deref()?)))
    };
    for (index, subsystem) in of_phase(Phase::Init) {
        open.entry(subsystem).or_default().push(index);
    }
    let mut pairs: Vec<Pair> = of_phase(Phase::Deinit)
        .filter_map(|(deinit, subsystem)| {
            Some(Pair { init: open.get_mut(subsystem)?.pop()?, deinit })
        })
        .collect();
    pairs.sort_by_key(|pair| pair.init);
    pairs
}
