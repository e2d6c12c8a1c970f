//! The sides of a comparison, as an address names them:
//! `stm32/PYBV10,rp2/RPI_PICO@1a2b3c4,openmv:stm32`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::model::{BoardId, NameError, PortName, ProjectName, quoted};
use crate::store::{CommitPrefix, CommitPrefixError};

/// Fewest and most sides of one comparison: more columns do not fit a page.
pub(super) const FEWEST: usize = 2;
pub(super) const MOST: usize = 6;

/// One side: `[PROJECT:]PORT/BOARD[@COMMIT]`, a build of a board, or
/// `[PROJECT:]PORT[@COMMIT]`, the text of a port's main. Without a commit the
/// latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// The project; that of the address where there is none.
    pub(super) project: Option<ProjectName>,
    pub(super) subject: Subject,
    pub(super) commit: Option<CommitPrefix>,
}

/// What a side shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// The firmware of a board.
    Board(BoardId),
    /// The text of a port's main.
    Source(PortName),
}

/// Two to six sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sides(Vec<Side>);

/// Why a text names no sides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SidesError {
    #[error(
        "{found} to compare: expected {FEWEST} to {MOST}, separated by commas, for example stm32/PYBV10,rp2/RPI_PICO"
    )]
    Count { found: usize },
    #[error("cannot read the side `{side}`: {cause}")]
    Name { side: String, cause: NameError },
    #[error("cannot read the side `{side}`: {cause}")]
    Commit { side: String, cause: CommitPrefixError },
}

impl Side {
    /// The port.
    pub(super) fn port(&self) -> &PortName {
        match &self.subject {
            Subject::Board(board) => &board.port,
            Subject::Source(port) => port,
        }
    }
}

impl FromStr for Side {
    type Err = SidesError;

    fn from_str(text: &str) -> Result<Self, SidesError> {
        let text = text.trim();
        let name = |cause| SidesError::Name { side: quoted(text), cause };
        let (project, rest) = match text.split_once(':') {
            Some((project, rest)) => (Some(project.parse().map_err(name)?), rest),
            None => (None, text),
        };
        let (subject, commit) = match rest.split_once('@') {
            Some((subject, commit)) => {
                let commit = commit.parse();
                let commit =
                    commit.map_err(|cause| SidesError::Commit { side: quoted(text), cause })?;
                (subject, Some(commit))
            }
            None => (rest, None),
        };
        let subject = if subject.contains('/') {
            Subject::Board(subject.parse().map_err(name)?)
        } else {
            Subject::Source(subject.parse().map_err(name)?)
        };
        Ok(Self { project, subject, commit })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(project) = &self.project {
            write!(f, "{project}:")?;
        }
        match &self.subject {
            Subject::Board(board) => write!(f, "{board}")?,
            Subject::Source(port) => write!(f, "{port}")?,
        }
        match &self.commit {
            Some(commit) => write!(f, "@{commit}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Side {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Sides {
    /// The sides in order.
    pub(super) fn all(&self) -> &[Side] {
        &self.0
    }
}

impl TryFrom<Vec<Side>> for Sides {
    type Error = SidesError;

    fn try_from(sides: Vec<Side>) -> Result<Self, SidesError> {
        match sides.len() {
            FEWEST..=MOST => Ok(Self(sides)),
            found => Err(SidesError::Count { found }),
        }
    }
}

impl FromStr for Sides {
    type Err = SidesError;

    fn from_str(text: &str) -> Result<Self, SidesError> {
        read(text)?.try_into()
    }
}

/// The sides that a text names, however many. What stands empty between commas
/// is a field that nobody filled in.
pub(super) fn read(text: &str) -> Result<Vec<Side>, SidesError> {
    text.split(',').filter(|side| !side.trim().is_empty()).map(str::parse).collect()
}

/// The value of `boards` in an address. The signs that sides are made of may
/// stand there as they are (RFC 3986, 3.4), but for `+`, which is a space there.
pub(super) fn value(sides: &[Side]) -> String {
    sides.iter().map(Side::to_string).collect::<Vec<_>>().join(",").replace('+', "%2B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_written_as_they_are_read() {
        for text in [
            "stm32/PYBV10",
            "stm32/PYBV10-DP_THREAD@1a2b3c4",
            "stm32",
            "renesas-ra@1a2b3c4d",
            "openmv:stm32/OPENMV4",
            "openmv:stm32@1a2b3c4",
        ] {
            let side: Side = text.parse().unwrap();
            assert_eq!(side.to_string(), text);
        }
        let side: Side = " openmv:stm32/OPENMV4-DEBUG@ABCDEF1 ".parse().unwrap();
        assert_eq!(side.to_string(), "openmv:stm32/OPENMV4-DEBUG@abcdef1");
        assert_eq!(side.port().as_str(), "stm32");
        assert_eq!(
            value(&["rp2/A+B".parse().unwrap(), side]),
            "rp2/A%2BB,openmv:stm32/OPENMV4-DEBUG@abcdef1"
        );
    }

    #[test]
    fn a_side_that_cannot_be_read_is_named() {
        for (text, expected) in [
            ("stm32/PYBV10", "1 to compare: expected 2 to 6"),
            ("", "0 to compare"),
            ("a,b,c,d,e,f,g", "7 to compare"),
            ("stm32,rp2/", "cannot read the side `rp2/`: `` is not a board name"),
            (
                "stm32,rp2/RPI_PICO@12",
                "cannot read the side `rp2/RPI_PICO@12`: `12` is not a commit",
            ),
            (
                "stm32,Open MV:rp2",
                "cannot read the side `Open MV:rp2`: `Open MV` is not a project name",
            ),
            ("stm32,a:b:c", "cannot read the side `a:b:c`: `b:c` is not a port name"),
            ("stm32,<b>", "cannot read the side `<b>`: `<b>` is not a port name"),
            ("stm32,rp2@1234567@1234567", "cannot read the side"),
        ] {
            let error = text.parse::<Sides>().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        assert_eq!("stm32,,rp2,".parse::<Sides>().unwrap().all().len(), 2);
    }
}
