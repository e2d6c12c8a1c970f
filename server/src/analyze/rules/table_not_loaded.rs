//! IB101 `table-not-loaded`: a table that is linked but not part of the flashed image.

use super::{Check, Doc, Example, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB101",
    name: "table-not-loaded",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::TableNotLoaded, |anomaly| {
            format!(
                "the {} lies in no segment that is loaded, so it is not in the flashed image: give its output section a memory region, and list it wherever the build lists sections (objcopy -j)",
                table_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "a table lies in no loadable segment: it is linked, but not in the flashed image",
    what: "
        A table of the registry has entries, and no loadable segment of the ELF file holds its
        bytes. Its symbols are right, and so the build passes.

        What a build leaves out of the image later, such as a section that `objcopy -j` does not
        list, cannot be seen in the ELF file.",
    why: "
        The runner walks from the start symbol to the end symbol and calls each word between
        them. On the chip there is something else at these addresses, or erased flash, or
        nothing: the first level that runs calls a random address and ends in a hard fault,
        before there is a console to say so.",
    example: Some(Example {
        language: "ld",
        before: "
            /* INFO keeps the section out of every segment. */
            .mp_init_core (INFO) :
            {
                __mp_init_core_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_core.*)))
                __mp_init_core_end = .;
            }",
        after: "
            .mp_init_core :
            {
                __mp_init_core_start = .;
                KEEP(*(SORT_BY_NAME(.mp_init_core.*)))
                __mp_init_core_end = .;
            } > FLASH",
    }),
    fix: "
        Give the output section a memory region that is flashed, and no type such as `(INFO)` or
        `(NOLOAD)`. If the build makes its image from listed sections, list the tables there,
        too (`objcopy -j '.mp_*'`); with the fragment `mp_registry_merged.ld` the tables go
        wherever `.text` goes, and no list needs them.",
};
