//! IB114 `main-incomplete`: a part of main could not be followed.

use super::{Check, Rule, function_name, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB114",
    name: "main-incomplete",
    severity: Severity::Warning,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::MainIncomplete, |anomaly| {
            format!(
                "{} jumps to a place that is computed in a way that cannot be followed, or is too long: calls behind it are missing here",
                function_name(anomaly)
            )
        })
    }),
};
