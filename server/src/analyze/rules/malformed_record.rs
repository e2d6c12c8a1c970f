//! IB119 `malformed-record`: records that cannot be read.

use super::{Check, Doc, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB119",
    name: "malformed-record",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::MalformedRecord, |anomaly| {
            let records = match anomaly.value.unwrap_or(1) {
                0 | 1 => "a record".to_owned(),
                count => format!("{count} records"),
            };
            format!(
                "{records} in `.mp_records` cannot be read: expected strings such as `abi=1` and `function=NAME`, with a phase, a level, a priority and a function in each; what they say is left out"
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "records cannot be read, so that what they say is left out",
    what: "
        The section `.mp_records` holds a text outside any record, or a record without a phase, a
        level, a priority or a function that can be read.",
    why: "
        What the record would have told is missing: where the function is registered and what
        must run before it.",
    example: None,
    fix: "
        See what else writes into `.mp_records`: its name belongs to `registry-rt`. A priority
        or a level that is no word, and a file name with a quotation mark in it, break the
        record of a registration in C; define `MP_REGISTRY_FILE` where the name of the file is
        the cause.",
};
