//! The orders of several boards as one list of lines.
//!
//! An order that is still the same keeps its lines, whatever happened to others,
//! so that a review shows what changed and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{Board, Call, Line, PortOrder, Remarks};
use crate::model::Stage;

/// Boards that run the same.
struct Class {
    /// The one that stands for all of them.
    leader: String,
    boards: Vec<String>,
    calls: Vec<Call>,
}

/// The orders of boards, by name, written into the lines of an earlier file. Also
/// gives the remarks whose lines are gone.
pub(super) fn updated(
    earlier: &PortOrder,
    orders: BTreeMap<String, Vec<Call>>,
) -> (PortOrder, Vec<String>) {
    let classes = classes(earlier, orders);
    let bare = |line: &Line| Line { on: BTreeSet::new(), ..line.clone() };
    let mut lines: Vec<Line> = earlier.lines.iter().map(bare).collect();
    let mut changed = Vec::new();
    for class in &classes {
        let Some(like) = class.in_file(earlier) else {
            changed.push(class);
            continue;
        };
        for (line, before) in lines.iter_mut().zip(&earlier.lines) {
            if before.on.contains(like) {
                line.on.insert(class.leader.clone());
            }
        }
    }
    for class in changed {
        lines = with(lines, class);
    }
    let (mut lines, gone): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| !line.on.is_empty());
    let mut lost = keep_remarks(&mut lines, gone, earlier);
    let board = |leader: &str, name: String| {
        let remarks = earlier.boards.get(&name).map(|board| board.remarks.clone());
        (name, Board { like: leader.to_owned(), remarks: remarks.unwrap_or_default() })
    };
    let boards: BTreeMap<String, Board> = classes
        .into_iter()
        .flat_map(|Class { leader, boards, .. }| {
            boards.into_iter().map(move |name| board(&leader, name))
        })
        .collect();
    let gone = earlier.boards.iter().filter(|(name, _)| !boards.contains_key(*name));
    lost.extend(gone.filter_map(|(name, board)| board.remarks.about(name)));
    (PortOrder { remarks: earlier.remarks.clone(), boards, lines }, lost)
}

/// The boards that run the same. One that stood for others still does, so that
/// conditions keep their names.
fn classes(earlier: &PortOrder, orders: BTreeMap<String, Vec<Call>>) -> Vec<Class> {
    let mut alike: BTreeMap<Vec<Call>, Vec<String>> = BTreeMap::new();
    for (board, calls) in orders {
        alike.entry(calls).or_default().push(board);
    }
    let led = |name: &&String| earlier.boards.get(*name).is_some_and(|board| board.like == **name);
    let class = |(calls, boards): (Vec<Call>, Vec<String>)| {
        let leader = boards.iter().find(led).or(boards.first())?.clone();
        Some(Class { leader, boards, calls })
    };
    let mut classes: Vec<Class> = alike.into_iter().filter_map(class).collect();
    classes.sort_by(|one, other| one.leader.cmp(&other.leader));
    classes
}

impl Class {
    /// The board that stands for this order in an earlier file, if that has it.
    fn in_file<'a>(&self, earlier: &'a PortOrder) -> Option<&'a str> {
        let has_it = |name: &&String| earlier.calls(name).as_ref() == Some(&self.calls);
        let known = self.boards.iter().find(has_it)?;
        earlier.boards.get(known).map(|board| board.like.as_str())
    }
}

/// The lines with those of one more class of boards.
fn with(lines: Vec<Line>, class: &Class) -> Vec<Line> {
    let known: Vec<&Call> = lines.iter().map(|line| &line.call).collect();
    let wanted: Vec<&Call> = class.calls.iter().collect();
    let steps = capture_diff_slices(Algorithm::Myers, &known, &wanted);
    let mut merged = Vec::with_capacity(lines.len() + class.calls.len());
    let mut old = lines.into_iter();
    let new_line = |call: &Call| Line {
        call: call.clone(),
        on: BTreeSet::from([class.leader.clone()]),
        remarks: Remarks::default(),
    };
    for step in steps {
        match step {
            DiffOp::Equal { len, .. } => merged.extend(old.by_ref().take(len).map(|mut line| {
                line.on.insert(class.leader.clone());
                line
            })),
            DiffOp::Delete { old_len, .. } => merged.extend(old.by_ref().take(old_len)),
            DiffOp::Insert { new_index, new_len, .. } => {
                merged.extend(class.calls[new_index..new_index + new_len].iter().map(new_line));
            }
            DiffOp::Replace { old_len, new_index, new_len, .. } => {
                // Both in their order, and stage by stage where that can be.
                let mut others = old.by_ref().take(old_len).peekable();
                for call in &class.calls[new_index..new_index + new_len] {
                    let is_earlier = |line: &Line| rank(&line.call) <= rank(call);
                    while let Some(line) = others.next_if(is_earlier) {
                        merged.push(line);
                    }
                    merged.push(new_line(call));
                }
                merged.extend(others);
            }
        }
    }
    merged
}

/// The stages in the order in which they run; what main is not seen to run stands
/// last.
fn rank(call: &Call) -> (bool, Option<Stage>) {
    (call.stage.is_none(), call.stage)
}

/// Takes over what people wrote about lines that are gone: to a new line of the
/// same function, else to another one without a remark. Gives those that find none.
fn keep_remarks(lines: &mut [Line], gone: Vec<Line>, earlier: &PortOrder) -> Vec<String> {
    let known: BTreeSet<Call> = earlier.lines.iter().map(|line| line.call.clone()).collect();
    let mut lost = Vec::new();
    for Line { call, remarks, .. } in gone.into_iter().filter(|line| !line.remarks.is_empty()) {
        let is_free =
            |line: &&mut Line| line.call.function == call.function && line.remarks.is_empty();
        // Of lines that are alike, the new one is where the old one went.
        let heir = lines.iter_mut().filter(is_free).min_by_key(|line| {
            (line.call.role != call.role, known.contains(&line.call) && line.call != call)
        });
        match heir {
            Some(line) => line.remarks = remarks,
            None => lost.extend(remarks.about(call.function.as_str())),
        }
    }
    lost
}
