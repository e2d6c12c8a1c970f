//! The order that most ports agree on, and who departs from it.
//!
//! For every two things that a main runs, how many ports run the one first? A
//! port with many boards has one vote, split among them. What most ports run
//! first stands first; where that goes in circles, the ports really disagree, and
//! the circle is shown as such.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::fleet::Fleet;
use crate::model::{Entry, EntryKind, Phase};

/// Least weight of ports that must have both halves of a pair for their order to
/// count: what one port does is nothing to agree on.
const LEAST_TO_ORDER: f64 = 2.0;
/// Least weight of ports that must have both halves of a pair before anything is
/// said of their order.
pub const LEAST_PORTS: f64 = 4.0;
/// Least share of them that must agree.
pub const LEAST_SUPPORT: f64 = 0.75;

/// Something that a main runs, the same on every port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
pub struct Item {
    /// The subsystem, or the landmark's name; `boot.py` for the first runner of
    /// scripts.
    pub name: String,
    /// Whether it is started or stopped; `null` for a landmark.
    pub phase: Option<Phase>,
}

/// How often ports run one thing before another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consensus {
    /// What there is of each item.
    standings: BTreeMap<Item, Standing>,
    /// For each pair of numbers, how many ports run the first one first.
    before: HashMap<(usize, usize), f64>,
}

/// What the ports have of one item.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Standing {
    /// Its number in `before`.
    number: usize,
    /// How many ports have it.
    ports: f64,
    /// The sum of its places in their orders, each from 0 to 1.
    places: f64,
}

impl Standing {
    /// Its mean place in an order.
    fn place(&self) -> f64 {
        self.places / self.ports
    }
}

/// One pair of items that a table runs the other way round than most ports.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Departure {
    /// What stands elsewhere than on most ports.
    pub item: Item,
    /// Its position in the table.
    pub position: u32,
    /// What most ports run before it, and this table after it.
    pub behind: Vec<Item>,
    /// What most ports run after it, and this table before it.
    pub ahead: Vec<Item>,
    /// The least share of ports that agree on one of these pairs.
    pub support: f64,
    /// The number of ports that have both halves of that pair.
    pub ports: f64,
}

/// The items of one table in order, each at its first position.
pub fn items(entries: &[Entry]) -> Vec<(Item, u32)> {
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for entry in entries.iter().filter(|entry| entry.stage.is_some()) {
        let name = match entry.kind {
            EntryKind::Entry => entry.subsystem.clone(),
            EntryKind::Landmark => entry.function.as_ref().and_then(|name| landmark(name.as_str())),
            EntryKind::RunLevel => None,
        };
        let Some(name) = name else { continue };
        let item = Item { name, phase: entry.phase };
        if seen.insert(item.clone()) {
            items.push((item, entry.position));
        }
    }
    items
}

/// The name of a landmark that ports have in common; `None` for hooks, which
/// boards fill in as they like.
pub(super) fn landmark(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if lower.contains("run_boot_py")
        || lower.starts_with("pyexec_file")
        || lower == "script_run_file"
    {
        // Only the first one is taken: it is boot.py.
        return Some("boot.py".to_owned());
    }
    matches!(name, "gc_init" | "mp_init" | "gc_sweep_all" | "mp_deinit").then(|| name.to_owned())
}

impl Consensus {
    /// What most of the ports of `fleet` agree on.
    pub fn of(fleet: &Fleet<'_>) -> Self {
        let mut boards_of: BTreeMap<&str, f64> = BTreeMap::new();
        for unit in &fleet.units {
            *boards_of.entry(unit.port.as_str()).or_default() += 1.0;
        }
        let mut consensus = Self::default();
        for unit in &fleet.units {
            let vote = 1.0 / boards_of[unit.port.as_str()];
            let items = items(&unit.table.entries);
            let last = f64::from(u32::try_from(items.len().max(2) - 1).unwrap_or(u32::MAX));
            let numbers: Vec<usize> = (0_u32..)
                .zip(&items)
                .map(|(index, (item, _))| consensus.count(item, vote, f64::from(index) / last))
                .collect();
            for (index, &number) in numbers.iter().enumerate() {
                for &other in &numbers[index + 1..] {
                    *consensus.before.entry((number, other)).or_default() += vote;
                }
            }
        }
        consensus
    }

    /// Counts a vote of a port that has an item at `place` of its order. The item's
    /// number.
    fn count(&mut self, item: &Item, vote: f64, place: f64) -> usize {
        let number = self.standings.len();
        let new = Standing { number, ports: 0.0, places: 0.0 };
        let standing = self.standings.entry(item.clone()).or_insert(new);
        standing.ports += vote;
        standing.places += vote * place;
        standing.number
    }

    fn number(&self, item: &Item) -> Option<usize> {
        self.standings.get(item).map(|standing| standing.number)
    }

    /// The weight of ports that run `first` before `second`, and of those that
    /// have both.
    pub fn support(&self, first: &Item, second: &Item) -> (f64, f64) {
        match (self.number(first), self.number(second)) {
            (Some(first), Some(second)) => self.weights(first, second),
            _ => (0.0, 0.0),
        }
    }

