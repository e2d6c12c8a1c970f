//! What a board runs, as a picture: what it starts on the left, what it stops on
//! the right, a line from each init to its deinit.
//!
//! Where main was read, the left column is main from power-up to the REPL and the
//! right one the way out of a soft reset, with landmarks between the entries. In
//! firmware whose main is not known, the columns are the init and the deinit
//! tables by level.

use std::collections::HashMap;

use crate::analyze::fleet::Satisfaction;
use crate::analyze::pair;
use crate::model::{
    CommitSha, Entry, EntryKind, Finding, InitTable, Level, Location, Origin, Phase, Stage,
};
use crate::report::matrix::satisfied;

use super::build::open;
use super::repository::Repository;

/// Height of a row in pixels, as the stylesheet has it.
const ROW: usize = 26;
/// Width of the space between the columns in pixels.
const GAP: usize = 120;

/// The picture.
pub(super) struct Run {
    pub(super) left: Vec<Row>,
    pub(super) right: Vec<Row>,
    pub(super) lines: Vec<Line>,
    /// Height of the lines' picture in pixels.
    pub(super) height: usize,
    /// Its width.
    pub(super) width: usize,
    pub(super) legend: Legend,
    /// Whether entries show their priority.
    pub(super) has_priorities: bool,
}

/// Which signs the legend has to explain.
#[expect(clippy::struct_excessive_bools, reason = "each is a sign of its own")]
pub(super) struct Legend {
    pub(super) unpaired: bool,
    pub(super) missing: bool,
    pub(super) landmarks: bool,
    pub(super) conditional: bool,
    pub(super) condition: bool,
}

/// One row of a column.
pub(super) enum Row {
    /// The heading of a part: a stage, or a phase.
    Heading { title: String, note: &'static str },
    /// What puts the entries below there: a level, or main itself.
    Source { name: String, note: &'static str },
    /// An entry, a landmark or a run-level call.
    Entry(Box<EntryRow>),
}

/// An entry as a row.
pub(super) struct EntryRow {
    /// Its place in the effective order: `e12` is its anchor.
    pub(super) position: u32,
    /// CSS classes: what it is, and whether an error concerns it.
    pub(super) class: String,
    /// Its place among those of its column, from 1; landmarks have none.
    pub(super) number: Option<usize>,
    pub(super) name: String,
    pub(super) priority: Option<String>,
    pub(super) place: Option<Place>,
    pub(super) conditional: bool,
    /// The preprocessor's condition under which the call stands in the text.
    pub(super) condition: Option<String>,
    /// What is said behind the name.
    pub(super) notes: Vec<String>,
    /// What the line leads to, for who does not see it.
    pub(super) pair: Option<String>,
    /// How its deinit is satisfied where no call does it, as its registration says.
    pub(super) satisfied: Option<String>,
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
    /// What the line joins, for the pointer that rests on it.
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
    /// Lays out a table that was read at `commit`. `None` where there is nothing
    /// to lay out.
    pub(super) fn new(
        table: &InitTable,
        repository: Option<&Repository<'_>>,
        commit: &CommitSha,
    ) -> Option<Self> {
        if table.origins.is_empty() {
            return None;
        }
        let layout = Layout::new(table, repository, commit);
        let (left, right) =
            if table.main.is_some() { layout.by_stage() } else { layout.by_level() };
        Some(layout.finish(left, right))
    }
}

/// A column while it is laid out: its rows, and the row of each entry.
#[derive(Default)]
struct Column {
    rows: Vec<Row>,
    row_of: HashMap<u32, usize>,
    number: usize,
}

struct Layout<'a> {
    table: &'a InitTable,
    repository: Option<&'a Repository<'a>>,
    commit: &'a CommitSha,
    /// The partner of each entry.
    partner: HashMap<u32, &'a Entry>,
}

impl<'a> Layout<'a> {
    fn new(
        table: &'a InitTable,
        repository: Option<&'a Repository<'a>>,
        commit: &'a CommitSha,
    ) -> Self {
        let entries = &table.entries;
        let partner = pair::pairs(entries)
            .into_iter()
            .flat_map(|pair| {
                let (init, deinit) = (&entries[pair.init], &entries[pair.deinit]);
                [(init.position, deinit), (deinit.position, init)]
            })
            .collect();
        Self { table, repository, commit, partner }
    }

