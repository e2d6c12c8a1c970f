//! Ports and their boards, and what each runs now.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Params, Row, params};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::build::{BuildSummary, SELECT_BUILD};
use super::value::{Seconds, Word};
use super::{BoardRow, ProjectId, Reader, StoreError, Writer};
use crate::model::{BoardId, PortName, VariantName};

/// A port in the overview of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PortSummary {
    /// Its name.
    pub name: PortName,
    /// Number of its boards, each variant counted: those that today's catalog
    /// lists, and those that were built without ever being in one.
    pub boards: u32,
    /// Number of those that have builds.
    pub built: u32,
    /// Number of boards that were in a catalog before.
    pub retired: u32,
    /// Number of different orders among the latest builds of its boards; a board
    /// on which nothing runs has none.
    pub orders: u32,
    /// Number of boards whose latest table has anomalies.
    pub boards_with_anomalies: u32,
    /// Newest commit time among the latest builds of its boards.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_committed_at: Option<Timestamp>,
    /// When the newest of those builds was received.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_received_at: Option<Timestamp>,
}

/// A board in the list of its port, with its latest build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PortBoard {
    /// Its row.
    #[serde(skip)]
    pub row: BoardRow,
    /// The board.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "stm32/PYBV10-DP_THREAD")]
    pub board: BoardId,
    /// Its latest build.
    pub latest: BuildSummary,
}

/// A board with what its page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Board {
    /// Its row.
    #[serde(skip)]
    pub row: BoardRow,
    /// The board.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "stm32/PYBV10-DP_THREAD")]
    pub board: BoardId,
    /// The branch that its latest build and the last change are of: the
    /// project's default branch where the board has builds of it.
    pub branch: Option<String>,
    /// Its latest build on that branch.
    pub latest: BuildSummary,
    /// The build that brought the order of the latest one.
    pub last_change: Option<BuildSummary>,
    /// Number of boards of its port, itself among them, whose latest build has
    /// the same order.
    pub boards_with_same_order: u32,
    /// Its newest builds on all branches, by commit time.
    pub recent: Vec<BuildSummary>,
}

/// How many builds a board's page lists.
const RECENT_BUILDS: u32 = 30;

pub(super) fn as_text<S: Serializer>(board: &BoardId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(board)
}

/// The variant as its column holds it: '' for none.
pub(super) fn variant_column(board: &BoardId) -> &str {
    board.variant.as_ref().map_or("", VariantName::as_str)
}

/// Reads the columns `port`, `board` and `variant`.
pub(super) fn board_id(row: &Row<'_>) -> rusqlite::Result<BoardId> {
    let variant = match row.get_ref("variant")?.as_str() {
        Ok("") => None,
        _ => Some(row.get::<_, Word<_>>("variant")?.0),
    };
    Ok(BoardId {
        port: row.get::<_, Word<_>>("port")?.0,
        board: row.get::<_, Word<_>>("board")?.0,
        variant,
    })
}

