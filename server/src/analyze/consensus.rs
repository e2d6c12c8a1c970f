//! The order that most ports agree on, and who departs from it.
//!
//! For every two things that a main runs, how many ports run the one first? A
//! port with many boards has one vote, split among them. What most ports run
//! first stands first; where that goes in circles, the ports really disagree, and
//! the circle is shown as such.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasherDefault;

use rustc_hash::FxHasher;
use serde::Serialize;
use utoipa::ToSchema;

use super::fleet::Fleet;
use crate::model::{Entry, EntryKind, Phase};

mod votes;

use votes::Votes;
pub use votes::{Share, Support};

/// Least number of ports that must have both halves of a pair for their order to
/// count: what one port does is nothing to agree on.
const LEAST_TO_ORDER: u8 = 2;
/// Least number of ports that must have both halves of a pair before anything is
/// said of their order.
pub const LEAST_PORTS: u8 = 4;
/// Least share of them that must agree.
pub const LEAST_SUPPORT: Share = Share::new(3, 4);

/// Most items of one table that are looked at, since each is held against each. The
/// largest real main has about 60.
const MAX_ITEMS: usize = 256;

/// Something that a main runs, the same on every port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
pub struct Item {
    /// The subsystem, or the landmark's name; `boot.py` for the first runner of
    /// scripts.
    pub name: String,
    /// Whether it is started or stopped; `null` for a landmark.
    pub phase: Option<Phase>,
}

/// Hashes small numbers, which nobody from outside can choose.
type Numbers = BuildHasherDefault<FxHasher>;

/// How often ports run one thing before another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consensus {
    /// What there is of each item.
    standings: BTreeMap<Item, Standing>,
    /// For each pair of numbers, the lesser first, the votes of ports that run the
    /// lesser one first and of those that run the other.
    before: HashMap<(usize, usize), [u128; 2], Numbers>,
    /// What the vote of one port weighs.
    weight: u128,
}

/// What the ports have of one item.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Standing {
    /// Its number in `before`.
    number: usize,
    /// The votes of ports that have it, in ports.
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

/// A share of ports in words: `7 of 8 ports`; in percent where boards of one port share
/// its vote, so that there is nothing to count.
pub fn share(support: f64, ports: f64, what: &str) -> String {
    let agree = support * ports;
    let is_whole = |number: f64| (number - number.round()).abs() < 1e-6;
    if ports > 1.5 && is_whole(agree) && is_whole(ports) {
        format!("{agree:.0} of {ports:.0} {what}")
    } else {
        format!("{:.0} % of the {what}", (support * 100.0 + 1e-6).floor())
    }
}

