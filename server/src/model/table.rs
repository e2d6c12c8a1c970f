//! Tables: what one firmware file says, as `initboard extract --format json`
//! prints it, the API returns it and an upload may send it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{at_most, check_version, short};
use super::{
    Address, CommitSha, Entry, Finding, GuardMismatch, Level, Location, Origin, Phase, PortName,
    Priority, SatisfiedBy, Sha256, SymbolName,
};

/// The version of the JSON that this program writes and reads.
pub const SCHEMA_VERSION: u32 = 1;

/// Most entries that one table may hold. The largest real port has about 60.
pub const MAX_ENTRIES: usize = 4096;

/// Most levels that a registry may have. The RFC has four.
pub const MAX_LEVELS: usize = 64;

/// Most anomalies kept of one file; more of them say nothing new.
pub const MAX_ANOMALIES: usize = 256;

/// Most drivers that one port may have. The largest real port has 30.
pub const MAX_DRIVERS: usize = 1024;

/// Most names that one entry may state to run after.
pub const MAX_AFTER: usize = 64;

/// Longest text kept of a path, a condition or a dependency, in bytes.
pub const MAX_TEXT_BYTES: usize = 1024;

/// The effective order of one firmware file, with the facts of that file.
///
/// Readers ignore keys that they do not know; a change that would break them
/// raises `schema`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InitTable {
    /// Version of this format.
    pub schema: u32,
    /// The file that was read.
    pub file: FileFacts,
    /// Where the file stands in the source tree; only in tables of origin
    /// `source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceFile>,
    /// Architecture: `arm`, `aarch64`, `riscv`, `xtensa`, `x86`, `x86-64`, or
    /// `machine-N` with the number that the ELF header holds. This and the next
    /// two are `null` for source text, which is not yet of any machine.
    pub arch: Option<String>,
    /// Width of a pointer in bits: 32 or 64.
    pub bits: Option<u8>,
    /// Byte order of data.
    pub endian: Option<Endian>,
    /// Where entries were read; empty when the file holds no registry.
    pub origins: Vec<Origin>,
    /// Levels of the registry in the order in which init runs them.
    pub levels: Vec<Level>,
    /// The main function, where its calls could be read.
    #[serde(default)]
    pub main: Option<MainFunction>,
    /// The entries in effective order.
    pub entries: Vec<Entry>,
    /// What is odd about the registry itself; rules turn these into findings.
    #[serde(default)]
    pub anomalies: Vec<Anomaly>,
    /// Pairs of calls under different conditions; only in tables of origin
    /// `source`. Derived from the rest; an upload need not send them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<GuardMismatch>,
    /// What the rules say. Derived from the rest; an upload need not send it.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Facts of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileFacts {
    /// SHA-256 of the file.
    pub sha256: Sha256,
    /// Size in bytes.
    pub size: u64,
    /// Name of the object format as binutils write it: `elf32-littlearm`; `c`
    /// for source text.
    pub format: String,
}

/// A source file that holds the main function of a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceFile {
    /// The port whose main it holds.
    pub port: PortName,
    /// Its path from the root of the source tree.
    pub path: String,
    /// The commit it was read at; `null` for a file as it stood on a disk.
    pub commit: Option<CommitSha>,
    /// The drivers that the port has, whether or not main calls them, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drivers: Vec<Driver>,
}

/// A driver of a port: a file of its source whose name tells what it drives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Driver {
    /// What it drives, as the file's name has it: `uart`.
    pub name: String,
    /// The file's path from the root of the source tree.
    pub path: String,
}