impl Reader<'_> {
    /// The ports of a project by name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn ports(&self, project: ProjectId) -> Result<Vec<PortSummary>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT port.name AS name,
                    count(*) FILTER (WHERE catalog_board.tree_id = project.catalog_tree
                        OR catalog_board.tree_id IS NULL AND build.id IS NOT NULL) AS boards,
                    count(*) FILTER (WHERE build.id IS NOT NULL
                        AND coalesce(catalog_board.tree_id = project.catalog_tree, 1)) AS built,
                    count(*) FILTER (WHERE catalog_board.tree_id <> project.catalog_tree)
                        AS retired,
                    count(DISTINCT init_table.order_id) AS orders,
                    count(nullif(init_table.anomaly_count, 0)) AS boards_with_anomalies,
                    max(build.committed_at) AS last_committed_at,
                    max(build.received_at) AS last_received_at
             FROM port
             JOIN project ON project.id = port.project_id
             LEFT JOIN board ON board.port_id = port.id
             LEFT JOIN catalog_board ON catalog_board.board_id = board.id
             LEFT JOIN build ON build.id = board.latest_build
             LEFT JOIN firmware ON firmware.id = build.firmware_id
             LEFT JOIN init_table ON init_table.id = firmware.table_id
             WHERE port.project_id = ?1
             GROUP BY port.id
             ORDER BY port.name",
        )?;
        let ports = query.query_map([project], |row| {
            let time = |column| {
                Ok::<_, rusqlite::Error>(row.get::<_, Option<Seconds>>(column)?.map(|at| at.0))
            };
            Ok(PortSummary {
                name: row.get::<_, Word<_>>("name")?.0,
                boards: row.get("boards")?,
                built: row.get("built")?,
                retired: row.get("retired")?,
                orders: row.get("orders")?,
                boards_with_anomalies: row.get("boards_with_anomalies")?,
                last_committed_at: time("last_committed_at")?,
                last_received_at: time("last_received_at")?,
            })
        })?;
        Ok(ports.collect::<Result<_, _>>()?)
    }

    /// The boards of a port that have builds, by name, with the latest; empty
    /// when there are none. [`Reader::catalog_of_port`] gives the others as well.
    ///
    /// # Errors
    /// When the database fails.
    pub fn port_boards(
        &self,
        project: ProjectId,
        port: &PortName,
    ) -> Result<Vec<PortBoard>, StoreError> {
        self.boards_where(
            "board.latest_build",
            "port.project_id = ?1 AND port.name = ?2 ORDER BY board.name, board.variant",
            params![project, port.as_str()],
        )
    }

    /// The boards of a project that have builds, by port and name, with the
    /// latest.
    ///
    /// # Errors
    /// When the database fails.
    pub fn project_boards(&self, project: ProjectId) -> Result<Vec<PortBoard>, StoreError> {
        self.boards_where(
            "board.latest_build",
            "port.project_id = ?1 ORDER BY port.name, board.name, board.variant",
            params![project],
        )
    }

    /// The boards of a project by port and name, with the build that each would
    /// show had nothing been built after a time: the newest until then of the same
    /// branch as the latest. Boards without one are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn project_boards_until(
        &self,
        project: ProjectId,
        until: Timestamp,
    ) -> Result<Vec<PortBoard>, StoreError> {
        self.boards_where(
            "(SELECT before.id FROM build AS before
              WHERE before.board_id = board.id AND before.pull_request IS NULL
                AND before.branch_id IS (SELECT latest.branch_id FROM build AS latest
                                         WHERE latest.id = board.latest_build)
                AND before.committed_at <= ?2
              ORDER BY before.committed_at DESC, before.id DESC LIMIT 1)",
            "port.project_id = ?1 ORDER BY port.name, board.name, board.variant",
            params![project, Seconds(until)],
        )
    }

    /// The boards that meet a condition, each with the build that `build` names.
    pub(super) fn boards_where(
        &self,
        build: &str,
        condition: &str,
        values: impl Params,
    ) -> Result<Vec<PortBoard>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "SELECT shown.*, board.id AS board_row, board.name AS board, board.variant AS variant,
                    port.name AS port
             FROM port
             JOIN board ON board.port_id = port.id
             JOIN ({SELECT_BUILD}) AS shown ON shown.id = {build}
             WHERE {condition}"
        ))?;
        let boards = query.query_map(values, |row| {
            Ok(PortBoard {
                row: row.get("board_row")?,
                board: board_id(row)?,
                latest: BuildSummary::from_row(row)?,
            })
        })?;
        Ok(boards.collect::<Result<_, _>>()?)
    }

    /// A board, if the project has builds of it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn board(&self, project: ProjectId, board: &BoardId) -> Result<Option<Board>, StoreError> {
        let Some((row, latest)) = self.board_row(project, board)? else {
            return Ok(None);
        };
        let latest = self.build_summary(latest)?;
        let boards_with_same_order = self
            .sql
            .prepare_cached(
                "SELECT count(*)
                 FROM board
                 JOIN build ON build.id = board.latest_build
                 JOIN firmware ON firmware.id = build.firmware_id
                 JOIN init_table ON init_table.id = firmware.table_id
                 WHERE board.port_id = (SELECT port_id FROM board WHERE id = ?1)
                   AND init_table.order_id IS ?2",
            )?
            .query_row(params![row, latest.order], |row| row.get(0))?;
        Ok(Some(Board {
            row,
            board: board.clone(),
            last_change: self.last_change(row, latest.id)?,
            branch: latest.branch.clone(),
            boards_with_same_order,
            recent: self.recent_builds(row, RECENT_BUILDS)?,
            latest,
        }))
    }

    /// The row of a board and its latest build, if it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn board_row(
        &self,
        project: ProjectId,
        board: &BoardId,
    ) -> Result<Option<(BoardRow, super::BuildId)>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT board.id, board.latest_build
             FROM port JOIN board ON board.port_id = port.id
             WHERE port.project_id = ?1 AND port.name = ?2 AND board.name = ?3
               AND board.variant = ?4 AND board.latest_build IS NOT NULL",
        )?;
        let key =
            params![project, board.port.as_str(), board.board.as_str(), variant_column(board)];
        Ok(query.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}

impl Writer<'_> {
    /// Stores a port, or finds it; gives the row.
    pub(super) fn put_port(&self, project: ProjectId, port: &PortName) -> Result<i64, StoreError> {
        let known = self
            .sql
            .prepare_cached("SELECT id FROM port WHERE project_id = ?1 AND name = ?2")?
            .query_row(params![project, port.as_str()], |row| row.get(0))
            .optional()?;
        match known {
            Some(port) => Ok(port),
            None => Ok(self
                .sql
                .prepare_cached("INSERT INTO port (project_id, name) VALUES (?1, ?2) RETURNING id")?
                .query_row(params![project, port.as_str()], |row| row.get(0))?),
        }
    }

    /// Stores a board with its port, or finds it.
    pub(super) fn put_board(
        &self,
        project: ProjectId,
        board: &BoardId,
    ) -> Result<BoardRow, StoreError> {
        let port = self.put_port(project, &board.port)?;
        let key = params![port, board.board.as_str(), variant_column(board)];
        let known = self
            .sql
            .prepare_cached(
                "SELECT id FROM board WHERE port_id = ?1 AND name = ?2 AND variant = ?3",
            )?
            .query_row(key, |row| row.get(0))
            .optional()?;
        match known {
            Some(row) => Ok(row),
            None => Ok(self
                .sql
                .prepare_cached(
                    "INSERT INTO board (port_id, name, variant) VALUES (?1, ?2, ?3) RETURNING id",
                )?
                .query_row(key, |row| row.get(0))?),
        }
    }
}
