//! IB116 `source-unparsed`: a part of main's text could not be parsed.

use super::{Check, Rule, function_name, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB116",
    name: "source-unparsed",
    severity: Severity::Note,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::SourceUnparsed, |anomaly| {
            let line =
                anomaly.value.map(|line| format!(" from line {line} on")).unwrap_or_default();
            format!(
                "a part of {}, or of a function that it calls,{line} is no plain C to the parser: calls there may be missing; look for an `#if` or a macro that opens a brace which another one closes",
                function_name(anomaly)
            )
        })
    }),
};
