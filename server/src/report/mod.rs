//! Answers to text. One value, rendered for a person at a terminal or for a
//! program.

pub mod badge;
pub mod catalog;
pub mod changes;
pub mod findings;
pub mod history;
pub mod json;
pub mod markdown;
pub mod matrix;
pub mod migration;
pub mod order;
pub mod rules;
pub mod sarif;
pub mod terminal;
