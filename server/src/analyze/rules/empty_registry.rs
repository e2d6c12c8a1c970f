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
        let message = "the tables are there and all of them are empty: either no driver registers anything yet, or the linker dropped or misplaced the entries: a script that names them needs KEEP around them, entries that are read-only data need --sort-section=name".to_owned();
        vec![Hit { message, ..Hit::default() }]
    }),
};

const DOC: Doc = Doc {
    summary: "the tables are there, and all of them are empty",
    what: "
        The bounds of tables are in the file, and not one of the tables has an entry.",
    why: "
        Before the first driver registers, this is as it should be. Later, every level runs
        nothing, no driver starts, and the linker has said nothing. Where a script names the
        entries, garbage collection of sections (`--gc-sections`) drops all of them unless it
        says `KEEP`, for nothing refers to an entry. Where they are read-only data
        (`MP_REGISTRY_RODATA`), they stand between their bounds only if the linker sorts by
        name.",
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
        If no driver registers yet, leave it: it goes away with the first one. Else it depends on
        how the tables are placed. By a script: put `KEEP` around the input sections of every
        table. As read-only data: pass `--sort-section=name` to the linker (`-Wl,` in front of
        it where the compiler links), and see that the script names `.rodata.*` and does not
        sort it otherwise. With keys
        (`MP_REGISTRY_KEYED`) nothing is asked of the linker. In each way see that the
        objects which register are linked at all: an archive gives only those members that
        something refers to.",
};
