//! IB114 `main-incomplete`: a part of main could not be followed.

use super::{Check, Doc, Example, Rule, function_name, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB114",
    name: "main-incomplete",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::MainIncomplete, |anomaly| {
            format!(
                "{} jumps to a place that is computed in a way that cannot be followed, or is too long: calls behind it are missing here",
                function_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "main jumps where the reader cannot follow, or is too long",
    what: "
        Main's instructions hold a jump to an address that is computed in a way which the reader
        does not follow, or there are more of them than it reads. Jump tables, veneers and calls
        through constant pointers are followed.",
    why: "
        Calls behind that place may be missing from the order, so that something may look as if
        it were never stopped.",
    example: Some(Example {
        language: "c",
        before: "
            /* main's own jump through a table that the program fills in */
            goto *step[state.next];",
        after: "
            switch (state.next) {
                case STEP_START: start(); break;
                case STEP_STOP: stop(); break;
            }",
    }),
    fix: "
        Compare with the order in main's text (`initboard check --tree`), which does not depend
        on instructions. If something is missing in both, keep computed jumps out of main
        itself.",
};
