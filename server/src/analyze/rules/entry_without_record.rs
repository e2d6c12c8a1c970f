//! IB118 `entry-without-record`: entries that the image does not describe.

use super::{Check, Doc, Rule, function_name, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB118",
    name: "entry-without-record",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::EntryWithoutRecord, |anomaly| {
            let others = match anomaly.value.unwrap_or(1) {
                0 | 1 => "has no record".to_owned(),
                2 => "and one other entry have no record".to_owned(),
                count => format!("and {} other entries have no record", count - 1),
            };
            format!(
                "{} {others} in `.mp_records`: a dependency that the registration states is not checked, and in a stripped file there is no name",
                function_name(anomaly)
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "entries have no record, in an image whose other entries have, or whose runtime \
        writes them",
    what: "
        A symbol tells of an entry, and the section `.mp_records` has no record of it. That is
        told only where other entries have records, or where the image states the version of
        `registry-rt`, so that firmware with the macros of the RFC alone is left in peace.",
    why: "
        The entry runs all the same. But a dependency that its registration states is not
        checked, and in a stripped file the entry has no name.",
    example: None,
    fix: "
        Find what took the records: `llvm-strip --strip-all` removes every section that is not
        loaded (`llvm-strip --strip-all-gnu` and the `strip` of binutils do not); a linker script
        may discard what it does not name; a Rust `staticlib` that is linked into C may leave
        out members that hold nothing else; and registrations by other macros write none.",
};
