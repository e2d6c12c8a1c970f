//! IB106 `level-never-run`: entries of a level that main is not seen to run.

use super::{Check, Doc, Example, Hit, Rule};
use crate::model::{Entry, EntryKind, Origin, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB106",
    name: "level-never-run",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        // A level that is run, and nobody knows which, may be this one.
        let unknown = table.entries.iter().any(|entry| entry.kind == EntryKind::RunLevel);
        let Some(main) = table.main.as_ref().filter(|_| !unknown) else {
            return Vec::new();
        };
        let unseen = |entry: &&Entry| entry.origin == Origin::Registry && entry.stage.is_none();
        let mut hits: Vec<Hit> = Vec::new();
        let mut last = None;
        for entry in table.entries.iter().filter(unseen) {
            let (Some(phase), Some(level)) = (entry.phase, &entry.level) else { continue };
            if last == Some((phase, level)) {
                continue;
            }
            last = Some((phase, level));
            hits.push(Hit {
                message: format!(
                    "the {phase} entries of level {level} are registered, and `{}` is not seen to run that level: call mp_{phase}_run_level with it",
                    main.function
                ),
                entry: Some(entry.position),
                ..Hit::default()
            });
        }
        hits
    }),
};

const DOC: Doc = Doc {
    summary: "entries are registered at a level that main is not seen to run",
    what: "
        A table has entries, main was read, and no call of `mp_init_run_level` or
        `mp_deinit_run_level` with that level was found in it or in the functions that it calls.
        Nothing is said where main was not found (`IB112`), or where it runs a level that is not
        known (`IB115`), since that may be this one.",
    why: "
        A registered function that no level run reaches is dead weight that looks alive. A
        deinit level that is never run is the quieter half: the first boot is fine, and the soft
        reset leaves peripherals on.",
    example: Some(Example {
        language: "c",
        before: "
            mp_init_run_level(MP_INIT_DRIVER);
            /* boot.py, main.py, REPL */
            gc_sweep_all();
            mp_deinit();",
        after: "
            mp_init_run_level(MP_INIT_DRIVER);
            /* boot.py, main.py, REPL */
            mp_deinit_run_level(MP_INIT_DRIVER);
            gc_sweep_all();
            mp_deinit();",
    }),
    fix: "
        Call `mp_init_run_level`, or `mp_deinit_run_level`, with that level in main. If it is
        run somewhere else, such as in a task that main starts through a pointer, the order that
        is shown lacks it as well: waive this with that reason.",
};
