//! Answers as JSON, the formats that `docs/init-table.md` and
//! `docs/source-tree.md` describe.

use crate::model::{CatalogBoard, InitTable};

/// A table as indented JSON with a line feed at its end, so that several make a
/// stream that `jq` reads.
pub fn table(table: &InitTable) -> String {
    let mut text = serde_json::to_string_pretty(table).unwrap_or_default();
    text.push('\n');
    text
}

/// The boards of a source tree as indented JSON, a list with a line feed at its
/// end.
pub fn boards(boards: &[CatalogBoard]) -> String {
    let mut text = serde_json::to_string_pretty(boards).unwrap_or_default();
    text.push('\n');
    text
}
