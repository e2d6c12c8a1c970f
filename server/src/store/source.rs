//! Sources: the file that holds the main of a port, and the order of calls in
//! its text, at each commit that was uploaded.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use sha2::Digest;
use utoipa::ToSchema;

use super::firmware::folded;
use super::tree::TreeRow;
use super::value::{Bytes, Count, Json, Seconds, Word};
use super::{CommitPrefix, ProjectId, Reader, StoreError, TableId, Writer};
use crate::model::{
    CommitSha, Driver, FileFacts, InitTable, MainFunction, PortName, SCHEMA_VERSION, Sha256,
    SourceFile,
};

/// The main of a port as its text says at a commit, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceSummary {
    /// The port.
    pub port: PortName,
    /// The commit.
    pub commit: CommitSha,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
    /// The file's path from the root of the tree.
    pub path: String,
    /// Digest of the file.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// The table; equal numbers are tables that are equal but for places.
    pub table: TableId,
    /// Number of calls that start something, under whatever condition.
    pub init_count: u32,
    /// Number of calls that stop something.
    pub deinit_count: u32,
}

/// The main of a port with its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What the list says of it.
    pub summary: SourceSummary,
    /// The table, as extraction gave it, without findings.
    pub table: InitTable,
}

impl SourceSummary {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            port: row.get::<_, Word<_>>("port")?.0,
            commit: row.get::<_, Bytes<_>>("sha")?.0,
            committed_at: row.get::<_, Seconds>("committed_at")?.0,
            path: row.get("path")?,
            sha256: row.get::<_, Bytes<_>>("sha256")?.0,
            size: row.get::<_, Count>("size")?.0,
            table: row.get("table_id")?,
            init_count: row.get("init_count")?,
            deinit_count: row.get("deinit_count")?,
        })
    }
}

/// What [`SourceSummary::from_row`] reads, and the table; a condition follows.
const SELECT_SOURCE: &str = r#"SELECT source.*, port.name AS port, "commit".sha AS sha,
        init_table.init_count AS init_count, init_table.deinit_count AS deinit_count,
        init_table.origins AS origins, init_table.levels AS levels, init_table.main AS main,
        init_table.anomalies AS anomalies, places.packed AS packed,
        driver_list.drivers AS drivers
    FROM port
    JOIN source ON source.port_id = port.id
    JOIN tree ON tree.id = source.tree_id
    JOIN "commit" ON "commit".id = tree.commit_id
    JOIN init_table ON init_table.id = source.table_id
    JOIN places ON places.id = source.places_id
    LEFT JOIN driver_list ON driver_list.id = source.driver_list_id"#;

/// The source that a port shows: its newest by commit time.
pub(super) const SHOWN_SOURCE: &str = "(SELECT newest.id FROM source AS newest
    WHERE newest.port_id = port.id ORDER BY newest.committed_at DESC, newest.id DESC LIMIT 1)";

