//! The findings of a check, for a person at a terminal or in a pull request.

use std::fmt::Write as _;

use super::markdown::prose;
use super::terminal::{BAD, BOLD, DEINIT, FAINT, printable};
use crate::analyze::check::{Found, Report, UnusedWaiver};
use crate::analyze::unmatched::Unmatched;
use crate::model::Severity;

/// Most pieces of evidence that are named.
const MAX_EVIDENCE: usize = 6;

/// For a terminal: the findings that count, then what is hidden, then the answer.
pub fn terminal(report: &Report) -> String {
    let mut text = String::new();
    for found in report.open() {
        // Writing to a String cannot fail.
        let _ = write_found(&mut text, found);
    }
    for unused in report.waivers.iter().filter(|unused| !unused.is_shipped) {
        let _ = writeln!(text, "{DEINIT}waiver{DEINIT:#} {}", printable(&sentence(unused)));
    }
    for unmatched in &report.unmatched {
        let section = unmatched.section.as_str();
        let said = declared_in_vain(unmatched);
        let _ = writeln!(text, "{DEINIT}{section}{DEINIT:#} {}", printable(&said));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}", answer(report));
    text
}

fn write_found(text: &mut String, found: &Found) -> std::fmt::Result {
    let finding = &found.finding;
    let style = match finding.severity {
        Severity::Error => BAD,
        Severity::Warning => DEINIT,
        Severity::Note => FAINT,
    };
    write!(
        text,
        "{style}{}[{}]{style:#} {BOLD}{}{BOLD:#} {}",
        finding.severity.as_str(),
        finding.rule,
        printable(&found.of),
        printable(&finding.message)
    )?;
    if let Some(place) = &found.place {
        write!(text, " {FAINT}({}){FAINT:#}", printable(&place.to_string()))?;
    }
    writeln!(text)?;
    if let Some(suggestion) = &finding.suggestion {
        writeln!(text, "    {FAINT}to do:{FAINT:#} {}", printable(suggestion))?;
    }
    let named = evidence(found);
    if !named.is_empty() {
        writeln!(text, "    {FAINT}evidence:{FAINT:#} {}", printable(&named))?;
    }
    Ok(())
}

/// `rp2 mp_usbd_deinit (ports/rp2/main.c:297), ..`.
fn evidence(found: &Found) -> String {
    let pieces = found.finding.evidence.iter().take(MAX_EVIDENCE).map(|piece| {
        let function = piece.function.as_ref().map_or("(unknown)", |name| name.as_str());
        match &piece.place {
            Some(place) => format!("{} {function} ({place})", piece.of),
            None => format!("{} {function}", piece.of),
        }
    });
    pieces.collect::<Vec<_>>().join(", ")
}

fn sentence(unused: &UnusedWaiver) -> String {
    let waiver = &unused.waiver;
    let about: Vec<&str> = [
        waiver.port.as_ref().map(|port| port.as_str()),
        waiver.board.as_deref(),
        waiver.subsystem.as_deref(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let about = if about.is_empty() { String::new() } else { format!(" of {}", about.join(" ")) };
    match (unused.has_run_out, waiver.until) {
        (true, Some(until)) => format!(
            "for {}{about} ran out on {until}: remove it, or give it another day and a reason",
            waiver.rule
        ),
        _ => format!("for {}{about} waives nothing: remove it", waiver.rule),
    }
}

/// `for function uart_init1 of stm32 matches nothing: ..`.
pub fn declared_in_vain(unmatched: &Unmatched) -> String {
    let names = [("function", &unmatched.function), ("subsystem", &unmatched.subsystem)];
    let names = names.iter().filter_map(|(key, name)| Some(format!("{key} {}", name.as_ref()?)));
    let names = names.collect::<Vec<_>>().join(" and ");
    let ports: Vec<&str> = unmatched.ports.iter().map(|port| port.as_str()).collect();
    let of = if ports.is_empty() { String::new() } else { format!(" of {}", ports.join(", ")) };
    format!("for {names}{of} matches nothing: mend the name, or remove it")
}

/// The counts in one line.
fn answer(report: &Report) -> String {
    let count = |severity| report.open().filter(|found| found.finding.severity == severity).count();
    let (errors, warnings, notes) =
        (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
    let waived = report.findings.iter().filter(|found| found.finding.waived.is_some()).count();
    let known = report
        .findings
        .iter()
        .filter(|found| found.finding.waived.is_none() && found.is_known)
        .count();
    let plural =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let mut text = format!(
        "{}, {}, {} in {} checked",
        plural(errors, "error"),
        plural(warnings, "warning"),
        plural(notes, "note"),
        report.checked.len()
    );
    if waived > 0 {
        let _ = write!(text, "; {waived} waived");
    }
    if known > 0 {
        let _ = write!(text, "; {known} in the baseline");
    }
    text
}

/// For a pull request or a job summary: a table of what counts.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("**{}**\n", answer(report));
    if report.open().next().is_some() {
        text.push_str("\n| | rule | where | what | to do |\n|---|---|---|---|---|\n");
    }
    for found in report.open() {
        let finding = &found.finding;
        let place = found.place.as_ref().map(|place| format!(" {place}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {}{} | {} | {} |",
            finding.severity.as_str(),
            finding.rule,
            prose(&found.of),
            prose(&place),
            prose(&finding.message),
            prose(finding.suggestion.as_deref().unwrap_or_default())
        );
    }
    text
}
