//! A matrix laid out for HTML: the page of the server and the file that stands
//! alone show the same table.

use super::words::{self, class};
use crate::analyze::matrix::{Call, Cell, Matrix, Row};
use crate::model::{Level, Means, Phase, Stage};

/// Most columns whose cells have room for words beside the signs.
const WORDY_COLUMNS: usize = 8;
/// Most columns whose headings lie, as those of all ports do.
const LYING_COLUMNS: usize = 24;
/// Most calls of one phase that a cell shows.
const CALLS_SHOWN: usize = 2;
/// Most units that one line of the list of marks names.
const UNITS_NAMED: usize = 6;

/// The table with what stands below it.
pub struct Table {
    /// The columns: units that have anything.
    pub columns: Vec<Column>,
    /// Units that have nothing of all this.
    pub empty: Vec<Column>,
    /// Whether there are so many that cells hold signs alone.
    pub dense: bool,
    /// Subsystems that several units have, or that stand out.
    pub rows: Vec<RowView>,
    /// Subsystems that one unit alone has: the index of its column, and each
    /// with its cell.
    pub alone: Vec<(usize, Vec<RowView>)>,
    /// What stands out, in words.
    pub noted: Vec<Noted>,
    /// The signs in it.
    pub legend: Legend,
}

/// Which signs a table has.
#[derive(Default)]
pub struct Legend {
    /// Those of marks: the sign, its CSS class, and what it says.
    pub signs: Vec<(&'static str, &'static str, &'static str)>,
    /// Whether a call stands under a condition.
    pub maybe: bool,
    /// Whether a call says where it runs, since most run elsewhere.
    pub elsewhere: bool,
    /// Whether a subsystem needs no deinit.
    pub satisfied: bool,
}

/// A column: a port or a board.
pub struct Column {
    /// Its name.
    pub label: String,
    /// What was read of it.
    pub note: Option<String>,
    /// The page that has the evidence.
    pub link: Option<String>,
    /// Other units whose cells are all the same, which share the column: the name,
    /// and the page of each.
    pub twins: Vec<(String, Option<String>)>,
}

/// One subsystem.
pub struct RowView {
    /// Its name.
    pub subsystem: String,
    /// Its page.
    pub link: Option<String>,
    /// Where most units run it: a stage, and a level if it is registered.
    pub usual: String,
    /// Number of units that start it.
    pub inits: u32,
    /// Number of units that stop it.
    pub deinits: u32,
    /// The cells, in the order of the columns; of a row that one unit alone has,
    /// only its own.
    pub cells: Vec<CellView>,
}

/// What a unit has of a subsystem.
pub struct CellView {
    /// CSS class: what stands out.
    pub class: &'static str,
    /// What to show.
    pub parts: Vec<PartView>,
}

/// A part of a cell.
pub struct PartView {
    /// CSS class: what it is.
    pub class: &'static str,
    /// A few characters.
    pub text: String,
    /// The same in words.
    pub title: String,
    /// The entry that it is about.
    pub position: Option<u32>,
    /// Whether it is left out sometimes.
    pub maybe: bool,
}

/// Something that stands out on some units.
pub struct Noted {
    /// The sign of the mark.
    pub sign: &'static str,
    /// The word for it.
    pub word: &'static str,
    /// CSS class, as that of the cell.
    pub class: &'static str,
    /// The subsystem.
    pub subsystem: String,
    /// Its page.
    pub link: Option<String>,
    /// The units: the name, and the page of each.
    pub units: Vec<(String, Option<String>)>,
    /// How many more there are.
    pub more: usize,
    /// What it says.
    pub text: String,
}

impl Table {
    /// Lays out a matrix. Subsystems lead to `subsystems` and their name, where
    /// there are such pages.
    pub fn new(
        matrix: &Matrix,
        columns: Vec<Column>,
        subsystems: Option<&dyn Fn(&str) -> String>,
    ) -> Self {
        let has_any = |unit: usize| {
            let cells = matrix.rows.iter().filter_map(move |row| row.cells.get(unit));
            cells.into_iter().any(|cell| !cell.calls.is_empty() || !cell.marks.is_empty())
        };
        let kept: Vec<usize> = (0..columns.len()).filter(|unit| has_any(*unit)).collect();
        let noted = noted(matrix, &columns, &|row| subsystems.map(|link| link(&row.subsystem)));
        let (mut columns, empty): (Vec<_>, Vec<_>) =
            columns.into_iter().enumerate().partition(|(unit, _)| kept.contains(unit));
        let kept = share_columns(matrix, &mut columns);
        let dense = columns.len() > WORDY_COLUMNS;
        let link = |row: &Row| subsystems.map(|link| link(&row.subsystem));
        let view = |row: &Row, cells: Vec<CellView>| RowView {
            subsystem: row.subsystem.clone(),
            link: link(row),
            usual: usual(row),
            inits: row.inits,
            deinits: row.deinits,
            cells,
        };
        let mut rows = Vec::new();
        let mut alone: Vec<(usize, Vec<RowView>)> = Vec::new();
        for row in &matrix.rows {
            let is_alone = matrix.units.len() > 2 && row.present() == 1 && !row.is_divergent();
            let mut cells = kept.iter().map(|unit| &row.cells[*unit]);
            let Some(unit) = cells.position(|cell| is_alone && !cell.calls.is_empty()) else {
                let cell = |unit: &usize| CellView::new(row, &row.cells[*unit], dense);
                rows.push(view(row, kept.iter().map(cell).collect()));
                continue;
            };
            let cell = CellView::new(row, &row.cells[kept[unit]], true);
            let row = view(row, vec![cell]);
            match alone.iter_mut().find(|(other, _)| *other == unit) {
                Some((_, rows)) => rows.push(row),
                None => alone.push((unit, vec![row])),
            }
        }
        alone.sort_by_key(|(unit, _)| *unit);
        Self {
            legend: Legend::of(matrix),
            columns: columns.into_iter().map(|(_, column)| column).collect(),
            empty: empty.into_iter().map(|(_, column)| column).collect(),
            dense,
            rows,
            alone,
            noted,
        }
    }
}

/// Lets units share a column whose cells are all the same, where there are more
/// columns than words have room for. The units whose columns stay.
fn share_columns(matrix: &Matrix, columns: &mut Vec<(usize, Column)>) -> Vec<usize> {
    if columns.len() > WORDY_COLUMNS {
        let mut shared: Vec<(usize, Column)> = Vec::new();
        for (unit, column) in columns.drain(..) {
            let is_same =
                |other: usize| matrix.rows.iter().all(|row| row.cells[other] == row.cells[unit]);
            match shared.iter_mut().find(|(other, _)| is_same(*other)) {
                Some((_, first)) => first.twins.push((column.label, column.link)),
                None => shared.push((unit, column)),
            }
        }
        *columns = shared;
    }
    columns.iter().map(|(unit, _)| *unit).collect()
}

impl Table {
    /// Whether there are so many columns that their headings stand upright.
    pub fn is_upright(&self) -> bool {
        self.columns.len() > LYING_COLUMNS
    }

