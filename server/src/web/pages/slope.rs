//! Orders side by side, as a picture: a column for each, and between neighbours
//! a line from each entry to the same one over there.
//!
//! What stayed is thin and grey, what moved has the colour of its phase, what the
//! other side lacks ends in nothing. Stages, and the landmarks that stayed
//! everywhere, stand in one row across all columns.

use std::collections::{HashMap, HashSet};

use crate::analyze::align::{Alignment, Pair, items};
use crate::analyze::consensus::Item;
use crate::analyze::number::numbers;
use crate::model::{Entry, EntryKind, Phase, Stage};
use crate::web::comparison::Comparison;

/// Height of a row in pixels, as the stylesheet has it.
const ROW: usize = 26;
/// Width of the space between two columns in pixels, by the number of columns.
const GAPS: [usize; 7] = [0, 0, 260, 130, 90, 70, 56];
/// Most columns that have room for whole names and marks.
const WIDE: usize = 3;
/// Length of a line that ends in nothing.
const STUB: usize = 14;

/// The picture.
pub(super) struct Slope {
    pub(super) columns: Vec<Column>,
    /// What stands in one row across all columns, as lines of every gap.
    pub(super) rules: Vec<Line>,
    /// Height of the columns in pixels.
    pub(super) height: usize,
    /// Width of each gap in pixels.
    pub(super) width: usize,
}

/// One side.
pub(super) struct Column {
    pub(super) label: String,
    /// The whole name with the commit, for the pointer that rests on the label.
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    /// The lines to the next column; the last one has none.
    pub(super) lines: Option<Vec<Line>>,
}

/// One row of a column.
pub(super) enum Row {
    /// Nothing, so that what follows stands beside the same of the others.
    Blank,
    /// A stage begins.
    Heading {
        title: &'static str,
        note: &'static str,
    },
    Entry(EntryRow),
}

/// An entry as a row.
pub(super) struct EntryRow {
    /// CSS classes: what it is, and whether the others have it.
    pub(super) class: String,
    /// Its number on the page of the board; landmarks have none.
    pub(super) number: Option<u32>,
    /// The function's name; in narrow columns that of what a landmark stands for.
    pub(super) name: String,
    /// Which script a landmark runs.
    pub(super) note: Option<String>,
    /// What it starts or stops, for the pointer that rests on it.
    pub(super) title: String,
    /// The mark of a call that is not always made.
    pub(super) mark: Option<&'static str>,
    /// How many places it moved since the column on the left.
    pub(super) moved: Option<usize>,
}

/// One line of the picture.
pub(super) struct Line {
    /// SVG path data.
    pub(super) path: String,
    pub(super) class: &'static str,
}

/// A part of a column before it is laid out: the beginning of a stage, or an
/// entry by its index.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Stage(Option<Stage>),
    Entry(usize),
}

/// The pairs of one gap, found by their places.
struct Neighbours<'a> {
    of_left: HashMap<usize, &'a Pair>,
    of_right: HashMap<usize, &'a Pair>,
    /// Further calls of what both have.
    more_left: HashSet<usize>,
    more_right: HashSet<usize>,
}

impl<'a> Neighbours<'a> {
    fn new(alignment: &'a Alignment) -> Self {
        Self {
            of_left: alignment.pairs.iter().map(|pair| (pair.left, pair)).collect(),
            of_right: alignment.pairs.iter().map(|pair| (pair.right, pair)).collect(),
            more_left: alignment.more_left.iter().copied().collect(),
            more_right: alignment.more_right.iter().copied().collect(),
        }
    }
}

/// Parts that stand in one row: the index of one in each column.
type Anchor = Vec<usize>;

