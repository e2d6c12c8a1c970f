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

mod changes;
mod excerpt;
mod grouping;
#[cfg(test)]
pub(crate) mod made;
mod matching;
mod steps;
mod table;

pub use changes::{
    ChangeGroup, ChangeReport, FindingChange, NotCompared, Revision, Side, Unreadable, Verdict,
    compare,
};
pub use excerpt::{ExcerptLine, LineMark};
pub use steps::steps;
pub(super) use table::names;
pub use table::{DeinitChange, OrderChange, OriginChange, Shift, Standing, TableDiff};

/// Version of the JSON of a [`ChangeReport`].
pub const SCHEMA_VERSION: u32 = 1;
