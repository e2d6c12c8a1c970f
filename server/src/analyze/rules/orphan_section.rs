//! IB102 `orphan-section`: an entry in a section that no linker script collected, so nobody runs it.

use super::{Check, Rule, function_name, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB102",
    name: "orphan-section",
    severity: Severity::Error,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::OrphanSection, |anomaly| {
            format!(
                "{} was registered, but the linker script does not collect the {}: nothing runs it; INCLUDE the registry's fragment in SECTIONS",
                function_name(anomaly),
                table_name(anomaly)
            )
        })
    }),
};
