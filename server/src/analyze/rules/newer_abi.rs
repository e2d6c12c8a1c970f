//! IB108 `newer-abi`: firmware that states a newer version of the registry.

use super::{Check, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB108",
    name: "newer-abi",
    severity: Severity::Warning,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::NewerAbi, |anomaly| {
            let version = anomaly.value.unwrap_or_default();
            format!(
                "the firmware states version {version} of the registry, and this program reads version 1: what is shown may be incomplete; use a newer initboard"
            )
        })
    }),
};
