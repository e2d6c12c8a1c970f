//! IB111 `stripped`: a file without symbols, which says little.

use super::{Check, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB111",
    name: "stripped",
    severity: Severity::Note,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::Stripped, |_| {
            "the file has no symbols: names and priorities are gone, and with them every table that has no output section of its own; give the ELF file as it was before strip".to_owned()
        })
    }),
};
