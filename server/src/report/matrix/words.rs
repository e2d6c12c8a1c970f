//! What a matrix says, in words.

use crate::analyze::consensus::{Item, share};
use crate::analyze::fleet::{DeclaredIn, Satisfaction};
use crate::analyze::matrix::{Call, Mark, Matrix};

/// How many items a sentence names.
const ITEMS_NAMED: usize = 3;

/// The answer of a matrix, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// `3 missing deinits and 12 departures`, or that nothing stands out.
    pub bold: String,
    /// `in 74 subsystems on 20 ports.`
    pub rest: String,
    /// The subsystems with the most missing deinits, else marks, each with the
    /// units that have them: `nrf and alif`.
    pub worst: Vec<(String, String)>,
}

/// How many subsystems are said to be worth a look.
const WORST: usize = 3;
/// How many units are named beside each.
const UNITS_NAMED: usize = 4;

/// The answer of a matrix whose columns are `what`, such as `port`.
pub fn summary(matrix: &Matrix, what: &str) -> Summary {
    let gaps = matrix.marks().filter(|(_, _, mark)| is_gap(mark)).count();
    let departures = matrix.marks().count() - gaps;
    let bold = match (gaps, departures) {
        (0, 0) => "Nothing stands out".to_owned(),
        (gaps, 0) => counted(gaps, "missing deinit"),
        (0, departures) => counted(departures, "departure"),
        (gaps, departures) => {
            format!("{} and {}", counted(gaps, "missing deinit"), counted(departures, "departure"))
        }
    };
    let rest = format!(
        " in {} on {}.",
        counted(matrix.rows.len(), "subsystem"),
        counted(matrix.units.len(), what)
    );
    let wanted = |mark: &Mark| gaps == 0 || is_gap(mark);
    let mut worst: Vec<(String, Vec<String>)> = Vec::new();
    for (row, unit, _) in matrix.marks().filter(|(_, _, mark)| wanted(mark)) {
        let unit = matrix.units[unit].clone();
        match worst.last_mut() {
            Some((name, units)) if *name == row.subsystem => {
                if !units.contains(&unit) {
                    units.push(unit);
                }
            }
            _ => worst.push((row.subsystem.clone(), vec![unit])),
        }
    }
    worst.sort_by_key(|(_, units)| std::cmp::Reverse(units.len()));
    worst.truncate(WORST);
    let worst = worst.into_iter().map(|(name, units)| (name, some_of(units, UNITS_NAMED)));
    Summary { bold, rest, worst: worst.collect() }
}

fn is_gap(mark: &Mark) -> bool {
    matches!(mark, Mark::MissingDeinit { .. })
}

/// What a mark says, as a sentence goes on behind its subsystem and unit.
pub fn mark(mark: &Mark) -> String {
    match mark {
        Mark::MissingDeinit { agree, of } => {
            format!("nothing stops it; {agree} of {of} others that have it stop it")
        }
        Mark::Order { phase, before, after, support, ports } => {
            let mut parts = Vec::new();
            if !before.is_empty() {
                parts.push(format!("before {}", items(before)));
            }
            if !after.is_empty() {
                parts.push(format!("after {}", items(after)));
            }
            format!(
                "{phase} runs {}; at least {} do the reverse",
                parts.join(" and "),
                share(*support, *ports, "that have both")
            )
        }
        Mark::Stage { usual, agree, of } => {
            format!(
                "started at another stage; {agree} of {of} others start it at {}",
                usual.as_str()
            )
        }
        Mark::Level { phase, usual, agree, of } => {
            format!("{phase} at another level; {agree} of {of} others register it at {usual}")
        }
        Mark::Absent { agree, of } => format!("absent; {agree} of {of} others have it"),
    }
}

/// The sign of a mark, and the word for it.
pub fn sign(mark: &Mark) -> (&'static str, &'static str) {
    match mark {
        Mark::MissingDeinit { .. } => ("✕", "no deinit"),
        Mark::Order { .. } => ("⇅", "order"),
        Mark::Stage { .. } => ("⇄", "stage"),
        Mark::Level { .. } => ("≠", "level"),
        Mark::Absent { .. } => ("∅", "absent"),
    }
}

/// What a sign says, for a legend.
pub fn explanation(mark: &Mark) -> &'static str {
    match mark {
        Mark::MissingDeinit { .. } => "started at every soft reset, never stopped",
        Mark::Order { .. } => "elsewhere in the order than on most",
        Mark::Stage { .. } => "started at another stage than on most",
        Mark::Level { .. } => "at another level than on most",
        Mark::Absent { .. } => "missing where nearly all have it",
    }
}

/// The CSS class of a mark: `gap` for what is missing, else `departs`.
pub fn class(mark: &Mark) -> &'static str {
    if is_gap(mark) { "gap" } else { "departs" }
}

/// What a call is: `pin_init0, init 4, at boot, level driver, if CONDITION`.
pub fn call(call: &Call) -> String {
    let mut text = format!("{}, {} {}", call.function, call.phase, call.number);
    match call.stage {
        Some(stage) => text.extend([", at ", stage.as_str()]),
        None => text.push_str(", not seen to be run by main"),
    }
    if let Some(level) = &call.level {
        text.extend([", level ", level.as_str()]);
    }
    if let Some(condition) = &call.condition {
        text.extend([", #if ", condition]);
    } else if call.conditional {
        text.push_str(", left out on a path through main");
    }
    text
}

fn items(items: &[Item]) -> String {
    some_of(items.iter().map(ToString::to_string).collect(), ITEMS_NAMED)
}

/// The first few names, and how many more there are.
fn some_of(mut names: Vec<String>, shown: usize) -> String {
    if let Some(more @ 1..) = names.len().checked_sub(shown) {
        names.truncate(shown);
        names.push(format!("{more} more"));
    }
    and(&names)
}

fn and(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
/// How a deinit is satisfied, why, and who says so.
pub fn satisfied(found: &Satisfaction) -> String {
    let declared = match found.declared {
        DeclaredIn::Configuration => "declared in the configuration",
        DeclaredIn::Record => "declared by its registration",
    };
    format!("{}: {} ({declared})", found.by.as_str(), found.reason)
}
