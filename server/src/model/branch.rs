//! Names of branches, as git has them.

use std::fmt;
use std::str::FromStr;

use super::names::quoted;

/// Longest name in bytes: what a file system takes for one part of a path.
const MAX_BRANCH_BYTES: usize = 255;

/// The name of a branch: `master`, `release/v1.28`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchName(String);

/// Why a text names no branch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a branch: expected 1 to 255 bytes without control characters")]
pub struct BranchNameError(String);

impl BranchName {
    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BranchName {
    type Err = BranchNameError;

    fn from_str(text: &str) -> Result<Self, BranchNameError> {
        if text.is_empty() || text.len() > MAX_BRANCH_BYTES || text.chars().any(char::is_control) {
            return Err(BranchNameError(quoted(text)));
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<BranchName> for String {
    fn from(name: BranchName) -> Self {
        name.0
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
