//! What entries state to run after, resolved: the common ground of the rules on
//! dependencies.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use crate::model::{Entry, EntryKind, InitTable, MAX_ENTRIES, Origin, Phase};

/// Most pairs that are looked at. A name may stand for a whole subsystem, and a
/// table made for the purpose could ask for millions.
const MAX_PAIRS: usize = 16 * MAX_ENTRIES;

/// Most entries from which a shortest cycle is looked for.
const MAX_CYCLE_STARTS: usize = 64;

/// The entries of a table that run, each once, and which must precede which.
pub(super) struct Dependencies<'a> {
    /// In effective order. A level that is run twice counts where it is first run.
    pub(super) entries: Vec<&'a Entry>,
    /// Pairs of places in `entries`: the first must run before the second.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Places in `entries` with a name there that nothing answers to.
    pub(super) unknown: Vec<(usize, &'a str)>,
}

impl<'a> Dependencies<'a> {
    /// Resolves what the entries of a table state. A name is that of a function,
    /// or else of a subsystem and stands for all of its entries; either in the
    /// phase of the entry that states it.
    pub(super) fn of(table: &'a InitTable) -> Self {
        let entries = running(table);
        let mut by_name: HashMap<(Option<Phase>, &str), Vec<usize>> = HashMap::new();
        let mut by_subsystem: HashMap<(Option<Phase>, &str), Vec<usize>> = HashMap::new();
        for (place, entry) in entries.iter().enumerate() {
            if let Some(function) = &entry.function {
                by_name.entry((entry.phase, function.as_str())).or_default().push(place);
            }
            if let Some(subsystem) = &entry.subsystem {
                by_subsystem.entry((entry.phase, subsystem)).or_default().push(place);
            }
        }
        let mut dependencies = Self { entries, pairs: Vec::new(), unknown: Vec::new() };
        for (place, entry) in dependencies.entries.iter().enumerate() {
            for name in &entry.after {
                let key = (entry.phase, name.as_str());
                let Some(first) = by_name.get(&key).or_else(|| by_subsystem.get(&key)) else {
                    dependencies.unknown.push((place, name));
                    continue;
                };
                let room = MAX_PAIRS - dependencies.pairs.len();
                let others = first.iter().filter(|&&first| first != place).take(room);
                dependencies.pairs.extend(others.map(|&first| (first, place)));
            }
        }
        dependencies
    }

    /// Whether the order of two entries is known: main runs both, or neither is
    /// seen to run.
    pub(super) fn are_comparable(&self, first: usize, second: usize) -> bool {
        self.entries[first].stage.is_some() == self.entries[second].stage.is_some()
    }

    /// The circles, each as short as it gets, from the entry that runs first; and
    /// with them all entries that no order can satisfy.
    pub(super) fn cycles(&self) -> (Vec<Vec<usize>>, HashSet<usize>) {
        let (_, stuck) = self.sorted();
        let next = self.next();
        let mut stuck: HashSet<usize> = stuck.into_iter().collect();
        // What only follows a circle is stuck as well, and no part of one.
        let previous: Vec<(usize, usize)> = self
            .pairs
            .iter()
            .copied()
            .filter(|(a, b)| stuck.contains(a) && stuck.contains(b))
            .collect();
        loop {
            let leads: HashSet<usize> = previous
                .iter()
                .filter(|(a, b)| stuck.contains(a) && stuck.contains(b))
                .map(|&(a, _)| a)
                .collect();
            if leads.len() == stuck.len() {
                break;
            }
            stuck = leads;
        }
        let mut cycles: Vec<Vec<usize>> = Vec::new();
        let mut told: HashSet<usize> = HashSet::new();
        let mut starts: Vec<usize> = stuck.iter().copied().collect();
        starts.sort_unstable();
        for &start in starts.iter().take(MAX_CYCLE_STARTS) {
            if told.contains(&start) {
                continue;
            }
            if let Some(cycle) = shortest_cycle(start, &next, &stuck) {
                told.extend(&cycle);
                cycles.push(cycle);
            }
        }
        (cycles, stuck)
    }