impl Slope {
    /// Lays out a comparison whose sides are called `labels`.
    pub(super) fn new(comparison: &Comparison, labels: &[String]) -> Self {
        let orders: Vec<&[Entry]> =
            comparison.sides.iter().map(|side| &side.table.entries[..]).collect();
        let alignments = &comparison.alignments;
        let parts: Vec<Vec<Part>> = orders.iter().map(|order| parts(order)).collect();
        let items: Vec<Vec<Option<Item>>> = orders.iter().map(|order| items(order)).collect();
        let numbers: Vec<Vec<Option<u32>>> =
            comparison.sides.iter().map(|side| numbers(&side.table)).collect();
        let is_narrow = orders.len() > WIDE;
        let neighbours: Vec<Neighbours<'_>> = alignments.iter().map(Neighbours::new).collect();
        let anchors = anchors(&orders, &parts, &neighbours);
        let mut columns: Vec<Vec<Row>> = orders.iter().map(|_| Vec::new()).collect();
        let mut row_of: Vec<Vec<usize>> = orders.iter().map(|order| vec![0; order.len()]).collect();
        let rules: Vec<HashSet<usize>> = (0..orders.len())
            .map(|side| anchors.iter().map(|anchor| anchor[side]).collect())
            .collect();
        let ends: Anchor = parts.iter().map(Vec::len).collect();
        let mut done: Anchor = vec![0; orders.len()];
        let width = GAPS.get(orders.len()).copied().unwrap_or(STUB * 4);
        let mut across = Vec::new();
        // Up to each anchor all columns grow to the length of the longest.
        for anchor in anchors.iter().chain([&ends]) {
            for (side, column) in columns.iter_mut().enumerate() {
                let (order, items, numbers) = (orders[side], &items[side], &numbers[side]);
                let view = View { order, numbers, items, neighbours: &neighbours, side, is_narrow };
                let next = parts[side].iter().enumerate().take(anchor[side]).skip(done[side]);
                for (index, part) in next {
                    if let Part::Entry(entry) = *part {
                        row_of[side][entry] = column.len();
                    }
                    column.push(view.row(*part, rules[side].contains(&index)));
                }
            }
            let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
            for column in &mut columns {
                column.resize_with(longest, || Row::Blank);
            }
            if let Some(part) = parts[0].get(anchor[0]) {
                across.push(rule(*part, longest, width));
            }
            done.clone_from(anchor);
        }
        let lines = |side: usize| {
            let rows = [&row_of[side][..], row_of.get(side + 1)?];
            Some(lines(alignments.get(side)?, orders[side], rows, width))
        };
        let column = |(side, (rows, label)): (usize, (Vec<Row>, &String))| Column {
            label: label.clone(),
            title: comparison.sides[side].pinned().to_string(),
            rows,
            lines: lines(side),
        };
        Self {
            height: columns.first().map_or(0, Vec::len) * ROW,
            columns: columns.into_iter().zip(labels).enumerate().map(column).collect(),
            rules: across,
            width,
        }
    }
}

/// A stage as a band over the gap, a landmark as a rule above and one below.
fn rule(part: Part, row: usize, width: usize) -> Line {
    match part {
        Part::Stage(_) => {
            Line { path: format!("M0 {}H{width}", row * ROW + ROW / 2), class: "band" }
        }
        Part::Entry(_) => Line {
            path: format!("M0 {}.5H{width}M0 {}.5H{width}", row * ROW - 1, row * ROW + ROW - 1),
            class: "rules",
        },
    }
}

/// The parts of a column: its entries, and the beginnings of stages between them.
fn parts(order: &[Entry]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut stage = None;
    for (index, entry) in order.iter().enumerate() {
        if stage != Some(entry.stage) {
            stage = Some(entry.stage);
            parts.push(Part::Stage(entry.stage));
        }
        parts.push(Part::Entry(index));
    }
    parts
}

/// What stands in one row across all columns: the stages that all have, then the
/// landmarks that stayed from each column to the next, as far as that goes
/// without a circle; from the top to the bottom.
fn anchors(orders: &[&[Entry]], parts: &[Vec<Part>], neighbours: &[Neighbours<'_>]) -> Vec<Anchor> {
    let place_of: Vec<HashMap<Part, usize>> = parts
        .iter()
        // Of a stage that begins twice, the first beginning.
        .map(|parts| parts.iter().enumerate().rev().map(|(place, part)| (*part, place)).collect())
        .collect();
    let place = |side: usize, part: Part| place_of[side].get(&part).copied();
    let stages = [Some(Stage::Boot), Some(Stage::Start), Some(Stage::Stop), None];
    let stages = stages.into_iter().filter_map(|stage| {
        (0..orders.len()).map(|side| place(side, Part::Stage(stage))).collect::<Option<Anchor>>()
    });
    let landmarks = orders.first().into_iter().flat_map(|order| order.iter().enumerate());
    let landmarks = landmarks.filter(|(_, entry)| entry.kind == EntryKind::Landmark);
    let landmarks = landmarks.filter_map(|(first, _)| {
        let mut entries = vec![first];
        for gap in neighbours {
            let pair = gap.of_left.get(entries.last()?)?;
            entries.push(pair.moved.is_none().then_some(pair.right)?);
        }
        let entries = entries.into_iter().enumerate();
        entries.map(|(side, entry)| place(side, Part::Entry(entry))).collect::<Option<Anchor>>()
    });
    let mut accepted: Vec<Anchor> = Vec::new();
    for anchor in stages.chain(landmarks) {
        // Those before stand in one order in all columns, so the next ones tell.
        let at = accepted.partition_point(|other| other[0] < anchor[0]);
        let is_below = |upper: &Anchor, lower: &Anchor| {
            upper.iter().zip(lower).all(|(upper, lower)| upper < lower)
        };
        let below = at.checked_sub(1).is_none_or(|above| is_below(&accepted[above], &anchor));
        if below && accepted.get(at).is_none_or(|next| is_below(&anchor, next)) {
            accepted.insert(at, anchor);
        }
    }
    accepted
}

/// One column with its neighbours, while its rows are made.
struct View<'a> {
    order: &'a [Entry],
    numbers: &'a [Option<u32>],
    items: &'a [Option<Item>],
    neighbours: &'a [Neighbours<'a>],
    side: usize,
    is_narrow: bool,
}

