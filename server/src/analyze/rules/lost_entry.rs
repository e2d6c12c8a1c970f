//! IB105 `lost-entry`: an entry outside every table, so nobody runs it.

use super::{Check, Doc, Example, Rule, function_name, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB105",
    name: "lost-entry",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::LostEntry, |anomaly| {
            format!(
                "{} was registered, but stands outside the {}: nothing runs it; check that the linker script collects its section between the bounds, and that with MP_REGISTRY_RODATA the linker is told --sort-section=name",
                function_name(anomaly),
                table_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "an entry's symbol stands outside every table: nothing runs it",
    what: "
        A symbol of the form `__mp_init_LEVEL_PRIORITY_FUNCTION` is in the file, and its address
        is no word of the table of that level. Where the entry became a section of its own,
        `IB102` says so instead.",
    why: "
        Somebody registered the function and sees the symbol in the map file, and it never runs.
        Mostly a wider pattern such as `*(.mp_*)`, higher up in the script, took the entry
        before the table could.",
    example: Some(Example {
        language: "ld",
        before: "
            .text : { *(.text*) *(.rodata*) *(.mp_*) } > FLASH
            .mp_init_core :
            {
                __mp_init_core_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_core.*)))
                __mp_init_core_end = .;
            } > FLASH",
        after: "
            .text : { *(.text*) *(.rodata*) } > FLASH
            .mp_init_core :
            {
                __mp_init_core_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_core.*)))
                __mp_init_core_end = .;
            } > FLASH",
    }),
    fix: "
        Look the entry up in the map file: it names the output section that took it. Take the
        pattern that matched it out of the script, or put the registry's fragment in front of
        it; each input section goes to the first pattern that fits.",
};
