//! IB101 `table-not-loaded`: a table that is linked but not part of the flashed image.

use super::{Check, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB101",
    name: "table-not-loaded",
    severity: Severity::Error,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::TableNotLoaded, |anomaly| {
            format!(
                "the {} lies in no segment that is loaded, so it is not in the flashed image: give its output section a memory region, and list it wherever the build lists sections (objcopy -j)",
                table_name(anomaly)
            )
        })
    }),
};
