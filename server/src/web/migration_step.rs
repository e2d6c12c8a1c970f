//! How far a board has come to the registry, as pages tell it: finer than its state,
//! since a board without a build is not one whose build nobody can read, and a board
//! that has nothing to register did not migrate.

use super::migration::BoardProgress;
use crate::analyze::migrate::state::State;

/// How far a board has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    NoBuild,
    /// A build that does not tell what it runs.
    Unread,
    Calls,
    Partial,
    /// Main calls nothing that could be registered, and nothing is.
    Nothing,
    Migrated,
    Verified,
}

impl Step {
    /// All of them, from the first to the last.
    pub(super) const ALL: [Self; 7] = [
        Self::NoBuild,
        Self::Unread,
        Self::Calls,
        Self::Partial,
        Self::Nothing,
        Self::Migrated,
        Self::Verified,
    ];

    /// That of a board among those of its project.
    pub(super) const fn of(board: &BoardProgress) -> Self {
        Self::reached(board.state, board.registered, board.is_built)
    }

    /// That of a board by its state, by how many functions it registers, and by
    /// whether it was built.
    pub(super) const fn reached(state: State, registered: u32, is_built: bool) -> Self {
        match state {
            State::NotSeen if is_built => Self::Unread,
            State::NotSeen => Self::NoBuild,
            State::Calls => Self::Calls,
            State::Partial => Self::Partial,
            State::Migrated if registered == 0 => Self::Nothing,
            State::Migrated => Self::Migrated,
            State::Verified => Self::Verified,
        }
    }

    /// The state of it, which is what JSON tells.
    pub(super) const fn state(self) -> State {
        match self {
            Self::NoBuild | Self::Unread => State::NotSeen,
            Self::Calls => State::Calls,
            Self::Partial => State::Partial,
            Self::Nothing | Self::Migrated => State::Migrated,
            Self::Verified => State::Verified,
        }
    }

    /// The word in an address, and the CSS class: that of the state where that is as
    /// fine.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NoBuild => State::NotSeen.as_str(),
            Self::Unread => "unread",
            Self::Calls => State::Calls.as_str(),
            Self::Partial => State::Partial.as_str(),
            Self::Nothing => "nothing-to-register",
            Self::Migrated => State::Migrated.as_str(),
            Self::Verified => State::Verified.as_str(),
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::NoBuild => "no build",
            Self::Unread => "not readable",
            Self::Calls => "calls from main",
            Self::Partial => "partial",
            Self::Nothing => "nothing to register",
            Self::Migrated => "migrated",
            Self::Verified => "verified",
        }
    }

    /// Squares, since circles say elsewhere whether a board was built.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::NoBuild => "○",
            Self::Unread => "?",
            Self::Calls => "□",
            Self::Partial => "◧",
            Self::Nothing => "–",
            Self::Migrated => "■",
            Self::Verified => "✓",
        }
    }

    /// What `count` boards do, as a sentence goes on behind their number.
    pub(super) const fn does(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::NoBuild, 1) => "has no build",
            (Self::NoBuild, _) => "have no build",
            (Self::Unread, _) => "could not be read",
            (Self::Calls, 1) => "calls from main",
            (Self::Calls, _) => "call from main",
            (Self::Partial, 1) => "registers in part",
            (Self::Partial, _) => "register in part",
            (Self::Nothing, 1) => "has nothing to register",
            (Self::Nothing, _) => "have nothing to register",
            (Self::Migrated | Self::Verified, 1) => "is migrated",
            (Self::Migrated | Self::Verified, _) => "are migrated",
        }
    }
}
