//! Commit identifiers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A full git commit identifier: 40 (SHA-1) or 64 (SHA-256) lower-case
/// hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitSha(String);

/// Why a text is no commit identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a commit: expected the full identifier, 40 or 64 hexadecimal digits, as `git rev-parse HEAD` prints it"
)]
pub struct CommitShaError {
    found: String,
}

impl CommitSha {
    /// The identifier as lower-case hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, as people quote a commit.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }

    /// The identifier as 20 or 32 bytes, as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => byte - b'0',
            _ => byte - b'a' + 10,
        };
        self.0.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
    }

    /// Reads back what [`CommitSha::to_bytes`] gave.
    ///
    /// # Errors
    /// When `bytes` has another length than 20 or 32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CommitShaError> {
        super::address::hex(bytes).parse()
    }
}

impl FromStr for CommitSha {
    type Err = CommitShaError;

    fn from_str(text: &str) -> Result<Self, CommitShaError> {
        let complete = matches!(text.len(), 40 | 64);
        if complete && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(CommitShaError { found: super::names::quoted(text) })
        }
    }
}

impl TryFrom<String> for CommitSha {
    type Error = CommitShaError;

    fn try_from(text: String) -> Result<Self, CommitShaError> {
        text.parse()
    }
}

impl From<CommitSha> for String {
    fn from(sha: CommitSha) -> Self {
        sha.0
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitSha({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_survives_its_stored_form() {
        let sha: CommitSha = "3C5A0505b3000000000000000000000000000001".parse().unwrap();
        assert_eq!(sha.as_str(), "3c5a0505b3000000000000000000000000000001");
        assert_eq!(sha.short(), "3c5a0505b3");
        assert_eq!(CommitSha::from_bytes(&sha.to_bytes()).unwrap(), sha);
    }

    #[test]
    fn an_abbreviated_commit_says_what_is_expected() {
        let error = "3c5a0505b3".parse::<CommitSha>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`3c5a0505b3` is not a commit: expected the full identifier, 40 or 64 hexadecimal digits, as `git rev-parse HEAD` prints it"
        );
    }
}