    /// Main from power-up to the REPL, and the way out.
    fn by_stage(&self) -> (Column, Column) {
        let mut left = Column::default();
        let mut right = Column::default();
        let of = |stage: Stage| move |entry: &Entry| entry.stage == Some(stage);
        self.part(&mut left, "boot", "once per power-up", &of(Stage::Boot));
        self.part(&mut left, "start", "every soft reset", &of(Stage::Start));
        self.part(&mut right, "stop", "on the way out of a soft reset", &of(Stage::Stop));
        for (column, phase) in [(&mut left, Phase::Init), (&mut right, Phase::Deinit)] {
            let unseen = |entry: &Entry| entry.stage.is_none() && entry.phase == Some(phase);
            self.part(column, "registered", "main is not seen to run these", &unseen);
        }
        (left, right)
    }

    fn part(
        &self,
        column: &mut Column,
        title: &str,
        note: &'static str,
        wanted: &dyn Fn(&Entry) -> bool,
    ) {
        let entries: Vec<&Entry> =
            self.table.entries.iter().filter(|entry| wanted(entry)).collect();
        if entries.is_empty() {
            return;
        }
        column.rows.push(Row::Heading { title: title.to_owned(), note });
        let mut level: Option<&Level> = None;
        for entry in entries {
            if entry.level.as_ref() != level && entry.level.is_some() {
                let name = entry.level.as_ref().map(ToString::to_string).unwrap_or_default();
                column.rows.push(Row::Source { name, note: "level" });
            }
            if entry.level.is_none() && level.is_some() && entry.kind == EntryKind::Entry {
                column.rows.push(Row::Source { name: "main".to_owned(), note: "by hand" });
            }
            level = entry.level.as_ref();
            self.push(column, entry);
        }
    }

    /// The tables of the registry, level by level.
    fn by_level(&self) -> (Column, Column) {
        let levels: Vec<&Level> = self.table.levels.iter().collect();
        let mut columns = [Phase::Init, Phase::Deinit].map(|phase| {
            let mut column = Column::default();
            column.rows.push(Row::Heading { title: phase.to_string(), note: "in run order" });
            let backwards = phase == Phase::Deinit;
            let order: Vec<&&Level> =
                if backwards { levels.iter().rev().collect() } else { levels.iter().collect() };
            for level in order {
                let of_level = |entry: &&Entry| {
                    entry.phase == Some(phase) && entry.level.as_ref() == Some(*level)
                };
                let entries: Vec<&Entry> = self.table.entries.iter().filter(of_level).collect();
                let note = if entries.is_empty() { "level, empty" } else { "level" };
                column.rows.push(Row::Source { name: level.to_string(), note });
                for entry in entries {
                    self.push(&mut column, entry);
                }
            }
            column
        });
        let right = std::mem::take(&mut columns[1]);
        (std::mem::take(&mut columns[0]), right)
    }

    fn push(&self, column: &mut Column, entry: &Entry) {
        column.row_of.insert(entry.position, column.rows.len());
        let is_entry = entry.kind == EntryKind::Entry;
        if is_entry {
            column.number += 1;
        }
        let wrong = open(&self.table.findings).any(|finding| finding.entry == Some(entry.position));
        let kind = match (entry.kind, entry.phase) {
            (EntryKind::Landmark, _) => "landmark",
            (_, Some(Phase::Deinit)) => "stops",
            _ => "starts",
        };
        column.rows.push(Row::Entry(Box::new(EntryRow {
            position: entry.position,
            class: format!("{kind}{}", if wrong { " wrong" } else { "" }),
            number: is_entry.then_some(column.number),
            name: entry.display_name(),
            priority: entry.priority.as_ref().map(ToString::to_string),
            place: entry
                .location
                .as_ref()
                .map(|place| Place::new(place, self.repository, self.commit)),
            conditional: entry.conditional,
            condition: entry.condition.clone(),
            notes: self.notes(entry),
            pair: self.partner.get(&entry.position).map(|other| other.display_name()),
            satisfied: declared(entry),
        })));
    }