/// The first [`MAX_ITEMS`] items of one table in order, each at its first position.
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
        if items.len() < MAX_ITEMS && seen.insert(item.clone()) {
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
        let mut votes = Votes::of(&fleet.units);
        let mut consensus = Self { weight: votes.weight, ..Self::default() };
        for (unit, items) in fleet.units.iter().zip(&fleet.items) {
            let vote = votes.cast(unit.port.as_str(), unit.boards);
            let ports = votes::ports(vote, votes.weight);
            let last = f64::from(u32::try_from(items.len().max(2) - 1).unwrap_or(u32::MAX));
            let numbers: Vec<usize> = (0_u32..)
                .zip(items.iter())
                .map(|(index, (item, _))| consensus.count(item, ports, f64::from(index) / last))
                .collect();
            for (index, &number) in numbers.iter().enumerate() {
                for &other in &numbers[index + 1..] {
                    let (pair, side) = pair(number, other);
                    consensus.before.entry(pair).or_default()[side] += vote;
                }
            }
        }
        consensus
    }

    /// Counts a part of a port that has an item at `place` of its order. The item's
    /// number.
    fn count(&mut self, item: &Item, ports: f64, place: f64) -> usize {
        let number = self.standings.len();
        let new = Standing { number, ports: 0.0, places: 0.0 };
        let standing = self.standings.entry(item.clone()).or_insert(new);
        standing.ports += ports;
        standing.places += ports * place;
        standing.number
    }

    fn number(&self, item: &Item) -> Option<usize> {
        self.standings.get(item).map(|standing| standing.number)
    }

    /// How many ports run `first` before `second`; `None` where none has both.
    pub fn support(&self, first: &Item, second: &Item) -> Option<Support> {
        self.support_of(self.number(first)?, self.number(second)?)
    }

    fn support_of(&self, first: usize, second: usize) -> Option<Support> {
        let (pair, side) = pair(first, second);
        let votes = self.before.get(&pair)?;
        Some(Support { first: votes[side], both: votes[0] + votes[1], weight: self.weight })
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
        let pairs = self.before.keys().flat_map(|&(one, other)| [(one, other), (other, one)]);
        for (first, second) in pairs {
            let of_most =
                |support: Support| support.has_both(LEAST_TO_ORDER) && support.is_of_most();
            if self.support_of(first, second).is_some_and(of_most) {
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

    /// The support of most ports, and enough of them, that run `first` before
    /// `second`, each by its number.
    fn agrees(&self, first: Option<usize>, second: Option<usize>) -> Option<Support> {
        let support = self.support_of(first?, second?)?;
        (support.has_both(LEAST_PORTS) && support.has_share(LEAST_SUPPORT)).then_some(support)
    }

    /// Where a table departs from it: the fewest of its items that explain every
    /// pair that stands the other way round, those with the most pairs first.
    /// `items` are those of the table, as [`items`] gives them.
    pub fn departures(&self, items: &[(Item, u32)]) -> Vec<Departure> {
        let numbers: Vec<Option<usize>> = items.iter().map(|(item, _)| self.number(item)).collect();
        // For each item, the others that stand on the wrong side of it, in order.
        let mut wrong: Vec<Vec<Wrong>> = vec![Vec::new(); items.len()];
        for first in 0..items.len() {
            for second in first + 1..items.len() {
                if let Some(support) = self.agrees(numbers[second], numbers[first]) {
                    let (support, ports) = (support.share(), support.both());
                    wrong[first].push(Wrong { other: second, support, ports });
                    wrong[second].push(Wrong { other: first, support, ports });
                }
            }
        }
        let mut departures = Vec::new();
        // Of two items with one pair, the entry moved and not the landmark.
        let rank = |index: usize, wrong: &[Vec<Wrong>]| {
            let (item, position) = &items[index];
            (wrong[index].len(), item.phase.is_some(), std::cmp::Reverse(*position))
        };
        while let Some(worst) = (0..items.len())
            .filter(|&index| !wrong[index].is_empty())
            .max_by_key(|&index| rank(index, &wrong))
        {
            let pairs = std::mem::take(&mut wrong[worst]);
            for pair in &pairs {
                wrong[pair.other].retain(|back| back.other != worst);
            }
            departures.push(departure(items, worst, &pairs));
        }
        departures
    }
}

/// A pair of numbers with the lesser first, and which of its two counts is that of
/// `first` before `second`.
const fn pair(first: usize, second: usize) -> ((usize, usize), usize) {
    if first < second { ((first, second), 0) } else { ((second, first), 1) }
}

/// Another item that stands on the wrong side of one.
#[derive(Clone, Copy)]
struct Wrong {
    /// Its index.
    other: usize,
    /// The share of ports that agree on it.
    support: f64,
    /// The number of ports that have both.
    ports: f64,
}

fn departure(items: &[(Item, u32)], index: usize, pairs: &[Wrong]) -> Departure {
    let (item, position) = items[index].clone();
    let of = |is_wanted: fn(usize, usize) -> bool| -> Vec<Item> {
        let others = pairs.iter().filter(|pair| is_wanted(pair.other, index));
        others.map(|pair| items[pair.other].0.clone()).collect()
    };
    // Of pairs that are supported alike, the first one.
    let weakest = pairs.iter().min_by(|one, other| one.support.total_cmp(&other.support));
    Departure {
        item,
        position,
        behind: of(|other, index| other > index),
        ahead: of(|other, index| other < index),
        support: weakest.map_or(1.0, |pair| pair.support),
        ports: weakest.map_or(0.0, |pair| pair.ports),
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
            .map(|(table, port)| Unit::new(port.as_str(), port, table))
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
        let departures = consensus.departures(&items(&tables[4].entries));
        let said: Vec<String> =
            departures.iter().map(|departure| departure.item.to_string()).collect();
        assert_eq!(said, ["c init"]);
        assert_eq!(departures[0].behind.len(), 2);
        assert!(consensus.departures(&items(&tables[0].entries)).is_empty());
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
            prop_assert!(consensus.departures(&items(&tables[0].entries)).is_empty());
        }
    }
}
