//! How the calls of one board become registrations, for its page and its JSON twin.

use serde::Serialize;
use utoipa::ToSchema;

use super::migration::BoardProof;
use super::policies::Judge;
use crate::analyze::migrate::by_hand::Once;
use crate::analyze::migrate::code::{GeneratedFile, Language};
use crate::analyze::migrate::plan::Plan;
use crate::analyze::migrate::propose;
use crate::analyze::migrate::state::{Migration, State};
use crate::model::{BoardId, Entry, EntryKind, InitTable, Location, Phase, SymbolName};
use crate::store::{BoardRow, BuildSummary, Reader, StoreError};

/// How far a board has come, and how it gets to the end.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BoardMigration {
    /// How far its latest build has come.
    #[serde(flatten)]
    pub(super) migration: Migration,
    /// What its order is held against; null where it is not migrated, or no build
    /// called everything.
    pub(super) proof: Option<BoardProof>,
    /// What to register and where to run it; null where nothing is left to be
    /// registered.
    pub(super) plan: Option<Plan>,
    /// The plan as code, in C and in Rust; empty without one.
    pub(super) files: Vec<GeneratedFile>,
    /// The calls of the port's text that the plan replaces, in the order of the text;
    /// empty where no text was uploaded. Those under a condition that other boards
    /// have go when these are migrated as well.
    pub(super) remove: Vec<CallToRemove>,
}

/// A call in the text of main that a registration replaces.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallToRemove {
    pub(super) function: SymbolName,
    pub(super) location: Location,
    /// The preprocessor's condition around it.
    pub(super) condition: Option<String>,
}

impl BoardMigration {
    /// That of a board by the table of its latest build, whose subsystems were
    /// derived, and by the text of its port's main.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn of(
        reader: &Reader<'_>,
        judge: &Judge,
        (board, latest): (BoardRow, &BuildSummary),
        id: &BoardId,
        table: &InitTable,
        text: Option<&InitTable>,
    ) -> Result<Self, StoreError> {
        let (policy, port) = (judge.policy(), &id.port);
        let mut migration = Migration::of(table, port, policy);
        let proof = match migration.state {
            State::Migrated => BoardProof::of(reader, judge, port, latest, &reader.line(board)?)?,
            _ => None,
        };
        if let Some(proof) = &proof {
            migration.state = proof.state;
        }
        let of = id.to_string();
        // One plan for both, so that what it removes stands in either file.
        let languages = [Language::C, Language::Rust];
        let proposal = propose(&of, Some(port), table, None, policy, Once::ByHand, &languages).ok();
        let proposal = proposal.filter(|proposal| !proposal.plan.registrations.is_empty());
        let Some(proposal) = proposal else {
            return Ok(Self { migration, proof, plan: None, files: vec![], remove: vec![] });
        };
        Ok(Self {
            migration,
            proof,
            remove: text.map(|text| replaced(&proposal.plan, text)).unwrap_or_default(),
            plan: Some(proposal.plan),
            files: proposal.files,
        })
    }
}

/// The calls of a text that a plan replaces.
fn replaced(plan: &Plan, text: &InitTable) -> Vec<CallToRemove> {
    let is_registered = |phase: Option<Phase>, function: &SymbolName| {
        plan.registrations.iter().any(|one| Some(one.phase) == phase && one.function == *function)
    };
    let call = |entry: &Entry| {
        let function = entry.function.clone()?;
        let is_call = entry.kind == EntryKind::Entry && entry.via.is_empty();
        (is_call && is_registered(entry.phase, &function)).then_some(())?;
        let condition = entry.condition.clone();
        Some(CallToRemove { function, location: entry.location.clone()?, condition })
    };
    let mut calls: Vec<CallToRemove> = text.entries.iter().filter_map(call).collect();
    calls.sort_by(|one, other| {
        let place = |call: &CallToRemove| (call.location.file.clone(), call.location.line);
        place(one).cmp(&place(other))
    });
    calls
}
