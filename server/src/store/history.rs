//! Histories: which commits changed the order in the text of a port's main.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::board::board_id;
use super::tree::{TreeCommit, TreeRow};
use super::value::{Bytes, Count, Json, Seconds, Word};
use super::{ProjectId, Reader, StoreError, Writer};
use crate::model::{BoardId, CommitSha, PortHistory, PortName, SourceChange, SymbolName};

/// What a port's history says as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistorySummary {
    /// The port.
    pub port: PortName,
    /// The tree that told it.
    pub tree: TreeCommit,
    /// Whether commits are missing: those before the first, or some between.
    pub is_cut: bool,
    /// Number of commits that changed the order; the one that brought the port
    /// is not among them.
    pub changes: u32,
    /// When the oldest commit that is known was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_committed_at: Option<Timestamp>,
    /// When the newest was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_committed_at: Option<Timestamp>,
    /// The newest.
    pub last_commit: Option<CommitSha>,
}

/// A commit that changed the order of several ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectChange {
    /// The commit.
    pub commit: CommitSha,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
    /// The first line of its message.
    pub subject: String,
    /// What it did to each port, by port.
    pub ports: Vec<PortChange>,
}

/// What a commit did to one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PortChange {
    /// The port.
    pub port: PortName,
    /// What it did.
    pub change: SourceChange,
}

/// Which changes of a port to give.
#[derive(Clone, Debug)]
pub struct HistoryPart {
    /// Those of one function only.
    pub function: Option<SymbolName>,
    /// Those before this commit only; none where the port has no such change.
    pub before: Option<CommitSha>,
    /// Most changes to give.
    pub limit: usize,
}

impl Default for HistoryPart {
    /// All of them.
    fn default() -> Self {
        Self { function: None, before: None, limit: usize::MAX }
    }
}

/// What the history of each port of a project says as a whole; a condition
/// follows. The commit that brought the port changed nothing, but it is not
/// among the known ones of a history that is cut.
const SELECT_HISTORY: &str = r#"SELECT port.name AS port, history.is_cut AS is_cut,
        "commit".sha AS sha, tree.committed_at AS committed_at,
        history.change_count AS known,
        (SELECT committed_at FROM source_change WHERE port_id = port.id
         ORDER BY ordinal LIMIT 1) AS first_at,
        last.committed_at AS last_at, last.sha AS last_sha
    FROM port
    JOIN history ON history.port_id = port.id
    JOIN tree ON tree.id = history.tree_id
    JOIN "commit" ON "commit".id = tree.commit_id
    LEFT JOIN source_change AS last ON last.port_id = port.id AND last.ordinal = (
        SELECT max(ordinal) FROM source_change WHERE port_id = port.id)"#;

/// The newest changes of a project, walked from the newest on.
pub(super) const PROJECT_CHANGES: &str = "SELECT port.name AS port, source_change.change AS change
    FROM source_change INDEXED BY source_change_time
    JOIN port ON port.id = source_change.port_id
    WHERE source_change.project_id = ?1 AND source_change.committed_at <= ?2
    ORDER BY source_change.committed_at DESC";

impl HistorySummary {
    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let is_cut: bool = row.get("is_cut")?;
        let known: u32 = row.get("known")?;
        Ok(Self {
            port: row.get::<_, Word<_>>("port")?.0,
            tree: TreeCommit::from_row(row)?,
            is_cut,
            changes: if is_cut { known } else { known.saturating_sub(1) },
            first_committed_at: row.get::<_, Option<Seconds>>("first_at")?.map(|at| at.0),
            last_committed_at: row.get::<_, Option<Seconds>>("last_at")?.map(|at| at.0),
            last_commit: row.get::<_, Option<Bytes<_>>>("last_sha")?.map(|sha| sha.0),
        })
    }
}

