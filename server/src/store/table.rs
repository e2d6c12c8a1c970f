//! Tables and their orders, stored once however many builds have them, and the
//! way back to the whole [`InitTable`] of a build.

use rusqlite::{OptionalExtension, params};
use sha2::Digest;

use super::packed::{pack_addresses, pack_places, unpack_addresses, unpack_places};
use super::value::{Bytes, Count, Json, Word};
use super::{FirmwareReading, Reader, StoreError, TableId, Writer};
use crate::model::{Anomaly, Entry, FileFacts, InitTable, MainFunction, SCHEMA_VERSION, Sha256};

impl Writer<'_> {
    /// Stores `table` without its addresses and places, or finds it.
    pub(super) fn put_table(&self, table: &InitTable) -> Result<TableId, StoreError> {
        let entries: Vec<Entry> = table
            .entries
            .iter()
            .map(|entry| Entry {
                address: None,
                call_address: None,
                location: None,
                ..entry.clone()
            })
            .collect();
        let anomalies: Vec<Anomaly> = table
            .anomalies
            .iter()
            .map(|anomaly| Anomaly { address: None, ..anomaly.clone() })
            .collect();
        // How much else main does says nothing of the order.
        let main = table.main.as_ref().map(|main| MainFunction { folded: 0, ..main.clone() });
        let content =
            serde_json::to_vec(&(&table.origins, &table.levels, &main, &entries, &anomalies))
                .map_err(|_| StoreError::Corrupt { what: "table" })?;
        let digest = Bytes(Sha256(sha2::Sha256::digest(&content).into()));

        let known = self
            .sql
            .prepare_cached("SELECT id FROM init_table WHERE digest = ?1")?
            .query_row([&digest], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        let (init_count, deinit_count) = table.counts();
        let id: TableId = self
            .sql
            .prepare_cached(
                "INSERT INTO init_table
                     (digest, order_id, init_count, deinit_count, origins, levels, main,
                      anomaly_count, anomalies)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
            )?
            .query_row(
                params![
                    digest,
                    self.put_order(table)?,
                    init_count,
                    deinit_count,
                    Json(&table.origins),
                    Json(&table.levels),
                    main.as_ref().map(Json),
                    Count(anomalies.len() as u64),
                    Json(&anomalies),
                ],
                |row| row.get(0),
            )?;
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO entry (table_id, position, phase, kind, origin, stage, level, slot,
                                priority, function, subsystem, declared_subsystem, satisfied,
                                conditional, condition, via, after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                     ?17)",
        )?;
        for entry in &entries {
            insert.execute(params![
                id,
                entry.position,
                entry.phase.map(Word),
                Word(entry.kind),
                Word(entry.origin),
                entry.stage.map(Word),
                entry.level.as_ref().map(Word),
                entry.slot,
                entry.priority.as_ref().map(Word),
                entry.function.as_ref().map(Word),
                entry.subsystem,
                entry.declared_subsystem,
                entry.satisfied.as_ref().map(Json),
                entry.conditional,
                entry.condition,
                (!entry.via.is_empty()).then_some(Json(&entry.via)),
                (!entry.after.is_empty()).then_some(Json(&entry.after)),
            ])?;
        }
        Ok(id)
    }

    /// Stores the places of the entries of `table`, or finds them; gives the
    /// row.
    pub(super) fn put_places(&self, table: &InitTable) -> Result<i64, StoreError> {
        let packed = pack_places(table.entries.iter().map(|entry| entry.location.as_ref()));
        let digest = Bytes(Sha256(sha2::Sha256::digest(&packed).into()));
        let known = self
            .sql
            .prepare_cached("SELECT id FROM places WHERE digest = ?1")?
            .query_row([&digest], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        Ok(self
            .sql
            .prepare_cached("INSERT INTO places (digest, packed) VALUES (?1, ?2) RETURNING id")?
            .query_row(params![digest, packed], |row| row.get(0))?)
    }
}

/// The addresses of a table in the order in which [`fill_addresses`] puts them
/// back: of the entries, of their calls, of the anomalies.
pub(super) fn addresses_of(table: &InitTable) -> Vec<u8> {
    let entries = table.entries.iter();
    pack_addresses(
        entries
            .clone()
            .map(|entry| entry.address)
            .chain(entries.map(|entry| entry.call_address))
            .chain(table.anomalies.iter().map(|anomaly| anomaly.address)),
    )
}

