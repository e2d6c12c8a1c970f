//! What a board runs, as a picture: init on the left, deinit on the right, a
//! line from each init to its deinit.

use crate::analyze::pair;
use crate::model::{CommitSha, Entry, InitTable, Level, Location, Phase};

use super::repository::Repository;

/// Height of a row in pixels, as the stylesheet has it.
const ROW: usize = 26;
/// Width of the space between the columns in pixels.
const GAP: usize = 120;

/// The picture.
pub(super) struct Run {
    pub(super) inits: Vec<Row>,
    pub(super) deinits: Vec<Row>,
    pub(super) lines: Vec<Line>,
    /// Height of the lines' picture in pixels.
    pub(super) height: usize,
    /// Its width.
    pub(super) width: usize,
    /// Whether an entry has no partner.
    pub(super) has_unpaired: bool,
}

/// One row of a column.
pub(super) enum Row {
    /// The heading of a level.
    Level { name: Level, count: usize },
    /// An entry.
    Entry(EntryRow),
}

/// An entry as a row.
pub(super) struct EntryRow {
    /// Its place among those of its phase, from 1.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) priority: Option<String>,
    pub(super) place: Option<Place>,
    /// What the line leads to, for screens without room for lines.
    pub(super) pair: Option<String>,
    /// Whether an error concerns this entry.
    pub(super) wrong: bool,
}

/// A place in the source, linked where the project's repository is known.
pub(super) struct Place {
    /// `timer.c:10`.
    pub(super) short: String,
    /// `ports/stm32/timer.c:10`.
    pub(super) full: String,
    pub(super) url: Option<String>,
}

/// One line of the picture.
pub(super) struct Line {
    /// SVG path data.
    pub(super) path: String,
    pub(super) class: &'static str,
    /// What the line joins, for those who do not see it.
    pub(super) title: String,
}

impl Place {
    /// The place of an entry at a commit.
    pub(super) fn new(
        location: &Location,
        repository: Option<&Repository<'_>>,
        commit: &CommitSha,
    ) -> Self {
        let file = location.file.rsplit('/').next().unwrap_or(&location.file);
        Self {
            short: format!("{file}:{}", location.line),
            full: location.to_string(),
            url: repository.and_then(|repository| repository.line(commit, location)),
        }
    }
}

impl Run {
    /// Lays out a table that was read at `commit`.
    pub(super) fn new(
        table: &InitTable,
        repository: Option<&Repository<'_>>,
        commit: &CommitSha,
    ) -> Self {
        let entries = &table.entries;
        let mut partner = vec![None; entries.len()];
        for pair::Pair { init, deinit } in pair::pairs(entries) {
            partner[init] = Some(deinit);
            partner[deinit] = Some(init);
        }
        let mut row_of = vec![0; entries.len()];
        let column = |phase: Phase, row_of: &mut Vec<usize>| {
            let mut rows: Vec<Row> = Vec::new();
            let mut number = 0;
            let mut levels: Vec<&Level> = table.levels.iter().collect();
            if phase == Phase::Deinit {
                levels.reverse();
            }
            for level in levels {
                let of_level = |entry: &&Entry| {
                    entry.phase == Some(phase) && entry.level.as_ref() == Some(level)
                };
                rows.push(Row::Level {
                    name: level.clone(),
                    count: entries.iter().filter(of_level).count(),
                });
                for entry in entries.iter().filter(of_level) {
                    let index = entry.position as usize;
                    number += 1;
                    // One row above is the heading of the column.
                    row_of[index] = rows.len() + 1;
                    rows.push(Row::Entry(EntryRow {
                        number,
                        name: entry.display_name(),
                        priority: entry.priority.as_ref().map(ToString::to_string),
                        place: entry
                            .location
                            .as_ref()
                            .map(|place| Place::new(place, repository, commit)),
                        pair: partner[index].map(|other: usize| entries[other].display_name()),
                        wrong: table
                            .findings
                            .iter()
                            .any(|finding| finding.entry == Some(entry.position)),
                    }));
                }
            }
            rows
        };
        let inits = column(Phase::Init, &mut row_of);
        let deinits = column(Phase::Deinit, &mut row_of);
        let middle = |index: usize| row_of[index] * ROW + ROW / 2;
        let lines: Vec<Line> = entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                line(
                    entry,
                    middle(index),
                    partner[index].map(|other| (middle(other), &entries[other])),
                )
            })
            .collect();
        Self {
            height: (inits.len().max(deinits.len()) + 1) * ROW,
            width: GAP,
            has_unpaired: partner.iter().any(Option::is_none),
            inits,
            deinits,
            lines,
        }
    }
}

/// The line of an entry: to its partner, drawn once from the init's side, or a
/// short end that leads nowhere.
fn line(entry: &Entry, y: usize, partner: Option<(usize, &Entry)>) -> Option<Line> {
    let name = entry.display_name();
    match (entry.phase?, partner) {
        (Phase::Init, Some((other, deinit))) => Some(Line {
            path: format!("M0 {y}C{} {y} {} {other} {GAP} {other}", GAP / 2, GAP / 2),
            class: "join",
            title: format!("{name} is stopped by {}", deinit.display_name()),
        }),
        (Phase::Deinit, Some(_)) => None,
        (Phase::Init, None) => Some(Line {
            path: format!("M0 {y}h16"),
            class: "alone",
            title: format!("{name} has no deinit registered"),
        }),
        (Phase::Deinit, None) => Some(Line {
            path: format!("M{GAP} {y}h-16"),
            class: "alone",
            title: format!("{name} has no init registered"),
        }),
    }
}
