//! The findings of a check in SARIF 2.1.0, the format that GitHub's code scanning
//! and editors read (OASIS, Static Analysis Results Interchange Format).
//!
//! Code scanning asks for more than the standard does: each rule needs its texts,
//! each result a file and a line, and of a run it takes 5,000 results (GitHub
//! documentation, "SARIF support for code scanning").

use std::cmp::Reverse;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::rules;
use crate::analyze::check::{Found, Report};
use crate::analyze::rules::{Piece, RULES, Rule};
use crate::model::Severity;

/// Most results of a run; code scanning leaves out what is more.
const MAX_RESULTS: usize = 5_000;

/// Longest description that code scanning shows, in bytes.
const MAX_DESCRIPTION: usize = 1_024;

/// All findings; those that are waived or in the baseline are marked as suppressed.
/// `server` is the address of one whose pages explain the rules.
pub fn text(report: &Report, server: Option<&str>) -> String {
    let mut findings: Vec<&Found> = report.findings.iter().collect();
    let left_out = findings.len().saturating_sub(MAX_RESULTS);
    if left_out > 0 {
        // What counts, and the gravest of it, comes first.
        findings.sort_by_key(|found| {
            (found.finding.waived.is_some() || found.is_known, Reverse(found.finding.severity))
        });
        findings.truncate(MAX_RESULTS);
    }
    let mut run = json!({
        "tool": {"driver": {
            "name": "initboard",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": RULES.iter().map(|rule| descriptor(rule, server)).collect::<Vec<_>>(),
        }},
        "columnKind": "unicodeCodePoints",
        "results": findings.into_iter().map(result).collect::<Vec<_>>(),
    });
    if left_out > 0 {
        let message = format!(
            "{left_out} of {} findings are left out: a run holds at most {MAX_RESULTS}, what is waived and what matters least goes first",
            report.findings.len()
        );
        run["invocations"] = json!([{
            "executionSuccessful": true,
            "toolExecutionNotifications": [{"level": "warning", "message": {"text": message}}],
        }]);
    }
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    });
    serde_json::to_string_pretty(&sarif).unwrap_or_default() + "\n"
}

/// What a run says of a rule.
fn descriptor(rule: &Rule, server: Option<&str>) -> Value {
    let level = rule.severity.as_str();
    let mut descriptor = json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rules::sentence(rule)},
        "fullDescription": {"text": description(rule)},
        "help": {"text": rules::plain(rule), "markdown": rules::markdown(rule, 2)},
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": ["initialisation"],
            "problem.severity": match rule.severity {
                Severity::Note => "recommendation",
                Severity::Warning | Severity::Error => level,
            },
        },
    });
    if let Some(server) = server {
        descriptor["helpUri"] = json!(format!("{server}/-/rules/{}", rule.code));
    }
    descriptor
}

/// What a rule finds, in as many paragraphs as are shown.
fn description(rule: &Rule) -> String {
    let pieces = rule.doc.pieces().into_iter().skip(1);
    let mut text = String::new();
    for piece in pieces {
        let Piece::Paragraph(paragraph) = piece else { break };
        if text.len() + 1 + paragraph.len() > MAX_DESCRIPTION {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text += &paragraph;
    }
    text
}

fn result(found: &Found) -> Value {
    let finding = &found.finding;
    let message = match &finding.suggestion {
        Some(suggestion) => format!("{}: {}. To do: {suggestion}.", found.of, finding.message),
        None => format!("{}: {}.", found.of, finding.message),
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": RULES.iter().position(|rule| rule.code == finding.rule),
        "level": finding.severity.as_str(),
        "message": {"text": message},
        "partialFingerprints": {"initboard/v1": found.fingerprint},
        "properties": {"confidence": finding.confidence.as_str()},
    });
    // Code scanning shows a result only with a file and a line; one without a
    // place is about the text or the firmware as a whole.
    let (path, line) = match (&found.place, &found.file) {
        (Some(place), _) => (address(&place.file), place.line.max(1)),
        (None, Some(file)) => (address(file), 1),
        (None, None) => (address(&found.of), 1),
    };
    if found.place.is_none() {
        // It tells results apart by this, which its uploader makes of the line. Here
        // there is none, or one that says nothing of the finding.
        result["partialFingerprints"]["primaryLocationLineHash"] =
            json!(format!("{}:1", found.fingerprint));
    }
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
        (Some(reason), _) => {
            Some(json!({"kind": "external", "status": "accepted", "justification": reason}))
        }
        (None, true) => Some(
            json!({"kind": "external", "status": "accepted", "justification": "in the baseline"}),
        ),
        (None, false) => None,
    };
    result["suppressions"] = json!(suppression.into_iter().collect::<Vec<_>>());
    result
}

