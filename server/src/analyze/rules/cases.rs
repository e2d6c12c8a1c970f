//! Mains from which rules are tried: a soft-reset loop with calls before and after
//! the scripts.

use std::sync::Arc;

use crate::analyze::check::{Baseline, Subject, check};
use crate::analyze::derive;
use crate::config::Config;
use crate::extract::source;
use crate::model::{
    Address, Driver, Endian, Entry, EntryKind, FileFacts, Finding, InitTable, Origin, PortName,
    SCHEMA_VERSION, Sha256, SourceFile, order_levels,
};

/// A port with what its main calls: `STARTS; boot.py; LATE; -- STOPS`.
pub(super) type Port<'a> = (&'a str, &'a str, &'a str);

/// What a rule finds, a line each: port, subsystem and `waived`.
pub(super) fn found(rule: &str, ports: &[Port<'_>], config: &str) -> Vec<String> {
    found_with_drivers(rule, ports, &[], config)
}

/// The same of ports that all have these drivers.
pub(super) fn found_with_drivers(
    rule: &str,
    ports: &[Port<'_>],
    drivers: &[&str],
    config: &str,
) -> Vec<String> {
    let subjects: Vec<Subject> = ports.iter().map(|port| subject(*port, drivers)).collect();
    let policy = Config::parse(config.as_bytes()).unwrap().policy;
    let today = "2026-06-01".parse().unwrap();
    let report = check(&subjects, &policy, &Baseline::default(), today);
    let of_rule = report.findings.iter().filter(|found| found.finding.rule == rule);
    of_rule
        .map(|found| {
            let subsystem = found.finding.subsystem.as_deref().unwrap_or("-");
            let waived = if found.finding.waived.is_some() { " waived" } else { "" };
            format!("{} {subsystem}{waived}", found.of)
        })
        .collect()
}

/// A table of the main with these calls before the REPL and after it.
fn subject((port, starts, stops): Port<'_>, drivers: &[&str]) -> Subject {
    let text = format!(
        "int main(void) {{\nfor (;;) {{\ngc_init();\nmp_init();\n{starts}\npyexec_friendly_repl();\n{stops}\n}}\n}}"
    );
    let name: PortName = port.parse().unwrap();
    let path = format!("ports/{port}/main.c");
    let driver = |name: &&str| Driver {
        name: (*name).to_owned(),
        path: format!("ports/{port}/machine_{name}.c"),
    };
    let drivers = drivers.iter().map(driver).collect();
    let file = SourceFile { port: name.clone(), path, commit: None, drivers };
    let table = source::read(text.as_bytes(), file).unwrap().unwrap();
    Subject { label: port.to_owned(), port: name, board: None, table: Arc::new(table) }
}

/// A table of functions that are all registered, in their effective order; those
/// that end in `_deinit` as deinits.
pub(super) fn registered(order: &[&str]) -> InitTable {
    let entry = |(position, function): (usize, &&str)| {
        let phase = if function.ends_with("_deinit") { "deinit" } else { "init" };
        serde_json::json!({
            "position": position, "phase": phase, "kind": "entry", "origin": "registry",
            "stage": null, "level": "driver", "slot": position, "priority": "00",
            "function": function, "subsystem": null, "address": null, "call_address": null,
            "via": [], "conditional": false, "condition": null, "location": null, "after": []
        })
    };
    let entries: Vec<_> = order.iter().enumerate().map(entry).collect();
    let table = serde_json::json!({
        "schema": 1, "file": {"sha256": "00".repeat(32), "size": 1, "format": "elf32-littlearm"},
        "arch": "arm", "bits": 32, "endian": "little", "origins": ["registry"],
        "levels": ["driver"], "entries": entries
    });
    let mut table = InitTable::from_json(table.to_string().as_bytes()).unwrap();
    derive(&mut table);
    table
}

/// Ports that do all alike.
pub(super) fn alike<'a>(starts: &'a str, stops: &'a str) -> Vec<Port<'a>> {
    ["a", "b", "c", "d", "e"].map(|port| (port, starts, stops)).to_vec()
}

/// The messages of a rule for a registry, which stands in `text` a line for each
/// entry in the order in which they run: `PHASE LEVEL PRIORITY FUNCTION`, then as far
/// as wanted `after NAME,NAME`, `is SUBSYSTEM` and `@ADDRESS`.
pub(super) fn found_in(rule: &str, text: &str, config: &str) -> Vec<String> {
    let message = |finding: Finding| match finding.waived {
        Some(_) => format!("(waived) {}", finding.message),
        None => finding.message,
    };
    findings_in(rule, text, config).into_iter().map(message).collect()
}

/// The suggestions of a rule for a registry.
pub(super) fn suggested_in(rule: &str, text: &str) -> Vec<String> {
    findings_in(rule, text, "").into_iter().filter_map(|finding| finding.suggestion).collect()
}

fn findings_in(rule: &str, text: &str, config: &str) -> Vec<Finding> {
    let port: PortName = "stm32".parse().unwrap();
    let (label, table) = ("stm32".to_owned(), Arc::new(registry(text)));
    let subject = Subject { label, port, board: None, table };
    let policy = Config::parse(config.as_bytes()).unwrap().policy;
    let today = "2026-06-01".parse().unwrap();
    let report = check(&[subject], &policy, &Baseline::default(), today);
    report
        .findings
        .into_iter()
        .map(|found| found.finding)
        .filter(|finding| finding.rule == rule)
        .collect()
}

fn registry(text: &str) -> InitTable {
    let entries: Vec<Entry> =
        (0..).zip(text.lines()).map(|(position, line)| entry(position, line)).collect();
    let mut levels: Vec<_> = Vec::new();
    for level in entries.iter().filter_map(|entry| entry.level.clone()) {
        if !levels.contains(&level) {
            levels.push(level);
        }
    }
    order_levels(&mut levels, &[]);
    InitTable {
        schema: SCHEMA_VERSION,
        file: FileFacts { sha256: Sha256([0; 32]), size: 1, format: "elf32-littlearm".to_owned() },
        source: None,
        arch: Some("arm".to_owned()),
        bits: Some(32),
        endian: Some(Endian::Little),
        origins: vec![Origin::Registry],
        levels,
        main: None,
        entries,
        anomalies: Vec::new(),
        guards: Vec::new(),
        findings: Vec::new(),
    }
}

fn entry(position: u32, line: &str) -> Entry {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let phase = serde_json::from_value(word().into()).unwrap();
    let mut entry = Entry {
        position,
        phase: Some(phase),
        kind: EntryKind::Entry,
        origin: Origin::Registry,
        stage: None,
        level: Some(word().parse().unwrap()),
        slot: Some(position),
        priority: Some(word().parse().unwrap()),
        function: Some(word().to_owned().try_into().unwrap()),
        subsystem: None,
        declared_subsystem: None,
        satisfied: None,
        address: None,
        call_address: None,
        via: Vec::new(),
        conditional: false,
        condition: None,
        location: None,
        after: Vec::new(),
    };
    loop {
        match word() {
            "after" => entry.after = word().split(',').map(str::to_owned).collect(),
            "is" => entry.declared_subsystem = Some(word().to_owned()),
            "" => return entry,
            address => {
                let digits = address.strip_prefix('@').unwrap();
                entry.address = Some(Address(u64::from_str_radix(digits, 16).unwrap()));
            }
        }
    }
}
