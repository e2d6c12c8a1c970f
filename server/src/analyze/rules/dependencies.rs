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
        // Most firmware states none.
        let states = |entry: &Entry| !entry.after.is_empty();
        let entries = if table.entries.iter().any(states) { running(table) } else { Vec::new() };
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
        let next = self.next();
        let stuck = self.in_circles(&next);
        let mut cycles: Vec<Vec<usize>> = Vec::new();
        let mut told: HashSet<usize> = HashSet::new();
        let starts: Vec<usize> = (0..stuck.len()).filter(|&place| stuck[place]).collect();
        for &start in starts.iter().take(MAX_CYCLE_STARTS) {
            if told.contains(&start) {
                continue;
            }
            if let Some(cycle) = shortest_cycle(start, &next, &stuck) {
                told.extend(&cycle);
                cycles.push(cycle);
            }
        }
        (cycles, starts.into_iter().collect())
    }

    /// For each entry whether it is on a circle, or between two.
    fn in_circles(&self, next: &[Vec<usize>]) -> Vec<bool> {
        let mut stuck = vec![false; self.entries.len()];
        for place in self.sorted().1 {
            stuck[place] = true;
        }
        // What only follows a circle is stuck as well, and no part of one: it is
        // taken off from its end, where nothing that is stuck waits for it.
        let mut previous = vec![Vec::new(); stuck.len()];
        let mut waiting = vec![0_usize; stuck.len()];
        for (first, seconds) in next.iter().enumerate().filter(|(first, _)| stuck[*first]) {
            // Whoever waits for one that is stuck is stuck.
            waiting[first] = seconds.len();
            for &second in seconds {
                previous[second].push(first);
            }
        }
        let mut ends: Vec<usize> =
            (0..stuck.len()).filter(|&place| stuck[place] && waiting[place] == 0).collect();
        while let Some(end) = ends.pop() {
            stuck[end] = false;
            for &first in &previous[end] {
                waiting[first] -= 1;
                if waiting[first] == 0 {
                    ends.push(first);
                }
            }
        }
        stuck
    }

    /// The order nearest to the one that there is in which every dependency holds,
    /// as far as there is one.
    pub(super) fn satisfying_order(&self) -> Vec<usize> {
        self.sorted().0
    }

    /// For each entry those that must run after it.
    fn next(&self) -> Vec<Vec<usize>> {
        let mut next = vec![Vec::new(); self.entries.len()];
        for &(first, second) in &self.pairs {
            next[first].push(second);
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
            for &second in &next[place] {
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
fn shortest_cycle(start: usize, next: &[Vec<usize>], stuck: &[bool]) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; next.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(place) = queue.pop_front() {
        for &second in &next[place] {
            if second == start {
                let mut cycle = vec![place];
                while let Some(before) = came_from[cycle[cycle.len() - 1]] {
                    cycle.push(before);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if stuck[second] && came_from[second].is_none() {
                came_from[second] = Some(place);
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
