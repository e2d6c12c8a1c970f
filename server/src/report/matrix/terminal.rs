//! The matrix for a person at a terminal.

use std::fmt::Write as _;

use super::super::terminal::{BAD, BOLD, DEINIT, FAINT, INIT, printable};
use super::words;
use crate::analyze::matrix::{Cell, Mark, Matrix, Row};
use crate::model::Phase;

/// How many characters of columns stand beside each other; what is more follows
/// in further tables.
const WIDTH: usize = 110;
/// Longest subsystem that widens its column, in characters.
const WIDEST_NAME: usize = 24;

/// The answer in the first line, then the table, then what stands out in words.
///
/// `what` says what the columns are, such as `port`.
pub fn terminal(matrix: &Matrix, what: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, matrix, what);
    text
}

fn write(text: &mut String, matrix: &Matrix, what: &str) -> std::fmt::Result {
    let answer = words::summary(matrix, what);
    writeln!(text, "{BOLD}{}{BOLD:#}{}", answer.bold, answer.rest)?;
    let name = |row: &Row| printable(&row.subsystem).chars().count();
    let name_width = matrix.rows.iter().map(name).max().unwrap_or_default().min(WIDEST_NAME);
    let mut units = 0..0;
    while units.end < matrix.units.len() {
        let widths = widths(matrix, units.end, WIDTH.saturating_sub(name_width));
        units = units.end..units.end + widths.len();
        write!(text, "\n{FAINT}{:name_width$}{FAINT:#}", "")?;
        for (unit, width) in units.clone().zip(&widths) {
            let width = if unit + 1 == units.end { 0 } else { *width };
            write!(text, "  {BOLD}{:width$}{BOLD:#}", printable(&matrix.units[unit]))?;
        }
        writeln!(text)?;
        for row in &matrix.rows {
            let cells = &row.cells[units.clone()];
            if cells.iter().all(|cell| cell.calls.is_empty() && cell.marks.is_empty()) {
                continue;
            }
            write!(text, "{:name_width$}", printable(&row.subsystem))?;
            let last = cells.len() - 1;
            for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                text.push_str("  ");
                // Nothing stands behind the last one.
                write_cell(text, cell, if index == last { 0 } else { *width })?;
            }
            writeln!(text)?;
        }
    }
    if matrix.marks().next().is_some() {
        text.push('\n');
    }
    for (row, unit, mark) in matrix.marks() {
        let style = if matches!(mark, Mark::MissingDeinit { .. }) { BAD } else { DEINIT };
        writeln!(
            text,
            "{style}{}{style:#} {} on {}: {}",
            words::sign(mark).0,
            printable(&row.subsystem),
            printable(&matrix.units[unit]),
            printable(&words::mark(mark)),
        )?;
    }
    writeln!(
        text,
        "\n{FAINT}↑n init, ↓n deinit: its place up to the last REPL, or on the way out{FAINT:#}"
    )
}

/// The widths of the columns from `first` on that fit; at least one.
fn widths(matrix: &Matrix, first: usize, room: usize) -> Vec<usize> {
    let mut used = 0;
    let width = |unit: usize| {
        let cells = matrix.rows.iter().map(|row| plain(&row.cells[unit]).chars().count());
        cells.chain([printable(&matrix.units[unit]).chars().count()]).max().unwrap_or_default()
    };
    let fits = |width: &usize| {
        used += width + 2;
        used <= room || used == width + 2
    };
    (first..matrix.units.len()).map(width).take_while(fits).collect()
}

/// The parts of a cell: each with its phase, or none for a mark.
fn parts(cell: &Cell) -> Vec<(Option<Phase>, String)> {
    let of_phase = |phase: Phase, arrow: &'static str| {
        let calls = cell.of_phase(phase);
        calls.map(move |call| (Some(phase), format!("{arrow}{}", call.number)))
    };
    let marks = cell.marks.iter().map(|mark| (None, words::sign(mark).0.to_owned()));
    of_phase(Phase::Init, "↑").chain(of_phase(Phase::Deinit, "↓")).chain(marks).collect()
}

fn plain(cell: &Cell) -> String {
    parts(cell).into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

fn write_cell(text: &mut String, cell: &Cell, width: usize) -> std::fmt::Result {
    let parts = parts(cell);
    if parts.is_empty() {
        return write!(text, "{FAINT}{:width$}{FAINT:#}", "·");
    }
    for (index, (phase, part)) in parts.iter().enumerate() {
        let style = match phase {
            Some(Phase::Init) => INIT,
            Some(Phase::Deinit) => DEINIT,
            None => BAD,
        };
        write!(text, "{}{style}{part}{style:#}", if index > 0 { " " } else { "" })?;
    }
    let used = plain(cell).chars().count();
    write!(text, "{:1$}", "", width.saturating_sub(used))
}