/// A path as a relative reference (RFC 3986).
fn address(path: &str) -> String {
    let mut address = String::with_capacity(path.len());
    for byte in path.bytes() {
        // Compilers on Windows write paths their own way.
        let byte = if byte == b'\\' { b'/' } else { byte };
        if byte.is_ascii_alphanumeric() || b"-._~/+".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address.trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::rules::rule;
    use crate::model::Finding;

    fn found(number: usize, severity: Severity) -> Found {
        let finding = Finding {
            rule: "IB301".to_owned(),
            severity,
            message: "it is never stopped".to_owned(),
            entry: None,
            subsystem: None,
            confidence: crate::model::Confidence::High,
            suggestion: None,
            evidence: Vec::new(),
            waived: None,
        };
        Found {
            of: "demo".to_owned(),
            finding,
            function: None,
            place: None,
            file: Some("ports\\demo/main file.c".to_owned()),
            fingerprint: format!("{number:016x}"),
            is_known: false,
        }
    }

    #[test]
    fn what_is_more_than_code_scanning_takes_is_left_out_and_said() {
        let mut findings: Vec<Found> =
            (0..MAX_RESULTS + 3).map(|number| found(number, Severity::Note)).collect();
        findings.push(found(9_999, Severity::Error));
        let report = Report { findings, ..Report::default() };
        let sarif: Value = serde_json::from_str(&text(&report, None)).unwrap();
        let run = &sarif["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), MAX_RESULTS);
        assert_eq!(run["results"][0]["level"], "error");
        assert_eq!(
            run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
            "4 of 5004 findings are left out: a run holds at most 5000, what is waived and what matters least goes first"
        );
    }

    #[test]
    fn a_result_without_a_place_stands_at_the_head_of_its_file() {
        let result = result(&found(7, Severity::Warning));
        assert_eq!(
            result["locations"],
            json!([{"physicalLocation": {
                "artifactLocation": {"uri": "ports/demo/main%20file.c"},
                "region": {"startLine": 1},
            }}])
        );
        assert_eq!(
            result["partialFingerprints"],
            json!({
                "initboard/v1": "0000000000000007",
                "primaryLocationLineHash": "0000000000000007:1",
            })
        );
        assert_eq!(result["ruleIndex"], json!(RULES.iter().position(|rule| rule.code == "IB301")));
    }

    #[test]
    fn every_rule_has_the_texts_that_code_scanning_asks_for() {
        for rule in &RULES {
            let descriptor = descriptor(rule, Some("https://initboard.example"));
            let text = |path: &str| descriptor.pointer(path).and_then(Value::as_str).unwrap();
            for path in ["/shortDescription/text", "/fullDescription/text"] {
                let length = text(path).len();
                assert!((20..=MAX_DESCRIPTION).contains(&length), "{} {path} {length}", rule.code);
            }
            assert!(text("/help/text").contains("\nWhat to do\n"), "{}", rule.code);
            assert!(text("/help/markdown").contains("## What to do\n"), "{}", rule.code);
            assert_eq!(text("/defaultConfiguration/level"), rule.severity.as_str());
        }
        let of_one = descriptor(rule("IB301").unwrap(), Some("https://initboard.example"));
        assert_eq!(of_one["helpUri"], "https://initboard.example/-/rules/IB301");
        assert!(descriptor(rule("IB301").unwrap(), None).get("helpUri").is_none());
    }
}
