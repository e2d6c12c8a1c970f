//! What can go wrong between the program and its database.

use std::path::PathBuf;

use crate::model::{CommitSha, ProjectName, RepositoryName};

/// Why the store could not do what was asked.
///
/// The first group is about the place where the database lives: the server's
/// operator can mend it. The second is about what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the file's size limit is reached.
    #[error("the server's disk is full: nothing was stored; free some space and send it again")]
    Full,
    /// The file or its file system cannot be written.
    #[error(
        "the database is read-only: nothing was stored; check the permissions of the database file and its folder"
    )]
    ReadOnly,
    /// Another process holds the database.
    #[error("the database is locked by another process: nothing was stored; try again shortly")]
    Busy,
    /// The file cannot be opened or made.
    #[error(
        "cannot open the database {}: {reason}; expected a file that this program may read and write, in a folder that exists", path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// There is no file, and none is to be made.
    #[error(
        "there is no database {}: give the one that `initboard serve` or `initboard project create` made", path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else than a database of this program.
    #[error(
        "{} is not a database of initboard: expected one that `initboard` made, or a path where nothing is yet", path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of this program made the database.
    #[error(
        "{} was made by a newer version of initboard: use that version, or a backup from before the upgrade", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// A stored value does not read back.
    #[error(
        "the database holds a {what} that cannot be read back: the file is damaged; restore it from a backup"
    )]
    Corrupt {
        /// Which value.
        what: &'static str,
    },
    /// A migration failed.
    #[error("the database could not be brought to this version: {0}")]
    Migration(rusqlite_migration::Error),
    /// Any other error of SQLite.
    #[error("the database failed: {0}")]
    Sqlite(rusqlite::Error),

    /// A project of that name is there.
    #[error("there is a project `{0}` already: choose another name")]
    ProjectExists(ProjectName),
    /// No project of that name.
    #[error("there is no project `{0}`: create it with `initboard project create {0}`")]
    NoProject(ProjectName),
    /// No token starts so.
    #[error("no token starts with `{0}`: `initboard token list` shows them")]
    NoToken(String),
    /// More than one token starts so.
    #[error("more than one token starts with `{0}`: give more of its characters")]
    AmbiguousToken(String),
    /// The project trusts that repository.
    #[error(
        "`{project}` trusts {repository} already: `initboard project trust remove {project} {repository}` first, to change how"
    )]
    Trusted {
        /// The project.
        project: ProjectName,
        /// The repository.
        repository: RepositoryName,
    },
    /// The project does not trust that repository.
    #[error(
        "`{project}` does not trust {repository}: `initboard project trust list` shows what it does"
    )]
    NotTrusted {
        /// The project.
        project: ProjectName,
        /// The repository.
        repository: RepositoryName,
    },
    /// An abbreviated commit fits several.
    #[error("more than one commit starts with `{prefix}`: {first} and {second}; give more digits")]
    AmbiguousCommit {
        /// What was asked for.
        prefix: String,
        /// One that fits.
        first: CommitSha,
        /// Another that fits.
        second: CommitSha,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { what: "page" },
            _ if matches!(error, rusqlite::Error::FromSqlConversionFailure(..)) => {
                Self::Corrupt { what: "value" }
            }
            _ => Self::Sqlite(error),
        }
    }
}
