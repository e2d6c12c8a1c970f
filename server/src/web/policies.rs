//! What each project configures, as pages and API use it, and its tables as that
//! makes them read. There is no other place where a policy comes from.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::civil::Date;

use super::kept::Kept;
use crate::analyze::check::{Weight, weigh};
use crate::analyze::derive_with;
use crate::analyze::migrate::state::{Migration, State};
use crate::analyze::policy::Policy;
use crate::config::Config;
use crate::extract::Conventions;
use crate::model::{Finding, InitTable, PortName, Sha256};
use crate::store::{FirmwareReading, Project, Reader, StoreError, TableId};

/// The configuration of projects that sent none.
static SHIPPED: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(Config::shipped()));

/// The configurations of all projects, each parsed once. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Policies {
    /// By the digest of their text, which never changes its meaning.
    parsed: Kept<Sha256, (), Parsed>,
    tables: Tables,
    states: States,
}

/// Tables of firmware with what a configuration, by its digest, makes of them for a
/// port on a day. They never change otherwise. One takes some 30 kB.
type Tables = Kept<(Option<Sha256>, PortName, FirmwareReading), Date, Arc<InitTable>, 1024>;

/// How far tables have come to the registry, by what a configuration, by its digest,
/// makes of them for a port: those of long histories of many boards.
type States = Kept<(Option<Sha256>, PortName, TableId), (), Reached, 65_536>;

/// How far a table has come to the registry, by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) state: State,
    /// Whether it registers anything: a main that calls nothing is migrated without.
    pub(super) registers: bool,
}

/// A configuration, or why its text is none.
pub(super) type Parsed = Result<Arc<Config>, Arc<str>>;

/// What a project configures, on one day.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    config: Arc<Config>,
    digest: Option<Sha256>,
    today: Date,
    tables: Tables,
    states: States,
}

impl Policies {
    /// What counts in a project today.
    pub(super) fn judge(
        &self,
        reader: &Reader<'_>,
        project: &Project,
    ) -> Result<Judge, StoreError> {
        let config = match project.configuration {
            Some(digest) => self.config(reader, digest)?,
            None => Ok(Arc::clone(&SHIPPED)),
        };
        Ok(Judge {
            digest: project.configuration,
            tables: self.tables.clone(),
            states: self.states.clone(),
            ..Judge::of(config)
        })
    }

    /// The configuration with a digest.
    pub(super) fn config(&self, reader: &Reader<'_>, digest: Sha256) -> Result<Parsed, StoreError> {
        self.parsed.get(digest, (), || {
            let text = reader.configuration_text(digest)?;
            let text = text.ok_or(StoreError::Corrupt { what: "configuration" })?;
            Ok(Config::parse(text.as_bytes()).map(Arc::new).map_err(|error| {
                tracing::error!(%error, %digest, "a stored configuration is none any more");
                Arc::from(error.to_string())
            }))
        })
    }
}

/// The day of a time, in UTC.
pub(super) fn day_of(at: Timestamp) -> Date {
    // Every time that a clock can show has one.
    at.strftime("%Y-%m-%d").to_string().parse().unwrap_or(Date::MAX)
}

impl Judge {
    /// What a configuration says today. One that is none any more is as if none was
    /// sent: it was one when it was stored, but a rule that it names may be gone.
    pub(super) fn of(config: Parsed) -> Self {
        Self {
            config: config.unwrap_or_else(|_| Arc::clone(&SHIPPED)),
            digest: None,
            today: day_of(Timestamp::now()),
            tables: Tables::default(),
            states: States::default(),
        }
    }

    /// The names and exceptions of the project.
    pub(super) fn policy(&self) -> &Policy {
        &self.config.policy
    }

    /// What the project says of its firmware.
    pub(super) fn conventions(&self) -> &Conventions {
        &self.config.firmware
    }

    /// The name of the shipped configuration that this one builds on.
    pub(super) fn extends(&self) -> Option<&str> {
        self.config.extends.as_deref()
    }

    /// The names and exceptions that come with that.
    pub(super) fn inherited(&self) -> Option<&Policy> {
        self.extends().map(|_| &SHIPPED.policy)
    }

    /// The day on which waivers are looked at.
    pub(super) const fn today(&self) -> Date {
        self.today
    }

    /// The table that was read from the firmware of a port, with what is derived from it for any board of
    /// the port.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn table(
        &self,
        reader: &Reader<'_>,
        reading: FirmwareReading,
        port: &PortName,
    ) -> Result<Arc<InitTable>, StoreError> {
        self.tables.get((self.digest, port.clone(), reading), self.today, || {
            let mut table = reader.table_of(reading)?;
            self.derive(&mut table, port, None);
            Ok(Arc::new(table))
        })
    }

    /// How far a table of a port has come to the registry, by itself; `reading` is one
    /// that gave it.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn reached(
        &self,
        reader: &Reader<'_>,
        table: TableId,
        reading: FirmwareReading,
        port: &PortName,
    ) -> Result<Reached, StoreError> {
        self.states.get((self.digest, port.clone(), table), (), || {
            let mut table = reader.table_of(reading)?;
            self.derive(&mut table, port, None);
            let migration = Migration::of(&table, port, self.policy());
            Ok(Reached { state: migration.state, registers: migration.registered > 0 })
        })
    }

    /// Fills in what is derived from the rest of a table of a port, or of one of
    /// its boards: with the severities of the project, and its waivers.
    pub(super) fn derive(&self, table: &mut InitTable, port: &PortName, board: Option<&str>) {
        derive_with(table, self.policy(), Some(port));
        table.findings.retain_mut(|finding| self.weigh(finding, port, board));
    }

    /// Gives a finding the severity of the project and what waives it, and says
    /// whether its rule is on.
    pub(super) fn weigh(
        &self,
        finding: &mut Finding,
        port: &PortName,
        board: Option<&str>,
    ) -> bool {
        weigh(finding, port, board, self.policy(), self.today) != Weight::Off
    }
}
