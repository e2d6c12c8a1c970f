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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::model::Origin;

    fn entry((is_init, subsystem): &(bool, String)) -> Entry {
        Entry {
            position: 0,
            phase: Some(if *is_init { Phase::Init } else { Phase::Deinit }),
            kind: EntryKind::Entry,
            origin: Origin::Calls,
            stage: None,
            level: None,
            slot: None,
            priority: None,
            function: None,
            subsystem: Some(subsystem.clone()),
            declared_subsystem: None,
            satisfied: None,
            address: None,
            call_address: None,
            via: vec![],
            conditional: false,
            condition: None,
            location: None,
            after: vec![],
        }
    }

    fn paired(calls: &[(bool, String)]) -> Vec<Pair> {
        pairs(&calls.iter().map(entry).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn an_order_played_backwards_has_the_same_pairs(
            calls in proptest::collection::vec((any::<bool>(), "[a-c]"), 0..24),
        ) {
            let backwards: Vec<(bool, String)> =
                calls.iter().rev().map(|(is_init, name)| (!is_init, name.clone())).collect();
            let last = calls.len().wrapping_sub(1);
            let forth: BTreeSet<(usize, usize)> =
                paired(&calls).iter().map(|pair| (pair.init, pair.deinit)).collect();
            let back: BTreeSet<(usize, usize)> = paired(&backwards)
                .iter()
                .map(|pair| (last - pair.deinit, last - pair.init))
                .collect();
            prop_assert_eq!(forth, back);
        }
    }
}
