//! The findings of a check in SARIF 2.1.0, the format that GitHub's code scanning
//! and editors read (OASIS, Static Analysis Results Interchange Format).

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::analyze::check::{Found, Report};
use crate::analyze::rules::RULES;

/// All findings; those that are waived or in the baseline are marked as suppressed.
pub fn text(report: &Report) -> String {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| {
            json!({
                "id": rule.code,
                "name": rule.name,
                "shortDescription": {"text": rule.name.replace('-', " ")},
                "defaultConfiguration": {"level": rule.severity.as_str()},
            })
        })
        .collect();
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "initboard",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": report.findings.iter().map(result).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_string_pretty(&sarif).unwrap_or_default() + "\n"
}

fn result(found: &Found) -> Value {
    let finding = &found.finding;
    let message = match &finding.suggestion {
        Some(suggestion) => format!("{}: {}. To do: {suggestion}.", found.of, finding.message),
        None => format!("{}: {}.", found.of, finding.message),
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": finding.severity.as_str(),
        "message": {"text": message},
        "partialFingerprints": {"initboard/v1": found.fingerprint},
        "properties": {"confidence": finding.confidence.as_str()},
    });
    // Code scanning shows a result only with a file; one without a place is about
    // the firmware as a whole.
    let (path, line) = match &found.place {
        Some(place) => (address(&place.file), place.line.max(1)),
        None => (address(&found.of), 1),
    };
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": {"uri": path},
            "region": {"startLine": line},
        },
    });
    if let Some(function) = &found.function {
        location["logicalLocations"] = json!([{"name": function, "kind": "function"}]);
    }
    result["locations"] = json!([location]);
    let suppression = match (&finding.waived, found.is_known) {
        (Some(reason), _) => Some(json!({"kind": "external", "justification": reason})),
        (None, true) => Some(json!({"kind": "external", "justification": "in the baseline"})),
        (None, false) => None,
    };
    result["suppressions"] = json!(suppression.into_iter().collect::<Vec<_>>());
    result
}

/// A path as a relative reference (RFC 3986).
fn address(path: &str) -> String {
    let mut address = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/+".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address.trim_start_matches('/').to_owned()
}
