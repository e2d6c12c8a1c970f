//! IB120 `records-only`: entries that only the records tell of.

use super::{Check, Doc, Rule, per_anomaly, table_name};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB120",
    name: "records-only",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::RecordsOnly, |anomaly| {
            format!(
                "nothing in the file tells where the {} lies: what is shown of it are the registrations that its records name, in the order in which a linker sorts them; give the ELF file as it was before strip",
                table_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "nothing tells where a table lies, and what is shown are the registrations that \
        records name",
    what: "
        The file has no symbols, the table has no output section of its own, and `.mp_records`
        has records of entries in it. They are shown in the order of their priorities and names.",
    why: "
        The order is the one that the registrations ask for, not one that was read from the words
        that the runner walks. What the linker left out or sorted otherwise does not show, and
        the entries have no addresses.",
    example: None,
    fix: "
        Give initboard the ELF file as it was before `strip`, or use `strip -g`, which leaves the
        symbols that bound the tables.",
};
