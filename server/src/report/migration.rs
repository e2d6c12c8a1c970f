//! How a main can be migrated, for a person at a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anstyle::Style;

use super::changes::counted;
use super::terminal::printable;
use crate::analyze::migrate::Proposal;
use crate::analyze::migrate::plan::{Plan, Registration, RunLevel};
use crate::analyze::migrate::scripts::{PlacedBy, Placing, ScriptAudit, Without};

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// Longest name that widens its column, in characters.
const WIDEST_NAME: usize = 40;

/// A proposal: what to register, what stays by hand and why, and what to know.
pub fn terminal(proposal: &Proposal) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_proposal(&mut text, proposal);
    text
}

fn write_proposal(text: &mut String, proposal: &Proposal) -> std::fmt::Result {
    let plan = &proposal.plan;
    let to_do = match plan.registrations.len() {
        0 => "nothing to register".to_owned(),
        count => {
            let runs = counted(plan.new_runs().count(), "new run-level call");
            format!("{count} to register, {runs}")
        }
    };
    writeln!(
        text,
        "{BOLD}{}{BOLD:#}  {to_do}, {} by hand in {}",
        printable(&proposal.of),
        stay(plan.by_hand.len()),
        plan.main,
    )?;
    for run in &plan.runs {
        write_run(text, plan, run)?;
    }
    if !plan.by_hand.is_empty() {
        writeln!(text, "\n{BOLD}stay by hand{BOLD:#}")?;
        let names: Vec<String> = plan
            .by_hand
            .iter()
            .map(|stays| {
                stays.function.as_ref().map_or_else(|| "(no name)".to_owned(), ToString::to_string)
            })
            .collect();
        let width = width(names.iter());
        for (stays, name) in plan.by_hand.iter().zip(&names) {
            let why = stays.because.as_deref().unwrap_or(stays.reason.words());
            writeln!(text, "  {:width$}  {}", printable(name), printable(why))?;
        }
    }
    write_notes(text, proposal)
}

fn stay(calls: usize) -> String {
    format!("{} {}", counted(calls, "call"), if calls == 1 { "stays" } else { "stay" })
}

fn write_run(text: &mut String, plan: &Plan, run: &RunLevel) -> std::fmt::Result {
    writeln!(text, "\n{BOLD}{}{BOLD:#}  {}", run.call(), printable(&run.place()))?;
    let of_run: Vec<&Registration> =
        run.runs.iter().filter_map(|&index| plan.registrations.get(index)).collect();
    let name = |registration: &&Registration| {
        let arguments = registration.arguments.as_deref().unwrap_or_default();
        format!("{}{arguments}", registration.function)
    };
    let names: Vec<String> = of_run.iter().map(name).collect();
    let width = width(names.iter());
    for (registration, name) in of_run.iter().zip(&names) {
        let Registration { level, priority, condition, call, defined, .. } = registration;
        let place = match (call, defined) {
            (Some(call), _) => format!("remove {}:{}", call.file, call.first),
            (None, Some(defined)) => format!("defined in {defined}"),
            (None, None) => String::new(),
        };
        let condition = condition.as_ref().map_or_else(String::new, |text| format!("if {text}"));
        let line = format!(
            "  {level:7} {priority}  {:width$}  {FAINT}{}{FAINT:#}  {}",
            printable(name),
            printable(&place),
            printable(&condition)
        );
        writeln!(text, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What somebody who follows the plan has to know.
fn write_notes(text: &mut String, proposal: &Proposal) -> std::fmt::Result {
    let plan = &proposal.plan;
    let mut notes = Vec::new();
    if !plan.is_complete {
        notes.push("some of main could not be read: calls may be missing here".to_owned());
    }
    if !plan.knows_arguments && !plan.registrations.is_empty() {
        notes.push(
            "firmware does not tell which calls have arguments or a result, and so need MP_INIT_REGISTER_CALL; --tree reads the arguments from main and the results from the headers that it includes"
                .to_owned(),
        );
    }
    if let Some(main) = &proposal.main {
        for run in &main.under_condition {
            notes.push(format!(
                "{run} stands under an #if that not all of its entries have: move it"
            ));
        }
        for passed in &main.passed {
            let lines = match passed.last - passed.first {
                0 => passed.first.to_string(),
                _ => format!("{}-{}", passed.first, passed.last),
            };
            let side = if passed.runs_behind { "behind" } else { "in front of" };
            notes.push(format!(
                "{}:{lines} now runs {side} the calls among which it stood: {}",
                main.path, passed.text
            ));
        }
    }
    for (index, note) in notes.iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        writeln!(text, "{gap}note: {}", printable(note))?;
    }
    Ok(())
}

/// What the linker scripts of a port's boards do: how many boards, and which lack the
/// tables.
pub fn scripts(audits: &[ScriptAudit]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_scripts(&mut text, audits);
    text
}

fn write_scripts(text: &mut String, audits: &[ScriptAudit]) -> std::fmt::Result {
    let mut counts: BTreeMap<Placing, usize> = BTreeMap::new();
    for audit in audits {
        *counts.entry(audit.placing).or_default() += 1;
    }
    let said: Vec<String> =
        counts.iter().map(|(placing, count)| format!("{count} {}", placing.words())).collect();
    writeln!(
        text,
        "\n{BOLD}linker scripts{BOLD:#}  tables of the registry on {}: {}",
        match audits.len() {
            1 => "1 board".to_owned(),
            count => format!("{count} boards and variants"),
        },
        said.join(", ")
    )?;
    let is_worth_a_line = |audit: &&ScriptAudit| {
        matches!(audit.placing, Placing::Placed | Placing::Partly) || counts.len() > 1
    };
    let listed: Vec<&ScriptAudit> = audits.iter().filter(is_worth_a_line).collect();
    let width = width(listed.iter().map(|audit| &audit.board));
    let words_width = counts.keys().map(|placing| placing.words().len()).max().unwrap_or_default();
    for audit in listed {
        let words = audit.placing.words();
        let mut line = format!("  {:width$}  {words:words_width$}", printable(&audit.board));
        let through: Vec<String> = audit.through.iter().map(placed_by).collect();
        if !through.is_empty() {
            let _ = write!(line, "  {}", printable(&through.join(", ")));
        }
        for Without { condition, tables } in &audit.without {
            let _ = match tables.as_slice() {
                [] => write!(line, "  not"),
                tables => write!(line, "  lacks {}", printable(&tables.join(", "))),
            };
            if let Some(condition) = condition {
                let _ = write!(line, " if {}", printable(condition));
            }
        }
        writeln!(text, "{}", line.trim_end())?;
    }
    if counts.contains_key(&Placing::NoScript) {
        writeln!(
            text,
            "note: by no script is right where the entries have keys or are sorted read-only data (MP_REGISTRY_KEYED, MP_REGISTRY_RODATA); else a script must place the tables"
        )?;
    }
    let by_name: BTreeSet<&String> = audits
        .iter()
        .flat_map(|audit| &audit.through)
        .filter_map(|placed| placed.by_name.then_some(&placed.script))
        .collect();
    for script in by_name {
        writeln!(
            text,
            "note: {} is not in the tree: by its name it is the fragment of registry-rt, if the linker is told where that is (-L)",
            printable(script)
        )?;
    }
    Ok(())
}

fn placed_by(placed: &PlacedBy) -> String {
    match &placed.included_by {
        Some(by) => format!("{} in {by}", placed.script),
        None => placed.script.clone(),
    }
}

fn width<'a>(names: impl Iterator<Item = &'a String>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or_default().min(WIDEST_NAME)
}
