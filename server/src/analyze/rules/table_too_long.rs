//! IB109 `table-too-long`: a table longer than is read.

use super::{Check, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB109",
    name: "table-too-long",
    severity: Severity::Warning,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::TableTooLong, |anomaly| {
            let found = anomaly.value.unwrap_or_default();
            format!(
                "the {} has {found} entries, more than are read; its bounds are probably wrong",
                table_name(anomaly)
            )
        })
    }),
};
