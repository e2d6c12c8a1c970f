//! Several effective orders side by side: what corresponds, what stands
//! elsewhere, and what only one of them has.
//!
//! Ports name the same thing differently, so entries correspond by what they
//! start or stop, and landmarks by what they stand for; of several, calls of the
//! same function first. The fewest moves are reported: of what both orders have,
//! the longest run that stands in the same order in both stayed, and of runs of
//! that length the one with the most landmarks.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use serde::Serialize;
use utoipa::ToSchema;

use super::consensus::{Item, landmark};
use super::increasing::heaviest_run;
use crate::model::{Entry, EntryKind, Phase, Stage};

/// Two orders, entry by entry. Entries are given by their place in the effective
/// order, counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Alignment {
    /// What both have, in the order of the left.
    pub pairs: Vec<Pair>,
    /// What the right one lacks.
    pub only_left: Vec<usize>,
    /// What the left one lacks.
    pub only_right: Vec<usize>,
    /// Further calls on the left of what both have: another function for it, or
    /// the same one under another condition.
    pub more_left: Vec<usize>,
    /// Such calls on the right.
    pub more_right: Vec<usize>,
}

/// An entry that both orders have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pair {
    /// What it is.
    pub item: Item,
    /// Its place on the left.
    pub left: usize,
    /// Its place on the right.
    pub right: usize,
    /// How it stands elsewhere on the right; null where it stayed.
    pub moved: Option<Move>,
    /// Its stages on the left and on the right, where they differ.
    pub stages: Option<[Option<Stage>; 2]>,
    /// On which side of boot.py it runs on the left and on the right, where that
    /// differs. Only of entries, and only where both orders have a boot.py.
    pub boot_py: Option<[BootPy; 2]>,
}

/// Where an entry stands on the right, compared with the left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Move {
    /// Whether it runs later on the right.
    pub later: bool,
    /// Number of entries that it moved over, of those that stayed.
    pub places: usize,
    /// The first of them, in the order of the left.
    pub over: Vec<Item>,
}

/// On which side of boot.py something runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BootPy {
    /// Scripts find it started.
    Before,
    /// boot.py can still configure it.
    After,
}

/// Several orders as a whole, in names of subsystems by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    /// Number of subsystems that any of them starts or stops.
    pub subsystems: usize,
    /// Those that all of them start or stop.
    pub shared: Vec<String>,
    /// Those that stand elsewhere, from one order to the next.
    pub moved: Vec<String>,
    /// Those that run in another stage.
    pub stages: Vec<String>,
    /// Those that run before boot.py in one order and after it in the next.
    pub boot_py: Vec<String>,
    /// Whether all of them have the same entries and landmarks in the same order
    /// and stages.
    pub same: bool,
}

