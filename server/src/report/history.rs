//! The history of a port's order for a person at a terminal.

use std::fmt::Write as _;

use super::terminal::{BAD, BOLD, FAINT, INIT, printable};
use crate::model::{OrderStep, PortHistory, SourceChange, StepKind};

/// One port: the answer in the first line, then its changes, newest first.
pub fn text(history: &PortHistory) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_history(&mut text, history);
    text
}

fn write_history(text: &mut String, history: &PortHistory) -> std::fmt::Result {
    let count = history.changes.len();
    write!(text, "{BOLD}{}{BOLD:#}  {count} change{}", history.port, plural(count))?;
    if let (Some(first), Some(last)) = (history.changes.last(), history.changes.first()) {
        write!(text, " of the order from {} to {}", day(first), day(last))?;
    }
    writeln!(text, "{}", if history.is_cut { "; older commits were not read" } else { "" })?;
    for change in &history.changes {
        writeln!(
            text,
            "\n{} {FAINT}{}{FAINT:#} {}  {FAINT}{} init, {} deinit{FAINT:#}",
            day(change),
            change.commit.short(),
            printable(&change.subject),
            change.init_count,
            change.deinit_count
        )?;
        if change.steps.is_empty() {
            writeln!(text, "    the port begins here")?;
        }
        for step in &change.steps {
            let (sign, style) = match step.what {
                StepKind::Added => ('+', INIT),
                StepKind::Removed => ('-', BAD),
                StepKind::Moved | StepKind::Changed => ('~', FAINT),
            };
            writeln!(text, "  {style}{sign}{style:#} {}", printable(&sentence(step)))?;
        }
    }
    Ok(())
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// The day of a commit, in UTC.
fn day(change: &SourceChange) -> String {
    change.committed_at.strftime("%Y-%m-%d").to_string()
}

/// A step in words: `moved pin_init behind led_init in start if A`.
pub fn sentence(step: &OrderStep) -> String {
    let mut said = format!("{} {}", step.what.as_str(), step.function);
    let place = match (&step.behind, step.what) {
        (_, StepKind::Changed) => String::new(),
        (Some(behind), StepKind::Removed) => format!(" from behind {behind}"),
        (Some(behind), _) => format!(" behind {behind}"),
        (None, StepKind::Removed) => " from the top".to_owned(),
        (None, _) => " to the top".to_owned(),
    };
    said.push_str(&place);
    match (step.stage_before, step.stage) {
        (Some(before), Some(now)) => {
            let _ = write!(said, ", {} before, {} now", before.as_str(), now.as_str());
        }
        (None, Some(stage)) => {
            let _ = write!(said, " in {}", stage.as_str());
        }
        (_, None) => {}
    }
    if step.what == StepKind::Changed && step.condition_before != step.condition {
        let words = |condition: &Option<String>| match condition {
            Some(condition) => format!("if {condition}"),
            None => "always".to_owned(),
        };
        let _ =
            write!(said, ": {}, it was {}", words(&step.condition), words(&step.condition_before));
    } else if let Some(condition) = &step.condition {
        let _ = write!(said, " if {condition}");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntryKind, Phase, Stage, SymbolName};

    #[test]
    fn a_step_is_a_sentence() {
        let name = |text: &str| SymbolName::from_bytes(text.as_bytes());
        let step = OrderStep {
            what: StepKind::Added,
            function: name("pin_init").unwrap(),
            kind: EntryKind::Entry,
            phase: Some(Phase::Init),
            stage: Some(Stage::Start),
            condition: Some("A".to_owned()),
            behind: name("led_init"),
            stage_before: None,
            condition_before: None,
        };
        assert_eq!(sentence(&step), "added pin_init behind led_init in start if A");
        let moved = OrderStep {
            what: StepKind::Moved,
            stage_before: Some(Stage::Boot),
            condition: None,
            behind: None,
            ..step.clone()
        };
        assert_eq!(sentence(&moved), "moved pin_init to the top, boot before, start now");
        let changed = OrderStep { what: StepKind::Changed, ..step.clone() };
        assert_eq!(sentence(&changed), "changed pin_init in start: if A, it was always");
        let removed = OrderStep { what: StepKind::Removed, ..step };
        assert_eq!(sentence(&removed), "removed pin_init from behind led_init in start if A");
    }
}
