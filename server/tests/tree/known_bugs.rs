//! Bugs that MicroPython had and mended: with the configuration that is shipped,
//! `check` finds each in the tree before its fix, and not in the one after.

use std::collections::BTreeMap;

use initboard::analyze::check::{Baseline, Subject, check};
use initboard::config::Config;
use initboard::model::InitTable;
use serde_json::{Value, json};

/// A row of a table: `when`, port, stage, kind, name, conditional, condition, file
/// and line.
type Row<'t> = Vec<&'t str>;

/// The table of a port.
fn table(port: &str, rows: &[Row<'_>]) -> InitTable {
    let some = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let (drivers, calls): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row[3] == "driver");
    let driver = |row: &&Row<'_>| json!({"name": row[4], "path": row[7]});
    let entry = |(position, row): (usize, &&Row<'_>)| {
        let is_landmark = row[3] == "landmark";
        json!({
            "position": position, "phase": if is_landmark { Value::Null } else { row[3].into() },
            "kind": if is_landmark { "landmark" } else { "entry" }, "origin": "source",
            "stage": row[2], "level": null, "slot": null, "priority": null, "function": row[4],
            "subsystem": null, "address": null, "call_address": null, "via": [],
            "conditional": row[5] == "yes", "condition": some(row[6]),
            "location": {"file": row[7], "line": row[8].parse::<u32>().unwrap()}, "after": []
        })
    };
    let table = json!({
        "schema": 1, "file": {"sha256": "00".repeat(32), "size": 1, "format": "c"},
        "source": {
            "port": port, "path": calls[0][7], "commit": null,
            "drivers": drivers.iter().map(driver).collect::<Vec<_>>()
        },
        "arch": null, "bits": null, "endian": null, "origins": ["source"], "levels": [],
        "entries": calls.iter().enumerate().map(entry).collect::<Vec<_>>()
    });
    InitTable::from_json(table.to_string().as_bytes()).unwrap()
}

/// What a rule says of a port in one of the two trees of a table: subsystems, and
/// for what is about none the message.
fn found(text: &str, when: &str, rule: &str, port: &str) -> Vec<String> {
    let mut ports: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let row: Row<'_> = line.split('\t').collect();
        if row[0] == when || row[0] == "both" {
            ports.entry(row[1]).or_default().push(row);
        }
    }
    let subjects: Vec<Subject> = ports
        .iter()
        .map(|(port, rows)| Subject {
            label: (*port).to_owned(),
            port: port.parse().unwrap(),
            board: None,
            table: std::sync::Arc::new(table(port, rows)),
        })
        .collect();
    let policy = Config::shipped().policy;
    let today = "2026-06-01".parse().unwrap();
    let report = check(&subjects, &policy, &Baseline::default(), today);
    let of_rule = report.open().filter(|found| found.finding.rule == rule && found.of == port);
    let about = |found: &initboard::analyze::check::Found| {
        found.finding.subsystem.clone().unwrap_or_else(|| found.finding.message.clone())
    };
    of_rule.map(about).collect()
}

#[test]
fn each_bug_is_found_before_its_fix_and_not_after_it() {
    for (text, rule, port, about) in [
        (include_str!("known_bugs/733-timer.tsv"), "IB306", "stmhal", "timer"),
        (
            include_str!("known_bugs/7468-mp_deinit.tsv"),
            "IB403",
            "stm32",
            "`mp_deinit` is not called",
        ),
        (include_str!("known_bugs/12114-uart.tsv"), "IB402", "mimxrt", "uart"),
        (include_str!("known_bugs/14339-i2s.tsv"), "IB301", "rp2", "i2s"),
        (include_str!("known_bugs/17856-uart.tsv"), "IB402", "esp32", "uart"),
        (include_str!("known_bugs/18478-i2s-guard.tsv"), "IB304", "rp2", "i2s"),
    ] {
        let is_it = |found: &String| found.starts_with(about);
        let before = found(text, "before", rule, port);
        assert!(before.iter().any(is_it), "{rule} {port} {about}: {before:?}");
        let after = found(text, "after", rule, port);
        assert!(!after.iter().any(is_it), "{rule} {port} {about}: {after:?}");
        // The fix brings none of its kind.
        let rest: Vec<&String> = before.iter().filter(|found| !is_it(found)).collect();
        assert_eq!(after.iter().collect::<Vec<_>>(), rest, "{rule} {port}");
    }
}
