//! The database that a subcommand works on.

use std::path::PathBuf;

use clap::Args;

use crate::store::{Store, StoreError};

/// Where the database is.
#[derive(Debug, Args)]
pub(super) struct Database {
    /// The database file; made where nothing is
    #[arg(long, value_name = "FILE", env = "INITBOARD_DATABASE", default_value = "initboard.db")]
    database: PathBuf,
}

impl Database {
    pub(super) fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.database)
    }
}
