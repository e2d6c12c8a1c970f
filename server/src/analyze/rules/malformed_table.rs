//! IB107 `malformed-table`: bounds that contradict each other or the size of a pointer.

use super::{Check, Doc, Example, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB107",
    name: "malformed-table",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
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

const DOC: Doc = Doc {
    summary: "a table ends before it starts, or its size is no whole number of pointers",
    what: "
        The two bounds of a table contradict each other: the end is the lower address, or what
        lies between them is no multiple of a pointer's size.",
    why: "
        With the end in front of the start the level runs nothing, or all of memory where the
        runner compares with `!=`. With a size that is no whole number of pointers, something
        else stands between the bounds, and each word after it is read across two entries.",
    example: Some(Example {
        language: "ld",
        before: "
            .mp_init_core :
            {
                __mp_init_core_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_core.*)))
                BYTE(0xff)
                __mp_init_core_end = .;
            } > FLASH",
        after: "
            .mp_init_core :
            {
                __mp_init_core_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_core.*)))
                __mp_init_core_end = .;
            } > FLASH",
    }),
    fix: "
        See what the linker script places between the bounds, and that the start comes first. An
        `ALIGN` belongs in front of the start symbol, never between it and the entries.",
};
