//! The matrix of subsystems and ports or boards: for a person at a terminal, for
//! a spreadsheet, and as an HTML file that stands alone.

mod table;
mod terminal;
mod words;

use askama::Template;

pub use table::{CellView, Column, Legend, Noted, PartView, RowView, Table};
pub use terminal::terminal;
pub use words::{Summary, call, class, explanation, mark, satisfied, sign, summary};

use super::terminal::printable;
use crate::analyze::matrix::{Cell, Matrix};
use crate::model::Phase;

/// The stylesheet of the pages: the file looks as they do.
const STYLE: &str = include_str!("../../../../static/initboard.css");

/// The matrix as a file that a browser shows by itself.
#[derive(Template)]
#[template(path = "matrix_report.html")]
struct Report {
    title: String,
    answer: Summary,
    table: Table,
}

/// The matrix as HTML that stands alone: its style is within, it runs no script
/// and loads nothing.
///
/// `what` says what the columns are, such as `port`.
pub fn html(matrix: &Matrix, what: &'static str) -> String {
    let column = |label: &String| Column::new(label.clone(), None, None);
    let columns = matrix.units.iter().map(column).collect();
    let report = Report {
        title: format!("Subsystems on {what}s"),
        answer: summary(matrix, what),
        table: Table::new(matrix, columns, None),
    };
    // Writing to memory fails only where a value's own text does, and none does.
    report.render().unwrap_or_default()
}

/// A line for each cell with anything to say, in the form of RFC 4180. Where a
/// cell of it could be taken for a formula, a `'` stands before it.
pub fn csv(matrix: &Matrix) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "subsystem",
        "unit",
        "init",
        "deinit",
        "init_stage",
        "deinit_stage",
        "level",
        "conditional",
        "condition",
        "satisfied",
        "marks",
    ];
    // Writing to memory cannot fail, and each line has as many cells.
    let _ = writer.write_record(header);
    for row in &matrix.rows {
        for (cell, unit) in row.cells.iter().zip(&matrix.units) {
            if cell.calls.is_empty() && cell.marks.is_empty() {
                continue;
            }
            let line = line(cell);
            let cells = [&row.subsystem, unit].into_iter().chain(&line);
            let _ = writer.write_record(cells.map(|text| super::catalog::cell(text)));
        }
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the columns of a line say of a cell, behind subsystem and unit.
fn line(cell: &Cell) -> [String; 9] {
    let joined = |texts: Vec<String>| {
        let mut texts = texts;
        texts.dedup();
        texts.join("; ")
    };
    let calls = |phase| {
        let calls = cell.of_phase(phase);
        joined(calls.map(|call| format!("{} {}", call.number, call.function)).collect())
    };
    let stages = |phase| {
        let stages = cell.of_phase(phase).filter_map(|call| call.stage);
        joined(stages.map(|stage| stage.as_str().to_owned()).collect())
    };
    let levels = cell.calls.iter().filter_map(|call| call.level.as_ref());
    let conditions = cell.calls.iter().filter_map(|call| call.condition.clone());
    let conditional = cell.calls.iter().any(|call| call.conditional);
    [
        calls(Phase::Init),
        calls(Phase::Deinit),
        stages(Phase::Init),
        stages(Phase::Deinit),
        joined(levels.map(ToString::to_string).collect()),
        if conditional { "yes".to_owned() } else { String::new() },
        joined(conditions.collect()),
        cell.satisfied.as_ref().map(|found| printable(&satisfied(found))).unwrap_or_default(),
        joined(cell.marks.iter().map(|found| printable(&mark(found))).collect()),
    ]
}
