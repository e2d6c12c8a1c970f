//! What changed between two orders.
//!
//! The fewest moves are reported: of what both orders have, a longest run that
//! stands in the same order in both stayed, and the rest moved.
//!
//! - `matching`: which entry was which, and which stayed
//! - `steps`: two texts of one main, for its history
//! - `table`: two builds of one board
//! - `excerpt`: both orders as one listing, around what changed
//! - `grouping`: boards that changed alike
//! - `changes`: two sets of builds: what a pull request changes
//! - `finding_change`: the findings that came and went with that
//! - `change_report`: what is said of all that

mod change_report;
mod changes;
mod excerpt;
mod finding_change;
mod grouping;
#[cfg(test)]
pub(crate) mod made;
mod matching;
mod steps;
mod table;

pub use change_report::{ChangeGroup, ChangeReport, NotCompared, Revision, Verdict};
pub use changes::{Side, Unreadable, compare};
pub use excerpt::{ExcerptLine, LineMark};
pub use finding_change::FindingChange;
pub use steps::steps;
pub(super) use table::names;
pub use table::{DeinitChange, OrderChange, OriginChange, Shift, Standing, TableDiff};

/// Version of the JSON of a [`ChangeReport`].
pub const SCHEMA_VERSION: u32 = 1;