fn fill_addresses(table: &mut InitTable, packed: &[u8]) -> Result<(), StoreError> {
    let mut addresses = unpack_addresses(packed)?.into_iter();
    for entry in &mut table.entries {
        entry.address = addresses.next().flatten();
    }
    for entry in &mut table.entries {
        entry.call_address = addresses.next().flatten();
    }
    for anomaly in &mut table.anomalies {
        anomaly.address = addresses.next().flatten();
    }
    Ok(())
}

impl Reader<'_> {
    /// The whole table that was read from a firmware, as extraction gave it, without
    /// findings.
    ///
    /// # Errors
    /// When the database fails.
    pub fn table_of(&self, reading: FirmwareReading) -> Result<InitTable, StoreError> {
        let (mut table, id, addresses, places) = self
            .sql
            .prepare_cached(
                "SELECT firmware.sha256, firmware.size, firmware.addresses, firmware.table_id,
                        firmware.folded, target.format, target.arch, target.bits, target.endian,
                        init_table.origins, init_table.levels, init_table.main,
                        init_table.anomalies, places.packed
                 FROM firmware
                 JOIN target ON target.id = firmware.target_id
                 JOIN init_table ON init_table.id = firmware.table_id
                 JOIN places ON places.id = firmware.places_id
                 WHERE firmware.id = ?1",
            )?
            .query_row([reading.firmware], |row| {
                let folded: u32 = row.get("folded")?;
                let main = row.get::<_, Option<Json<MainFunction>>>("main")?;
                let table = InitTable {
                    schema: SCHEMA_VERSION,
                    file: FileFacts {
                        sha256: row.get::<_, Bytes<_>>("sha256")?.0,
                        size: row.get::<_, Count>("size")?.0,
                        format: row.get("format")?,
                    },
                    source: None,
                    arch: Some(row.get("arch")?),
                    bits: Some(row.get("bits")?),
                    endian: Some(row.get::<_, Word<_>>("endian")?.0),
                    origins: row.get::<_, Json<_>>("origins")?.0,
                    levels: row.get::<_, Json<_>>("levels")?.0,
                    main: main.map(|main| MainFunction { folded, ..main.0 }),
                    entries: Vec::new(),
                    anomalies: row.get::<_, Json<_>>("anomalies")?.0,
                    guards: Vec::new(),
                    findings: Vec::new(),
                };
                let addresses: Vec<u8> = row.get("addresses")?;
                let places: Vec<u8> = row.get("packed")?;
                Ok((table, row.get("table_id")?, addresses, places))
            })?;
        table.entries = self.entries(id, &places)?;
        fill_addresses(&mut table, &addresses)?;
        Ok(table)
    }

    /// The entries of a table with their packed places, without addresses.
    pub(super) fn entries(&self, table: TableId, places: &[u8]) -> Result<Vec<Entry>, StoreError> {
        let mut places = unpack_places(places)?.into_iter();
        // Columns by number: by name, each is looked for among all of them, for every
        // row, which takes longer than reading them.
        let mut query = self.sql.prepare_cached(
            "SELECT position, phase, kind, origin, stage, level, slot, priority, function,
                    subsystem, via, conditional, condition, after, declared_subsystem, satisfied
             FROM entry WHERE table_id = ?1 ORDER BY position",
        )?;
        let entries = query.query_map([table], |row| {
            Ok(Entry {
                position: row.get(0)?,
                phase: row.get::<_, Option<Word<_>>>(1)?.map(|word| word.0),
                kind: row.get::<_, Word<_>>(2)?.0,
                origin: row.get::<_, Word<_>>(3)?.0,
                stage: row.get::<_, Option<Word<_>>>(4)?.map(|word| word.0),
                level: row.get::<_, Option<Word<_>>>(5)?.map(|word| word.0),
                slot: row.get(6)?,
                priority: row.get::<_, Option<Word<_>>>(7)?.map(|word| word.0),
                function: row.get::<_, Option<Word<_>>>(8)?.map(|word| word.0),
                subsystem: row.get(9)?,
                declared_subsystem: row.get(14)?,
                satisfied: row.get::<_, Option<Json<_>>>(15)?.map(|found| found.0),
                address: None,
                call_address: None,
                via: row.get::<_, Option<Json<_>>>(10)?.map(|list| list.0).unwrap_or_default(),
                conditional: row.get(11)?,
                condition: row.get(12)?,
                location: places.next().flatten(),
                after: row.get::<_, Option<Json<_>>>(13)?.map(|list| list.0).unwrap_or_default(),
            })
        })?;
        Ok(entries.collect::<Result<_, _>>()?)
    }
}
