//! Rules: a stable code, a name, a severity and what to do. One file per rule.
//!
//! `IB1xx` asks whether an entry will run at all.

mod empty_registry;
mod level_never_run;
mod level_unknown;
mod lost_entry;
mod main_ambiguous;
mod main_incomplete;
mod main_not_read;
mod malformed_table;
mod missing_bounds;
mod newer_abi;
mod orphan_section;
mod source_unparsed;
mod stripped;
mod table_not_loaded;
mod table_too_long;
mod wild_pointer;

use crate::model::{Anomaly, AnomalyKind, Finding, InitTable, Severity};

/// One rule.
pub struct Rule {
    /// Stable code, such as `IB104`.
    pub code: &'static str,
    /// Stable name, such as `wild-pointer`.
    pub name: &'static str,
    /// How much a finding matters.
    pub severity: Severity,
    /// Where the rule holds in a table.
    check: fn(&InitTable) -> Vec<Hit>,
}

/// One place where a rule holds.
struct Hit {
    message: String,
    entry: Option<u32>,
}

/// All rules, by code.
pub const RULES: [Rule; 16] = [
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
];

/// What the rules say of a table, by code.
pub fn findings(table: &InitTable) -> Vec<Finding> {
    let findings_of = |rule: &Rule| {
        let hits = (rule.check)(table).into_iter();
        let (code, severity) = (rule.code.to_owned(), rule.severity);
        hits.map(move |Hit { message, entry }| Finding {
            rule: code.clone(),
            severity,
            message,
            entry,
        })
        .collect::<Vec<_>>()
    };
    RULES.iter().flat_map(findings_of).collect()
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
        .map(|anomaly| Hit { message: message(anomaly), entry: position(table, anomaly) })
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_codes_ascend() {
        let names: HashSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
        assert!(RULES.iter().map(|rule| rule.code).is_sorted_by(|a, b| a < b));
    }
}
