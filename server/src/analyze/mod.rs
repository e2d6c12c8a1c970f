//! Tables to answers. Pure functions of what was extracted.
//!
//! - [`subsystem`]: what a function starts or stops, the same name on every port
//! - [`pair`]: each init with its deinit
//! - [`clause`]: what a condition asks for, piece by piece
//! - [`guard`]: pairs under different conditions
//! - [`configuration`]: which conditional calls a build has
//! - [`diff`]: what changed between two orders
//! - [`rules`]: findings, one file per rule
//! - [`why`]: why a function runs where it runs

pub mod clause;
pub mod configuration;
pub mod diff;
pub mod guard;
pub mod pair;
pub mod rules;
pub mod subsystem;
pub mod why;

use crate::model::InitTable;

/// Version of the analysis, stored beside the extraction's own. It is raised
/// whenever the same table would give other subsystems or findings.
pub const VERSION: u32 = 1;

/// Fills in what is derived from the rest of a table: subsystems, guards and
/// findings.
pub fn derive(table: &mut InitTable) {
    for entry in &mut table.entries {
        entry.subsystem = entry.function.as_ref().map(subsystem::of);
    }
    table.guards = guard::mismatches(table);
    table.findings = rules::findings(table);
}