    /// The order nearest to the one that there is in which every dependency holds,
    /// as far as there is one.
    pub(super) fn satisfying_order(&self) -> Vec<usize> {
        self.sorted().0
    }

    fn next(&self) -> HashMap<usize, Vec<usize>> {
        let mut next: HashMap<usize, Vec<usize>> = HashMap::new();
        for &(first, second) in &self.pairs {
            next.entry(first).or_default().push(second);
        }
        next
    }

    /// The entries in an order that satisfies the pairs, of those that are free the
    /// one that runs first; and the entries that never get free.
    fn sorted(&self) -> (Vec<usize>, Vec<usize>) {
        let next = self.next();
        let mut waits = vec![0_usize; self.entries.len()];
        for &(_, second) in &self.pairs {
            waits[second] += 1;
        }
        let mut free: BinaryHeap<Reverse<usize>> =
            (0..waits.len()).filter(|&place| waits[place] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(waits.len());
        while let Some(Reverse(place)) = free.pop() {
            order.push(place);
            for &second in next.get(&place).into_iter().flatten() {
                waits[second] -= 1;
                if waits[second] == 0 {
                    free.push(Reverse(second));
                }
            }
        }
        let stuck = (0..waits.len()).filter(|&place| waits[place] > 0).collect();
        (order, stuck)
    }
}

/// The entries that run, each once: a level that main runs on several paths stands
/// in the effective order as often.
fn running(table: &InitTable) -> Vec<&Entry> {
    let mut seen = HashSet::new();
    let mut entries: Vec<&Entry> = table.entries.iter().collect();
    entries.retain(|&entry| {
        let is_new = entry.origin != Origin::Registry
            || seen.insert((entry.phase, &entry.level, entry.slot));
        entry.kind == EntryKind::Entry && is_new
    });
    entries
}

/// The entries of one registry table in the order in which init would run them.
pub(super) fn tables(table: &InitTable) -> Vec<Vec<&Entry>> {
    let mut places: HashMap<(Option<Phase>, &str), usize> = HashMap::new();
    let mut tables: Vec<Vec<&Entry>> = Vec::new();
    for entry in running(table) {
        let Some(level) = entry.level.as_ref().filter(|_| entry.origin == Origin::Registry) else {
            continue;
        };
        let place = *places.entry((entry.phase, level.as_str())).or_insert_with(|| {
            tables.push(Vec::new());
            tables.len() - 1
        });
        tables[place].push(entry);
    }
    for table in &mut tables {
        // A deinit table is run backwards.
        if table.first().is_some_and(|entry| entry.phase == Some(Phase::Deinit)) {
            table.reverse();
        }
    }
    tables
}

/// The shortest way from `start` back to it over entries that are `stuck`.
fn shortest_cycle(
    start: usize,
    next: &HashMap<usize, Vec<usize>>,
    stuck: &HashSet<usize>,
) -> Option<Vec<usize>> {
    let mut came_from: HashMap<usize, usize> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(place) = queue.pop_front() {
        for &second in next.get(&place).into_iter().flatten() {
            if second == start {
                let mut cycle = vec![place];
                while let Some(&before) = came_from.get(&cycle[cycle.len() - 1]) {
                    cycle.push(before);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if stuck.contains(&second) && !came_from.contains_key(&second) {
                came_from.insert(second, place);
                queue.push_back(second);
            }
        }
    }
    None
}

/// The name of an entry with what orders it, as far as it is known.
pub(super) fn place_of(entry: &Entry) -> String {
    let name = entry.display_name();
    match (&entry.level, &entry.priority) {
        (Some(level), Some(priority)) => format!("`{name}` ({level} {priority})"),
        (Some(level), None) => format!("`{name}` ({level})"),
        _ => format!("`{name}`"),
    }
}
