//! Rules: a stable code, a name, a severity and what to do. One file per rule.
//!
//! `IB1xx` asks whether an entry will run at all, `IB2xx` whether in the order that
//! was meant, `IB3xx` whether what is started
//! is stopped, `IB4xx` whether a port departs from the others, `IB5xx` what is left of
//! migrating to a registry. Each says in its `Doc` what it looks at, why, and what to do;
//! `docs/rules.md` is made of that. What needs two builds, such as whether migrating
//! changed the order, is no rule but a diff.

#[cfg(test)]
mod cases;
mod deinit_after_sweep;
mod deinit_without_init;
mod dependencies;
mod dependency_cycle;
mod dependency_not_mirrored;
mod dependency_unknown;
mod dependency_violated;
mod doc;
mod driver_not_stopped;
mod empty_registry;
mod entry_without_record;
mod guard_mismatch;
mod level_never_run;
mod level_unknown;
mod lost_entry;
mod main_ambiguous;
mod main_incomplete;
mod main_not_read;
mod malformed_record;
mod malformed_table;
mod missing_bounds;
pub(super) mod missing_deinit;
mod missing_landmark;
mod never_stopped;
mod newer_abi;
mod not_mirrored;
mod order_departs;
mod orphan_section;
mod priority_sorts_wrongly;
mod record_without_entry;
mod records_only;
mod registered_and_called;
mod registered_twice;
mod source_unparsed;
mod stripped;
mod table_not_loaded;
mod table_too_long;
mod tie;
mod wild_pointer;

use doc::Example;
pub use doc::{Doc, ExplainedExample, Explanation, Piece};

use super::consensus::Consensus;
use super::fleet::{Fleet, entry};
use crate::model::{
    Anomaly, AnomalyKind, Confidence, Evidence, Finding, InitTable, Severity, quoted,
};

/// One rule.
pub struct Rule {
    /// Stable code, such as `IB104`.
    pub code: &'static str,
    /// Stable name, such as `wild-pointer`.
    pub name: &'static str,
    /// How much a finding matters.
    pub severity: Severity,
    /// Whether it holds only where a configuration gives it a severity.
    pub is_opt_in: bool,
    /// What people are told about it.
    pub doc: Doc,
    /// Where the rule holds.
    check: Check,
}

/// What a rule looks at.
enum Check {
    /// One table.
    Table(fn(&InitTable) -> Vec<Hit>),
    /// Several tables side by side; each hit with the place of its table.
    Fleet(fn(&Fleet<'_>, &Consensus) -> Vec<(usize, Hit)>),
}

/// One place where a rule holds.
#[derive(Default)]
struct Hit {
    message: String,
    entry: Option<u32>,
    subsystem: Option<String>,
    confidence: Confidence,
    suggestion: Option<String>,
    evidence: Vec<Evidence>,
}

/// All rules, by code.
pub static RULES: [Rule; 37] = [
    table_not_loaded::RULE,
    orphan_section::RULE,
    missing_bounds::RULE,
    wild_pointer::RULE,
    lost_entry::RULE,
    level_never_run::RULE,
    malformed_table::RULE,
    newer_abi::RULE,
    table_too_long::RULE,
    empty_registry::RULE,
    stripped::RULE,
    main_not_read::RULE,
    main_ambiguous::RULE,
    main_incomplete::RULE,
    level_unknown::RULE,
    source_unparsed::RULE,
    record_without_entry::RULE,
    entry_without_record::RULE,
    malformed_record::RULE,
    records_only::RULE,
    priority_sorts_wrongly::RULE,
    tie::RULE,
    dependency_violated::RULE,
    dependency_unknown::RULE,
    dependency_cycle::RULE,
    registered_twice::RULE,
    dependency_not_mirrored::RULE,
    missing_deinit::RULE,
    deinit_without_init::RULE,
    not_mirrored::RULE,
    guard_mismatch::RULE,
    deinit_after_sweep::RULE,
    never_stopped::RULE,
    order_departs::RULE,
    driver_not_stopped::RULE,
    missing_landmark::RULE,
    registered_and_called::RULE,
];

/// The rule with that code or name.
pub fn rule(text: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == text || rule.name == text)
}

/// There is no rule of that code or name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{found}`: the nearest is {} ({})", nearest.0, nearest.1)]
pub struct UnknownRule {
    /// The text, shortened.
    found: String,
    /// The code and the name of the rule that it resembles most.
    nearest: (&'static str, &'static str),
}

/// The rule with that code or name.
///
/// # Errors
/// When there is none; with the one that the text resembles most.
pub fn find(text: &str) -> Result<&'static Rule, UnknownRule> {
    rule(text).ok_or_else(|| UnknownRule { found: quoted(text), nearest: nearest(text) })
}

/// The code and the name that resemble a text most.
fn nearest(text: &str) -> (&'static str, &'static str) {
    // A long text resembles none better for being read to its end.
    let text = text.chars().take(64).collect::<String>().to_lowercase();
    let distance = |rule: &&Rule| {
        let to = |other: &str| strsim::damerau_levenshtein(&text, other);
        to(&rule.code.to_lowercase()).min(to(rule.name))
    };
    let rule = RULES.iter().min_by_key(distance).unwrap_or(&RULES[0]);
    (rule.code, rule.name)
}

