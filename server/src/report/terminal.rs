//! Tables for a person at a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::model::{Entry, Finding, InitTable, Phase, Severity};

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const INIT: Style = AnsiColor::Blue.on_default();
const DEINIT: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Longest name that widens its column, in characters.
const WIDEST_NAME: usize = 40;

/// One table: the answer in the first line, then the entries in effective
/// order, then the findings.
///
/// `label` names what was read, such as `stm32/PYBV10` or a path.
pub fn table(label: &str, table: &InitTable) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_table(&mut text, label, table);
    text
}

fn write_table(text: &mut String, label: &str, table: &InitTable) -> std::fmt::Result {
    let (init, deinit) = table.counts();
    let answer = if table.origins.is_empty() {
        "no registry: no section of this file registers an init or deinit function".to_owned()
    } else {
        let levels: Vec<&str> = table.levels.iter().map(crate::model::Level::as_str).collect();
        format!("{init} init, {deinit} deinit; levels {}", levels.join(", "))
    };
    writeln!(text, "{BOLD}{}{BOLD:#}  {answer}", printable(label))?;
    writeln!(
        text,
        "{FAINT}{}, {} bytes, sha256 {}{FAINT:#}",
        printable(&table.file.format),
        table.file.size,
        &table.file.sha256.to_string()[..16]
    )?;
    let columns = Columns::of(&table.entries);
    for phase in [Phase::Init, Phase::Deinit] {
        let mut entries =
            table.entries.iter().filter(|entry| entry.phase == Some(phase)).peekable();
        if entries.peek().is_none() {
            continue;
        }
        let style = if phase == Phase::Init { INIT } else { DEINIT };
        writeln!(text, "\n{style}{phase}{style:#}")?;
        for (number, entry) in entries.enumerate() {
            columns.write(text, number + 1, entry)?;
        }
    }
    if !table.findings.is_empty() {
        text.push('\n');
    }
    table.findings.iter().try_for_each(|finding| write_finding(text, finding))
}

fn write_finding(text: &mut String, finding: &Finding) -> std::fmt::Result {
    let style = match finding.severity {
        Severity::Error => BAD,
        Severity::Warning => DEINIT,
        Severity::Note => FAINT,
    };
    let severity = finding.severity.as_str();
    writeln!(text, "{style}{severity}[{}]{style:#} {}", finding.rule, printable(&finding.message))
}

/// Widths of the columns, in characters.
struct Columns {
    level: usize,
    priority: usize,
    name: usize,
}

impl Columns {
    fn of(entries: &[Entry]) -> Self {
        let widest =
            |text: &dyn Fn(&Entry) -> usize| entries.iter().map(text).max().unwrap_or_default();
        Self {
            level: widest(&|entry| entry.level.as_ref().map_or(0, |level| level.as_str().len())),
            priority: widest(&|entry| {
                entry.priority.as_ref().map_or(0, |text| text.as_str().len())
            }),
            name: widest(&|entry| printable(&entry.display_name()).chars().count())
                .min(WIDEST_NAME),
        }
    }

    fn write(&self, text: &mut String, number: usize, entry: &Entry) -> std::fmt::Result {
        let level = entry.level.as_ref().map_or("", |level| level.as_str());
        let priority = entry.priority.as_ref().map_or("", |priority| priority.as_str());
        let name = printable(&entry.display_name());
        write!(text, "{FAINT}{number:>4}{FAINT:#}  {level:<width$}", width = self.level)?;
        if self.priority > 0 {
            write!(text, "  {priority:<width$}", width = self.priority)?;
        }
        match &entry.location {
            Some(place) => {
                let place = printable(&place.to_string());
                writeln!(text, "  {name:<width$}  {FAINT}{place}{FAINT:#}", width = self.name)
            }
            None => writeln!(text, "  {name}"),
        }
    }
}

/// `text` without anything that a terminal would act on: control characters,
/// and marks that change the direction or the look of what follows, are shown
/// as escapes.
pub fn printable(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars()
        .flat_map(|c| {
            let escaped = acts(c).then(|| c.escape_unicode());
            let plain = (!acts(c)).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        assert_eq!(printable("a\u{1b}[31mb"), r"a\u{1b}[31mb");
        assert_eq!(printable("x\u{202e}y\u{200b}\r\n"), r"x\u{202e}y\u{200b}\u{d}\u{a}");
        assert_eq!(printable("größe_init"), "größe_init");
    }
}
