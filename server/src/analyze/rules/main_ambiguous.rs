//! IB113 `main-ambiguous`: several functions look like main.

use super::{Check, Rule, function_name, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB113",
    name: "main-ambiguous",
    severity: Severity::Warning,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::MainAmbiguous, |anomaly| {
            let read =
                table.main.as_ref().map_or("another function", |main| main.function.as_str());
            format!(
                "{} calls `mp_init` and as many landmarks as `{read}`, which was read as main: the calls shown may be those of the wrong one",
                function_name(anomaly)
            )
        })
    }),
};