    fn weights(&self, first: usize, second: usize) -> (f64, f64) {
        let weight = |pair| self.before.get(&pair).copied().unwrap_or_default();
        let first_first: f64 = weight((first, second));
        (first_first, first_first + weight((second, first)))
    }

    /// The items in the order that most ports agree on: circles, in which they
    /// disagree, in one group; groups after those that most ports run before them,
    /// and where nothing tells by their mean place.
    pub fn order(&self) -> Vec<Vec<Item>> {
        let items: Vec<(&Item, &Standing)> = self.standings.iter().collect();
        // The place in `items` of each number.
        let mut index_of = vec![0; items.len()];
        for (index, (_, standing)) in items.iter().enumerate() {
            index_of[standing.number] = index;
        }
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
        for &(first, second) in self.before.keys() {
            let (for_it, both) = self.weights(first, second);
            if both >= LEAST_TO_ORDER && for_it * 2.0 > both {
                let (first, second) = (index_of[first], index_of[second]);
                after[first].push(second);
                before[second].push(first);
            }
        }
        let circle = circles(&after, &before);
        let groups = circle.iter().copied().max().map_or(0, |last| last + 1);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups];
        for (item, &group) in circle.iter().enumerate() {
            members[group].push(item);
        }
        let place = |group: usize| -> f64 {
            let sum: f64 = members[group].iter().map(|&item| items[item].1.place()).sum();
            sum / f64::from(u32::try_from(members[group].len()).unwrap_or(u32::MAX))
        };
        let mut waits: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); groups];
        for (item, &group) in circle.iter().enumerate() {
            waits[group]
                .extend(before[item].iter().map(|&other| circle[other]).filter(|&o| o != group));
        }
        let mut left: BTreeSet<usize> = (0..groups).collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let ready = left.iter().copied().filter(|&group| waits[group].is_disjoint(&left));
            let Some(next) = ready.min_by(|&a, &b| place(a).total_cmp(&place(b)).then(a.cmp(&b)))
            else {
                break;
            };
            left.remove(&next);
            let mut group: Vec<usize> = members[next].clone();
            group.sort_by(|&a, &b| items[a].1.place().total_cmp(&items[b].1.place()));
            order.push(group.into_iter().map(|item| items[item].0.clone()).collect());
        }
        order
    }

    /// Whether most ports, and enough of them, run `first` before `second`, each by
    /// its number.
    fn agrees(&self, first: Option<usize>, second: Option<usize>) -> Option<(f64, f64)> {
        let (for_it, both) = self.weights(first?, second?);
        (both >= LEAST_PORTS && for_it / both >= LEAST_SUPPORT).then_some((for_it / both, both))
    }

    /// Where a table departs from it: the fewest of its items that explain every
    /// pair that stands the other way round, those with the most pairs first.
    /// `left` are the items of the table, as [`items`] gives them.
    pub fn departures(&self, mut left: Vec<(Item, u32)>) -> Vec<Departure> {
        let mut departures = Vec::new();
        let mut numbers: Vec<Option<usize>> =
            left.iter().map(|(item, _)| self.number(item)).collect();
        loop {
            // For each item, the pairs that it is part of.
            let wrong: Vec<Departure> = (0..left.len())
                .map(|index| self.departure(&left, &numbers, index))
                .filter(|departure| !departure.behind.is_empty() || !departure.ahead.is_empty())
                .collect();
            let pairs = |departure: &Departure| departure.behind.len() + departure.ahead.len();
            // Of two items with one pair, the entry moved and not the landmark.
            let worst = wrong.into_iter().max_by(|a, b| {
                (pairs(a), a.item.phase.is_some(), std::cmp::Reverse(a.position)).cmp(&(
                    pairs(b),
                    b.item.phase.is_some(),
                    std::cmp::Reverse(b.position),
                ))
            });
            let Some(worst) = worst else { return departures };
            if let Some(index) = left.iter().position(|(item, _)| *item == worst.item) {
                left.remove(index);
                numbers.remove(index);
            }
            departures.push(worst);
        }
    }

    fn departure(
        &self,
        items: &[(Item, u32)],
        numbers: &[Option<usize>],
        index: usize,
    ) -> Departure {
        let (item, position) = &items[index];
        let mut departure = Departure {
            item: item.clone(),
            position: *position,
            behind: Vec::new(),
            ahead: Vec::new(),
            support: 1.0,
            ports: 0.0,
        };
        for (other_index, (other, _)) in items.iter().enumerate() {
            let pair = match other_index.cmp(&index) {
                // It stands before this one, and most ports run this one first.
                std::cmp::Ordering::Less => self.agrees(numbers[index], numbers[other_index]),
                std::cmp::Ordering::Greater => self.agrees(numbers[other_index], numbers[index]),
                std::cmp::Ordering::Equal => None,
            };
            let Some((support, ports)) = pair else { continue };
            if other_index < index {
                departure.ahead.push(other.clone());
            } else {
                departure.behind.push(other.clone());
            }
            if support < departure.support || departure.ports == 0.0 {
                (departure.support, departure.ports) = (support, ports);
            }
        }
        departure
    }
}

