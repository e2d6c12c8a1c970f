//! Pull requests: which commits of each were built, and whether all of it was.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::commit::{CommitPrefix, CommitRow};
use super::value::{Bytes, Seconds};
use super::{BuildId, NewBuild, PortBoard, ProjectId, Reader, StoreError, Writer};
use crate::model::CommitSha;

/// A pull request with builds, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PullRequest {
    /// Its number.
    pub number: u32,
    /// The newest commit of which a build was sent, by commit time.
    pub head: BuiltCommit,
    /// When its newest build was received.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
}

/// A commit of which builds were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BuiltCommit {
    /// The commit.
    pub commit: CommitSha,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
    /// Number of boards with a build of it.
    pub boards: u32,
    /// When CI said that all builds of it had been sent; null while it has not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// What became of the word that all builds of a commit were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Number of boards with a build of it.
    pub boards: u32,
    /// Whether it is the first time that this was said.
    pub is_new: bool,
}

impl BuiltCommit {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            commit: row.get::<_, Bytes<_>>("sha")?.0,
            committed_at: row.get::<_, Seconds>("committed_at")?.0,
            boards: row.get("boards")?,
            finished_at: row.get::<_, Option<Seconds>>("finished_at")?.map(|at| at.0),
        })
    }
}

impl PullRequest {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get("number")?,
            head: BuiltCommit::from_row(row)?,
            received_at: row.get::<_, Seconds>("received_at")?.0,
        })
    }
}

/// What [`BuiltCommit::from_row`] reads of a commit.
const BUILT: &str = r#""commit".sha AS sha, "commit".committed_at AS committed_at,
    finished.finished_at AS finished_at,
    (SELECT count(DISTINCT board_id) FROM build WHERE build.commit_id = "commit".id) AS boards"#;

impl Reader<'_> {
    /// The pull requests of a project that were built last, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pull_requests(
        &self,
        project: ProjectId,
        limit: usize,
    ) -> Result<Vec<PullRequest>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            r#"SELECT pull_request.number, pull_request.received_at, {BUILT}
               FROM pull_request
               JOIN "commit" ON "commit".id = pull_request.head_id
               LEFT JOIN finished ON finished.commit_id = "commit".id
               WHERE pull_request.project_id = ?1
               ORDER BY pull_request.received_at DESC, pull_request.id DESC LIMIT ?2"#
        ))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = query.query_map(params![project, limit], PullRequest::from_row)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// A pull request, if any build was sent for it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pull_request(
        &self,
        project: ProjectId,
        number: u32,
    ) -> Result<Option<PullRequest>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            r#"SELECT pull_request.number, pull_request.received_at, {BUILT}
               FROM pull_request
               JOIN "commit" ON "commit".id = pull_request.head_id
               LEFT JOIN finished ON finished.commit_id = "commit".id
               WHERE pull_request.project_id = ?1 AND pull_request.number = ?2"#
        ))?;
        Ok(query.query_row(params![project, number], PullRequest::from_row).optional()?)
    }

    /// The commits of a pull request that were built, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn commits_of_pull_request(
        &self,
        project: ProjectId,
        number: u32,
        limit: usize,
    ) -> Result<Vec<BuiltCommit>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            r#"SELECT {BUILT}
               FROM (SELECT DISTINCT commit_id FROM build
                     WHERE project_id = ?1 AND pull_request = ?2) AS built
               JOIN "commit" ON "commit".id = built.commit_id
               LEFT JOIN finished ON finished.commit_id = "commit".id
               ORDER BY "commit".committed_at DESC, "commit".id DESC LIMIT ?3"#
        ))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = query.query_map(params![project, number, limit], BuiltCommit::from_row)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// A commit with what was built of it, if any build of it was sent.
    ///
    /// # Errors
    /// When the prefix fits several commits, or the database fails.
    pub fn built_commit(
        &self,
        project: ProjectId,
        prefix: &CommitPrefix,
    ) -> Result<Option<BuiltCommit>, StoreError> {
        let Some(found) = self.commit(project, prefix)? else { return Ok(None) };
        let mut query = self.sql.prepare_cached(&format!(
            r#"SELECT {BUILT}
               FROM "commit"
               LEFT JOIN finished ON finished.commit_id = "commit".id
               WHERE "commit".project_id = ?1 AND "commit".sha = ?2"#
        ))?;
        let key = params![project, Bytes(&found.commit)];
        let built = query.query_row(key, BuiltCommit::from_row).optional()?;
        Ok(built.filter(|built| built.boards > 0))
    }

    /// The boards with a build of a commit, by port and name, each with that build;
    /// of several the one that was received last.
    ///
    /// # Errors
    /// When the database fails.
    pub fn boards_at(
        &self,
        project: ProjectId,
        commit: &CommitSha,
    ) -> Result<Vec<PortBoard>, StoreError> {
        self.boards_where(
            r#"(SELECT max(there.id) FROM build AS there
                WHERE there.board_id = board.id AND there.commit_id = (
                    SELECT id FROM "commit" WHERE project_id = ?1 AND sha = ?2))"#,
            "port.project_id = ?1 ORDER BY port.name, board.name, board.variant",
            params![project, Bytes(commit)],
        )
    }

    /// Which builds [`Reader::boards_at`] gives, in any order that stays.
    ///
    /// # Errors
    /// When the database fails.
    pub fn builds_at(
        &self,
        project: ProjectId,
        commit: &CommitSha,
    ) -> Result<Vec<BuildId>, StoreError> {
        let mut query = self.sql.prepare_cached(
            r#"SELECT max(build.id) FROM build
               WHERE build.commit_id = (
                   SELECT id FROM "commit" WHERE project_id = ?1 AND sha = ?2)
               GROUP BY build.board_id ORDER BY build.board_id"#,
        )?;
        let builds = query.query_map(params![project, Bytes(commit)], |row| row.get(0))?;
        Ok(builds.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Notes that a build was received for a pull request.
    pub(super) fn note_pull_request(
        &self,
        new: &NewBuild,
        commit: &CommitRow,
    ) -> Result<(), StoreError> {
        let Some(number) = new.pull_request else { return Ok(()) };
        self.sql
            .prepare_cached(
                r#"INSERT INTO pull_request (project_id, number, head_id, received_at)
                   VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (project_id, number) DO UPDATE SET
                       received_at = max(received_at, excluded.received_at),
                       head_id = CASE
                           WHEN ?5 >= (SELECT committed_at FROM "commit" WHERE id = head_id)
                           THEN excluded.head_id ELSE head_id END"#,
            )?
            .execute(params![
                new.project,
                number,
                commit.id,
                Seconds(new.received_at),
                Seconds(commit.committed_at)
            ])?;
        Ok(())
    }

    /// Notes that all builds of a commit have been sent, if any was.
    ///
    /// # Errors
    /// When the database fails.
    pub fn finish(
        &self,
        project: ProjectId,
        commit: &CommitSha,
        now: Timestamp,
    ) -> Result<Option<Finished>, StoreError> {
        let Some(built) = self.reader().built_commit(project, &commit.into())? else {
            return Ok(None);
        };
        let written = self
            .sql
            .prepare_cached(
                r#"INSERT INTO finished (commit_id, finished_at)
                   SELECT id, ?3 FROM "commit" WHERE project_id = ?1 AND sha = ?2
                   ON CONFLICT DO NOTHING"#,
            )?
            .execute(params![project, Bytes(commit), Seconds(now)])?;
        Ok(Some(Finished { boards: built.boards, is_new: written > 0 }))
    }
}