impl View<'_> {
    fn row(&self, part: Part, is_rule: bool) -> Row {
        match part {
            Part::Stage(stage) => {
                let (title, note) = heading(stage);
                // Six times the same gloss is noise, and would be cut.
                let note = if self.is_narrow && self.side > 0 { "" } else { note };
                Row::Heading { title, note }
            }
            Part::Entry(index) => Row::Entry(self.entry(index, is_rule)),
        }
    }

    fn entry(&self, index: usize, is_rule: bool) -> EntryRow {
        let entry = &self.order[index];
        let before = self.side.checked_sub(1).map(|gap| &self.neighbours[gap]);
        let after = self.neighbours.get(self.side);
        let arrived = before.and_then(|gap| gap.of_right.get(&index)).copied();
        let leaves = after.and_then(|gap| gap.of_left.get(&index)).copied();
        let is_more = before.is_some_and(|gap| gap.more_right.contains(&index))
            || after.is_some_and(|gap| gap.more_left.contains(&index));
        let is_alone = arrived.is_none() && leaves.is_none() && !is_more;
        let kind = match (entry.kind, entry.phase) {
            (EntryKind::Landmark, _) => "landmark",
            (_, Some(Phase::Deinit)) => "stops",
            _ => "starts",
        };
        let moved = |pair: Option<&Pair>| pair.is_some_and(|pair| pair.moved.is_some());
        let mut class = kind.to_owned();
        for (holds, word) in
            [(is_rule, " rule"), (is_alone, " alone"), (moved(arrived) || moved(leaves), " moved")]
        {
            class.push_str(if holds { word } else { "" });
        }
        let phase = entry.phase.map(|phase| format!(" {phase}")).unwrap_or_default();
        let subsystem = entry.subsystem.as_ref().filter(|_| entry.kind == EntryKind::Entry);
        let condition = entry.condition.as_ref().map(|text| format!(", only where {text}"));
        let name = entry.display_name();
        // What a landmark stands for is what two of them have in common.
        let stands_for = self.items[index]
            .as_ref()
            .filter(|item| item.phase.is_none() && item.name != name.to_ascii_lowercase())
            .map(|item| item.name.clone());
        let is_script =
            stands_for.as_ref().is_some_and(|name| name == "boot.py" || name == "main.py");
        EntryRow {
            class,
            number: self.numbers[index],
            title: format!(
                "{name}{}{}",
                subsystem.map(|name| format!(" ({name}{phase})")).unwrap_or_default(),
                condition.unwrap_or_default()
            ),
            mark: match (entry.condition.is_some(), entry.conditional) {
                _ if self.is_narrow => None,
                (true, _) => Some("#if"),
                (false, true) => Some("if"),
                (false, false) => None,
            },
            moved: arrived.and_then(|pair| pair.moved.as_ref()).map(|moved| moved.places),
            note: stands_for.clone().filter(|_| is_script && !self.is_narrow),
            name: stands_for.filter(|_| self.is_narrow).unwrap_or(name),
        }
    }
}

fn heading(stage: Option<Stage>) -> (&'static str, &'static str) {
    match stage {
        Some(Stage::Boot) => ("boot", "once per power-up"),
        Some(Stage::Start) => ("start", "every soft reset"),
        Some(Stage::Stop) => ("stop", "on the way out"),
        None => ("registered", "not seen in main"),
    }
}

/// The lines of one gap: what stayed below what moved. `rows` are those of the
/// entries on its left and on its right.
fn lines(alignment: &Alignment, left: &[Entry], rows: [&[usize]; 2], width: usize) -> Vec<Line> {
    let middle = |row: usize| row * ROW + ROW / 2;
    let pair = |pair: &Pair| {
        let (y, other) = (middle(rows[0][pair.left]), middle(rows[1][pair.right]));
        let half = width / 2;
        let class = match (&pair.moved, left[pair.left].phase) {
            (None, None) => "steady",
            (None, Some(_)) => "stays",
            (Some(_), None) => "moves",
            (Some(_), Some(Phase::Init)) => "moves starts",
            (Some(_), Some(Phase::Deinit)) => "moves stops",
        };
        let path = if y == other {
            format!("M0 {y}H{width}")
        } else {
            format!("M0 {y}C{half} {y} {half} {other} {width} {other}")
        };
        Line { path, class }
    };
    let lacks = |path: String| Line { path, class: "lacks" };
    let only_left = alignment.only_left.iter();
    let only_left = only_left.map(|&entry| lacks(format!("M0 {}h{STUB}", middle(rows[0][entry]))));
    let only_right = alignment.only_right.iter();
    let only_right =
        only_right.map(|&entry| lacks(format!("M{width} {}h-{STUB}", middle(rows[1][entry]))));
    let (stayed, moved): (Vec<&Pair>, Vec<&Pair>) =
        alignment.pairs.iter().partition(|pair| pair.moved.is_none());
    only_left.chain(only_right).chain(stayed.into_iter().chain(moved).map(pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_columns_has_a_gap_of_its_own() {
        assert_eq!(GAPS.len(), crate::web::side::MOST + 1);
        assert!(GAPS[2..].iter().all(|gap| *gap > 2 * STUB));
    }
}