    /// Whether any column stands for several units.
    pub fn shares_columns(&self) -> bool {
        self.columns.iter().any(|column| !column.twins.is_empty())
    }
}

impl Legend {
    fn of(matrix: &Matrix) -> Self {
        let mut legend = Self::default();
        for (_, _, mark) in matrix.marks() {
            let sign = (words::sign(mark).0, class(mark), words::explanation(mark));
            if !legend.signs.contains(&sign) {
                legend.signs.push(sign);
            }
        }
        for row in &matrix.rows {
            for cell in &row.cells {
                legend.satisfied |= cell.satisfied.is_some();
                for call in &cell.calls {
                    legend.maybe |= is_maybe(call);
                    legend.elsewhere |= !elsewhere(row, cell, call).is_empty();
                }
            }
        }
        legend
    }
}

impl Column {
    /// The column of one unit.
    pub const fn new(label: String, note: Option<String>, link: Option<String>) -> Self {
        Self { label, note, link, twins: Vec::new() }
    }

    /// What to call it where little room is: its name, and how many share it.
    pub fn heading(&self) -> String {
        match self.twins.len() {
            0 => self.label.clone(),
            more => format!("{} +{more}", self.label),
        }
    }

    /// The place on the column's page that a part of a cell was read from.
    pub fn evidence(&self, part: &PartView) -> Option<String> {
        Some(format!("{}#e{}", self.link.as_ref()?, part.position?))
    }
}

fn noted(matrix: &Matrix, columns: &[Column], link: &dyn Fn(&Row) -> Option<String>) -> Vec<Noted> {
    let mut all: Vec<Noted> = Vec::new();
    for (row, unit, mark) in matrix.marks() {
        let Some(column) = columns.get(unit) else { continue };
        let (sign, word) = words::sign(mark);
        let text = words::mark(mark);
        let same = all.iter_mut().rev().take_while(|noted| noted.subsystem == row.subsystem);
        let mut same = same.filter(|noted| noted.text == text);
        let unit = (column.label.clone(), column.link.clone());
        match same.next() {
            Some(noted) if noted.units.len() < UNITS_NAMED => noted.units.push(unit),
            Some(noted) => noted.more += 1,
            None => all.push(Noted {
                sign,
                word,
                class: class(mark),
                subsystem: row.subsystem.clone(),
                link: link(row),
                units: vec![unit],
                more: 0,
                text,
            }),
        }
    }
    // What is missing matters more than what is elsewhere.
    all.sort_by_key(|noted| noted.class != "gap");
    all
}

fn usual(row: &Row) -> String {
    let words = [row.stage.map(Stage::as_str), row.level.as_ref().map(Level::as_str)];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Where a call runs, where most others run it elsewhere.
fn elsewhere<'a>(row: &Row, unit: &Cell, call: &'a Call) -> Vec<&'a str> {
    // Deinits run on the way out, nearly always; where else is not compared. A
    // second init elsewhere departs from nothing.
    let inits = || unit.of_phase(Phase::Init);
    let compared = call.phase == Phase::Init && inits().all(|init| init.stage != row.stage);
    let stage = call.stage.filter(|_| compared);
    let level = call.level.as_ref().filter(|level| Some(*level) != row.level.as_ref());
    let level = level.filter(|_| call.phase == Phase::Init);
    let words = [stage.map(Stage::as_str), level.map(Level::as_str)];
    words.into_iter().flatten().collect()
}

