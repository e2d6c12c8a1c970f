//! SQLite: what was uploaded, found again in a few milliseconds.
//!
//! [`Store`] holds one connection that writes and several that read. A
//! [`Reader`] sees one consistent state for as long as it lives; a [`Writer`]
//! is one transaction, kept when its closure returns `Ok` and gone otherwise.
//! Their methods stand with the noun that they serve, one file each:
//! [`project`](Project) with its [`configuration`](Configuration),
//! [`token`](Token), [`trusted`](TrustedRepository), [`board`](Board) with its port,
//! [`build`](Build) with its commit, [`pull_request`](PullRequest) with its
//! [`base`](Base), [`change`](OrderChange), `firmware`, `table`,
//! [`tree`](TreeCommit) with its [`source`](Source), [`catalog`](ListedBoard) and
//! [`history`](HistorySummary), [`search`](SearchHits), [`webhook`](Webhook).
//!
//! The tables and why they are cut so: `migrations/002-build.sql`,
//! `migrations/003-tree.sql`, `migrations/004-configuration.sql` and
//! `migrations/009-revision.sql`.

mod base;
mod board;
mod build;
mod catalog;
mod change;
mod commit;
mod configuration;
mod connection;
#[cfg(test)]
mod cost;
mod error;
mod firmware;
mod history;
mod line;
mod order;
mod packed;
mod project;
mod pull_request;
mod schema;
mod search;
mod source;
mod table;
mod token;
mod tree;
mod trusted;
mod value;
mod webhook;

pub use base::{Base, BaseChoice};
pub use board::{Board, PortBoard, PortSummary};
pub use build::{Build, BuildSummary, NewBuild, RecordedBuild};
pub use catalog::{LatestBuild, ListedBoard};
pub use change::OrderChange;
pub use commit::{CommitPrefix, CommitPrefixError};
pub use configuration::{
    Configuration, ConfigurationVersion, NewConfiguration, RecordedConfiguration,
};
pub use connection::{Reader, Store, StoreOptions, Writer};
pub use error::StoreError;
pub use firmware::{FirmwareReading, KnownFirmware, ReadBy, Reading};
pub use history::{HistoryPart, HistorySummary, PortChange, ProjectChange};
pub use line::BoardChange;
pub use project::{Project, ProjectSummary};
pub use pull_request::{BuiltCommit, Finished, PullRequest};
pub use search::{BoardHit, FunctionHit, FunctionPlace, SearchHits, Searchable, rank};
pub use source::{Source, SourceSummary};
pub use token::{
    Scope, ScopeError, Scopes, Token, TokenPrefix, TokenPrefixError, TokenText, TokenTextError,
};
pub use tree::{RecordedTree, TreeCommit};
pub use trusted::{Exchange, Numbers, Trust, TrustedRepository};
pub use value::{
    BoardRow, BuildId, FirmwareId, OrderId, PlacesId, ProjectId, TableId, TokenId,
    TrustedRepositoryId,
};
pub use webhook::Webhook;
