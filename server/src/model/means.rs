//! How the deinit of a subsystem is satisfied where no call of its own does it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SymbolName;

/// How a deinit is satisfied, but for a call of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// A finaliser that the heap's sweep runs.
    Finaliser,
    /// The next init sets it back.
    Reinit,
    /// It is meant to stay as it is.
    Persistent,
    /// A call that stops something else stops it, too.
    Call,
}

/// What the registration of an init says of its deinit: that none is needed, and
/// why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Unchecked")]
pub struct SatisfiedBy {
    by: Means,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<SymbolName>,
    reason: String,
}

/// The same before it is known to make sense.
#[derive(Deserialize)]
struct Unchecked {
    by: Means,
    #[serde(default)]
    call: Option<SymbolName>,
    reason: String,
}

/// Why something says nothing of a deinit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SatisfiedByError {
    /// There is no reason.
    #[error("`satisfied` has no reason: expected a sentence that says why no deinit is needed")]
    NoReason,
    /// It names a call and is of another kind, or the other way round.
    #[error("`satisfied` has `by: call` or `call`, and not both: expected both or neither")]
    Call,
}

impl Means {
    /// The words for it, as a sentence goes on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finaliser => "finaliser that the heap's sweep runs",
            Self::Reinit => "set back by the next init",
            Self::Persistent => "meant to persist",
            Self::Call => "stopped together with something else",
        }
    }

    /// The means of a word, as a configuration and a record write it.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "finaliser" => Some(Self::Finaliser),
            "reinit" => Some(Self::Reinit),
            "persistent" => Some(Self::Persistent),
            "call" => Some(Self::Call),
            _ => None,
        }
    }
}

impl SatisfiedBy {
    /// A deinit that is satisfied `by` some means for a `reason`; `call` is what
    /// stops it, where it is [`Means::Call`].
    ///
    /// # Errors
    /// When there is no reason, or means and call do not fit.
    pub fn new(
        by: Means,
        call: Option<SymbolName>,
        reason: String,
    ) -> Result<Self, SatisfiedByError> {
        if reason.trim().is_empty() {
            return Err(SatisfiedByError::NoReason);
        }
        if call.is_some() != (by == Means::Call) {
            return Err(SatisfiedByError::Call);
        }
        Ok(Self { by, call, reason })
    }

    /// How.
    pub const fn by(&self) -> Means {
        self.by
    }

    /// The function that stops it together with something else.
    pub const fn call(&self) -> Option<&SymbolName> {
        self.call.as_ref()
    }

    /// Why that is enough.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl TryFrom<Unchecked> for SatisfiedBy {
    type Error = SatisfiedByError;

    fn try_from(found: Unchecked) -> Result<Self, Self::Error> {
        Self::new(found.by, found.call, found.reason)
    }
}
