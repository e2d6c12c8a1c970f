//! IB113 `main-ambiguous`: several functions look like main.

use super::{Check, Doc, Example, Rule, function_name, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB113",
    name: "main-ambiguous",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::MainAmbiguous, |anomaly| {
            let read =
                table.main.as_ref().map_or("another function", |main| main.function.as_str());
            format!(
                "{} calls `mp_init` and as many landmarks as `{read}`, which was read as main: the calls shown may be those of the wrong one",
                function_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "several functions call `mp_init` and as many landmarks as the one that was read as \
        main",
    what: "
        Main is the function that calls `mp_init`, and of several the one that calls most of the
        other landmarks (`gc_init`, the runners of scripts, `gc_sweep_all`, `mp_deinit`). Here
        two or more call equally many.",
    why: "
        The calls that are shown may be those of a test, of a second core or of a sandbox, and
        every finding about them with it.",
    example: Some(Example {
        language: "c",
        before: "
            int main(void) { mp_init(); pyexec_friendly_repl(); mp_deinit(); }
            int run_in_sandbox(void) { mp_init(); pyexec_friendly_repl(); mp_deinit(); }",
        after: "
            int main(void) { gc_init(heap, heap_end); mp_init(); pyexec_friendly_repl(); mp_deinit(); }
            int run_in_sandbox(void) { mp_init(); pyexec_friendly_repl(); mp_deinit(); }",
    }),
    fix: "
        See whether the function that was read is main: each page and `initboard extract` names
        it. If it is, waive this with the reason; if it is not, the one that is main must call
        more landmarks than the other, or stand in another file of the tree.",
};
