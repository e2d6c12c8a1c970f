//! IB105 `lost-entry`: an entry outside every table, so nobody runs it.

use super::{Check, Rule, function_name, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB105",
    name: "lost-entry",
    severity: Severity::Error,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::LostEntry, |anomaly| {
            format!(
                "{} was registered, but stands outside the {}: nothing runs it; check that the linker script collects its section between the bounds",
                function_name(anomaly),
                table_name(anomaly)
            )
        })
    }),
};
