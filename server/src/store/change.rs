//! Commits that changed the order of boards.

use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use utoipa::ToSchema;

use super::board::board_id;
use super::value::{Bytes, Seconds};
use super::{ProjectId, Reader, StoreError};
use crate::model::{BoardId, CommitSha};

/// A commit that changed the order of boards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderChange {
    /// The commit.
    pub commit: CommitSha,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
    /// The boards whose order is another one since.
    #[serde(serialize_with = "as_texts")]
    #[schema(value_type = Vec<String>)]
    pub boards: Vec<BoardId>,
}

fn as_texts<S: serde::Serializer>(boards: &[BoardId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(boards.iter().map(ToString::to_string))
}

/// Walks changed builds of a project from the newest on. The first build of a board on a
/// branch begins its order rather than changing it: it is marked 2.
pub(super) const RECENT_CHANGES: &str = r#"SELECT "commit".sha AS sha, build.committed_at AS committed_at,
        board.name AS board, board.variant AS variant, port.name AS port
    FROM build INDEXED BY build_change_time
    JOIN board ON board.id = build.board_id
    JOIN port ON port.id = board.port_id
    JOIN "commit" ON "commit".id = build.commit_id
    WHERE build.changed = 1 AND build.project_id = ?1
    ORDER BY build.committed_at DESC"#;

impl Reader<'_> {
    /// The newest commits of a project that changed the order of a board, with
    /// the boards by name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn recent_order_changes(
        &self,
        project: ProjectId,
        limit: usize,
    ) -> Result<Vec<OrderChange>, StoreError> {
        let mut query = self.sql.prepare_cached(RECENT_CHANGES)?;
        let mut rows = query.query(params![project])?;
        let mut changes: Vec<OrderChange> = Vec::new();
        // Rows come as they are found, so reading stops after `limit` commits
        // however long the history is.
        while let Some(row) = rows.next()? {
            let commit: CommitSha = row.get::<_, Bytes<_>>("sha")?.0;
            let board = board_id(row)?;
            if let Some(known) = changes.iter_mut().find(|change| change.commit == commit) {
                known.boards.push(board);
                continue;
            }
            if changes.len() == limit {
                break;
            }
            let committed_at = row.get::<_, Seconds>("committed_at")?.0;
            changes.push(OrderChange { commit, committed_at, boards: vec![board] });
        }
        for change in &mut changes {
            change.boards.sort();
        }
        Ok(changes)
    }
}
