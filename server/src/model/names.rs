//! Names of projects, ports, boards and variants, as they stand in addresses,
//! build folders and configuration.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest name in bytes; the longest board name of MicroPython has 32.
const MAX_NAME_BYTES: usize = 64;

/// Top-level addresses that are the server's own.
const RESERVED_PROJECTS: [&str; 4] = ["api", "healthz", "metrics", "static"];

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text has a form that names of this kind cannot have.
    #[error("`{found}` is not a {kind} name: expected {expected}")]
    Form {
        /// What was to be named.
        kind: &'static str,
        /// The text, shortened and with control characters escaped.
        found: String,
        /// The form a name of this kind has.
        expected: &'static str,
    },
    /// The name stands for an address of the server itself.
    #[error(
        "`{found}` cannot name a project: the server uses that address itself; choose another name"
    )]
    Reserved {
        /// The name.
        found: String,
    },
    /// The text is not `PORT/BOARD`.
    #[error(
        "`{found}` is not a board: expected PORT/BOARD or PORT/BOARD-VARIANT, for example stm32/PYBV10-DP_THREAD"
    )]
    BoardId {
        /// The text.
        found: String,
    },
}

/// `text` fit for a one-line message: control characters escaped, at most 80
/// characters.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(80).flat_map(char::escape_default).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, |$first:ident| $first_ok:expr, |$rest:ident| $rest_ok:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let bytes = text.as_bytes();
                let first_ok = bytes.first().is_some_and(|&$first| $first_ok);
                if first_ok && bytes.len() <= MAX_NAME_BYTES && bytes.iter().all(|&$rest| $rest_ok) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError::Form { kind: $kind, found: quoted(text), expected: $expected })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// The name of a project without the check for reserved addresses.
    RawProjectName,
    "project",
    "1 to 64 of a-z, 0-9 and -, starting with a letter or digit",
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(),
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
);
name_type!(
    /// The name of a port: `stm32`, `renesas-ra`, `bare-arm`.
    PortName,
    "port",
    "1 to 64 of A-Z, a-z, 0-9, _, . and -, starting with a letter or digit",
    |byte| byte.is_ascii_alphanumeric(),
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
);
name_type!(
    /// The name of a board without its variant: `PYBV10`, `RPI_PICO_W`. It
    /// holds no `-`, because that is where the variant starts.
    BoardName,
    "board",
    "1 to 64 of A-Z, a-z, 0-9, _, . and +, starting with a letter or digit (a variant follows after a -)",
    |byte| byte.is_ascii_alphanumeric(),
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+')
);
name_type!(
    /// The name of a variant of a board, or of one core of a multi-core chip:
    /// `DP_THREAD`.
    VariantName,
    "variant",
    "1 to 64 of A-Z, a-z, 0-9, _, ., + and -, starting with a letter or digit",
    |byte| byte.is_ascii_alphanumeric(),
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-')
);

/// The name of a project, which is also the first part of its address:
/// `micropython`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectName(RawProjectName);

impl ProjectName {
    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for ProjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name: RawProjectName = text.parse()?;
        if RESERVED_PROJECTS.contains(&text) {
            return Err(NameError::Reserved { found: text.to_owned() });
        }
        Ok(Self(name))
    }
}

impl TryFrom<String> for ProjectName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ProjectName> for String {
    fn from(name: ProjectName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One board of one port, with its variant where it has one. Written
/// `stm32/PYBV10-DP_THREAD`, as addresses and build folders are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BoardId {
    /// The port that the board belongs to.
    pub port: PortName,
    /// The board.
    pub board: BoardName,
    /// The variant of the board, or the core of a multi-core chip.
    pub variant: Option<VariantName>,
}

impl BoardId {
    /// Reads `BOARD` or `BOARD-VARIANT`, the form of a build folder without
    /// its `build-`.
    ///
    /// # Errors
    /// When either part is no name.
    pub fn from_port_and_label(port: PortName, label: &str) -> Result<Self, NameError> {
        let (board, variant) = match label.split_once('-') {
            Some((board, variant)) => (board, Some(variant.parse()?)),
            None => (label, None),
        };
        Ok(Self { port, board: board.parse()?, variant })
    }

    /// `BOARD` or `BOARD-VARIANT`: the board without its port.
    pub fn label(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}-{variant}", self.board),
            None => self.board.to_string(),
        }
    }
}

impl FromStr for BoardId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (port, label) =
            text.split_once('/').ok_or_else(|| NameError::BoardId { found: quoted(text) })?;
        Self::from_port_and_label(port.parse()?, label)
    }
}

impl fmt::Display for BoardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_written_as_its_build_folder_is() {
        let id: BoardId = "stm32/PYBV10-DP_THREAD".parse().unwrap();
        assert_eq!(id.port.as_str(), "stm32");
        assert_eq!(id.board.as_str(), "PYBV10");
        assert_eq!(id.variant.as_ref().unwrap().as_str(), "DP_THREAD");
        assert_eq!(id.to_string(), "stm32/PYBV10-DP_THREAD");
        assert_eq!("renesas-ra/EK_RA6M1".parse::<BoardId>().unwrap().label(), "EK_RA6M1");
    }

    #[test]
    fn names_that_would_break_addresses_are_refused() {
        for text in [
            "",
            "/",
            "stm32",
            "stm32/",
            "/PYBV10",
            "stm32/a b",
            "stm32/PYBV10-",
            "../x/y",
            "-/x",
            "stm32/<b>",
        ] {
            assert!(text.parse::<BoardId>().is_err(), "{text:?} was accepted");
        }
        assert!("MicroPython".parse::<ProjectName>().is_err());
        assert_eq!(
            "api".parse::<ProjectName>().unwrap_err().to_string(),
            "`api` cannot name a project: the server uses that address itself; choose another name"
        );
        assert!("x".repeat(65).parse::<PortName>().is_err());
    }

    #[test]
    fn a_refused_name_is_shown_without_its_control_characters() {
        let error = "a\u{1b}[31m\n".parse::<PortName>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r"`a\u{1b}[31m\n` is not a port name: expected 1 to 64 of A-Z, a-z, 0-9, _, . and -, starting with a letter or digit"
        );
    }
}
