//! IB110 `empty-registry`: the bounds of tables are there, and not one entry.

use super::{Check, Hit, Rule};
use crate::model::{Origin, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB110",
    name: "empty-registry",
    severity: Severity::Warning,
    check: Check::Table(|table| {
        let walked = table.origins.contains(&Origin::Registry) && !table.levels.is_empty();
        if !walked || table.entries.iter().any(|entry| entry.origin == Origin::Registry) {
            return Vec::new();
        }
        let message = "the tables are there and all of them are empty: either no driver registers anything, or the linker dropped the entries; see that the linker script has KEEP around their sections".to_owned();
        vec![Hit { message, ..Hit::default() }]
    }),
};
