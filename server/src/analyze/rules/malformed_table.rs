//! IB107 `malformed-table`: bounds that contradict each other or the size of a pointer.

use super::{Check, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB107",
    name: "malformed-table",
    severity: Severity::Error,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::MalformedTable, |anomaly| match anomaly.value {
            Some(size) => format!(
                "the {} has {size} bytes, which is no whole number of pointers: something else was placed between its bounds",
                table_name(anomaly)
            ),
            None => format!(
                "the {} ends before it starts: its bounds are out of order in the linker script",
                table_name(anomaly)
            ),
        })
    }),
};
