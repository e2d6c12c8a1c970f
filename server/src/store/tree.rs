//! Source trees: what the text of a project says at a commit, stored as a whole.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use sha2::Digest;
use utoipa::ToSchema;

use super::value::{Bytes, Seconds};
use super::{ProjectId, Reader, StoreError, Writer};
use crate::model::{BoardId, CommitSha, Sha256, TreeFacts};

/// A commit whose source tree was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct TreeCommit {
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
    /// The commit.
    pub commit: CommitSha,
}

/// What became of the facts of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedTree {
    /// Whether they are new. Not when the same were sent before.
    pub created: bool,
    /// The boards that the catalog before this one listed, and this one does
    /// not.
    pub retired: Vec<BoardId>,
}

/// A tree as the writer needs it.
pub(super) struct TreeRow {
    pub(super) id: i64,
    pub(super) project: ProjectId,
    pub(super) committed_at: Timestamp,
}

impl TreeCommit {
    /// Reads the columns `sha` and `committed_at`.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            committed_at: row.get::<_, Seconds>("committed_at")?.0,
            commit: row.get::<_, Bytes<_>>("sha")?.0,
        })
    }
}

impl Reader<'_> {
    /// The newest tree of a project that lists boards: what today's catalog is.
    ///
    /// # Errors
    /// When the database fails.
    pub fn catalog_tree(&self, project: ProjectId) -> Result<Option<TreeCommit>, StoreError> {
        let mut query = self.sql.prepare_cached(
            r#"SELECT "commit".sha AS sha, tree.committed_at AS committed_at
               FROM project
               JOIN tree ON tree.id = project.catalog_tree
               JOIN "commit" ON "commit".id = tree.commit_id
               WHERE project.id = ?1"#,
        )?;
        Ok(query.query_row([project], TreeCommit::from_row).optional()?)
    }
}

impl Writer<'_> {
    /// Stores what a source tree says at one commit.
    ///
    /// The same facts again change nothing. Other facts of the same commit take
    /// the place of those before: a newer reader read more of the same text.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record_tree(
        &self,
        project: ProjectId,
        facts: &TreeFacts,
        received_at: Timestamp,
    ) -> Result<RecordedTree, StoreError> {
        let content =
            serde_json::to_vec(facts).map_err(|_| StoreError::Corrupt { what: "tree" })?;
        let digest = Sha256(sha2::Sha256::digest(&content).into());
        let commit =
            self.put_commit(project, &facts.commit, Some(facts.committed_at), received_at)?;
        let known = self
            .sql
            .prepare_cached("SELECT id, digest FROM tree WHERE commit_id = ?1")?
            .query_row([commit.id], |row| Ok((row.get(0)?, row.get::<_, Bytes<Sha256>>(1)?.0)))
            .optional()?;
        let unchanged = known.is_some_and(|(_, before)| before == digest);
        let id: i64 = match known {
            Some((id, _)) => id,
            None => self
                .sql
                .prepare_cached(
                    "INSERT INTO tree (project_id, commit_id, committed_at, received_at, digest,
                                       board_count)
                     VALUES (?1, ?2, ?3, ?4, ?5, 0) RETURNING id",
                )?
                .query_row(
                    params![
                        project,
                        commit.id,
                        Seconds(commit.committed_at),
                        Seconds(received_at),
                        Bytes(digest),
                    ],
                    |row| row.get(0),
                )?,
        };
        let tree = TreeRow { id, project, committed_at: commit.committed_at };
        if !unchanged {
            self.sql
                .prepare_cached("UPDATE tree SET digest = ?2, received_at = ?3 WHERE id = ?1")?
                .execute(params![id, Bytes(digest), Seconds(received_at)])?;
            self.put_sources(&tree, &facts.tables)?;
            self.put_catalog(&tree, &facts.boards)?;
            for history in &facts.history {
                self.put_history(&tree, history)?;
            }
        }
        Ok(RecordedTree { created: !unchanged, retired: self.reader().retired_by(&tree)? })
    }
}
