//! Tables for a person at a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::analyze::why::Reason;
use crate::model::{
    Entry, EntryKind, Finding, GuardMismatch, InitTable, Level, Origin, Phase, Severity,
    SourceFile, Stage,
};

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const INIT: Style = AnsiColor::Blue.on_default();
pub(super) const DEINIT: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

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
    let levels: Vec<&str> = table.levels.iter().map(Level::as_str).collect();
    let mut answer = match &table.main {
        None if table.origins.is_empty() => {
            "nothing: no section registers an init or deinit function, and main was not found"
                .to_owned()
        }
        None => format!("{init} init, {deinit} deinit"),
        Some(main) => {
            format!("{init} init, {deinit} deinit in {}", printable(main.function.as_str()))
        }
    };
    if !levels.is_empty() {
        answer = format!("{answer}; levels {}", levels.join(", "));
    }
    writeln!(text, "{BOLD}{}{BOLD:#}  {answer}", printable(label))?;
    let place = match &table.source {
        Some(SourceFile { path, commit: Some(commit), .. }) => {
            format!("{path} at {}", commit.short())
        }
        Some(SourceFile { path, commit: None, .. }) => path.clone(),
        None => table.file.format.clone(),
    };
    writeln!(
        text,
        "{FAINT}{}, {} bytes, sha256 {}{FAINT:#}",
        printable(&place),
        table.file.size,
        &table.file.sha256.to_string()[..16]
    )?;
    let columns = Columns::of(&table.entries);
    for part in parts(table) {
        let mut entries = table.entries.iter().filter(|entry| part.holds(entry)).peekable();
        if entries.peek().is_none() {
            continue;
        }
        writeln!(text, "\n{BOLD}{}{BOLD:#}", part.title)?;
        let mut number = 0;
        for entry in entries {
            number += usize::from(entry.kind == EntryKind::Entry);
            columns.write(text, number, entry)?;
        }
    }
    if !table.findings.is_empty() || !table.guards.is_empty() {
        text.push('\n');
    }
    table.findings.iter().try_for_each(|finding| write_finding(text, finding))?;
    table.guards.iter().try_for_each(|guard| write_guard(text, table, guard))
}

/// A pair under different conditions.
fn write_guard(text: &mut String, table: &InitTable, guard: &GuardMismatch) -> std::fmt::Result {
    let half = |position: u32| {
        let entry = usize::try_from(position).ok().and_then(|index| table.entries.get(index));
        entry.map_or_else(String::new, |entry| {
            let condition = entry.condition.as_deref().unwrap_or("no condition");
            let line = entry.location.as_ref().map_or(0, |place| place.line);
            format!("{} (line {line}) under {condition}", entry.display_name())
        })
    };
    writeln!(
        text,
        "{DEINIT}guards differ{DEINIT:#} {}: {}; {}: {}",
        printable(&guard.subsystem),
        printable(&half(guard.init)),
        printable(&half(guard.deinit)),
        guard.kind.as_str()
    )
}

/// A part that a table is shown in: its title, and what stands in it.
struct Part {
    title: &'static str,
    stage: Option<Stage>,
    /// For entries without a stage.
    phase: Option<Phase>,
}

impl Part {
    fn holds(&self, entry: &Entry) -> bool {
        entry.stage == self.stage && (self.stage.is_some() || entry.phase == self.phase)
    }
}

/// Why functions run where they run: a paragraph for each entry.
pub fn reasons(label: &str, table: &InitTable, reasons: &[Reason<'_>]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_reasons(&mut text, label, table, reasons);
    text
}

fn write_reasons(
    text: &mut String,
    label: &str,
    table: &InitTable,
    reasons: &[Reason<'_>],
) -> std::fmt::Result {
    for (index, reason) in reasons.iter().enumerate() {
        let entry = reason.entry;
        if index > 0 {
            text.push('\n');
        }
        writeln!(
            text,
            "{BOLD}{}{BOLD:#}  position {} of {} in {}",
            printable(&entry.display_name()),
            entry.position,
            table.entries.len(),
            printable(label)
        )?;
        for step in &reason.steps {
            writeln!(text, "  {}", printable(step))?;
        }
        for (word, other) in [("after ", reason.before), ("before", reason.after)] {
            if let Some(other) = other {
                writeln!(text, "  {FAINT}{word}{FAINT:#} {}", printable(&other.display_name()))?;
            }
        }
        if let Some(place) = &entry.location {
            writeln!(text, "  {FAINT}at{FAINT:#}     {}", printable(&place.to_string()))?;
        }
    }
    Ok(())
}

/// The parts of a table: the stages of main, or the phases.
fn parts(table: &InitTable) -> Vec<Part> {
    let of_stage = |title, stage| Part { title, stage: Some(stage), phase: None };
    let of_phase = |title, phase| Part { title, stage: None, phase: Some(phase) };
    if table.main.is_none() {
        return vec![of_phase("init", Phase::Init), of_phase("deinit", Phase::Deinit)];
    }
    vec![
        of_stage("boot", Stage::Boot),
        of_stage("start", Stage::Start),
        of_stage("stop", Stage::Stop),
        of_phase("init that is registered, and that main is not seen to run", Phase::Init),
        of_phase("deinit that is registered, and that main is not seen to run", Phase::Deinit),
    ]
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
        let level = entry.level.as_ref().map_or("", Level::as_str);
        let priority = entry.priority.as_ref().map_or("", |priority| priority.as_str());
        let name = printable(&entry.display_name());
        let style = match (entry.kind, entry.phase) {
            (EntryKind::Landmark, _) => FAINT,
            (_, Some(Phase::Deinit)) => DEINIT,
            _ => INIT,
        };
        match entry.kind {
            EntryKind::Entry => write!(text, "{FAINT}{number:>4}{FAINT:#}  ")?,
            _ => write!(text, "   -  ")?,
        }
        if self.level > 0 {
            write!(text, "{level:<width$}  ", width = self.level)?;
        }
        if self.priority > 0 {
            write!(text, "{priority:<width$}  ", width = self.priority)?;
        }
        let mut notes: Vec<String> = Vec::new();
        if entry.conditional {
            notes.push("conditional".to_owned());
        }
        notes.extend(entry.via.iter().map(|helper| format!("in {}", printable(helper.as_str()))));
        notes.extend(entry.condition.as_ref().map(|text| format!("if {}", printable(text))));
        notes.extend(entry.location.as_ref().map(|place| match entry.origin {
            // They all stand in the file that the heading names.
            Origin::Source => format!("line {}", place.line),
            _ => printable(&place.to_string()),
        }));
        if notes.is_empty() {
            return writeln!(text, "{style}{name}{style:#}");
        }
        let padding = self.name.saturating_sub(name.chars().count());
        writeln!(
            text,
            "{style}{name}{style:#}{:padding$}  {FAINT}{}{FAINT:#}",
            "",
            notes.join(", ")
        )
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
