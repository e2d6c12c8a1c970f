//! IB102 `orphan-section`: an entry in a section that no linker script collected, so nobody runs it.

use super::{Check, Doc, Example, Rule, function_name, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB102",
    name: "orphan-section",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::OrphanSection, |anomaly| {
            format!(
                "{} was registered, but the linker script does not collect the {}: nothing runs it; INCLUDE the registry's fragment in SECTIONS",
                function_name(anomaly),
                table_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "an entry is in a section of its own, because no linker script collects its level: \
        nothing runs it",
    what: "
        The file has an output section of the form `.mp_init_LEVEL.PRIORITY.FUNCTION`. That is
        the name of an input section: no rule of the linker script matched it, so the linker
        placed it by itself, somewhere.",
    why: "
        The entry takes its place in flash, the build passes, and the runner never sees it,
        since it stands between no bounds. It happens to boards whose linker script nobody
        touched when the port began to register, and to a level of the project's own that no
        script names.",
    example: Some(Example {
        language: "ld",
        before: "
            SECTIONS
            {
                .text : { *(.text*) *(.rodata*) } > FLASH
                .data : { *(.data*) } > RAM AT > FLASH
            }",
        after: r#"
            REGION_ALIAS("MP_REGISTRY", FLASH)

            SECTIONS
            {
                .text : { *(.text*) *(.rodata*) } > FLASH
                INCLUDE mp_registry.ld
                .data : { *(.data*) } > RAM AT > FLASH
            }"#,
    }),
    fix: "
        INCLUDE the registry's fragment in the script of that board. For a level of the
        project's own, add its two tables in the form that the fragment has for the four levels.
        `--orphan-handling=error` makes the linker refuse what no script collects.",
};
