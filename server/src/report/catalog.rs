//! The catalog of a source tree: for a person at a terminal, and for a
//! spreadsheet.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::Style;

use super::terminal::printable;
use crate::analyze::migrate::scripts::audit;
use crate::model::{CatalogBoard, LinkerScript, ScriptTables};

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// Longest name that widens its column, in characters.
const WIDEST_NAME: usize = 40;

/// The boards, port by port: first how many there are, then each with its
/// microcontroller and its linker scripts.
pub fn terminal(boards: &[CatalogBoard]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_terminal(&mut text, boards);
    text
}

fn write_terminal(text: &mut String, boards: &[CatalogBoard]) -> std::fmt::Result {
    if boards.is_empty() {
        return writeln!(text, "no boards");
    }
    for (index, port) in boards.chunk_by(|a, b| a.port == b.port).enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let variants = port.iter().filter(|board| board.variant.is_some()).count();
        let families: BTreeSet<&str> =
            port.iter().filter_map(|board| board.mcu.as_deref()).collect();
        let name = port.first().map_or("", |board| board.port.as_str());
        writeln!(
            text,
            "{BOLD}{}{BOLD:#}  {}, {}, {}",
            printable(name),
            count(port.len() - variants, "board"),
            count(variants, "variant"),
            count(families.len(), "MCU family"),
        )?;
        let width = |text: &dyn Fn(&CatalogBoard) -> usize| {
            port.iter().map(text).max().unwrap_or_default().min(WIDEST_NAME)
        };
        let label_width = width(&|board| board.id().label().chars().count());
        let mcu_width = width(&|board| board.mcu.as_ref().map_or(0, |mcu| mcu.chars().count()));
        for board in port {
            let scripts: Vec<String> = board.linker_scripts.iter().map(script).collect();
            let line = format!(
                "  {:label_width$}  {:mcu_width$}  {}",
                printable(&board.id().label()),
                printable(board.mcu.as_deref().unwrap_or("-")),
                printable(&scripts.join("; ")),
            );
            writeln!(text, "{}", line.trim_end())?;
            for script in board.linker_scripts.iter().filter(|script| !script.includes.is_empty()) {
                writeln!(
                    text,
                    "  {:label_width$}  {FAINT}{} includes {}{FAINT:#}",
                    "",
                    printable(&script.path),
                    printable(&script.includes.join(", ")),
                )?;
            }
        }
    }
    Ok(())
}

/// A line for each board and variant, in the form of RFC 4180. Where a cell
/// could be taken for a formula, a `'` stands before it.
pub fn csv(boards: &[CatalogBoard]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header =
        ["port", "board", "variant", "mcu", "linker_scripts", "included_scripts", "registry"];
    // Writing to memory cannot fail, and each line has as many cells.
    let _ = writer.write_record(header);
    for (board, audit) in boards.iter().zip(audit(boards)) {
        let scripts: Vec<String> = board.linker_scripts.iter().map(script).collect();
        let mut included: Vec<&str> = Vec::new();
        for name in board.linker_scripts.iter().flat_map(|script| &script.includes) {
            if !included.contains(&name.as_str()) {
                included.push(name);
            }
        }
        let variant = board.variant.as_ref().map_or("", |variant| variant.as_str());
        let cells = [
            board.port.as_str(),
            board.board.as_str(),
            variant,
            board.mcu.as_deref().unwrap_or_default(),
            &scripts.join("; "),
            &included.join("; "),
            audit.placing.as_str(),
        ];
        let _ = writer.write_record(cells.map(cell));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A script with what is to be known of it.
fn script(script: &LinkerScript) -> String {
    let mut text = script.path.clone();
    if let Some(condition) = &script.condition {
        let _ = write!(text, " if {condition}");
    }
    if !script.found {
        text.push_str(" (not in the tree)");
    }
    if let Some(ScriptTables { through, lacks, .. }) = &script.tables {
        text.push_str(" (places the registry");
        if let Some(registry) = through.last() {
            let _ = write!(text, " through {registry}");
        }
        if !lacks.is_empty() {
            let _ = write!(text, " without {}", lacks.join(" "));
        }
        text.push(')');
    }
    text
}

/// A cell that no program takes for a formula.
pub(super) fn cell(text: &str) -> String {
    let text = printable(text);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn count(number: usize, word: &str) -> String {
    match (number, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(start)) => format!("{number} {start}ies"),
        (_, None) => format!("{number} {word}s"),
    }
}
