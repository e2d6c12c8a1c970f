//! Initboard.
pub mod analyze;
pub mod extract;
pub mod model;
pub mod report;
pub mod store;
