//! Mains from which rules are tried: a soft-reset loop with calls before and after
//! the scripts.

use crate::analyze::check::{Baseline, Subject, check};
use crate::config::Config;
use crate::extract::source;
use crate::model::{PortName, SourceFile};

/// A port with what its main calls: `STARTS; boot.py; LATE; -- STOPS`.
pub(super) type Port<'a> = (&'a str, &'a str, &'a str);

/// What a rule finds, a line each: port, subsystem and `waived`.
pub(super) fn found(rule: &str, ports: &[Port<'_>], config: &str) -> Vec<String> {
    let mut subjects: Vec<Subject> = ports.iter().map(|port| subject(*port)).collect();
    let policy = Config::parse(config.as_bytes()).unwrap().policy;
    let today = "2026-06-01".parse().unwrap();
    let report = check(&mut subjects, &policy, &Baseline::default(), today);
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
fn subject((port, starts, stops): Port<'_>) -> Subject {
    let text = format!(
        "int main(void) {{\nfor (;;) {{\ngc_init();\nmp_init();\n{starts}\npyexec_friendly_repl();\n{stops}\n}}\n}}"
    );
    let name: PortName = port.parse().unwrap();
    let path = format!("ports/{port}/main.c");
    let file = SourceFile { port: name.clone(), path, commit: None };
    let table = source::read(text.as_bytes(), file).unwrap().unwrap();
    Subject { label: port.to_owned(), port: name, board: None, table }
}

/// Ports that do all alike.
pub(super) fn alike<'a>(starts: &'a str, stops: &'a str) -> Vec<Port<'a>> {
    ["a", "b", "c", "d", "e"].map(|port| (port, starts, stops)).to_vec()
}
