//! IB115 `level-unknown`: main runs a level whose number is no constant.

use super::{Check, Doc, Example, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB115",
    name: "level-unknown",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::LevelUnknown, |anomaly| {
            let place = anomaly.address.map(|address| format!(" at {address}")).unwrap_or_default();
            format!(
                "the level that is run{place} is no constant there: its entries stand at the end, not where they run; pass the level as a constant"
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "main runs a level whose number is no constant at the call",
    what: "
        The argument of a call of `mp_init_run_level` or `mp_deinit_run_level` cannot be told
        from the instructions before the call.",
    why: "
        Nobody can say from outside which entries run there. They are listed at the end, not
        where they run, and comparisons of this board's order are wrong by that much. `IB106` is
        silent, since the level may be any.",
    example: Some(Example {
        language: "c",
        before: "
            for (unsigned level = 0; level < MP_INIT_NUM_LEVELS; level++) {
                mp_init_run_level(level);
            }",
        after: "
            mp_init_run_level(MP_INIT_EARLY);
            mp_init_run_level(MP_INIT_CORE);
            mp_init_run_level(MP_INIT_DRIVER);
            mp_init_run_level(MP_INIT_SERVICE);",
    }),
    fix: "
        Run each level by a call of its own with a constant. That is a few bytes more, and main
        says in which order its levels run.",
};
