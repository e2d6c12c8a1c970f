//! The database that a subcommand works on.

use std::path::PathBuf;

use clap::Args;

use crate::store::{Store, StoreError, StoreOptions};

/// Where the database is.
#[derive(Debug, Args)]
pub(super) struct Database {
    /// The database file; `serve` and `project create` make it where nothing is
    #[arg(long, value_name = "FILE", env = "INITBOARD_DATABASE", default_value = "initboard.db")]
    database: PathBuf,
}

impl Database {
    /// Opens the database, or makes it.
    pub(super) fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.database)
    }

    /// Opens the database where there is one: a mistyped path names none.
    pub(super) fn open_existing(&self) -> Result<Store, StoreError> {
        let options = StoreOptions { create: false, ..StoreOptions::default() };
        Store::open_with(&self.database, &options)
    }
}
