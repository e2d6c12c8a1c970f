//! Levels and priorities: what orders the entries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The four levels of the RFC, in the order in which init runs them.
pub const RFC_LEVELS: [&str; 4] = ["early", "core", "driver", "service"];

/// Longest level or priority, in bytes.
const MAX_WORD_BYTES: usize = 64;

/// The name of a level: `early`, `driver`, or one that a project added. It is
/// part of a symbol, so it is a C identifier's tail: letters, digits and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Level(String);

/// Why a text is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a level: expected 1 to 64 letters, digits and _")]
pub struct LevelError {
    found: String,
}

/// The priority of an entry within its level, kept as text because the linker
/// sorts it as text: `9` comes after `10`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Priority(String);

/// Why a text is no priority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a priority: expected 1 to 64 letters and digits, two digits by convention"
)]
pub struct PriorityError {
    found: String,
}

impl Level {
    /// The name of the level.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Priority {
    /// The priority as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Puts levels into the order in which init runs them: as `declared`, then the
/// others of the RFC's four as declared there, then the rest in the order given.
pub fn order_levels(levels: &mut Vec<Level>, declared: &[Level]) {
    let of_rfc = |level: &Level| RFC_LEVELS.iter().position(|&known| known == level.as_str());
    levels.sort_by_key(|level| match declared.iter().position(|known| known == level) {
        Some(rank) => rank,
        None => declared.len() + of_rfc(level).unwrap_or(RFC_LEVELS.len()),
    });
    levels.dedup();
}

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        let fits = (1..=MAX_WORD_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            Ok(Self(text.to_owned()))
        } else {
            Err(LevelError { found: super::names::quoted(text) })
        }
    }
}

impl FromStr for Priority {
    type Err = PriorityError;

    fn from_str(text: &str) -> Result<Self, PriorityError> {
        let fits = (1..=MAX_WORD_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PriorityError { found: super::names::quoted(text) })
        }
    }
}

impl TryFrom<String> for Level {
    type Error = LevelError;

    fn try_from(text: String) -> Result<Self, LevelError> {
        text.parse()
    }
}

impl TryFrom<String> for Priority {
    type Error = PriorityError;

    fn try_from(text: String) -> Result<Self, PriorityError> {
        text.parse()
    }
}

impl From<Level> for String {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl From<Priority> for String {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_run_as_declared_then_as_in_the_rfc_then_as_given() {
        let levels = |names: &[&str]| -> Vec<Level> {
            names.iter().map(|name| name.parse().unwrap()).collect()
        };
        let ordered = |declared: &[&str]| {
            let mut found = levels(&["net", "service", "early", "driver", "apps"]);
            order_levels(&mut found, &levels(declared));
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(ordered(&[]), ["early", "driver", "service", "net", "apps"]);
        assert_eq!(
            ordered(&["early", "apps", "core", "driver"]),
            ["early", "apps", "driver", "service", "net"]
        );
        assert_eq!(ordered(&["apps"]), ["apps", "early", "driver", "service", "net"]);
    }

    #[test]
    fn priorities_sort_as_the_linker_sorts_them() {
        let [nine, ten]: [Priority; 2] = ["9", "10"].map(|text| text.parse().unwrap());
        assert!(ten < nine);
    }
}
