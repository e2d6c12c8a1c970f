//! Tables to answers. Pure functions of what was extracted.
//!
//! - [`subsystem`]: what a function starts or stops, the same name on every port
//! - [`policy`]: what a project says of its own names and exceptions
//! - [`pair`]: each init with its deinit
//! - [`clause`]: what a condition asks for, piece by piece
//! - [`guard`]: pairs under different conditions
//! - [`configuration`]: which conditional calls a build has
//! - [`align`]: several orders side by side, by what they start and stop
//! - [`diff`]: what changed between two orders
//! - `distinct`: boards that run the same
//! - `increasing`: what stayed in its order
//! - [`fleet`]: several tables side by side
//! - [`consensus`]: the order that most ports agree on
//! - [`order_file`]: the order as a text that is kept with the source and reviewed
//! - [`migrate`]: from calls in main to a registry, with the order unchanged
//! - [`matrix`]: every subsystem on every port or board, and who stands out
//! - [`number`]: the number by which pages know a call
//! - [`rules`]: findings, one file per rule
//! - [`check`]: all of that, with a project's severities, waivers and baseline
//! - [`why`]: why a function runs where it runs

pub mod align;
pub mod check;
pub mod clause;
pub mod configuration;
pub mod consensus;
pub mod diff;
mod distinct;
pub mod fleet;
pub mod guard;
mod increasing;
pub mod matrix;
pub mod migrate;
pub mod number;
pub mod order_file;
pub mod pair;
pub mod policy;
pub mod rules;
pub mod subsystem;
pub mod unmatched;
pub mod why;

use crate::model::{InitTable, PortName};
use policy::Policy;

/// Version of the analysis, stored beside the extraction's own. It is raised
/// whenever the same table would give other subsystems or findings.
pub const VERSION: u32 = 3;

/// Fills in what is derived from the rest of a table: subsystems, guards and
/// findings, as the rules alone say.
pub fn derive(table: &mut InitTable) {
    derive_with(table, &Policy::default(), None);
}

/// Fills in what is derived from the rest of a table of `port`, as `policy` says.
/// The port of a table of source text is known by itself.
pub fn derive_with(table: &mut InitTable, policy: &Policy, port: Option<&PortName>) {
    let port = table.source.as_ref().map(|source| source.port.clone()).or_else(|| port.cloned());
    for entry in &mut table.entries {
        let map = |function| policy.aliases.map(function, port.as_ref()).subsystem;
        let declared = entry.declared_subsystem.clone();
        entry.subsystem = declared.or_else(|| entry.function.as_ref().map(map));
    }
    table.guards = guard::mismatches(table);
    table.findings = rules::findings(table);
}