/// The function whose calls were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MainFunction {
    /// Its name.
    pub function: SymbolName,
    /// The landmarks that it calls, which tell that it is main.
    pub evidence: Vec<SymbolName>,
    /// How many other calls it makes, which start or stop nothing.
    pub folded: u32,
}

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// Something odd about a registry: half of it is there.
///
/// Only the fields that tell where it is are set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Anomaly {
    /// What is odd.
    pub kind: AnomalyKind,
    /// The phase of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The level of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The place in the table, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u32>,
    /// The priority of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The function concerned, where its name is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<SymbolName>,
    /// The address concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The number concerned: a size in bytes, a count or a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Where the registration concerned stands, where its record tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// What can be odd about a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnomalyKind {
    /// A table lies in no segment that is loaded: it is linked, but it is not
    /// in the flashed image.
    TableNotLoaded,
    /// An input section of the registry became an output section of its own:
    /// the linker script does not know the level.
    OrphanSection,
    /// A table has entries, and the symbols that bound it are missing or only
    /// one of them is there.
    MissingBounds,
    /// A table's end lies before its start, or its size is no multiple of a
    /// pointer's size.
    MalformedTable,
    /// A pointer word leads to no executable code.
    WildPointer,
    /// An entry's symbol stands outside every table.
    LostEntry,
    /// The file states a newer version of the registry than this program
    /// reads.
    NewerAbi,
    /// A table is longer than [`MAX_ENTRIES`]; the rest was not read.
    TableTooLong,
    /// Nobody is seen to call `mp_init`, so main was not found.
    MainNotFound,
    /// The file has landmarks, but no function `mp_init`: link-time optimisation
    /// took it apart, and with it what tells which function is main.
    MainInlined,
    /// Another function looks as much like main as the one that was read.
    MainAmbiguous,
    /// Main jumps to where the reader cannot follow; calls may be missing.
    MainIncomplete,
    /// Main runs a level whose number is no constant.
    LevelUnknown,
    /// Some of the source text of main cannot be parsed; calls may be missing.
    SourceUnparsed,
    /// The file has no symbol table: what records do not tell is gone. `value` is the
    /// number of entries that nothing names.
    Stripped,
    /// A record tells of an entry that no table holds: the linker dropped it.
    RecordWithoutEntry,
    /// Entries have no record, in an image whose other entries have, or whose
    /// runtime writes them.
    EntryWithoutRecord,
    /// Records cannot be read.
    MalformedRecord,
    /// Nothing tells where a table lies, and its entries are those that the
    /// records name.
    RecordsOnly,
}

/// Why a JSON text is no table. What the reader of JSON says is part of the message,
/// which is shown by itself as well, and so is no source besides.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The text is not JSON, or a key has a value of another kind.
    #[error(
        "the table is not valid: {0}; expected the JSON that `initboard extract --format json` prints"
    )]
    Json(serde_json::Error),
    /// Another version of the format.
    #[error(
        "the table has schema {found}, and this program reads schema {SCHEMA_VERSION}: use the `initboard` of the same version on both sides"
    )]
    Schema {
        /// The version in the text.
        found: u32,
    },
    /// More than a table may hold.
    #[error("the table has {found} {what}: at most {limit} are read")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many were found.
        found: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// The entries are not in order.
    #[error(
        "entry {index} has position {found}: positions count from 0 without gaps, in the order of the entries"
    )]
    Position {
        /// Place in the array.
        index: usize,
        /// The position it states.
        found: u32,
    },
    /// A level is listed twice.
    #[error(
        "level {level} is listed twice: expected each level once, in the order in which init runs them"
    )]
    RepeatedLevel {
        /// The level.
        level: Level,
    },
    /// An entry does not fit the rest of the table.
    #[error("entry {index} has {what} that the table does not list: expected one of `{list}`")]
    Unlisted {
        /// Place in the array.
        index: usize,
        /// What is not listed: a level or an origin.
        what: &'static str,
        /// The key that lists them.
        list: &'static str,
    },
    /// A text is longer than it may be.
    #[error("the {what} has {found} bytes: at most {MAX_TEXT_BYTES} are stored")]
    TextTooLong {
        /// Which text.
        what: &'static str,
        /// Its length.
        found: usize,
    },
    /// The pointer width is neither 32 nor 64.
    #[error("the table states {found}-bit pointers: expected 32 or 64")]
    Bits {
        /// The width in the text.
        found: u8,
    },
    /// The table neither says which machine its firmware is for, nor where its
    /// source stands.
    #[error(
        "the table has neither `arch`, `bits` and `endian`, as tables of firmware have, nor `source`, as tables of source text have"
    )]
    Target,
    /// A JSON text is not what a source tree says.
    #[error(
        "the facts of a tree are not valid: {0}; expected the JSON that `initboard extract --tree PATH --facts` prints"
    )]
    Facts(serde_json::Error),
    /// A table among the facts of a tree is not of source text.
    #[error("a table has no `source`: the tables of a tree are of origin `source`")]
    NoSource,
    /// A table states a board that is none.
    #[error(transparent)]
    Board(#[from] super::NameError),
    /// A port stands twice in a list.
    #[error("port {port} is listed twice: expected each port once")]
    RepeatedPort {
        /// The port.
        port: PortName,
    },
    /// A board stands twice in the catalog.
    #[error("board {board} is listed twice: expected each board and each variant once")]
    RepeatedBoard {
        /// The board.
        board: String,
    },
}

