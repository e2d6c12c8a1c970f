//! The report for a terminal, and as plain text.

use std::fmt::Write as _;

use super::Subject;
use super::words::{boards, boards_of, excerpt, facts, headline, of_group, ports};
use crate::analyze::diff::{ChangeGroup, ChangeReport, FindingChange, LineMark};
use crate::model::Severity;
use crate::report::terminal::{BAD, BOLD, DEINIT, FAINT, INIT, printable};

/// The report in colour: the answer in the first line, then each group with what
/// happened and where, then the findings.
pub fn terminal(report: &ChangeReport, subject: &Subject) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_report(&mut text, report, subject);
    text
}

/// The same without colour, as a job's log or a mail shows it.
pub fn text(report: &ChangeReport, subject: &Subject) -> String {
    anstream::adapter::strip_str(&terminal(report, subject)).to_string()
}

fn write_report(text: &mut String, report: &ChangeReport, subject: &Subject) -> std::fmt::Result {
    writeln!(text, "{BOLD}{}{BOLD:#}", headline(report))?;
    if let (Some(base), Some(head)) = (&subject.base, &subject.head) {
        let note = subject.base_note.as_deref();
        let note = note.map_or_else(String::new, |note| format!(" (base: {})", printable(note)));
        writeln!(text, "{FAINT}{} with {}{note}{FAINT:#}", base.short(), head.short())?;
    }
    for fact in facts(report, subject.head_is_finished, &printable) {
        writeln!(text, "  {fact}")?;
    }
    for group in &report.groups {
        write_group(text, group)?;
    }
    if !report.findings.is_empty() {
        writeln!(text)?;
    }
    for finding in &report.findings {
        write_finding(text, finding)?;
    }
    for not in &report.not_compared {
        let (board, why) = (printable(&not.board), printable(&not.why));
        writeln!(text, "{BAD}not compared{BAD:#} {board} at {}: {why}", not.revision.as_str())?;
    }
    Ok(())
}

fn write_group(text: &mut String, group: &ChangeGroup) -> std::fmt::Result {
    let names = ports(&group.boards, &printable);
    writeln!(text, "\n{BOLD}{}{BOLD:#}  {names}", boards(group.boards.len()))?;
    for change in of_group(group, &printable) {
        writeln!(text, "  {change}")?;
    }
    if group.excerpt.is_empty() {
        return Ok(());
    }
    let first = group.boards.first().map_or("", String::as_str);
    writeln!(text, "  {FAINT}on {}:{FAINT:#}", printable(first))?;
    for (mark, line) in excerpt(group, &printable) {
        let style = match mark {
            None => FAINT,
            Some(LineMark::Kept) => anstyle::Style::new(),
            Some(LineMark::Removed | LineMark::MovedAway) => BAD,
            Some(LineMark::Added | LineMark::MovedHere) => INIT,
            Some(LineMark::Changed) => DEINIT,
        };
        writeln!(text, "    {style}{line}{style:#}")?;
    }
    Ok(())
}

fn write_finding(text: &mut String, finding: &FindingChange) -> std::fmt::Result {
    let style = match finding.severity {
        _ if !finding.is_new => FAINT,
        Severity::Error => BAD,
        Severity::Warning => DEINIT,
        Severity::Note => FAINT,
    };
    writeln!(
        text,
        "{} {style}{}[{}]{style:#} {BOLD}{}{BOLD:#} {}",
        if finding.is_new { "new " } else { "gone" },
        finding.severity.as_str(),
        finding.rule,
        boards_of(finding, &printable),
        printable(&finding.message)
    )
}