/// For each node, the number of its strongly connected component.
fn circles(after: &[Vec<usize>], before: &[Vec<usize>]) -> Vec<usize> {
    // Kosaraju: nodes in the order in which they are left, then backwards.
    let mut left_in = Vec::new();
    let mut seen = vec![false; after.len()];
    for start in 0..after.len() {
        let mut ahead = vec![(start, 0)];
        while let Some((node, next)) = ahead.pop() {
            if next == 0 && std::mem::replace(&mut seen[node], true) {
                continue;
            }
            match after[node].get(next) {
                Some(&other) => {
                    ahead.push((node, next + 1));
                    if !seen[other] {
                        ahead.push((other, 0));
                    }
                }
                None => left_in.push(node),
            }
        }
    }
    let mut circle = vec![usize::MAX; after.len()];
    let mut count = 0;
    for &start in left_in.iter().rev() {
        if circle[start] != usize::MAX {
            continue;
        }
        let mut ahead = vec![start];
        circle[start] = count;
        while let Some(node) = ahead.pop() {
            for &other in &before[node] {
                if circle[other] == usize::MAX {
                    circle[other] = count;
                    ahead.push(other);
                }
            }
        }
        count += 1;
    }
    circle
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.phase {
            Some(phase) => write!(f, "{} {phase}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analyze::derive;
    use crate::analyze::fleet::Unit;
    use crate::analyze::policy::Policy;
    use crate::extract::source;
    use crate::model::{InitTable, PortName, SourceFile};

    /// A table of a main with these calls in its loop.
    fn table(calls: &[String]) -> InitTable {
        let calls: Vec<String> = calls.iter().map(|name| format!("{name}_init();")).collect();
        let text = format!("int main(void) {{ for (;;) {{ mp_init(); {} }} }}", calls.join(" "));
        let path = "main.c".to_owned();
        let file = SourceFile { port: "any".parse().unwrap(), path, commit: None, drivers: vec![] };
        let mut table = source::read(text.as_bytes(), file).unwrap().unwrap();
        derive(&mut table);
        table
    }

    fn consensus(mains: &[Vec<String>]) -> (Consensus, Vec<InitTable>) {
        let tables: Vec<InitTable> = mains.iter().map(|calls| table(calls)).collect();
        let ports: Vec<PortName> =
            (0..mains.len()).map(|index| format!("p{index}").parse().unwrap()).collect();
        let units = tables
            .iter()
            .zip(&ports)
            .map(|(table, port)| Unit { label: port.as_str(), port, table })
            .collect();
        (Consensus::of(&Fleet::new(units, &Policy::default())), tables)
    }

    fn names(order: &[Vec<Item>]) -> Vec<Vec<&str>> {
        let of_group = |group| {
            let group: &Vec<Item> = group;
            group.iter().map(|item| item.name.as_str()).collect()
        };
        order.iter().map(of_group).collect()
    }

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn most_ports_decide_and_the_one_that_departs_is_named() {
        let usual = list(&["a", "b", "c"]);
        let mut mains = vec![usual; 4];
        mains.push(list(&["c", "a", "b"]));
        let (consensus, tables) = consensus(&mains);
        assert_eq!(names(&consensus.order()), [["mp_init"], ["a"], ["b"], ["c"]]);
        let departures = consensus.departures(items(&tables[4].entries));
        let said: Vec<String> =
            departures.iter().map(|departure| departure.item.to_string()).collect();
        assert_eq!(said, ["c init"]);
        assert_eq!(departures[0].behind.len(), 2);
        assert!(consensus.departures(items(&tables[0].entries)).is_empty());
    }

    #[test]
    fn ports_that_go_in_circles_are_shown_in_one_group() {
        let mains = [list(&["a", "b", "c"]), list(&["b", "c", "a"]), list(&["c", "a", "b"])];
        let (consensus, _) = consensus(&mains);
        let order = consensus.order();
        assert_eq!(names(&order)[0], ["mp_init"]);
        let mut circle = names(&order)[1].clone();
        circle.sort_unstable();
        assert_eq!(circle, ["a", "b", "c"]);
    }

    proptest! {
        #[test]
        fn ports_that_do_alike_agree_on_what_they_do(
            calls in proptest::collection::hash_set("[a-l]{3}", 0..10),
            ports in 1..6_usize,
        ) {
            let calls: Vec<String> = calls.into_iter().collect();
            let (consensus, tables) = consensus(&vec![calls.clone(); ports]);
            let mut expected = vec!["mp_init".to_owned()];
            expected.extend(calls);
            let order: Vec<String> =
                consensus.order().iter().flatten().map(|item| item.name.clone()).collect();
            prop_assert_eq!(order, expected);
            prop_assert!(consensus.departures(items(&tables[0].entries)).is_empty());
        }
    }
}
