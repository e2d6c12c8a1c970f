//! The catalog: the boards that the source tree lists, whether they were ever
//! built or not.
//!
//! Of each board, what the newest tree that lists it says is kept. A board that
//! a newer tree does not list is retired; which one, and when, follows from the
//! trees, so trees may come in any order.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Params, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::board::{as_text, board_id, variant_column};
use super::tree::{TreeCommit, TreeRow};
use super::value::{Bytes, Count, Json, Seconds};
use super::{ProjectId, Reader, StoreError, Writer};
use crate::model::{BoardId, CatalogBoard, CommitSha, LinkerScript, PortName};

/// A board of a project: of its catalog, or known from its builds alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListedBoard {
    /// The board.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "stm32/PYBV10-DP_THREAD")]
    pub board: BoardId,
    /// The family of its microcontroller, where the catalog tells it.
    pub mcu: Option<String>,
    /// The linker scripts that it is linked with, in the order in which the
    /// linker reads them.
    pub linker_scripts: Vec<LinkerScript>,
    /// The newest commit whose catalog lists it; null when none ever did.
    pub listed: Option<TreeCommit>,
    /// The first commit after that whose catalog does not list it; null while it
    /// is not retired.
    pub retired: Option<TreeCommit>,
    /// Its latest build; null when none was uploaded.
    pub build: Option<LatestBuild>,
}

/// The build that a board's page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LatestBuild {
    /// The commit that was built.
    pub commit: CommitSha,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
}

impl ListedBoard {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let tree = |sha, at| {
            let commit = row.get::<_, Option<Bytes<CommitSha>>>(sha)?;
            let committed_at = row.get::<_, Option<Seconds>>(at)?;
            Ok::<_, rusqlite::Error>(
                commit
                    .zip(committed_at)
                    .map(|(commit, at)| TreeCommit { commit: commit.0, committed_at: at.0 }),
            )
        };
        let build = tree("build_sha", "built_at")?;
        Ok(Self {
            board: board_id(row)?,
            mcu: row.get("mcu")?,
            linker_scripts: row
                .get::<_, Option<Json<_>>>("linker_scripts")?
                .map(|list| list.0)
                .unwrap_or_default(),
            listed: tree("listed_sha", "listed_at")?,
            retired: tree("retired_sha", "retired_at")?,
            build: build.map(|at| LatestBuild { commit: at.commit, committed_at: at.committed_at }),
        })
    }

    /// Whether a newer catalog than the last that lists it does not.
    pub fn is_retired(&self) -> bool {
        self.retired.is_some()
    }
}

/// What [`ListedBoard::from_row`] reads; a condition on boards follows. The tree
/// that retired a board is the next one after the last that lists it.
pub(super) const SELECT_LISTED: &str = r#"SELECT port.name AS port, board.name AS board, board.variant AS variant,
        catalog_board.mcu AS mcu, catalog_board.linker_scripts AS linker_scripts,
        listed_commit.sha AS listed_sha, listed.committed_at AS listed_at,
        retired_commit.sha AS retired_sha, retired.committed_at AS retired_at,
        build_commit.sha AS build_sha, build.committed_at AS built_at
    FROM port
    JOIN board ON board.port_id = port.id
    LEFT JOIN catalog_board ON catalog_board.board_id = board.id
    LEFT JOIN tree AS listed ON listed.id = catalog_board.tree_id
    LEFT JOIN "commit" AS listed_commit ON listed_commit.id = listed.commit_id
    LEFT JOIN tree AS retired ON retired.id = (
        SELECT later.id FROM tree AS later
        WHERE later.project_id = listed.project_id AND later.board_count > 0
          AND (later.committed_at, later.id) > (listed.committed_at, listed.id)
        ORDER BY later.committed_at, later.id LIMIT 1)
    LEFT JOIN "commit" AS retired_commit ON retired_commit.id = retired.commit_id
    LEFT JOIN build ON build.id = board.latest_build
    LEFT JOIN "commit" AS build_commit ON build_commit.id = build.commit_id
    WHERE (board.latest_build IS NOT NULL OR listed.id IS NOT NULL) AND "#;