/// Whether a call is left out sometimes.
fn is_maybe(call: &Call) -> bool {
    call.conditional || call.condition.is_some()
}

impl CellView {
    fn new(row: &Row, cell: &Cell, dense: bool) -> Self {
        let mut parts = Vec::new();
        for phase in [Phase::Init, Phase::Deinit] {
            let calls: Vec<&Call> = cell.of_phase(phase).collect();
            let shown = if calls.len() > CALLS_SHOWN + 1 { CALLS_SHOWN } else { calls.len() };
            parts.extend(calls[..shown].iter().map(|call| PartView::of_call(row, cell, call)));
            if let Some(more) = calls.get(shown..).filter(|more| !more.is_empty()) {
                let names: Vec<String> = more.iter().map(|call| words::call(call)).collect();
                parts.push(PartView::word(
                    phase.as_str(),
                    format!("+{}", more.len()),
                    names.join("; "),
                ));
            }
        }
        if let Some(satisfied) = &cell.satisfied {
            let (sign, word) = match satisfied.by {
                Means::Finaliser => ("≈f", "finaliser"),
                Means::Reinit => ("≈r", "reinit"),
                Means::Persistent => ("≈p", "persistent"),
                Means::Call => ("≈c", "by another"),
            };
            let text = if dense { sign } else { word };
            parts.push(PartView::word(
                "soft",
                text.to_owned(),
                format!("needs no deinit: {}", words::satisfied(satisfied)),
            ));
        }
        for mark in &cell.marks {
            let (sign, word) = words::sign(mark);
            let text = if dense { sign.to_owned() } else { format!("{sign} {word}") };
            parts.push(PartView::word(class(mark), text, words::mark(mark)));
        }
        if parts.is_empty() {
            parts.push(PartView::word("none", "·".to_owned(), String::new()));
        }
        let class = match cell.marks.iter().map(class).max() {
            // `gap` before `departs`.
            Some("gap") => "gap",
            Some(other) => other,
            None => "",
        };
        Self { class, parts }
    }
}

impl PartView {
    /// `↑4`, or `↑4 boot` where most others run it at another stage.
    fn of_call(row: &Row, unit: &Cell, call: &Call) -> Self {
        let (arrow, class) = match call.phase {
            Phase::Init => ("↑", "init"),
            Phase::Deinit => ("↓", "deinit"),
        };
        let mut text = format!("{arrow}{}", call.number);
        for word in elsewhere(row, unit, call) {
            text.extend([" ", word]);
        }
        Self {
            class,
            text,
            title: words::call(call),
            position: Some(call.position),
            maybe: is_maybe(call),
        }
    }

    fn word(class: &'static str, text: String, title: String) -> Self {
        Self { class, text, title, position: None, maybe: false }
    }
}
