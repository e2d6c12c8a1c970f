//! IB109 `table-too-long`: a table longer than is read.

use super::{Check, Doc, Example, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB109",
    name: "table-too-long",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
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

const DOC: Doc = Doc {
    summary: "the tables have more entries than are read, 4,096 in all",
    what: "
        The bounds of a table are further apart than the 4,096 entries that are read of one
        file. The entries up to there are shown.",
    why: "
        The largest ports have about sixty entries. A table of thousands is mostly an end symbol
        that belongs to something else, such as the end of the flash, and the runner would call
        whatever lies between.",
    example: Some(Example {
        language: "ld",
        before: "
            .mp_init_service :
            {
                __mp_init_service_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_service.*)))
            } > FLASH
            __mp_init_service_end = ORIGIN(FLASH) + LENGTH(FLASH);",
        after: "
            .mp_init_service :
            {
                __mp_init_service_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_service.*)))
                __mp_init_service_end = .;
            } > FLASH",
    }),
    fix: "
        Set the end symbol right behind the entries, inside the braces of their output section.",
};
