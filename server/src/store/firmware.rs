//! Firmware files: what extraction gave for their bytes, found by digest.

use rusqlite::{OptionalExtension, params};

use super::table::addresses_of;
use super::value::{Bytes, Count, Word};
use super::{FirmwareId, ProjectId, Reader, StoreError, TableId, Writer};
use crate::model::{InitTable, Sha256};

/// A firmware file that the project has sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFirmware {
    /// Its row.
    pub id: FirmwareId,
    /// The version of the extractor that read it; 0 when only its table was
    /// ever sent.
    pub extractor: u32,
}

/// How the table of a firmware file became known.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'a> {
    /// The file was read before; there is nothing new.
    Known(FirmwareId),
    /// The server read the file with that version of the extractor.
    Extracted(&'a InitTable, u32),
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
            "SELECT id, extractor FROM firmware WHERE sha256 = ?1 AND project_id = ?2",
        )?;
        let known = query.query_row(params![Bytes(sha256), project], |row| {
            Ok(KnownFirmware { id: row.get(0)?, extractor: row.get(1)? })
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
        let (table, extractor) = match reading {
            Reading::Known(id) => return Ok(id),
            Reading::Extracted(table, version) => (table, version),
            Reading::Stated(table) => (table, 0),
        };
        match self.reader().known_firmware(project, table.file.sha256)? {
            None => self.insert_firmware(project, table, extractor),
            Some(known) => {
                // A stated table may be stated anew, as a newer client does.
                if known.extractor < extractor || (known.extractor == 0 && extractor == 0) {
                    self.update_firmware(known.id, table, extractor)?;
                }
                Ok(known.id)
            }
        }
    }

    fn insert_firmware(
        &self,
        project: ProjectId,
        table: &InitTable,
        extractor: u32,
    ) -> Result<FirmwareId, StoreError> {
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO firmware
                 (project_id, sha256, size, target_id, extractor, table_id, places_id, folded,
                  addresses)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
        )?;
        Ok(insert.query_row(
            params![
                project,
                Bytes(table.file.sha256),
                Count(table.file.size),
                self.put_target(table)?,
                extractor,
                self.put_table(table)?,
                self.put_places(table)?,
                folded(table),
                addresses_of(table),
            ],
            |row| row.get(0),
        )?)
    }

    fn update_firmware(
        &self,
        id: FirmwareId,
        table: &InitTable,
        extractor: u32,
    ) -> Result<(), StoreError> {
        let before: TableId = self
            .sql
            .prepare_cached("SELECT table_id FROM firmware WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        let after = self.put_table(table)?;
        self.sql
            .prepare_cached(
                "UPDATE firmware SET size = ?2, target_id = ?3, extractor = ?4, table_id = ?5,
                                     places_id = ?6, folded = ?7, addresses = ?8
                 WHERE id = ?1",
            )?
            .execute(params![
                id,
                Count(table.file.size),
                self.put_target(table)?,
                extractor,
                after,
                self.put_places(table)?,
                folded(table),
                addresses_of(table),
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
