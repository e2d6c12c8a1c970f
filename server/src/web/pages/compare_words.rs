//! What a comparison shows, in words: its first line, and between each side and
//! the next what moved and what only one of them has.

use super::counted;
use crate::analyze::align::{Alignment, Move, Pair};
use crate::analyze::consensus::Item;
use crate::analyze::number::numbers;
use crate::model::{Entry, Phase, Stage};
use crate::web::comparison::Comparison;

/// How many names a sentence holds.
const NAMES: usize = 5;

/// The first line: its subject, and what is said of it.
pub(super) struct Answer {
    pub(super) bold: String,
    pub(super) rest: String,
}

/// How a side differs from the next one.
pub(super) struct Facts {
    pub(super) left: String,
    pub(super) right: String,
    /// `4 stand elsewhere, 12 only on PYBV10, 9 only on RPI_PICO; 21 stayed.`
    pub(super) counts: String,
    /// What both have, and not in the same way.
    pub(super) rows: Vec<FactRow>,
    /// What only one of them has.
    pub(super) only: Vec<Only>,
}

/// What one side has and the other lacks.
pub(super) struct Only {
    pub(super) label: String,
    /// By stage, in order.
    pub(super) stages: Vec<(&'static str, Vec<OnlyCall>)>,
}

/// A call that the other side lacks.
pub(super) struct OnlyCall {
    pub(super) call: Call,
    /// `init`, `deinit` or `landmark`.
    pub(super) phase: &'static str,
    /// The condition under which it stands in the text.
    pub(super) condition: Option<String>,
}

/// One fact.
pub(super) struct FactRow {
    pub(super) sign: &'static str,
    pub(super) what: String,
    pub(super) name: String,
    /// `init`, `deinit` or `landmark`.
    pub(super) phase: &'static str,
    pub(super) calls: [Call; 2],
    pub(super) words: String,
}

/// A call with its number on the page of the board; landmarks have none.
pub(super) struct Call {
    /// What the side is called.
    pub(super) side: String,
    pub(super) number: Option<u32>,
    pub(super) function: String,
}

/// `a, b and c`; of more than `most`, `a, b and 3 more`.
pub(super) fn list(names: &[String], most: usize) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        _ if names.len() > most => {
            format!("{} and {} more", names[..most].join(", "), names.len() - most)
        }
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// The first line.
pub(super) fn answer(comparison: &Comparison, labels: &[String]) -> Answer {
    let summary = &comparison.summary;
    let all = list(labels, labels.len());
    if summary.same {
        let bold = format!("{all} run the same");
        return Answer { bold, rest: ": the same calls in the same order.".to_owned() };
    }
    let share = match labels.len() {
        2 => format!("{all} share"),
        count => format!("All {count} share"),
    };
    let bold =
        format!("{share} {} of {}", summary.shared.len(), counted(summary.subsystems, "subsystem"));
    let between = if labels.len() > 2 { " from one side to the next" } else { "" };
    let moved = match &summary.moved[..] {
        [] => format!("none of them stands elsewhere{between}"),
        [one] => format!("1 stands elsewhere{between}: {one}"),
        moved => format!("{} stand elsewhere{between}: {}", moved.len(), list(moved, NAMES)),
    };
    let mut rest = vec![moved];
    if !summary.boot_py.is_empty() {
        rest.push(format!("before or after boot.py differs for {}", list(&summary.boot_py, NAMES)));
    }
    if !summary.stages.is_empty() {
        rest.push(format!("the stage differs for {}", list(&summary.stages, NAMES)));
    }
    Answer { bold, rest: format!("; {}.", rest.join("; ")) }
}

/// How each side differs from the next.
pub(super) fn facts(comparison: &Comparison, labels: &[String]) -> Vec<Facts> {
    let orders: Vec<&[Entry]> =
        comparison.sides.iter().map(|side| &side.table.entries[..]).collect();
    let numbers: Vec<Vec<Option<u32>>> =
        comparison.sides.iter().map(|side| numbers(&side.table)).collect();
    let facts = |(gap, alignment): (usize, &Alignment)| {
        let neighbours = Neighbours {
            orders: [orders[gap], orders[gap + 1]],
            numbers: [&numbers[gap], &numbers[gap + 1]],
            labels: [&labels[gap], &labels[gap + 1]],
        };
        neighbours.facts(alignment)
    };
    comparison.alignments.iter().enumerate().map(facts).collect()
}

struct Neighbours<'a> {
    orders: [&'a [Entry]; 2],
    numbers: [&'a [Option<u32>]; 2],
    labels: [&'a String; 2],
}

impl Neighbours<'_> {
    fn facts(&self, alignment: &Alignment) -> Facts {
        let [left, right] = self.labels;
        let pairs = alignment.pairs.iter().filter_map(|pair| self.pair(pair));
        let moved = alignment.pairs.iter().filter(|pair| pair.moved.is_some()).count();
        let more = alignment.more_left.len() + alignment.more_right.len();
        let more = match more {
            0 => String::new(),
            more => format!("; {} of what both have", counted(more, "further call")),
        };
        Facts {
            counts: format!(
                "{} in the same order; {moved} elsewhere; {} only on {left}, {} only on {right}{more}.",
                counted(alignment.pairs.len() - moved, "call"),
                alignment.only_left.len(),
                alignment.only_right.len()
            ),
            rows: pairs.collect(),
            only: [(0, &alignment.only_left), (1, &alignment.only_right)]
                .into_iter()
                .filter(|(_, indexes)| !indexes.is_empty())
                .map(|(side, indexes)| self.only(side, indexes))
                .collect(),
            left: left.clone(),
            right: right.clone(),
        }
    }

    /// `None` where there is nothing to say of it.
    fn pair(&self, pair: &Pair) -> Option<FactRow> {
        let mut words = Vec::new();
        if let Some(moved) = &pair.moved {
            words.push(way(&pair.item, moved));
        }
        if let Some([left, right]) = pair.boot_py {
            words.push(format!("{} boot.py → {} it", left.as_str(), right.as_str()));
        }
        if let Some([left, right]) = pair.stages {
            words.push(format!("{} → {}", often(left), often(right)));
        }
        let (sign, what) = match (&pair.moved, &pair.stages) {
            (Some(moved), _) => ("⇅", counted(moved.places, "place")),
            (None, Some(_)) => ("◐", "other stage".to_owned()),
            (None, None) => return None,
        };
        Some(FactRow {
            sign,
            what,
            name: pair.item.name.clone(),
            phase: phase(pair.item.phase),
            calls: [self.call(0, pair.left), self.call(1, pair.right)],
            words: words.join("; "),
        })
    }

    fn only(&self, side: usize, indexes: &[usize]) -> Only {
        let mut stages: Vec<(&'static str, Vec<OnlyCall>)> = Vec::new();
        for &index in indexes {
            let entry = &self.orders[side][index];
            let call = OnlyCall {
                call: self.call(side, index),
                phase: phase(entry.phase),
                condition: entry.condition.clone(),
            };
            let stage = entry.stage.map_or("not seen in main", Stage::as_str);
            match stages.last_mut() {
                Some((last, calls)) if *last == stage => calls.push(call),
                _ => stages.push((stage, vec![call])),
            }
        }
        Only { label: self.labels[side].clone(), stages }
    }

    fn call(&self, side: usize, index: usize) -> Call {
        Call {
            side: self.labels[side].clone(),
            number: self.numbers[side][index],
            function: self.orders[side][index].display_name(),
        }
    }
}

fn phase(phase: Option<Phase>) -> &'static str {
    phase.map_or("landmark", Phase::as_str)
}

/// `5 places later: after uart, spi and 3 more`; the phase is named where it is
/// another one.
fn way(item: &Item, moved: &Move) -> String {
    let name = |other: &Item| match other.phase {
        Some(phase) if item.phase != Some(phase) => format!("{} {phase}", other.name),
        _ => other.name.clone(),
    };
    let shown = moved.over.iter().take(NAMES).map(name).collect::<Vec<_>>();
    let over = match moved.places - shown.len().min(moved.places) {
        0 => list(&shown, NAMES),
        more => format!("{} and {more} more", shown.join(", ")),
    };
    let (way, side) = if moved.later { ("later", "after") } else { ("earlier", "before") };
    format!("{way}: {side} {over}")
}

fn often(stage: Option<Stage>) -> &'static str {
    match stage {
        Some(Stage::Boot) => "once per power-up",
        Some(Stage::Start) => "every soft reset",
        Some(Stage::Stop) => "on the way out",
        None => "not seen in main",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_a_sentence() {
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(list(&names[..0], 3), "");
        assert_eq!(list(&names[..1], 3), "a");
        assert_eq!(list(&names[..3], 3), "a, b and c");
        assert_eq!(list(&names, 2), "a, b and 2 more");
    }
}
