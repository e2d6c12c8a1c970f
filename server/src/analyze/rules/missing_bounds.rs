//! IB103 `missing-bounds`: a table without the symbols that bound it, so nothing can walk it.

use super::{Check, Doc, Example, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB103",
    name: "missing-bounds",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::MissingBounds, |anomaly| {
            format!(
                "the {} lacks its start or end symbol: nothing can walk it; INCLUDE the registry's fragment in SECTIONS instead of naming the section by hand",
                table_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "a table has entries, and its start or end symbol is missing: nothing can walk it",
    what: "
        The table of a level is known by its output section or by one of its bounds, and
        `__mp_init_LEVEL_start`, `__mp_init_LEVEL_end` or both are not among the symbols. A file
        without any symbols is not reported here, since there they are gone for another reason.",
    why: "
        The bounds are all that the runner knows of a table. Where one is missing the level
        cannot be run at all, or the runner was built against a symbol of something else.",
    example: Some(Example {
        language: "ld",
        before: "
            /* Collected, and nobody can tell where. */
            .mp_init_driver : { KEEP(*(SORT_BY_NAME(.mp_init_driver.*))) } > FLASH",
        after: "
            .mp_init_driver :
            {
                __mp_init_driver_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_driver.*)))
                __mp_init_driver_end = .;
            } > FLASH",
    }),
    fix: "
        INCLUDE the registry's fragment instead of naming the sections by hand. Where the script
        has its own form, set both symbols inside the braces, right before and right after the
        entries.",
};