impl Reader<'_> {
    /// All boards of a project by port and name: those of the catalog, retired
    /// ones too, and those that were built without being in it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn catalog(&self, project: ProjectId) -> Result<Vec<ListedBoard>, StoreError> {
        self.listed_where(
            "port.project_id = ?1 ORDER BY port.name, board.name, board.variant",
            params![project],
        )
    }

    /// All boards of a port by name; otherwise as [`Reader::catalog`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn catalog_of_port(
        &self,
        project: ProjectId,
        port: &PortName,
    ) -> Result<Vec<ListedBoard>, StoreError> {
        self.listed_where(
            "port.project_id = ?1 AND port.name = ?2 ORDER BY board.name, board.variant",
            params![project, port.as_str()],
        )
    }

    /// A board, if the project has it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn catalog_of_board(
        &self,
        project: ProjectId,
        board: &BoardId,
    ) -> Result<Option<ListedBoard>, StoreError> {
        let found = self.listed_where(
            "port.project_id = ?1 AND port.name = ?2 AND board.name = ?3 AND board.variant = ?4",
            params![project, board.port.as_str(), board.board.as_str(), variant_column(board)],
        )?;
        Ok(found.into_iter().next())
    }

    fn listed_where(
        &self,
        condition: &str,
        values: impl Params,
    ) -> Result<Vec<ListedBoard>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!("{SELECT_LISTED}{condition}"))?;
        let boards = query.query_map(values, ListedBoard::from_row)?;
        Ok(boards.collect::<Result<_, _>>()?)
    }

    /// The boards that the catalog before a tree's listed last, by port and
    /// name.
    pub(super) fn retired_by(&self, tree: &TreeRow) -> Result<Vec<BoardId>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT port.name AS port, board.name AS board, board.variant AS variant
             FROM catalog_board
             JOIN board ON board.id = catalog_board.board_id
             JOIN port ON port.id = board.port_id
             WHERE catalog_board.tree_id = (
                 SELECT earlier.id FROM tree AS earlier
                 WHERE earlier.project_id = ?1 AND earlier.board_count > 0
                   AND (earlier.committed_at, earlier.id) < (?2, ?3)
                 ORDER BY earlier.committed_at DESC, earlier.id DESC LIMIT 1)
               AND (SELECT board_count FROM tree WHERE id = ?3) > 0
             ORDER BY port.name, board.name, board.variant",
        )?;
        let at = params![tree.project, Seconds(tree.committed_at), tree.id];
        let boards = query.query_map(at, board_id)?;
        Ok(boards.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Stores the boards that a tree lists, in place of those that it listed
    /// before.
    pub(super) fn put_catalog(
        &self,
        tree: &TreeRow,
        boards: &[CatalogBoard],
    ) -> Result<(), StoreError> {
        self.sql
            .prepare_cached("UPDATE tree SET board_count = ?2 WHERE id = ?1")?
            .execute(params![tree.id, Count(boards.len() as u64)])?;
        // A board that the same commit does not list any more was listed in
        // error: it is not retired, it never was there.
        self.sql
            .prepare_cached("DELETE FROM catalog_board WHERE tree_id = ?1")?
            .execute([tree.id])?;
        let mut newer = self.sql.prepare_cached(
            "SELECT 1 FROM catalog_board JOIN tree ON tree.id = catalog_board.tree_id
             WHERE board_id = ?1 AND (tree.committed_at, tree.id) > (?2, ?3)",
        )?;
        let mut put = self.sql.prepare_cached(
            "INSERT INTO catalog_board (board_id, tree_id, mcu, linker_scripts)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (board_id) DO UPDATE SET tree_id = excluded.tree_id, mcu = excluded.mcu,
                 linker_scripts = excluded.linker_scripts",
        )?;
        for board in boards {
            let row = self.put_board(tree.project, &board.id())?;
            let at = params![row, Seconds(tree.committed_at), tree.id];
            if newer.query_row(at, |_| Ok(())).optional()?.is_none() {
                put.execute(params![row, tree.id, board.mcu, Json(&board.linker_scripts)])?;
            }
        }
        self.sql
            .prepare_cached(
                "UPDATE project SET catalog_tree = (
                     SELECT tree.id FROM tree WHERE tree.project_id = ?1 AND tree.board_count > 0
                     ORDER BY tree.committed_at DESC, tree.id DESC LIMIT 1)
                 WHERE id = ?1",
            )?
            .execute([tree.project])?;
        Ok(())
    }
}
