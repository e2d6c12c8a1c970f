//! IB104 `wild-pointer`: a word of a table that leads to no code: running the level would crash.

use super::{Check, Doc, Example, Rule, function_name, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB104",
    name: "wild-pointer",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::WildPointer, |anomaly| {
            let address = anomaly.address.map(|address| address.to_string()).unwrap_or_default();
            format!(
                "{} in the {} holds {address}, where there is no code: running the level would crash; look for a zeroed or misplaced table",
                function_name(anomaly),
                table_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "a word of a table leads to no code: running the level would crash",
    what: "
        A word in a table is no address of code in this image: zero, or an address outside every
        executable section. What a dynamic linker fills in when the program starts counts as
        code.",
    why: "
        The runner calls every word between the bounds without asking. One word that leads
        nowhere is a fault at start, at the same place on every boot.",
    example: Some(Example {
        language: "c",
        before: "
            /* Nobody defines it on this board, so that the entry holds zero. */
            __attribute__((weak)) void modem_init(void);
            MP_INIT_REGISTER(driver, 10, modem_init);",
        after: "
            #if BOARD_HAS_MODEM
            void modem_init(void);
            MP_INIT_REGISTER(driver, 10, modem_init);
            #endif",
    }),
    fix: "
        If one entry is zero, look for a weak function that this board does not define, and
        register it under the condition that defines it. If all entries of a table are wild, the
        table itself was zeroed or misplaced: see which region its output section has. If the
        first or the last one is, see whether an `ALIGN` between the bounds put padding there.",
};
