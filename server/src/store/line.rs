//! The line of a board: the builds that brought it another table.

use jiff::Timestamp;
use rusqlite::{Params, Row, params};

use super::value::{Bytes, Seconds};
use super::{BoardRow, FirmwareReading, ProjectId, Reader, StoreError, TableId};
use crate::model::CommitSha;

/// A build that brought its board another table, whether or not that runs in another
/// order, or the first one of its line: that of the branch which the board is shown of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardChange {
    /// The board.
    pub board: BoardRow,
    /// The commit.
    pub commit: CommitSha,
    /// When the commit was made.
    pub committed_at: Timestamp,
    /// The table; equal numbers are tables that are equal but for addresses and
    /// places.
    pub table: TableId,
    /// What the table was read from.
    pub reading: FirmwareReading,
}

/// What [`BoardChange::from_row`] reads; a condition on the board follows, and then
/// [`NEWEST_FIRST`]. Builds of pull requests are in no line, and never marked.
const SELECT_LINE: &str = r#"SELECT build.board_id AS board_id, "commit".sha AS sha,
        build.committed_at AS committed_at, firmware.table_id AS table_id,
        firmware.id AS firmware_id, firmware.readings AS readings
    FROM board
    JOIN port ON port.id = board.port_id
    JOIN build AS latest ON latest.id = board.latest_build
    JOIN build ON build.board_id = board.id AND build.branch_id IS latest.branch_id
        AND build.changed <> 0
    JOIN "commit" ON "commit".id = build.commit_id
    JOIN firmware ON firmware.id = build.firmware_id"#;

/// How lines are ordered.
const NEWEST_FIRST: &str = "ORDER BY build.board_id, build.committed_at DESC, build.id DESC";

impl BoardChange {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            board: row.get("board_id")?,
            commit: row.get::<_, Bytes<_>>("sha")?.0,
            committed_at: row.get::<_, Seconds>("committed_at")?.0,
            table: row.get("table_id")?,
            reading: FirmwareReading::from_row(row)?,
        })
    }
}

impl Reader<'_> {
    /// The lines of all boards of a project, board by board, each newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn lines(&self, project: ProjectId) -> Result<Vec<BoardChange>, StoreError> {
        self.lines_where("port.project_id = ?1", params![project])
    }

    /// The line of a board, newest first; empty where only builds of pull requests are
    /// known of it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn line(&self, board: BoardRow) -> Result<Vec<BoardChange>, StoreError> {
        self.lines_where("board.id = ?1", params![board])
    }

    fn lines_where(
        &self,
        condition: &str,
        values: impl Params,
    ) -> Result<Vec<BoardChange>, StoreError> {
        let mut query =
            self.sql.prepare_cached(&format!("{SELECT_LINE} WHERE {condition} {NEWEST_FIRST}"))?;
        let changes = query.query_map(values, BoardChange::from_row)?;
        Ok(changes.collect::<Result<_, _>>()?)
    }
}
