//! IB108 `newer-abi`: firmware that states a newer version of the registry.

use super::{Check, Doc, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB108",
    name: "newer-abi",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::NewerAbi, |anomaly| {
            let version = anomaly.value.unwrap_or_default();
            format!(
                "the firmware states version {version} of the registry, and this program reads version 1: what is shown may be incomplete; use a newer initboard"
            )
        })
    }),
};

const DOC: Doc = Doc {
    summary: "the firmware states a newer version of the registry than this program reads",
    what: "
        The symbol `__mp_registry_abi` holds a version that is higher than the one which this
        program knows. Firmware without the symbol, such as that built with the RFC's own
        macros, is read as version 1.",
    why: "
        A newer version may place or sort entries in another way. What is shown is read by the
        old rules: it may lack entries or have them in the wrong order, and every other finding
        rests on that.",
    example: None,
    fix: "
        Use the initboard that came with the version of `registry-rt` that the firmware links,
        or a later one.",
};
