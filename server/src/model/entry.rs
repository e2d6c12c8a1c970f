//! Entries: one registered or called function with what orders it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Address, Level, Priority, SatisfiedBy, SymbolName};

/// Whether a function starts something or stops it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The function starts something.
    Init,
    /// The function stops something.
    Deinit,
}

/// What an entry of the effective order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A registered or called init or deinit function.
    Entry,
    /// A call that is no init or deinit but orders them, such as `mp_init`.
    Landmark,
    /// A call that runs the entries of one level.
    RunLevel,
}

/// Where a table was read.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The linker sections that the firmware's own runtime walks.
    Registry,
    /// The order of calls in the main function.
    Calls,
    /// The linker's map file.
    Map,
    /// The text of the main source file.
    Source,
}

/// Where in the life of main a function runs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Once per power-up, before the soft-reset loop.
    Boot,
    /// On every pass of the soft-reset loop, up to the last REPL.
    Start,
    /// On the way out of a soft reset.
    Stop,
}

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Location {
    /// The file, relative to the root of the source tree where the debug
    /// information tells it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}

/// One function in the effective order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Place in the effective order, counted from 0.
    pub position: u32,
    /// Whether the function starts or stops something; `null` for a landmark.
    pub phase: Option<Phase>,
    /// What the entry is.
    pub kind: EntryKind,
    /// Where the entry was read.
    pub origin: Origin,
    /// Where in the life of main it runs; `null` where main is not seen to run
    /// it.
    pub stage: Option<Stage>,
    /// The level, for entries of a registry.
    pub level: Option<Level>,
    /// Place in the table of its level, counted from 0 in memory order.
    pub slot: Option<u32>,
    /// The priority; `null` where only the symbols knew it and they are gone.
    pub priority: Option<Priority>,
    /// The function's name; `null` in a stripped file.
    pub function: Option<SymbolName>,
    /// What the function starts or stops, the same name on every port.
    pub subsystem: Option<String>,
    /// The same, where the registration says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_subsystem: Option<String>,
    /// How its deinit is satisfied without a call of its own, where the
    /// registration says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfied: Option<SatisfiedBy>,
    /// The pointer word as the table holds it (bit 0 set for Thumb code).
    pub address: Option<Address>,
    /// Address of the call instruction, for calls read from main.
    pub call_address: Option<Address>,
    /// Functions between main and this call, outermost first.
    pub via: Vec<SymbolName>,
    /// Whether a path through main leaves the call out.
    pub conditional: bool,
    /// The preprocessor's condition under which the call stands, as one
    /// expression; only for origin `source`.
    pub condition: Option<String>,
    /// Where the function is defined, or where only its record tells, where it is
    /// registered; for origin `source`, where it is called.
    pub location: Option<Location>,
    /// Functions or subsystems that must run before this one.
    pub after: Vec<String>,
}

impl Phase {
    /// The word for the phase: `init` or `deinit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Deinit => "deinit",
        }
    }
}

impl Stage {
    /// The word for the stage: `boot`, `start` or `stop`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Start => "start",
            Self::Stop => "stop",
        }
    }
}

impl Origin {
    /// The word for the origin, as JSON has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Calls => "calls",
            Self::Map => "map",
            Self::Source => "source",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Entry {
    /// What to call the entry where a name is needed: the function's name, or
    /// its address in a stripped file.
    pub fn display_name(&self) -> String {
        match (&self.function, self.address) {
            (Some(name), _) => name.to_string(),
            (None, Some(address)) => address.to_string(),
            (None, None) => "(unknown)".to_owned(),
        }
    }
}