/// The families that rules belong to, by the beginning of their codes, and what
/// each asks.
pub const FAMILIES: [(&str, &str); 5] = [
    ("IB1", "Will it run at all, and could it be read?"),
    ("IB2", "Will it run in the order that was meant?"),
    ("IB3", "Is what is started stopped, and in time?"),
    ("IB4", "Does a port depart from the others, of which each has one vote?"),
    ("IB5", "Is the way from calls to the registry gone to its end?"),
];

/// What the rules say of a table by itself, by code.
pub fn findings(table: &InitTable) -> Vec<Finding> {
    let findings_of = |rule: &Rule| match rule.check {
        Check::Table(check) => {
            check(table).into_iter().map(|hit| rule.finding(hit)).collect::<Vec<_>>()
        }
        Check::Fleet(_) => Vec::new(),
    };
    RULES.iter().flat_map(findings_of).collect()
}

/// What the rules that are on say of tables side by side, by code; each with the
/// place of its table in the fleet.
pub fn findings_across(
    fleet: &Fleet<'_>,
    consensus: &Consensus,
    is_on: impl Fn(&Rule) -> bool,
) -> Vec<(usize, Finding)> {
    let findings_of = |rule: &'static Rule| match rule.check {
        Check::Table(_) => Vec::new(),
        Check::Fleet(check) => check(fleet, consensus)
            .into_iter()
            .map(|(unit, hit)| (unit, rule.finding(hit)))
            .collect::<Vec<_>>(),
    };
    RULES.iter().filter(|rule| is_on(rule)).flat_map(findings_of).collect()
}

impl Rule {
    fn finding(&self, hit: Hit) -> Finding {
        let Hit { message, entry, subsystem, confidence, suggestion, evidence } = hit;
        Finding {
            rule: self.code.to_owned(),
            severity: self.severity,
            message,
            entry,
            subsystem,
            confidence,
            suggestion,
            evidence,
            waived: None,
        }
    }
}

/// What a table of the fleet has of a subsystem, as evidence.
fn evidence_of(fleet: &Fleet<'_>, unit: usize, position: u32) -> Evidence {
    let found = entry(fleet.units[unit].table, position);
    Evidence {
        of: fleet.units[unit].label.to_owned(),
        position,
        function: found.and_then(|entry| entry.function.clone()),
        place: found.and_then(|entry| entry.location.clone()),
    }
}

/// A hit for each anomaly of a kind.
fn per_anomaly(
    table: &InitTable,
    kind: AnomalyKind,
    message: impl Fn(&Anomaly) -> String,
) -> Vec<Hit> {
    table
        .anomalies
        .iter()
        .filter(|anomaly| anomaly.kind == kind)
        .map(|anomaly| Hit {
            message: message(anomaly),
            entry: position(table, anomaly),
            ..Hit::default()
        })
        .collect()
}

/// The position of the entry that an anomaly is about.
fn position(table: &InitTable, anomaly: &Anomaly) -> Option<u32> {
    let slot = anomaly.slot?;
    table
        .entries
        .iter()
        .find(|entry| {
            entry.phase == anomaly.phase && entry.level == anomaly.level && entry.slot == Some(slot)
        })
        .map(|entry| entry.position)
}

/// `init table of level driver`, as far as the anomaly knows it.
fn table_name(anomaly: &Anomaly) -> String {
    match (anomaly.phase, &anomaly.level) {
        (Some(phase), Some(level)) => format!("{phase} table of level {level}"),
        _ => "table".to_owned(),
    }
}

/// The function of an anomaly in backquotes, or its slot where there is none.
fn function_name(anomaly: &Anomaly) -> String {
    match (&anomaly.function, anomaly.slot) {
        (Some(function), _) => format!("`{function}`"),
        (None, Some(slot)) => format!("slot {slot}"),
        (None, None) => "an entry".to_owned(),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_codes_ascend() {
        let names: HashSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
        assert!(RULES.iter().map(|rule| rule.code).is_sorted_by(|a, b| a < b));
        let family = |rule: &Rule| FAMILIES.iter().any(|(family, _)| rule.code.starts_with(family));
        assert!(RULES.iter().all(family));
    }

    #[test]
    fn a_misspelt_rule_has_a_nearest_one() {
        for (text, code) in [("missing-denit", "IB301"), ("ib301", "IB301"), ("IB3O1", "IB301")] {
            assert_eq!(nearest(text).0, code, "{text}");
        }
    }

    #[test]
    fn documentation_is_whole_sentences_without_markup() {
        for rule in &RULES {
            let of = rule.code;
            let summary = rule.doc.summary;
            assert!(!summary.ends_with('.') && !summary.starts_with(char::is_uppercase), "{of}");
            for piece in rule.doc.pieces() {
                let Piece::Paragraph(text) = piece else { continue };
                assert!(text.ends_with(['.', ':']), "{of}: {text}");
                assert!(text.matches('`').count().is_multiple_of(2), "{of}: {text}");
                let prose: String = text.split('`').step_by(2).collect();
                assert!(!prose.contains(['*', '_', '<', '>', '[', ']', '|']), "{of}: {text}");
            }
        }
    }
}
