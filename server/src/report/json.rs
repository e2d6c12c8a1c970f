//! Tables as JSON, the format that `docs/init-table.md` describes.

use crate::model::InitTable;

/// A table as indented JSON with a line feed at its end, so that several make a
/// stream that `jq` reads.
pub fn table(table: &InitTable) -> String {
    let mut text = serde_json::to_string_pretty(table).unwrap_or_default();
    text.push('\n');
    text
}
