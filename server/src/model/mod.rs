//! The values that every other module shares: what a board, a level, an entry
//! and a table are. No I/O and no dependency on the rest of the crate.
//!
//! Each type is parsed once, at the edge, and cannot be wrong afterwards: a
//! [`BoardId`] names a board, a [`CommitSha`] is a commit, a [`Priority`] sorts
//! as the linker sorts it.

mod address;
mod board_table;
mod branch;
mod commit;
mod entry;
mod finding;
mod guard;
mod level;
mod limits;
mod means;
mod names;
mod repository;
mod schema;
mod symbol;
mod table;
mod tree;

pub use address::{Address, HexError, Sha256};
pub use board_table::BoardTable;
pub use branch::{BranchName, BranchNameError};
pub use commit::{CommitSha, CommitShaError};
pub use entry::{Entry, EntryKind, Location, Origin, Phase, Stage};
pub use finding::{Confidence, Evidence, Finding, Severity};
pub use guard::{GuardKind, GuardMismatch};
pub use level::{Level, LevelError, Priority, PriorityError, RFC_LEVELS, order_levels};
pub use means::{Means, SatisfiedBy, SatisfiedByError};
pub(crate) use names::quoted;
pub use names::{BoardId, BoardName, NameError, PortName, ProjectName, VariantName};
pub use repository::{RepositoryName, RepositoryNameError, RepositoryUrl, RepositoryUrlError};
pub use schema::json_schema;
pub(crate) use symbol::without_clone_suffixes;
pub use symbol::{MAX_SYMBOL_BYTES, SymbolName};
pub use table::{
    Anomaly, AnomalyKind, Driver, Endian, FileFacts, InitTable, MAX_AFTER, MAX_ANOMALIES,
    MAX_DRIVERS, MAX_ENTRIES, MAX_LEVELS, MAX_TEXT_BYTES, MainFunction, SCHEMA_VERSION, SourceFile,
    TableError,
};
pub use tree::{
    CatalogBoard, LinkerScript, MAX_BOARDS, MAX_CHANGES, MAX_CONFIGURATION_BYTES,
    MAX_LINKER_SCRIPTS, MAX_PORTS, OrderStep, PortHistory, ScriptTables, SourceChange, StepKind,
    TreeFacts, UnnamedTables,
};
