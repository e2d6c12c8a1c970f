//! Builds against the order file, for a person.

use std::fmt::Write as _;

use super::changes::{self, Subject, boards, ports};
use super::markdown::{block, code};
use super::terminal::{BAD, BOLD, FAINT, printable};
use crate::analyze::order_file::OrderCheck;

/// What differs, in colour, and with which command it is `accepted`.
pub fn terminal(check: &OrderCheck, accepted: &str) -> String {
    let mut text = String::new();
    if says_something(check) {
        text = changes::terminal(&check.report, &Subject::default());
    }
    // Writing to a String cannot fail.
    if let Some(unlisted) = unlisted(check, &printable) {
        let _ = writeln!(text, "{BAD}{unlisted}{BAD:#}");
    }
    for note in notes(check, &printable) {
        let _ = writeln!(text, "{FAINT}{note}{FAINT:#}");
    }
    if !check.is_accepted() {
        let _ = writeln!(text, "\nTo accept it:\n  {BOLD}{}{BOLD:#}", printable(accepted));
    }
    text
}

/// The same, for a pull request or a job summary.
pub fn markdown(check: &OrderCheck, accepted: &str) -> String {
    let mut text = String::new();
    if says_something(check) {
        text = changes::markdown(&check.report, &Subject::default());
    }
    for line in unlisted(check, &code).into_iter().chain(notes(check, &code)) {
        let _ = writeln!(text, "\n{line}.");
    }
    if !check.is_accepted() {
        let command = block("sh", &[printable(accepted)]);
        let _ = write!(text, "\nTo accept it:\n\n{command}");
    }
    text
}

/// Whether any board was compared, or should have been.
fn says_something(check: &OrderCheck) -> bool {
    let OrderCheck { report, unlisted, unknown, .. } = check;
    let nothing = report.compared() + report.not_compared.len() == 0;
    !nothing || (unlisted.is_empty() && unknown.is_empty())
}

fn unlisted(check: &OrderCheck, name: &dyn Fn(&str) -> String) -> Option<String> {
    of_boards(&check.unlisted, "not in the order file", name)
}

/// What is no difference, and good to know.
fn notes(check: &OrderCheck, name: &dyn Fn(&str) -> String) -> Vec<String> {
    let unknown = "without an order that can be read, in the build or in the order file";
    let notes = [
        of_boards(&check.unknown, unknown, name),
        of_boards(&check.unbuilt, "of the order file not built", name),
    ];
    notes.into_iter().flatten().collect()
}

fn of_boards(list: &[String], what: &str, name: &dyn Fn(&str) -> String) -> Option<String> {
    let (count, names) = (boards(list.len()), ports(list, name));
    (!list.is_empty()).then(|| format!("{count} {what}: {names}"))
}
