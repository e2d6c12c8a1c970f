//! Repositories: their addresses on the web, and their names on a forge.

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

/// Longest owner or name of a repository, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// A repository on a forge: `OWNER/NAME`. Upper and lower case are the same, as
/// forges have it.
#[derive(Clone, Debug)]
pub struct RepositoryName(String);

/// Why a text is no name of a repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a repository: expected OWNER/NAME of letters, digits, `-`, `_` and `.`, such as micropython/micropython"
)]
pub struct RepositoryNameError {
    found: String,
}

impl RepositoryName {
    /// The owner and the name, as they were given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for RepositoryName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for RepositoryName {}

impl FromStr for RepositoryName {
    type Err = RepositoryNameError;

    fn from_str(text: &str) -> Result<Self, RepositoryNameError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        // It becomes a part of addresses, where `..` leads elsewhere.
        let is_name = |part: &str| {
            (1..=MAX_NAME_BYTES).contains(&part.len())
                && part.bytes().all(is_plain)
                && !part.bytes().all(|byte| byte == b'.')
        };
        match text.split_once('/') {
            Some((owner, name)) if is_name(owner) && is_name(name) => Ok(Self(text.to_owned())),
            _ => Err(RepositoryNameError { found: quoted(text) }),
        }
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        let read = |text: &str| text.parse::<RepositoryName>().ok();
        assert_eq!(read("MicroPython/micropython"), read("micropython/MicroPython"));
        assert_ne!(read("micropython/micropython"), read("micropython/micropython-lib"));
        for text in ["", "micropython", "/x", "x/", "a/b/c", "a/..", "../b", "a b/c", "a/b?c"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

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
