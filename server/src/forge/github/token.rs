//! The token with which GitHub is asked.

use std::fmt;
use std::str::FromStr;

/// A token of GitHub. Not printed by `Debug`.
#[derive(Clone)]
pub struct ForgeToken(String);

/// The text cannot be a token. It is not repeated: it may be one with a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a token: expected one line of letters, digits and signs")]
pub struct ForgeTokenError;

impl ForgeToken {
    /// What the token is sent as.
    pub(super) fn authorization(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl FromStr for ForgeToken {
    type Err = ForgeTokenError;

    fn from_str(text: &str) -> Result<Self, ForgeTokenError> {
        // A file that a secret was read from ends with a line break.
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ForgeTokenError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for ForgeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForgeToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_and_not_printed_by_debug() {
        let token: ForgeToken = "ghs_secret\n".parse().unwrap();
        assert_eq!(token.authorization(), "Bearer ghs_secret");
        assert_eq!(format!("{token:?}"), "ForgeToken(…)");
        for wrong in ["", " ", "two words", "a\r\nX-Header: b", "é"] {
            assert!(wrong.parse::<ForgeToken>().is_err(), "{wrong:?} was accepted");
        }
    }
}
