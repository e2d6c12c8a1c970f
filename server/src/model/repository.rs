//! Addresses of repositories on the web.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::names::quoted;

/// Longest address, in bytes.
const MAX_URL_BYTES: usize = 512;

/// Where a project's source can be browsed. It becomes a link on pages, so it is
/// of HTTP, and nothing that runs as script; without a `/` at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryUrl(String);

/// Why a text is no address of a repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not the address of a repository: expected one that starts with https:// or http://, such as https://github.com/OWNER/NAME"
)]
pub struct RepositoryUrlError {
    found: String,
}

impl RepositoryUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryUrl {
    type Err = RepositoryUrlError;

    fn from_str(text: &str) -> Result<Self, RepositoryUrlError> {
        let url = text.trim_end_matches('/');
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
        if rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_plain))
            && url.len() <= MAX_URL_BYTES
        {
            Ok(Self(url.to_owned()))
        } else {
            Err(RepositoryUrlError { found: quoted(text) })
        }
    }
}

impl TryFrom<String> for RepositoryUrl {
    type Error = RepositoryUrlError;

    fn try_from(text: String) -> Result<Self, RepositoryUrlError> {
        text.parse()
    }
}

impl From<RepositoryUrl> for String {
    fn from(url: RepositoryUrl) -> Self {
        url.0
    }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_http_are_repositories() {
        let read = |text: &str| text.parse::<RepositoryUrl>().ok().map(String::from);
        let url = "https://github.com/micropython/micropython";
        assert_eq!(read(url).as_deref(), Some(url));
        assert_eq!(read(&format!("{url}/")).as_deref(), Some(url));
        assert!(read("http://git.example.org/x").is_some());
        for text in ["", "https://", "git@github.com:a/b", "javascript:alert(1)", "https://a b"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
