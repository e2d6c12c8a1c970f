//! Answers as JSON, the formats that `docs/init-table.md` and
//! `docs/source-tree.md` describe.

use serde::Serialize;

use crate::model::{InitTable, PortHistory, TreeFacts};

/// A value as indented JSON with a line feed at its end, so that several make a
/// stream that `jq` reads.
pub fn value(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// The facts of a tree as JSON with one entry, board or change on a line, so that
/// what changes between two commits can be read with `git diff`.
pub fn facts(facts: &TreeFacts) -> String {
    let tables = facts.tables.iter().map(|table| {
        let head = line(&InitTable { entries: Vec::new(), ..table.clone() });
        // Quotes within a text are escaped, so this is the key and nothing else.
        let entries = format!("\"entries\":{}", list(table.entries.iter().map(line), "   "));
        head.replacen("\"entries\":[]", &entries, 1)
    });
    let history = facts.history.iter().map(|history| {
        let head = line(&PortHistory { changes: Vec::new(), ..history.clone() });
        let changes = format!("\"changes\":{}", list(history.changes.iter().map(line), "   "));
        head.replacen("\"changes\":[]", &changes, 1)
    });
    format!(
        "{{\"schema\":{},\n\"commit\":{},\n\"committed_at\":{},\n\"tables\":{},\n\"boards\":{},\n\"history\":{}}}\n",
        facts.schema,
        line(&facts.commit),
        line(&facts.committed_at),
        list(tables, " "),
        list(facts.boards.iter().map(line), " "),
        list(history, " "),
    )
}

/// A value as JSON on one line.
fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A JSON array with each value on a line of its own.
fn list(values: impl Iterator<Item = String>, indent: &str) -> String {
    let values: Vec<String> = values.map(|value| format!("\n{indent}{value}")).collect();
    format!("[{}]", values.join(","))
}