impl Reader<'_> {
    /// The newest source of each port of a project that has one, by port.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sources(&self, project: ProjectId) -> Result<Vec<SourceSummary>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_SOURCE} WHERE port.project_id = ?1 AND source.id = {SHOWN_SOURCE}
             ORDER BY port.name"
        ))?;
        let sources = query.query_map([project], SourceSummary::from_row)?;
        Ok(sources.collect::<Result<_, _>>()?)
    }

    /// The source of each port of a project with its table, by port: the newest of
    /// those whose commits were made up to a time.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sources_until(
        &self,
        project: ProjectId,
        until: Timestamp,
    ) -> Result<Vec<Source>, StoreError> {
        self.sources_where(
            "port.project_id = ?1 AND source.id = (
                 SELECT newest.id FROM source AS newest
                 WHERE newest.port_id = port.id AND newest.committed_at <= ?2
                 ORDER BY newest.committed_at DESC, newest.id DESC LIMIT 1)
             ORDER BY port.name",
            params![project, Seconds(until)],
        )
    }

    /// The newest source of a port, if one was uploaded.
    ///
    /// # Errors
    /// When the database fails.
    pub fn source_of_port(
        &self,
        project: ProjectId,
        port: &PortName,
    ) -> Result<Option<Source>, StoreError> {
        self.source_where(
            &format!("port.project_id = ?1 AND port.name = ?2 AND source.id = {SHOWN_SOURCE}"),
            params![project, port.as_str()],
        )
    }

    /// The source that a build of a port is held against: that of its commit, or
    /// the newest where that was not uploaded.
    ///
    /// # Errors
    /// When the database fails.
    pub fn source_of_build(
        &self,
        project: ProjectId,
        port: &PortName,
        commit: &CommitSha,
    ) -> Result<Option<Source>, StoreError> {
        match self.source_at(project, port, &CommitPrefix::from(commit))? {
            Some(source) => Ok(Some(source)),
            None => self.source_of_port(project, port),
        }
    }

    /// The source of a port at a commit, if that was uploaded.
    ///
    /// # Errors
    /// When the prefix fits several commits, or the database fails.
    pub fn source_at(
        &self,
        project: ProjectId,
        port: &PortName,
        commit: &CommitPrefix,
    ) -> Result<Option<Source>, StoreError> {
        let (first, last) = commit.range();
        let mut query = self.sql.prepare_cached(
            r#"SELECT source.id, "commit".sha
               FROM "commit"
               JOIN tree ON tree.commit_id = "commit".id
               JOIN source ON source.tree_id = tree.id
               JOIN port ON port.id = source.port_id
               WHERE "commit".project_id = ?1 AND "commit".sha BETWEEN ?2 AND ?3
                 AND port.name = ?4
               LIMIT 2"#,
        )?;
        let mut matches = query
            .query_map(params![project, first, last, port.as_str()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Bytes<CommitSha>>(1)?.0))
            })?
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        match (matches.next(), matches.next()) {
            (Some((_, first)), Some((_, second))) => {
                Err(StoreError::AmbiguousCommit { prefix: commit.to_string(), first, second })
            }
            (Some((id, _)), None) => self.source_where("source.id = ?1", params![id]),
            (None, _) => Ok(None),
        }
    }

    fn source_where(
        &self,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> Result<Option<Source>, StoreError> {
        Ok(self.sources_where(condition, values)?.into_iter().next())
    }

    fn sources_where(
        &self,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<Source>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!("{SELECT_SOURCE} WHERE {condition}"))?;
        let found = query.query_map(values, |row| {
            let summary = SourceSummary::from_row(row)?;
            let folded: u32 = row.get("folded")?;
            let main = row.get::<_, Option<Json<MainFunction>>>("main")?;
            let drivers = row.get::<_, Option<Json<Vec<Driver>>>>("drivers")?;
            let table = InitTable {
                schema: SCHEMA_VERSION,
                file: FileFacts {
                    sha256: summary.sha256,
                    size: summary.size,
                    format: row.get("format")?,
                },
                source: Some(SourceFile {
                    port: summary.port.clone(),
                    path: summary.path.clone(),
                    commit: Some(summary.commit.clone()),
                    drivers: drivers.map(|drivers| drivers.0).unwrap_or_default(),
                }),
                arch: None,
                bits: None,
                endian: None,
                origins: row.get::<_, Json<_>>("origins")?.0,
                levels: row.get::<_, Json<_>>("levels")?.0,
                main: main.map(|main| MainFunction { folded, ..main.0 }),
                entries: Vec::new(),
                anomalies: row.get::<_, Json<_>>("anomalies")?.0,
                guards: Vec::new(),
                findings: Vec::new(),
            };
            Ok((summary, table, row.get::<_, Vec<u8>>("packed")?))
        })?;
        let with_entries = |found: rusqlite::Result<(SourceSummary, InitTable, Vec<u8>)>| {
            let (summary, mut table, places) = found?;
            table.entries = self.entries(summary.table, &places)?;
            Ok(Source { summary, table })
        };
        found.map(with_entries).collect()
    }
}

impl Writer<'_> {
    /// Stores the tables of a tree in place of those that it had.
    pub(super) fn put_sources(
        &self,
        tree: &TreeRow,
        tables: &[InitTable],
    ) -> Result<(), StoreError> {
        self.sql.prepare_cached("DELETE FROM source WHERE tree_id = ?1")?.execute([tree.id])?;
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO source (port_id, tree_id, committed_at, path, sha256, size, format,
                                 table_id, places_id, folded, driver_list_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        for table in tables {
            // Facts that were read from JSON have one in each table.
            let source = table.source.as_ref().ok_or(StoreError::Corrupt { what: "tree" })?;
            insert.execute(params![
                self.put_port(tree.project, &source.port)?,
                tree.id,
                Seconds(tree.committed_at),
                source.path,
                Bytes(table.file.sha256),
                Count(table.file.size),
                table.file.format,
                self.put_table(table)?,
                self.put_places(table)?,
                folded(table),
                self.put_drivers(&source.drivers)?,
            ])?;
        }
        Ok(())
    }

    /// The row of a list of drivers; `None` for one that is empty.
    fn put_drivers(&self, drivers: &[Driver]) -> Result<Option<i64>, StoreError> {
        if drivers.is_empty() {
            return Ok(None);
        }
        let text =
            serde_json::to_string(drivers).map_err(|_| StoreError::Corrupt { what: "driver" })?;
        let digest = Bytes(Sha256(sha2::Sha256::digest(&text).into()));
        let known = self
            .sql
            .prepare_cached("SELECT id FROM driver_list WHERE digest = ?1")?
            .query_row([&digest], |row| row.get(0))
            .optional()?;
        if known.is_some() {
            return Ok(known);
        }
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO driver_list (digest, drivers) VALUES (?1, ?2) RETURNING id",
        )?;
        Ok(Some(insert.query_row(params![digest, text], |row| row.get(0))?))
    }
}
