//! What a source tree says at one commit: the order of calls in the main of
//! each port, the catalog of its boards, and how the order came to be.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{at_most, check_version, short};
use super::{
    BoardName, CommitSha, EntryKind, InitTable, MAX_ENTRIES, Phase, PortName, Stage, SymbolName,
    TableError, VariantName,
};

/// Most ports that one tree may have. The largest known has 20.
pub const MAX_PORTS: usize = 512;
/// Most boards, variants counted, that one tree may have. The largest known has
/// about 350.
pub const MAX_BOARDS: usize = 16_384;
/// Most changes of one port that its history holds.
pub const MAX_CHANGES: usize = 4096;
/// Most linker scripts that one board may use.
pub const MAX_LINKER_SCRIPTS: usize = 64;

/// Largest configuration of a project, in bytes. That of MicroPython has 4 KB.
pub const MAX_CONFIGURATION_BYTES: usize = 1 << 20;

/// Everything that a source tree says at one commit, as `initboard extract
/// --tree PATH --facts` prints it and an upload sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TreeFacts {
    /// Version of this format; the same as that of tables.
    pub schema: u32,
    /// The commit.
    pub commit: CommitSha,
    /// When it was committed.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
    /// The text of its `initboard.toml`; left out where it has none, or was read
    /// with another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// The table of each port whose main was found, by port.
    pub tables: Vec<InitTable>,
    /// The boards, by port, board and variant.
    pub boards: Vec<CatalogBoard>,
    /// How the order of each port changed, by port.
    pub history: Vec<PortHistory>,
}

/// A board, or one variant of it, as the source tree lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogBoard {
    /// Its port.
    pub port: PortName,
    /// The board.
    pub board: BoardName,
    /// The variant; `null` for the board as such.
    pub variant: Option<VariantName>,
    /// The family of its microcontroller, such as `stm32f4`.
    pub mcu: Option<String>,
    /// The linker scripts that it is linked with, in the order in which the
    /// linker reads them; empty where the tree does not say.
    pub linker_scripts: Vec<LinkerScript>,
}

/// A linker script that a board is linked with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct LinkerScript {
    /// Its path from the root of the source tree; as the board's configuration
    /// names it where no such file is in the tree.
    pub path: String,
    /// Whether the file is in the tree. Others are made by the build, or come
    /// with a library.
    pub found: bool,
    /// When it is used, as the build's own condition: `USE_MBOOT = 1`; `null`
    /// for always.
    pub condition: Option<String>,
    /// Whether it links another program than that of main, such as a bootloader: no
    /// makefile that is read then names a file in which main may stand, and others do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_main: bool,
    /// The scripts that it includes, directly or through another, in the order
    /// in which the linker meets them.
    pub includes: Vec<String>,
    /// How it places the tables of the registry; left out where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<ScriptTables>,
    /// How the tables are placed without being named in it, where the makefiles say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unnamed_tables: Option<UnnamedTables>,
}

/// A way to place the tables that needs no linker script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnnamedTables {
    /// Sections that no script names, with a key in each entry: `MP_REGISTRY_KEYED`.
    Keyed,
    /// Read-only data that the linker sorts by name: `MP_REGISTRY_RODATA` and
    /// `--sort-section=name`.
    Rodata,
}

/// The tables of the registry in a linker script.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct ScriptTables {
    /// The scripts that lead to them, each included by the one before; the last one
    /// has them. Empty where the script has them itself.
    pub through: Vec<String>,
    /// Whether the script that has them is not in the tree, and known by its name
    /// alone: it is one of the fragments of registry-rt.
    pub by_name: bool,
    /// Which of the eight tables are not there, by their output sections:
    /// `.mp_init_early`.
    pub lacks: Vec<String>,
}

impl LinkerScript {
    /// Whether it is the script at `path`, or includes it.
    pub fn uses(&self, path: &str) -> bool {
        self.path == path || self.includes.iter().any(|included| included == path)
    }
}

/// How the order of a port changed, commit by commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortHistory {
    /// The port.
    pub port: PortName,
    /// The commits that changed its order, newest first. The last one brought
    /// the port, unless `is_cut`.
    pub changes: Vec<SourceChange>,
    /// Whether older commits were not read: they are missing from a shallow
    /// clone, or older than was asked for.
    pub is_cut: bool,
}

