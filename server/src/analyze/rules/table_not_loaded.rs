//! IB101 `table-not-loaded`: a table that is linked but not part of the flashed image.

use super::{Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB101",
    name: "table-not-loaded",
    severity: Severity::Error,
    check: |table| {
        per_anomaly(table, AnomalyKind::TableNotLoaded, |anomaly| {
            format!(
                "the {} is in no segment that is loaded: the running firmware reads other bytes there; place its output section in a memory region, and list it wherever sections are listed (objcopy -j)",
                table_name(anomaly)
            )
        })
    },
};