impl InitTable {
    /// Reads a table from JSON, as an upload sends it.
    ///
    /// Findings in it are dropped: they are derived from the rest.
    ///
    /// # Errors
    /// When the text is no table of this version, or one that holds more than
    /// a table may hold.
    pub fn from_json(text: &[u8]) -> Result<Self, TableError> {
        check_version(text, TableError::Json)?;
        let mut table: Self = serde_json::from_slice(text).map_err(TableError::Json)?;
        table.forget_derived();
        table.check()?;
        Ok(table)
    }

    /// The number of init and of deinit functions.
    pub fn counts(&self) -> (u32, u32) {
        let count = |phase| {
            let wanted = |entry: &&Entry| {
                entry.kind == super::EntryKind::Entry && entry.phase == Some(phase)
            };
            u32::try_from(self.entries.iter().filter(wanted).count()).unwrap_or(u32::MAX)
        };
        (count(Phase::Init), count(Phase::Deinit))
    }

    /// Whether main was found and all that it calls could be read, so that nothing runs
    /// that the entries do not show.
    pub fn tells_all_of_main(&self) -> bool {
        let hides = |anomaly: &Anomaly| {
            matches!(
                anomaly.kind,
                AnomalyKind::MainAmbiguous
                    | AnomalyKind::MainIncomplete
                    | AnomalyKind::LevelUnknown
                    | AnomalyKind::SourceUnparsed
            )
        };
        self.main.is_some() && !self.anomalies.iter().any(hides)
    }

    /// Drops what is derived from the rest: whoever sent the table may have
    /// another opinion.
    pub(super) fn forget_derived(&mut self) {
        self.findings.clear();
        self.guards.clear();
    }

    /// Checks what the types alone do not: sizes, and that the parts agree.
    pub(super) fn check(&self) -> Result<(), TableError> {
        let has_target = self.arch.is_some() && self.bits.is_some() && self.endian.is_some();
        if !has_target && self.source.is_none() {
            return Err(TableError::Target);
        }
        if let Some(found) = self.bits.filter(|bits| !matches!(bits, 32 | 64)) {
            return Err(TableError::Bits { found });
        }
        at_most("entries", self.entries.len(), MAX_ENTRIES)?;
        at_most("anomalies", self.anomalies.len(), MAX_ANOMALIES)?;
        at_most("levels", self.levels.len(), MAX_LEVELS)?;
        at_most("origins", self.origins.len(), 4)?;
        for (index, level) in self.levels.iter().enumerate() {
            if self.levels[..index].contains(level) {
                return Err(TableError::RepeatedLevel { level: level.clone() });
            }
        }
        for anomaly in &self.anomalies {
            let place = anomaly.location.as_ref();
            short("file", place.map_or("", |place| &place.file))?;
        }
        short("format", &self.file.format)?;
        short("architecture", self.arch.as_deref().unwrap_or_default())?;
        if let Some(source) = &self.source {
            short("path", &source.path)?;
            at_most("drivers", source.drivers.len(), MAX_DRIVERS)?;
            for driver in &source.drivers {
                short("name of a driver", &driver.name)?;
                short("path", &driver.path)?;
            }
        }
        for (index, entry) in self.entries.iter().enumerate() {
            if usize::try_from(entry.position) != Ok(index) {
                return Err(TableError::Position { index, found: entry.position });
            }
            if entry.level.as_ref().is_some_and(|level| !self.levels.contains(level)) {
                return Err(TableError::Unlisted { index, what: "a level", list: "levels" });
            }
            if !self.origins.contains(&entry.origin) {
                return Err(TableError::Unlisted { index, what: "an origin", list: "origins" });
            }
            at_most("functions in `via`", entry.via.len(), 16)?;
            at_most("names in `after`", entry.after.len(), MAX_AFTER)?;
            entry.after.iter().try_for_each(|name| short("name in `after`", name))?;
            short("condition", entry.condition.as_deref().unwrap_or_default())?;
            short("subsystem", entry.subsystem.as_deref().unwrap_or_default())?;
            let declared = entry.declared_subsystem.as_deref();
            short("declared subsystem", declared.unwrap_or_default())?;
            let reason = entry.satisfied.as_ref().map(SatisfiedBy::reason);
            short("reason in `satisfied`", reason.unwrap_or_default())?;
            short("file", entry.location.as_ref().map_or("", |Location { file, .. }| file))?;
        }
        Ok(())
    }
}

