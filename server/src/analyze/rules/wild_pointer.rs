//! IB104 `wild-pointer`: a word of a table that leads to no code: running the level would crash.

use super::{Check, Rule, function_name, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB104",
    name: "wild-pointer",
    severity: Severity::Error,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::WildPointer, |anomaly| {
            let address = anomaly.address.map(|address| address.to_string()).unwrap_or_default();
            format!(
                "{} in the {} holds {address}, where there is no code: running the level would crash; look for a zeroed or misplaced table",
                function_name(anomaly),
                table_name(anomaly)
            )
        })
    }),
};
