//! As much of make as decides which linker scripts a board is linked with.
//!
//! - [`parse`]: the text of a makefile to statements.
//! - [`expand`]: variables to their values, and [`functions`] of make to theirs.
//! - [`pass`]: the statements of all makefiles of a board to the values of a few
//!   variables.
//! - [`evaluate`]: the same in every way in which whoever builds can choose.
//! - [`mod@condition`]: from the ways in which something is so, the condition.
//!
//! It is no make: rules and recipes, `define`, `eval`, `call`, `foreach` and
//! what a shell would say are not followed. What depends on them stands as it is
//! written, and a test that depends on them is recorded, not guessed.

mod condition;
mod evaluate;
mod expand;
mod functions;
mod parse;
mod pass;

pub(super) use condition::condition;
pub(super) use evaluate::{Decision, Makefiles, Run, World};
pub(super) use functions::words;

/// The options that place the tables of the registry without a script: keys, which need
/// nothing of the linker, and read-only data, which it must sort.
pub(super) const KEYED: &str = "-DMP_REGISTRY_KEYED";
pub(super) const RODATA: &str = "-DMP_REGISTRY_RODATA";
pub(super) const SORTED: &str = "--sort-section=name";

/// Where options for the linker stand.
pub(super) const LINKER_FLAGS: &str = pass::LINKER_FLAGS;