impl Reader<'_> {
    /// What the history of each port says as a whole, by port.
    ///
    /// # Errors
    /// When the database fails.
    pub fn histories(&self, project: ProjectId) -> Result<Vec<HistorySummary>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_HISTORY} WHERE port.project_id = ?1 ORDER BY port.name"
        ))?;
        let histories = query.query_map([project], HistorySummary::from_row)?;
        Ok(histories.collect::<Result<_, _>>()?)
    }

    /// What the history of a port says as a whole, if one was uploaded.
    ///
    /// # Errors
    /// When the database fails.
    pub fn history_summary(
        &self,
        project: ProjectId,
        port: &PortName,
    ) -> Result<Option<HistorySummary>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_HISTORY} WHERE port.project_id = ?1 AND port.name = ?2"
        ))?;
        let key = params![project, port.as_str()];
        Ok(query.query_row(key, HistorySummary::from_row).optional()?)
    }

    /// A part of the changes of a port, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn history_of_port(
        &self,
        project: ProjectId,
        port: &PortName,
        wanted: &HistoryPart,
    ) -> Result<Vec<SourceChange>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT source_change.change AS change
             FROM port JOIN source_change ON source_change.port_id = port.id
             WHERE port.project_id = ?1 AND port.name = ?2
               AND source_change.ordinal < CASE WHEN ?3 IS NULL THEN 9223372036854775807 ELSE
                   (SELECT ordinal FROM source_change WHERE port_id = port.id AND sha = ?3) END
               AND instr(source_change.change, ?4)
             ORDER BY source_change.ordinal DESC",
        )?;
        // A row that holds the name somewhere may be about something else; but
        // those are few, and only they are taken apart.
        let name = wanted.function.as_ref().map(serde_json::to_string).transpose();
        let name = name.map_err(|_| StoreError::Corrupt { what: "name" })?.unwrap_or_default();
        let before = wanted.before.as_ref().map(Bytes);
        let mut rows = query.query(params![project, port.as_str(), before, name])?;
        let mut changes = Vec::new();
        while changes.len() < wanted.limit
            && let Some(row) = rows.next()?
        {
            let change = row.get::<_, Json<SourceChange>>("change")?.0;
            let concerns =
                |function: &SymbolName| change.steps.iter().any(|step| step.function == *function);
            if wanted.function.as_ref().is_none_or(concerns) {
                changes.push(change);
            }
        }
        Ok(changes)
    }

    /// The newest commits of a project that changed the order of a port, made at
    /// `until` or before. Commits that brought a port are among them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn project_history(
        &self,
        project: ProjectId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ProjectChange>, StoreError> {
        let mut query = self.sql.prepare_cached(PROJECT_CHANGES)?;
        let mut rows = query.query(params![project, Seconds(until)])?;
        let mut changes: Vec<ProjectChange> = Vec::new();
        // Rows come as they are found, so reading stops after `limit` commits
        // however long the history is.
        while let Some(row) = rows.next()? {
            let port = row.get::<_, Word<_>>("port")?.0;
            let change = row.get::<_, Json<SourceChange>>("change")?.0;
            let same = changes.iter_mut().find(|known| known.commit == change.commit);
            if let Some(known) = same {
                known.ports.push(PortChange { port, change });
                continue;
            }
            if changes.len() == limit {
                break;
            }
            changes.push(ProjectChange {
                commit: change.commit.clone(),
                committed_at: change.committed_at,
                subject: change.subject.clone(),
                ports: vec![PortChange { port, change }],
            });
        }
        for change in &mut changes {
            change.ports.sort_by(|one, other| one.port.cmp(&other.port));
        }
        Ok(changes)
    }

    /// The boards of a port that have a build of one of these commits, by commit.
    ///
    /// # Errors
    /// When the database fails.
    pub fn boards_built_at<'a>(
        &self,
        project: ProjectId,
        port: &PortName,
        commits: impl IntoIterator<Item = &'a CommitSha>,
    ) -> Result<BTreeMap<CommitSha, Vec<BoardId>>, StoreError> {
        let mut query = self.sql.prepare_cached(
            r#"SELECT DISTINCT port.name AS port, board.name AS board, board.variant AS variant
               FROM "commit"
               JOIN build ON build.commit_id = "commit".id
               JOIN board ON board.id = build.board_id
               JOIN port ON port.id = board.port_id
               WHERE "commit".project_id = ?1 AND "commit".sha = ?2 AND port.name = ?3
               ORDER BY board.name, board.variant"#,
        )?;
        let mut built = BTreeMap::new();
        for commit in commits {
            let boards = query
                .query_map(params![project, Bytes(commit), port.as_str()], board_id)?
                .collect::<Result<Vec<_>, _>>()?;
            if !boards.is_empty() {
                built.insert(commit.clone(), boards);
            }
        }
        Ok(built)
    }
}

