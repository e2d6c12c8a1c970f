//! IB115 `level-unknown`: main runs a level whose number is no constant.

use super::{Check, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB115",
    name: "level-unknown",
    severity: Severity::Warning,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::LevelUnknown, |anomaly| {
            let place = anomaly.address.map(|address| format!(" at {address}")).unwrap_or_default();
            format!(
                "the level that is run{place} is no constant there: its entries stand at the end, not where they run; pass the level as a constant"
            )
        })
    }),
};
