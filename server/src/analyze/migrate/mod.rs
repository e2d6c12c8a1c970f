//! Migration: from calls in main to a registry, with the order unchanged.
//!
//! - [`by_hand`]: calls that should stay in main, and why
//! - [`state`]: how far a build has come, and what is left
//! - `levels`: levels and priorities that keep an order
//! - [`plan`]: what to register, what to remove, what to run where
//! - `lines`: the text of main by its lines
//! - `writable`: which calls a language can register at all
//! - [`code`]: the plan as C or Rust
//! - [`main_text`]: and main as it is afterwards
//! - [`scripts`]: which linker scripts place the tables
//! - `worlds`: the builds of a board, by the conditions of its scripts
//!
//! That an order did not change is not said here: that is [`super::diff`]'s, of a
//! build before and one after.

pub mod by_hand;
pub mod code;
mod levels;
mod lines;
pub mod main_text;
pub mod plan;
pub mod scripts;
pub mod state;
mod worlds;
mod writable;

use serde::Serialize;
use utoipa::ToSchema;

use super::policy::Policy;
use crate::extract::source::{Prototypes, SourceError, Written};
use crate::model::{InitTable, PortName};
use by_hand::{Known, Once};
use code::{GeneratedFile, Language};
use main_text::EditedMain;
use plan::{Plan, PlanError};

/// Version of the JSON of a [`Plan`], and of a [`Proposal`] with it.
pub const SCHEMA_VERSION: u32 = 2;

/// How one main can be migrated: the plan, and the files that follow from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Proposal {
    /// The board, or the port for its source text.
    pub of: String,
    /// What to do.
    pub plan: Plan,
    /// The registrations, in each of the languages that were asked for.
    pub files: Vec<GeneratedFile>,
    /// The file that holds main, afterwards; only of source text.
    pub main: Option<EditedMain>,
}

/// The text of a main.
#[derive(Clone, Copy, Debug)]
pub struct MainText<'a> {
    /// The file that holds it.
    pub text: &'a [u8],
    /// What the headers declare that it includes.
    pub headers: &'a Prototypes,
}

/// Why there is no proposal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The text of main cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// How the main of `table`, which is called `of` and is one of `port`, can be migrated
/// with registrations in each of `languages`: what one of them cannot write stays in
/// main. `text` is the text that the table was read from, if it was. Subsystems must
/// have been derived.
///
/// # Errors
/// When main was not found, or its text cannot be read.
pub fn propose(
    of: &str,
    port: Option<&PortName>,
    table: &InitTable,
    text: Option<MainText<'_>>,
    policy: &Policy,
    once: Once,
    languages: &[Language],
) -> Result<Proposal, ProposalError> {
    let headers = text.map(|main| main.headers);
    let written = text.map(|main| Written::of(main.text)).transpose()?;
    let known = Known { policy, port, written: written.as_ref(), headers, once, languages };
    let plan = plan::plan(table, known)?;
    let text = text.map(|main| String::from_utf8_lossy(main.text));
    let includes = text.as_deref().map(lines::includes).unwrap_or_default();
    let file = |&language| code::generate(&plan, of, &includes, language);
    Ok(Proposal {
        of: of.to_owned(),
        files: languages.iter().map(file).collect(),
        main: text.map(|text| main_text::edited(&text, table, &plan)),
        plan,
    })
}