/// One commit that changed the order of a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceChange {
    /// The commit.
    pub commit: CommitSha,
    /// When it was committed.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
    /// The first line of its message.
    pub subject: String,
    /// The file that holds main after it.
    pub path: String,
    /// Number of init functions after it.
    pub init_count: u32,
    /// Number of deinit functions after it.
    pub deinit_count: u32,
    /// What it changed; empty in the commit that brought the port.
    pub steps: Vec<OrderStep>,
}

/// One difference between two orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderStep {
    /// What happened to the call.
    pub what: StepKind,
    /// The function.
    pub function: SymbolName,
    /// What the call is.
    pub kind: EntryKind,
    /// Whether it starts or stops something.
    pub phase: Option<Phase>,
    /// Its stage: afterwards, or before it was removed.
    pub stage: Option<Stage>,
    /// Its condition: afterwards, or before it was removed.
    pub condition: Option<String>,
    /// What it stands right behind: afterwards, or before it was removed.
    pub behind: Option<SymbolName>,
    /// For a call that moved or changed, its stage before, where that was
    /// another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_before: Option<Stage>,
    /// For a call that changed its condition, the one before; `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_before: Option<String>,
}

/// What happened to a call between two orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It stands elsewhere in the order.
    Moved,
    /// It stands under another condition, or in another stage without having
    /// moved.
    Changed,
}

impl TreeFacts {
    /// Reads the facts of a tree from JSON, as an upload sends them.
    ///
    /// # Errors
    /// When the text is none, of another version, or one that holds more than a
    /// tree may hold.
    pub fn from_json(text: &[u8]) -> Result<Self, TableError> {
        check_version(text, TableError::Facts)?;
        let mut facts: Self = serde_json::from_slice(text).map_err(TableError::Facts)?;
        for table in &mut facts.tables {
            table.forget_derived();
        }
        facts.check()?;
        Ok(facts)
    }

    fn check(&self) -> Result<(), TableError> {
        at_most("tables", self.tables.len(), MAX_PORTS)?;
        let configuration = self.configuration.as_ref().map_or(0, String::len);
        at_most("bytes of configuration", configuration, MAX_CONFIGURATION_BYTES)?;
        at_most("boards", self.boards.len(), MAX_BOARDS)?;
        at_most("histories", self.history.len(), MAX_PORTS)?;
        let mut ports = std::collections::HashSet::new();
        for table in &self.tables {
            table.check()?;
            let Some(source) = &table.source else { return Err(TableError::NoSource) };
            if !ports.insert(&source.port) {
                return Err(TableError::RepeatedPort { port: source.port.clone() });
            }
        }
        let mut boards = std::collections::HashSet::new();
        for board in &self.boards {
            if !boards.insert((&board.port, &board.board, &board.variant)) {
                return Err(TableError::RepeatedBoard { board: board.id().to_string() });
            }
            short("family of microcontrollers", board.mcu.as_deref().unwrap_or_default())?;
            at_most("linker scripts", board.linker_scripts.len(), MAX_LINKER_SCRIPTS)?;
            for script in &board.linker_scripts {
                short("path", &script.path)?;
                short("condition", script.condition.as_deref().unwrap_or_default())?;
                at_most("included scripts", script.includes.len(), MAX_LINKER_SCRIPTS)?;
                script.includes.iter().try_for_each(|path| short("path", path))?;
                if let Some(ScriptTables { through, lacks, .. }) = &script.tables {
                    at_most("scripts to the tables", through.len(), MAX_LINKER_SCRIPTS)?;
                    at_most("tables", lacks.len(), MAX_LINKER_SCRIPTS)?;
                    through.iter().chain(lacks).try_for_each(|text| short("path", text))?;
                }
            }
        }
        let mut ports = std::collections::HashSet::new();
        for history in &self.history {
            if !ports.insert(&history.port) {
                return Err(TableError::RepeatedPort { port: history.port.clone() });
            }
            at_most("changes", history.changes.len(), MAX_CHANGES)?;
            for change in &history.changes {
                short("subject", &change.subject)?;
                short("path", &change.path)?;
                at_most("steps", change.steps.len(), 2 * MAX_ENTRIES)?;
                for step in &change.steps {
                    short("condition", step.condition.as_deref().unwrap_or_default())?;
                    short("condition", step.condition_before.as_deref().unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }
}

impl CatalogBoard {
    /// The board by its name.
    pub fn id(&self) -> super::BoardId {
        super::BoardId {
            port: self.port.clone(),
            board: self.board.clone(),
            variant: self.variant.clone(),
        }
    }
}

impl StepKind {
    /// The word for the kind, as JSON has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }
}
