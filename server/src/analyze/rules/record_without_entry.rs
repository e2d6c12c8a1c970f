//! IB117 `record-without-entry`: a registration whose entry the linker dropped.

use super::{Check, Doc, Example, Rule, function_name, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB117",
    name: "record-without-entry",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::RecordWithoutEntry, |anomaly| {
            let place = anomaly.location.as_ref();
            format!(
                "{} is registered{}, and the {} does not hold it: nothing runs it; the linker dropped the entry, as it does without KEEP",
                function_name(anomaly),
                place.map(|place| format!(" at {place}")).unwrap_or_default(),
                table_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "a registration is in the image, and its entry is in no table: nothing runs it",
    what: "
        Each registration leaves a record in the section `.mp_records`, which is not loaded and
        which garbage collection passes over while anything else of its file is linked. A record
        is there, and neither a word of its table nor a symbol tells of the entry.

        Files without symbols are left out: there, entries are told by their number alone.",
    why: "
        The function compiles, links and never runs. Without the record nothing in the image
        would tell.",
    example: Some(Example {
        language: "ld",
        before: "
            .mp_init_core :
            {
                __mp_init_core_start = .;
                *(SORT_BY_NAME(.mp_init_core.*))
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
        Use the fragments of `registry-rt/link`, which keep every entry. Where the image places
        its entries without a fragment, see that every file was compiled with the same way:
        `MP_REGISTRY_RODATA` or `MP_REGISTRY_KEYED` for all, or for none.",
};
