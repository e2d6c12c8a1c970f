//! IB110 `empty-registry`: the bounds of tables are there, and not one entry.

use super::{Check, Doc, Example, Hit, Rule};
use crate::model::{Origin, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB110",
    name: "empty-registry",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        let walked = table.origins.contains(&Origin::Registry) && !table.levels.is_empty();
        if !walked || table.entries.iter().any(|entry| entry.origin == Origin::Registry) {
            return Vec::new();
        }
        let message = "the tables are there and all of them are empty: either no driver registers anything, or the linker dropped the entries; see that the linker script has KEEP around their sections".to_owned();
        vec![Hit { message, ..Hit::default() }]
    }),
};

const DOC: Doc = Doc {
    summary: "the tables are there, and all of them are empty",
    what: "
        The bounds of tables are in the file, and not one of the tables has an entry.",
    why: "
        Nothing refers to an entry, so garbage collection of sections (`--gc-sections`) drops
        all of them unless the script says `KEEP`. The linker says nothing, every level runs
        nothing, and no driver starts.",
    example: Some(Example {
        language: "ld",
        before: "
            __mp_init_core_start = .;
            *(SORT_BY_NAME(.mp_init_core.*))
            __mp_init_core_end = .;",
        after: "
            __mp_init_core_start = .;
            KEEP(*(SORT_BY_NAME(.mp_init_core.*)))
            __mp_init_core_end = .;",
    }),
    fix: "
        Put `KEEP` around the input sections of every table. If it is there, see that the
        objects which register are linked at all: an archive gives only those members that
        something refers to. If no driver registers yet, this finding goes away with the first
        one.",
};
