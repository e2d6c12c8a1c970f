//! The values that every other module shares: what a board, a level, an entry
//! and a table are. No I/O and no dependency on the rest of the crate.
//!
//! Each type is parsed once, at the edge, and cannot be wrong afterwards: a
//! [`BoardId`] names a board, a [`CommitSha`] is a commit, a [`Priority`] sorts
//! as the linker sorts it.

mod address;
mod commit;
mod entry;
mod level;
mod names;
mod symbol;
mod table;

pub use address::{Address, HexError, Sha256};
pub use commit::{CommitSha, CommitShaError};
pub use entry::{Entry, EntryKind, Location, Origin, Phase, Stage};
pub use level::{Level, LevelError, Priority, PriorityError, RFC_LEVELS, order_levels};
pub use names::{BoardId, BoardName, NameError, PortName, ProjectName, VariantName};
pub(crate) use symbol::without_clone_suffixes;
pub use symbol::{MAX_SYMBOL_BYTES, SymbolName};
pub use table::{
    Anomaly, AnomalyKind, Endian, FileFacts, Finding, InitTable, MAX_ANOMALIES, MAX_ENTRIES,
    MAX_TEXT_BYTES, SCHEMA_VERSION, Severity, TableError,
};

/// Gives text-like types the schema of a JSON string, with an example.
macro_rules! string_schema {
    ($($name:ident, $pattern:expr, $example:literal;)*) => {$(
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some($pattern))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}
string_schema! {
    Address, "^0x[0-9a-f]{8,16}$", "0x08043c15";
    Sha256, "^[0-9a-f]{64}$", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    CommitSha, "^([0-9a-f]{40}|[0-9a-f]{64})$", "0123456789abcdef0123456789abcdef01234567";
    Level, "^[A-Za-z0-9_]{1,64}$", "driver";
    Priority, "^[A-Za-z0-9]{1,64}$", "05";
    SymbolName, "^[\\s\\S]{1,512}$", "pin_init0";
    ProjectName, "^[a-z0-9][a-z0-9-]{0,63}$", "micropython";
    PortName, "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", "stm32";
    BoardName, "^[A-Za-z0-9][A-Za-z0-9_.+]{0,63}$", "PYBV10";
    VariantName, "^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$", "DP_THREAD";
}
