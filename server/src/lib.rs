//! Initboard.
pub mod model;
