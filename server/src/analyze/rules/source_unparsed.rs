//! IB116 `source-unparsed`: a part of main's text could not be parsed.

use super::{Check, Doc, Example, Rule, function_name, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB116",
    name: "source-unparsed",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
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

const DOC: Doc = Doc {
    summary: "a part of main's text is no plain C to the parser, so that calls there may be \
        missing",
    what: "
        The text of main, or of a function of the same file that main calls, has a place that is
        no C after the directives of the preprocessor are taken out. The line where it begins is
        named.",
    why: "
        Calls in that place may be missing from the order that is read from the source tree, or
        stand under the wrong condition. Mostly one arm of an `#if` opens a brace that another
        one closes, or a macro does.",
    example: Some(Example {
        language: "c",
        before: "
            #if MICROPY_HW_ENABLE_USB
            if (usb_is_connected()) {
            #endif
                usb_init();
            #if MICROPY_HW_ENABLE_USB
            }
            #endif",
        after: "
            #if MICROPY_HW_ENABLE_USB
            bool start_usb = usb_is_connected();
            #else
            bool start_usb = true;
            #endif
            if (start_usb) {
                usb_init();
            }",
    }),
    fix: "
        Make each arm of the `#if` whole statements. If the code is as it must be, look at the
        order of a build instead, which does not depend on the text.",
};
