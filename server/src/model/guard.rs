//! Conditions of an init and of its deinit that are not the same.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A pair of calls that stand under different conditions, so that some
/// configuration compiles one without the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GuardMismatch {
    /// What the pair starts and stops.
    pub subsystem: String,
    /// Position of the init call.
    pub init: u32,
    /// Position of the deinit call.
    pub deinit: u32,
    /// Which of the two asks for more.
    pub kind: GuardKind,
}

/// How the conditions of a pair differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuardKind {
    /// The deinit asks for all that the init asks for, and for more: some
    /// configuration starts what it never stops.
    DeinitAsksMore,
    /// The init asks for all that the deinit asks for, and for more: some
    /// configuration stops what it never started.
    InitAsksMore,
    /// Each asks for something that the other does not.
    Differ,
}

impl GuardKind {
    /// What it means, in a few words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeinitAsksMore => "some configuration starts it and never stops it",
            Self::InitAsksMore => "some configuration stops what it never started",
            Self::Differ => "some configurations compile one without the other",
        }
    }
}