impl Writer<'_> {
    /// Stores the history of a port as a tree tells it, unless a newer tree told
    /// it already.
    ///
    /// A history that is cut, as a shallow clone has it, does not take away what
    /// is older than it reaches.
    pub(super) fn put_history(
        &self,
        tree: &TreeRow,
        history: &PortHistory,
    ) -> Result<(), StoreError> {
        let port = self.put_port(tree.project, &history.port)?;
        let before = self
            .sql
            .prepare_cached(
                "SELECT (tree.committed_at, tree.id) > (?2, ?3), is_cut, change_count
                 FROM history JOIN tree ON tree.id = history.tree_id
                 WHERE port_id = ?1",
            )?
            .query_row(params![port, Seconds(tree.committed_at), tree.id], |row| {
                Ok((row.get::<_, bool>(0)?, row.get::<_, bool>(1)?, row.get::<_, Count>(2)?.0))
            })
            .optional()?;
        let (was_complete, known) = match before {
            Some((true, ..)) => return Ok(()),
            Some((false, was_cut, known)) => (!was_cut, known),
            None => (false, 0),
        };
        let (removed, meets) = self.make_room(port, history)?;
        let added = self.append_changes(tree, port, &history.changes)?;
        let is_cut = history.is_cut && !(meets && was_complete);
        self.sql
            .prepare_cached(
                "INSERT INTO history (port_id, tree_id, is_cut, change_count)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (port_id) DO UPDATE SET tree_id = excluded.tree_id,
                     is_cut = excluded.is_cut, change_count = excluded.change_count",
            )?
            .execute(params![port, tree.id, is_cut, Count(known + added - removed)])?;
        Ok(())
    }

    /// Removes the changes that a history brings anew, or knows to be none. Gives
    /// their number, and whether the history reaches back to what is left.
    fn make_room(&self, port: i64, history: &PortHistory) -> Result<(u64, bool), StoreError> {
        let mut remove = self
            .sql
            .prepare_cached("DELETE FROM source_change WHERE port_id = ?1 AND ordinal >= ?2")?;
        if !history.is_cut {
            return Ok((remove.execute(params![port, 0])? as u64, true));
        }
        let mut find = self
            .sql
            .prepare_cached("SELECT ordinal FROM source_change WHERE port_id = ?1 AND sha = ?2")?;
        // From the oldest on: the first that is known is where both meet.
        for change in history.changes.iter().rev() {
            let known: Option<i64> = find
                .query_row(params![port, Bytes(&change.commit)], |row| row.get(0))
                .optional()?;
            if let Some(ordinal) = known {
                return Ok((remove.execute(params![port, ordinal])? as u64, true));
            }
        }
        // With nothing to tell, it tells of no gap either.
        Ok((0, history.changes.is_empty()))
    }

    /// Stores changes as the newest of a port, and gives their number.
    fn append_changes(
        &self,
        tree: &TreeRow,
        port: i64,
        changes: &[SourceChange],
    ) -> Result<u64, StoreError> {
        let first: i64 = self
            .sql
            .prepare_cached(
                "SELECT coalesce(max(ordinal) + 1, 0) FROM source_change WHERE port_id = ?1",
            )?
            .query_row([port], |row| row.get(0))?;
        let mut insert = self.sql.prepare_cached(
            // A history may name a commit twice; its first place is meant.
            "INSERT OR IGNORE INTO source_change
                 (port_id, ordinal, project_id, sha, committed_at, change)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let mut added = 0;
        for (ordinal, change) in (first..).zip(changes.iter().rev()) {
            added += insert.execute(params![
                port,
                ordinal,
                tree.project,
                Bytes(&change.commit),
                Seconds(change.committed_at),
                Json(change),
            ])? as u64;
        }
        Ok(added)
    }
}