impl Anomaly {
    /// An anomaly of a kind, of which nothing more is known yet.
    pub const fn new(kind: AnomalyKind) -> Self {
        Self {
            kind,
            phase: None,
            level: None,
            slot: None,
            priority: None,
            function: None,
            address: None,
            value: None,
            location: None,
        }
    }

    /// The same anomaly, in the table of `phase` and `level`.
    #[must_use]
    pub fn of(mut self, phase: Phase, level: &Level) -> Self {
        self.phase = Some(phase);
        self.level = Some(level.clone());
        self
    }
}

impl Endian {
    /// The word for the byte order.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Little => "little",
            Self::Big => "big",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least that is a table, with `extra` keys in place of its own.
    fn read(extra: &serde_json::Value) -> Result<InitTable, String> {
        let mut table = serde_json::json!({
            "schema": 1, "file": {"sha256": "ab".repeat(32), "size": 1, "format": "elf32-littlearm"},
            "arch": "arm", "bits": 32, "endian": "little", "origins": ["registry"], "levels": ["core"], "entries": [],
        });
        for (key, value) in extra.as_object().unwrap() {
            table[key] = value.clone();
        }
        InitTable::from_json(table.to_string().as_bytes()).map_err(|error| error.to_string())
    }

    fn entry(level: &str) -> serde_json::Value {
        serde_json::json!([{"position": 0, "phase": "init", "kind": "entry", "origin": "registry", "stage": null,
            "level": level, "slot": 0, "priority": "00", "function": "f", "subsystem": null, "address": null,
            "call_address": null, "via": [], "conditional": false, "condition": null, "location": null, "after": []}])
    }

    #[test]
    fn a_table_that_contradicts_itself_is_refused_with_what_is_wrong() {
        assert!(read(&serde_json::json!({"entries": entry("core")})).is_ok());
        for (extra, expected) in [
            (
                serde_json::json!({"schema": 2}),
                "the table has schema 2, and this program reads schema 1: use the `initboard` of the same version on both sides",
            ),
            (
                serde_json::json!({"bits": 16}),
                "the table states 16-bit pointers: expected 32 or 64",
            ),
            (
                serde_json::json!({"levels": ["core", "core"]}),
                "level core is listed twice: expected each level once, in the order in which init runs them",
            ),
            (
                serde_json::json!({"entries": entry("late")}),
                "entry 0 has a level that the table does not list: expected one of `levels`",
            ),
            (
                serde_json::json!({"entries": entry("core"), "origins": []}),
                "entry 0 has an origin that the table does not list: expected one of `origins`",
            ),
        ] {
            assert_eq!(read(&extra).unwrap_err(), expected);
        }
    }
}
