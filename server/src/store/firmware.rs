//! Firmware files: what extraction gave for their bytes, found by digest.

use rusqlite::{OptionalExtension, Row, params};

use super::table::addresses_of;
use super::value::{Bytes, Count, Word};
use super::{FirmwareId, ProjectId, Reader, StoreError, TableId, Writer};
use crate::model::{InitTable, Sha256};

/// A firmware file that the project has sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFirmware {
    /// Its row.
    pub id: FirmwareId,
    /// What read it; version 0 when only its table was ever sent.
    pub read_by: ReadBy,
}

/// What read a firmware file: the same reads the same in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadBy {
    /// The version of the extractor.
    pub extractor: u32,
    /// What the project said of its firmware, as
    /// [`Conventions::fingerprint`](crate::extract::Conventions::fingerprint) gives
    /// it; 0 for nothing.
    pub conventions: u32,
}

impl ReadBy {
    /// A version of the extractor that was told nothing.
    #[must_use]
    pub const fn version(extractor: u32) -> Self {
        Self { extractor, conventions: 0 }
    }

    /// Whether what `new` reads takes the place of what this one read.
    #[must_use]
    pub const fn gives_way_to(self, new: Self) -> bool {
        self.extractor < new.extractor
            || (self.extractor == new.extractor && self.conventions != new.conventions)
    }
}

/// One reading of one firmware file: equal ones gave the same table, to the last
/// address. A file may be read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FirmwareReading {
    pub(super) firmware: FirmwareId,
    number: u32,
}

impl FirmwareReading {
    /// Reads the columns `firmware_id` and `readings`.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { firmware: row.get("firmware_id")?, number: row.get("readings")? })
    }
}

/// How the table of a firmware file became known.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'a> {
    /// The file was read before; there is nothing new.
    Known(FirmwareId),
    /// The server read the file.
    Extracted(&'a InitTable, ReadBy),
    /// The upload brought the table, and says that it was read from the file
    /// with that digest. It never replaces what the server read itself.
    Stated(&'a InitTable),
}

impl Reader<'_> {
    /// The firmware with that digest, if the project has sent it before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn known_firmware(
        &self,
        project: ProjectId,
        sha256: Sha256,
    ) -> Result<Option<KnownFirmware>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT id, extractor, conventions FROM firmware WHERE sha256 = ?1 AND project_id = ?2",
        )?;
        let known = query.query_row(params![Bytes(sha256), project], |row| {
            let read_by = ReadBy { extractor: row.get(1)?, conventions: row.get(2)? };
            Ok(KnownFirmware { id: row.get(0)?, read_by })
        });
        Ok(known.optional()?)
    }
}

impl Writer<'_> {
    /// Stores what a reading says, and gives the row of the firmware. Builds
    /// that had another table of the same firmware are marked anew.
    pub(super) fn put_firmware(
        &self,
        project: ProjectId,
        reading: Reading<'_>,
    ) -> Result<FirmwareId, StoreError> {
        let (table, read_by) = match reading {
            Reading::Known(id) => return Ok(id),
            Reading::Extracted(table, read_by) => (table, read_by),
            Reading::Stated(table) => (table, ReadBy::version(0)),
        };
        match self.reader().known_firmware(project, table.file.sha256)? {
            None => self.insert_firmware(project, table, read_by),
            Some(known) => {
                // A stated table may be stated anew, as a newer client does.
                let is_stated_anew = known.read_by.extractor == 0 && read_by.extractor == 0;
                if known.read_by.gives_way_to(read_by) || is_stated_anew {
                    self.update_firmware(known.id, table, read_by)?;
                }
                Ok(known.id)
            }
        }
    }

    fn insert_firmware(
        &self,
        project: ProjectId,
        table: &InitTable,
        read_by: ReadBy,
    ) -> Result<FirmwareId, StoreError> {
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO firmware
                 (project_id, sha256, size, target_id, extractor, table_id, places_id, folded,
                  addresses, conventions)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id",
        )?;
        Ok(insert.query_row(
            params![
                project,
                Bytes(table.file.sha256),
                Count(table.file.size),
                self.put_target(table)?,
                read_by.extractor,
                self.put_table(table)?,
                self.put_places(table)?,
                folded(table),
                addresses_of(table),
                read_by.conventions,
            ],
            |row| row.get(0),
        )?)
    }

    fn update_firmware(
        &self,
        id: FirmwareId,
        table: &InitTable,
        read_by: ReadBy,
    ) -> Result<(), StoreError> {
        let before: TableId = self
            .sql
            .prepare_cached("SELECT table_id FROM firmware WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        let after = self.put_table(table)?;
        self.sql
            .prepare_cached(
                "UPDATE firmware SET size = ?2, target_id = ?3, extractor = ?4, table_id = ?5,
                                     places_id = ?6, folded = ?7, addresses = ?8,
                                     conventions = ?9, readings = readings + 1
                 WHERE id = ?1",
            )?
            .execute(params![
                id,
                Count(table.file.size),
                self.put_target(table)?,
                read_by.extractor,
                after,
                self.put_places(table)?,
                folded(table),
                addresses_of(table),
                read_by.conventions,
            ])?;
        if before == after { Ok(()) } else { self.mark_builds_of(id) }
    }

    fn put_target(&self, table: &InitTable) -> Result<i64, StoreError> {
        // Source text is for no machine, and is no firmware.
        let (Some(arch), Some(bits), Some(endian)) = (&table.arch, table.bits, table.endian) else {
            return Err(StoreError::Corrupt { what: "table" });
        };
        let key = params![table.file.format, arch, bits, Word(endian)];
        let known = self
            .sql
            .prepare_cached(
                "SELECT id FROM target WHERE format = ?1 AND arch = ?2 AND bits = ?3 AND endian = ?4",
            )?
            .query_row(key, |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        Ok(self
            .sql
            .prepare_cached(
                "INSERT INTO target (format, arch, bits, endian) VALUES (?1, ?2, ?3, ?4)
                 RETURNING id",
            )?
            .query_row(key, |row| row.get(0))?)
    }
}

pub(super) fn folded(table: &InitTable) -> u32 {
    table.main.as_ref().map_or(0, |main| main.folded)
}
