//! IB103 `missing-bounds`: a table without the symbols that bound it, so nothing can walk it.

use super::{Check, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB103",
    name: "missing-bounds",
    severity: Severity::Error,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::MissingBounds, |anomaly| {
            format!(
                "the {} lacks its start or end symbol: nothing can walk it; INCLUDE the registry's fragment in SECTIONS instead of naming the section by hand",
                table_name(anomaly)
            )
        })
    }),
};
