//! The order file as it is written.

use std::fmt;

use super::words::{Heading, TITLE, VERSION, escaped, role_word};
use super::{Board, Line, OrderFile, PortOrder, Remarks};

/// What follows the first line.
const HEAD: &str = "\
## What each board runs from power-up to soft reset, in its order, kept to be reviewed.
## `initboard order --write` brings this file up to date; `initboard check --order` compares
## builds with it. Comments, behind a # or on lines above, stay with what they are about.
## init? and deinit? run on some paths only. `on` names boards, each with those like it.
";

/// Where conditions and remarks begin. Fixed, so that a longer name changes no
/// line but its own.
const COLUMN: usize = 44;

/// How wide the first word of an entry is.
const ROLE: usize = 9;

impl fmt::Display for OrderFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}{VERSION}")?;
        f.write_str(HEAD)?;
        for (port, order) in &self.ports {
            writeln!(f)?;
            write_line(f, "", &format!("port {port}"), None, &order.remarks)?;
            for (name, board) in &order.boards {
                write_board(f, name, board)?;
            }
            order.write_entries(f)?;
        }
        Ok(())
    }
}

impl PortOrder {
    fn write_entries(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stage = None;
        for line in &self.lines {
            if stage != Some(line.call.stage) {
                stage = Some(line.call.stage);
                writeln!(f, "\n{}", Heading(line.call.stage).as_str())?;
            }
            let mark = if line.call.is_conditional { "?" } else { "" };
            let role = format!("{}{mark}", role_word(line.call.role));
            let text = format!("  {role:ROLE$} {}", escaped(line.call.function.as_str()));
            write_line(f, "  ", &text, self.condition(line), &line.remarks)?;
        }
        Ok(())
    }

    /// The boards of a line, the shorter way; none where it holds on all.
    fn condition(&self, line: &Line) -> Option<String> {
        let leaders = self.boards.iter().filter(|(name, board)| board.like == **name);
        let others: Vec<&str> = leaders
            .map(|(name, _)| name.as_str())
            .filter(|name| !line.on.contains(*name))
            .collect();
        if others.is_empty() {
            None
        } else if others.len() < line.on.len() {
            Some(format!("not on {}", others.join(" ")))
        } else {
            let on: Vec<&str> = line.on.iter().map(String::as_str).collect();
            Some(format!("on {}", on.join(" ")))
        }
    }
}

fn write_board(f: &mut fmt::Formatter<'_>, name: &str, board: &Board) -> fmt::Result {
    let like = (board.like != name).then(|| format!("like {}", board.like));
    write_line(f, "", &format!("board {name}"), like, &board.remarks)
}

/// A line with its condition and what people wrote about it.
fn write_line(
    f: &mut fmt::Formatter<'_>,
    indent: &str,
    text: &str,
    condition: Option<String>,
    remarks: &Remarks,
) -> fmt::Result {
    for above in &remarks.above {
        writeln!(f, "{indent}#{above}")?;
    }
    let behind = remarks.behind.as_ref().map(|behind| format!("#{behind}"));
    let parts: Vec<String> = [condition, behind].into_iter().flatten().collect();
    if parts.is_empty() {
        writeln!(f, "{text}")
    } else {
        writeln!(f, "{text:COLUMN$}  {}", parts.join("  "))
    }
}