impl BootPy {
    /// The word for it: `before` or `after`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// What each entry of an order is. `None` for one without a name, which
/// corresponds to nothing.
pub fn items(entries: &[Entry]) -> Vec<Option<Item>> {
    let mut scripts = 0;
    let mut item = |entry: &Entry| {
        let name = match entry.kind {
            EntryKind::Entry => entry.subsystem.clone()?,
            EntryKind::Landmark => landmark_name(entry.function.as_ref()?.as_str(), &mut scripts),
            EntryKind::RunLevel => "run level".to_owned(),
        };
        Some(Item { name, phase: entry.phase })
    };
    entries.iter().map(&mut item).collect()
}

/// What the names of a board's hooks begin with, in the text and in firmware.
const HOOKS: [&str; 3] = ["micropy_board_", "boardctrl_", "board_"];

/// What a landmark stands for: the first runner of a script is boot.py, the
/// second main.py. A hook of the board has one name in the text and another one
/// in the firmware.
fn landmark_name(name: &str, scripts: &mut u32) -> String {
    let lower = name.to_ascii_lowercase();
    if lower.contains("run_main_py") {
        *scripts = 2;
        return "main.py".to_owned();
    }
    match landmark(name) {
        Some(common) if common == "boot.py" => {
            *scripts += 1;
            match *scripts {
                1 => common,
                2 => "main.py".to_owned(),
                _ => lower,
            }
        }
        Some(common) => common,
        None => {
            let hook = HOOKS.iter().find_map(|prefix| lower.strip_prefix(prefix));
            hook.unwrap_or(&lower).to_owned()
        }
    }
}

/// How many of the entries that one moved over are named.
const NAMED: usize = 8;

/// Aligns two orders.
pub fn align(left: &[Entry], right: &[Entry]) -> Alignment {
    let (left_items, right_items) = (items(left), items(right));
    let partner = partners((left, &left_items), (right, &right_items));
    // Only to choose among runs of one length.
    let weight = |index: usize| {
        u64::try_from(left.len()).unwrap_or(u64::MAX)
            + 1
            + u64::from(left[index].kind == EntryKind::Landmark)
    };
    let stayed = heaviest_run(&partner, weight);
    let boot_py = [&left_items, &right_items].map(|items| {
        items.iter().position(|item| {
            item.as_ref().is_some_and(|item| item.phase.is_none() && item.name == "boot.py")
        })
    });
    let steady: Vec<(usize, usize, &Item)> = (0..left.len())
        .filter(|&index| stayed[index])
        .filter_map(|index| Some((index, partner[index]?, left_items[index].as_ref()?)))
        .collect();
    let pair = |index: usize| {
        let (item, other) = (left_items[index].as_ref()?, partner[index]?);
        let stages = [left[index].stage, right[other].stage];
        let around = |place: usize, boot_py: usize| {
            if place < boot_py { BootPy::Before } else { BootPy::After }
        };
        let boot_py = match boot_py {
            // What stops runs after it everywhere.
            [Some(here), Some(there)]
                if item.phase.is_some() && !stages.contains(&Some(Stage::Stop)) =>
            {
                Some([around(index, here), around(other, there)])
            }
            _ => None,
        };
        Some(Pair {
            item: item.clone(),
            left: index,
            right: other,
            moved: (!stayed[index]).then(|| moved(index, other, &steady)),
            stages: Some(stages).filter(|[left, right]| left != right),
            boot_py: boot_py.filter(|[left, right]| left != right),
        })
    };
    let mut is_taken = vec![false; right.len()];
    for &other in partner.iter().flatten() {
        is_taken[other] = true;
    }
    let pairs: Vec<Pair> = (0..left.len()).filter_map(pair).collect();
    let both: HashSet<&Item> = pairs.iter().map(|pair| &pair.item).collect();
    let is_more = |item: &Option<Item>| item.as_ref().is_some_and(|item| both.contains(item));
    let (more_left, only_left) = (0..left.len())
        .filter(|&index| partner[index].is_none())
        .partition(|&index| is_more(&left_items[index]));
    let (more_right, only_right) = (0..right.len())
        .filter(|&index| !is_taken[index])
        .partition(|&index| is_more(&right_items[index]));
    Alignment { pairs, only_left, only_right, more_left, more_right }
}

/// How an entry moved over those that stayed.
fn moved(left: usize, right: usize, steady: &[(usize, usize, &Item)]) -> Move {
    let over = |later: bool| {
        let over = steady.iter().filter(move |&&(at_left, at_right, _)| {
            (at_left > left) == later && (at_right < right) == later
        });
        over.map(|&(_, _, item)| item)
    };
    // What stayed ascends on both sides, so it moved one way only.
    let later = over(true).next().is_some();
    Move { later, places: over(later).count(), over: over(later).take(NAMED).cloned().collect() }
}

/// For each entry on the left, the one on the right that it corresponds to: the
/// most alike first, and of those alike the first with the first.
fn partners(
    (left, left_items): (&[Entry], &[Option<Item>]),
    (right, right_items): (&[Entry], &[Option<Item>]),
) -> Vec<Option<usize>> {
    let mut partner = vec![None; left.len()];
    let mut is_taken = vec![false; right.len()];
    for round in 0..5 {
        let mut free: HashMap<_, Vec<usize>> = HashMap::new();
        // From the end, so that the first one is taken first.
        for index in (0..right.len()).rev().filter(|&index| !is_taken[index]) {
            if let Some(item) = &right_items[index] {
                free.entry(key(&right[index], item, round)).or_default().push(index);
            }
        }
        for index in 0..left.len() {
            if partner[index].is_none()
                && let Some(item) = &left_items[index]
                && let Some(other) =
                    free.get_mut(&key(&left[index], item, round)).and_then(Vec::pop)
            {
                partner[index] = Some(other);
                is_taken[other] = true;
            }
        }
    }
    partner
}

/// What has to be alike in a round of matching, less from one to the next.
fn key<'a>(entry: &'a Entry, item: &'a Item, round: u32) -> impl Hash + Eq + use<'a> {
    let function = entry.function.as_ref().filter(|_| round < 3);
    let stage = (round != 2 && round != 4).then_some(entry.stage);
    let condition = (round == 0).then_some(entry.condition.as_deref());
    // Under another name, what starts again on the way out is another thing.
    let restarts = round > 2 && item.phase == Some(Phase::Init) && entry.stage == Some(Stage::Stop);
    (item, function, stage, condition, restarts)
}

/// What several orders have in common, and where each differs from the next:
/// `alignments` are those of neighbours.
pub fn summary(orders: &[&[Entry]], alignments: &[Alignment]) -> Summary {
    let subsystems = |entries: &&[Entry]| -> BTreeSet<String> {
        entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Entry)
            .filter_map(|entry| entry.subsystem.clone())
            .collect()
    };
    let of_orders: Vec<BTreeSet<String>> = orders.iter().map(subsystems).collect();
    let all: BTreeSet<&String> = of_orders.iter().flatten().collect();
    let names = |wanted: &dyn Fn(&Pair) -> bool| -> Vec<String> {
        let pairs = alignments.iter().flat_map(|alignment| &alignment.pairs);
        let wanted = pairs.filter(|pair| pair.item.phase.is_some() && wanted(pair));
        wanted.map(|pair| pair.item.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let shared = all.iter().filter(|name| of_orders.iter().all(|order| order.contains(**name)));
    Summary {
        subsystems: all.len(),
        shared: shared.map(|name| (*name).clone()).collect(),
        moved: names(&|pair| pair.moved.is_some()),
        stages: names(&|pair| pair.stages.is_some()),
        boot_py: names(&|pair| pair.boot_py.is_some()),
        same: alignments.iter().all(Alignment::is_same),
    }
}

impl Alignment {
    /// Whether both orders are one and the same.
    pub fn is_same(&self) -> bool {
        let as_there = |pair: &Pair| pair.moved.is_none() && pair.stages.is_none();
        let unpaired = [&self.only_left, &self.only_right, &self.more_left, &self.more_right];
        unpaired.iter().all(|unpaired| unpaired.is_empty()) && self.pairs.iter().all(as_there)
    }
}

#[cfg(test)]
mod tests;
