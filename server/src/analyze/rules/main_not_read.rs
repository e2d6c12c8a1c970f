//! IB112 `main-not-read`: main was not found, so hand-written calls are missing.

use super::{Check, Doc, Example, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB112",
    name: "main-not-read",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        let mut hits = per_anomaly(table, AnomalyKind::MainInlined, |_| {
            "`mp_init` has no symbol: link-time optimisation inlined it, and with it what main calls; build without -flto to see the calls, or register them: tables stay readable".to_owned()
        });
        hits.extend(per_anomaly(table, AnomalyKind::MainNotFound, |_| {
            "no function is seen to call `mp_init`, so main was not found and the calls that it makes by hand are missing here".to_owned()
        }));
        hits
    }),
};

const DOC: Doc = Doc {
    summary: "main was not found, so the calls that it makes by hand are missing",
    what: "
        Main is the function that calls `mp_init`. Either the file has no function of that name,
        although it has other landmarks, because link-time optimisation took it apart; or nobody
        is seen to call it.",
    why: "
        The order that is shown holds only what is registered. Nothing can be said of what main
        calls by hand, of its soft reset, or of whether the levels are run; rules that compare
        ports have nothing to go by on this board.",
    example: Some(Example {
        language: "make",
        before: "
            CFLAGS += -Os -flto",
        after: "
            CFLAGS += -Os",
    }),
    fix: "
        Build once without `-flto` to see the calls; the order in the source is the same. Or
        register the functions: tables stay readable whatever the optimiser does. The order in
        main's text (`initboard check --tree`) does not depend on the build.",
};