    /// Whether a rule says that what it starts is left running by a soft reset.
    fn is_never_stopped(&self, entry: &Entry) -> bool {
        let says_so = |finding: &Finding| matches!(finding.rule.as_str(), "IB301" | "IB306");
        open(&self.table.findings)
            .any(|finding| says_so(finding) && finding.entry == Some(entry.position))
    }

    fn notes(&self, entry: &Entry) -> Vec<String> {
        let mut notes: Vec<String> =
            entry.via.iter().map(|helper| format!("in {helper}")).collect();
        let is_alone = !self.partner.contains_key(&entry.position);
        if let Some(found) = entry.satisfied.as_ref().filter(|_| is_alone) {
            notes.push(format!("needs no deinit: {}", found.by().as_str()));
        }
        if is_alone && self.is_never_stopped(entry) {
            notes.push("✕ never stopped".to_owned());
        }
        if entry.kind == EntryKind::RunLevel {
            notes.push("runs a level that is not known".to_owned());
        }
        let elsewhere = |other: &Entry| {
            other.function.is_some()
                && other.function == entry.function
                && other.origin != entry.origin
        };
        if entry.kind == EntryKind::Entry && self.table.entries.iter().any(elsewhere) {
            notes.push(match entry.origin {
                Origin::Registry => "also called by hand".to_owned(),
                _ => "also registered".to_owned(),
            });
        }
        notes
    }

    fn finish(&self, left: Column, right: Column) -> Run {
        let middle = |row: usize| row * ROW + ROW / 2;
        let mut lines = Vec::new();
        let (mut has_unpaired, mut has_missing) = (false, false);
        for entry in self.table.entries.iter().filter(|entry| entry.kind == EntryKind::Entry) {
            let name = entry.display_name();
            let partner = self.partner.get(&entry.position).copied();
            let (from, to) = (
                left.row_of.get(&entry.position),
                partner.and_then(|other| right.row_of.get(&other.position)),
            );
            match (entry.phase, from, to, partner) {
                (Some(Phase::Init), Some(&from), Some(&to), Some(other)) => {
                    let (y, other_y) = (middle(from), middle(to));
                    lines.push(Line {
                        path: format!(
                            "M0 {y}C{half} {y} {half} {other_y} {GAP} {other_y}",
                            half = GAP / 2
                        ),
                        class: "join",
                        title: format!("{name} is stopped by {}", other.display_name()),
                    });
                }
                (Some(Phase::Init), Some(&from), None, None) if self.is_never_stopped(entry) => {
                    has_missing = true;
                    let y = middle(from);
                    lines.push(Line {
                        path: format!("M0 {y}h16M12 {}l8 8m0 -8l-8 8", y - 4),
                        class: "missing",
                        title: format!("{name} is never stopped"),
                    });
                }
                (Some(Phase::Init), Some(&from), None, None) => {
                    has_unpaired = true;
                    let path = format!("M0 {}h16", middle(from));
                    lines.push(Line {
                        path,
                        class: "alone",
                        title: match declared(entry) {
                            Some(words) => format!("{name} needs no deinit: {words}"),
                            None => format!("{name} has no deinit here"),
                        },
                    });
                }
                (Some(Phase::Deinit), None, None, None) => {
                    if let Some(&row) = right.row_of.get(&entry.position) {
                        has_unpaired = true;
                        let path = format!("M{GAP} {}h-16", middle(row));
                        lines.push(Line {
                            path,
                            class: "alone",
                            title: format!("{name} has no init here"),
                        });
                    }
                }
                _ => {}
            }
        }
        let entries = &self.table.entries;
        Run {
            height: left.rows.len().max(right.rows.len()) * ROW,
            width: GAP,
            legend: Legend {
                unpaired: has_unpaired,
                missing: has_missing,
                landmarks: entries.iter().any(|entry| entry.kind == EntryKind::Landmark),
                conditional: entries.iter().any(|entry| entry.conditional),
                condition: entries.iter().any(|entry| entry.condition.is_some()),
            },
            has_priorities: entries.iter().any(|entry| entry.priority.is_some()),
            left: left.rows,
            right: right.rows,
            lines,
        }
    }
}

/// How the deinit of what an entry starts is satisfied, as its registration says.
fn declared(entry: &Entry) -> Option<String> {
    entry.satisfied.as_ref().map(|found| satisfied(&Satisfaction::from(found)))
}
