//! Which entry of an order was which in another one, and which of them stayed.

use std::collections::HashMap;
use std::hash::Hash;

use crate::analyze::increasing::heaviest_run;
use crate::model::{Entry, EntryKind, Level, Phase, SymbolName};

/// Most pairs of entries of one function that are weighed against each other.
/// Real orders have some tens; a hostile one, which calls one function all the
/// time, is matched one by one.
const MAX_PAIRS: usize = 1 << 16;

/// Two orders, matched. Indices are of the slices that were given.
#[derive(Debug)]
pub(super) struct Matching {
    /// For each entry of the later order, the one that it was.
    pub(super) came_from: Vec<Option<usize>>,
    /// Whether it stands among the others as it did.
    pub(super) stayed: Vec<bool>,
    /// For each entry of the earlier order, what became of it.
    pub(super) became: Vec<Option<usize>>,
}

/// What tells entries apart: the function, however it is reached. Of entries
/// without a name, only the table is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Identity<'a> {
    Function(&'a SymbolName),
    Nameless(Option<Phase>, Option<&'a Level>),
}

impl<'a> Identity<'a> {
    fn of(entry: &'a Entry) -> Self {
        match &entry.function {
            Some(name) => Self::Function(name),
            None => Self::Nameless(entry.phase, entry.level.as_ref()),
        }
    }
}

/// How many boards a function moved on, for each that did.
///
/// Where two neighbours changed places, either of them may have moved. On a board
/// that has something between them, it is plain which one did; all boards of one
/// edit are to say the same.
#[derive(Debug)]
pub(super) struct Movers {
    counts: HashMap<SymbolName, u64>,
    /// The largest of them, and at least 1.
    most: u64,
}

impl Movers {
    /// Movers by the functions that moved, each with the number of boards.
    pub(super) fn of(moved: impl Iterator<Item = (SymbolName, usize)>) -> Self {
        let mut counts: HashMap<SymbolName, u64> = HashMap::new();
        moved.for_each(|(function, boards)| {
            *counts.entry(function).or_default() += u64::try_from(boards).unwrap_or(u64::MAX);
        });
        let most = counts.values().copied().max().unwrap_or(1);
        Self { counts, most }
    }

    /// Where nothing is known of other boards.
    pub(super) fn unknown() -> Self {
        Self::of(std::iter::empty())
    }

    /// How much speaks for an entry having stayed, at most 15.
    fn steadiness(&self, entry: &Entry) -> u64 {
        let count = entry.function.as_ref().and_then(|function| self.counts.get(function));
        15 - 15 * count.copied().unwrap_or(0) / self.most
    }
}

/// Matches two orders: as many entries as possible stayed; of equally many, those
/// that are most alike, landmarks rather than what they order, and rather not what
/// moved on other boards.
pub(super) fn matching(before: &[&Entry], after: &[&Entry], movers: &Movers) -> Matching {
    let pairs = pairs(before, after);
    // One more entry counts for more than all likeness together.
    let unit = 256 * (u64::try_from(after.len()).unwrap_or(u64::MAX / 512) + 1);
    let olds: Vec<Option<usize>> = pairs.iter().map(|&(_, old)| Some(old)).collect();
    let run = heaviest_run(&olds, |index| {
        let (new, old) = pairs[index];
        unit + 16 * likeness(before[old], after[new]) + movers.steadiness(after[new])
    });
    let mut came_from = vec![None; after.len()];
    let mut became = vec![None; before.len()];
    for (&(new, old), _) in pairs.iter().zip(&run).filter(|&(_, &stayed)| stayed) {
        came_from[new] = Some(old);
        became[old] = Some(new);
    }
    let stayed = came_from.iter().map(Option::is_some).collect();
    let mut rest = Rest { before, after, came_from, became };
    rest.pair_up(|entry| (Identity::of(entry), role(entry), condition(entry), entry.stage));
    rest.pair_up(|entry| (Identity::of(entry), role(entry), condition(entry)));
    rest.pair_up(|entry| (Identity::of(entry), role(entry)));
    rest.pair_up(Identity::of);
    Matching { came_from: rest.came_from, stayed, became: rest.became }
}

fn role(entry: &Entry) -> (EntryKind, Option<Phase>) {
    (entry.kind, entry.phase)
}

fn condition(entry: &Entry) -> Option<&str> {
    entry.condition.as_deref()
}

/// How much two entries of one function are alike, at most 15.
fn likeness(before: &Entry, after: &Entry) -> u64 {
    let points = |is_alike: bool, points: u64| if is_alike { points } else { 0 };
    points(condition(before) == condition(after), 6)
        + points(role(before) == role(after), 4)
        + points(before.stage == after.stage, 3)
        + points(after.kind == EntryKind::Landmark, 1)
}

/// All that could be one entry: places in the later order, ascending, each with
/// its candidates in the earlier one, descending, so that an ascending run takes
/// at most one of them.
fn pairs<'a>(before: &'a [&'a Entry], after: &'a [&'a Entry]) -> Vec<(usize, usize)> {
    let mut places: HashMap<Identity<'a>, Vec<usize>> = HashMap::new();
    for (index, entry) in before.iter().enumerate() {
        places.entry(Identity::of(entry)).or_default().push(index);
    }
    let candidates: Vec<&[usize]> = after
        .iter()
        .map(|entry| places.get(&Identity::of(entry)).map_or(&[][..], Vec::as_slice))
        .collect();
    let all = candidates.iter().enumerate();
    if candidates.iter().map(|old| old.len()).sum::<usize>() <= MAX_PAIRS {
        return all.flat_map(|(new, old)| old.iter().rev().map(move |&old| (new, old))).collect();
    }
    let mut taken: HashMap<Identity<'a>, usize> = HashMap::new();
    let mut pairs = Vec::new();
    for (new, old) in all {
        let taken = taken.entry(Identity::of(after[new])).or_default();
        pairs.extend(old.get(*taken).map(|&old| (new, old)));
        *taken += 1;
    }
    pairs
}

/// What did not stay, to be paired up by likeness.
struct Rest<'a> {
    before: &'a [&'a Entry],
    after: &'a [&'a Entry],
    came_from: Vec<Option<usize>>,
    became: Vec<Option<usize>>,
}

impl<'a> Rest<'a> {
    /// Pairs up what has one key, the first with the first.
    fn pair_up<K: Hash + Eq>(&mut self, key: impl Fn(&'a Entry) -> K) {
        let mut free: HashMap<K, Vec<usize>> = HashMap::new();
        // From the end, so that the first one is taken first.
        for old in (0..self.before.len()).rev().filter(|&old| self.became[old].is_none()) {
            free.entry(key(self.before[old])).or_default().push(old);
        }
        for new in 0..self.after.len() {
            if self.came_from[new].is_none()
                && let Some(old) = free.get_mut(&key(self.after[new])).and_then(Vec::pop)
            {
                self.came_from[new] = Some(old);
                self.became[old] = Some(new);
            }
        }
    }
}
