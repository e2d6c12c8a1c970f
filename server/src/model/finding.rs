//! Findings: what the rules say of a table.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Location, SymbolName};

/// One place in a table where a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The rule's code, such as `IB104`.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, and what to do about it.
    pub message: String,
    /// Position of the entry concerned.
    pub entry: Option<u32>,
    /// The subsystem concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsystem: Option<String>,
    /// How sure it is.
    #[serde(default)]
    pub confidence: Confidence,
    /// What would mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// What it rests on: the calls of other ports or boards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Why it is accepted, where a waiver says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
}

/// A call of another port or board that a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// The port or board.
    pub of: String,
    /// The position of the call there.
    pub position: u32,
    /// The function that is called.
    pub function: Option<SymbolName>,
    /// Where it stands.
    pub place: Option<Location>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not meant.
    Warning,
    /// The firmware does not do what its registry says.
    Error,
}

/// How sure a finding is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Names and counts suggest it.
    Low,
    /// Most others do it differently.
    Medium,
    /// The file itself says so.
    #[default]
    High,
}

impl Severity {
    /// The word for the severity.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Confidence {
    /// The word for the confidence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
