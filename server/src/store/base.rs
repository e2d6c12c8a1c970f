//! The base of a change: the commit whose builds those of another are held against.

use std::collections::{HashSet, VecDeque};

use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::value::Bytes;
use super::{ProjectId, Reader, StoreError};
use crate::model::CommitSha;

/// Most commits that are looked at on the way to an ancestor with builds.
const MAX_ANCESTORS: usize = 2_000;

/// The commit that another is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Base {
    /// The commit.
    #[schema(value_type = String)]
    pub commit: CommitSha,
    /// How it was chosen.
    pub choice: BaseChoice,
}

/// How a base was chosen, the surest way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaseChoice {
    /// Whoever asked named it.
    Asked,
    /// It is the first parent of the merge commit that was built.
    FirstParent,
    /// The upload named it as the base of the pull request.
    Stated,
    /// It is the nearest ancestor that a branch has builds of.
    Ancestor {
        /// Commits from the one that is compared to it.
        steps: u32,
    },
    /// No ancestor is known; it is the newest commit of the default branch that
    /// was made before.
    NewestBefore,
}

impl Reader<'_> {
    /// The commit that a commit with builds is to be compared with: the first
    /// parent of a merge commit, else what the upload named, else the nearest
    /// ancestor, each where a branch has builds of it; else the newest of the
    /// default branch. `None` where nothing was built before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn base_of(
        &self,
        project: ProjectId,
        commit: &CommitSha,
    ) -> Result<Option<Base>, StoreError> {
        let Some((id, _)) = self.commit_on_branch(project, commit)? else { return Ok(None) };
        let parents = self.parents(id)?;
        let is_built = |commit: &CommitSha| {
            let found = self.commit_on_branch(project, commit)?;
            Ok::<_, StoreError>(found.is_some_and(|(_, is_built)| is_built))
        };
        if let [first, _, ..] = &parents[..]
            && is_built(first)?
        {
            return Ok(Some(Base { commit: first.clone(), choice: BaseChoice::FirstParent }));
        }
        let stated = self.stated_base(id)?;
        if let Some(stated) = &stated
            && is_built(stated)?
        {
            return Ok(Some(Base { commit: stated.clone(), choice: BaseChoice::Stated }));
        }
        if let Some(base) = self.nearest_ancestor(project, commit, parents, stated)? {
            return Ok(Some(base));
        }
        let newest = self
            .sql
            .prepare_cached(
                r#"SELECT "commit".sha
                   FROM project
                   JOIN branch ON branch.project_id = project.id
                              AND branch.name = project.default_branch
                   JOIN port ON port.project_id = project.id
                   JOIN board ON board.port_id = port.id
                   JOIN build ON build.id = (
                       SELECT before.id FROM build AS before
                       WHERE before.board_id = board.id AND before.branch_id = branch.id
                         AND before.pull_request IS NULL AND before.commit_id <> ?2
                         AND before.committed_at <=
                             (SELECT committed_at FROM "commit" WHERE id = ?2)
                       ORDER BY before.committed_at DESC, before.id DESC LIMIT 1)
                   JOIN "commit" ON "commit".id = build.commit_id
                   WHERE project.id = ?1
                   ORDER BY build.committed_at DESC, build.id DESC LIMIT 1"#,
            )?
            .query_row(params![project, id], |row| Ok(row.get::<_, Bytes<CommitSha>>(0)?.0))
            .optional()?;
        Ok(newest.map(|commit| Base { commit, choice: BaseChoice::NewestBefore }))
    }

    /// Walks from the parents of a commit, and from the base that an upload named,
    /// to the nearest commit that a branch has builds of. What is not known, because
    /// it was never built, ends a path.
    fn nearest_ancestor(
        &self,
        project: ProjectId,
        commit: &CommitSha,
        parents: Vec<CommitSha>,
        stated: Option<CommitSha>,
    ) -> Result<Option<Base>, StoreError> {
        let mut seen = HashSet::from([commit.clone()]);
        let mut queue: VecDeque<(CommitSha, u32)> =
            parents.into_iter().chain(stated).map(|parent| (parent, 1)).collect();
        while let Some((ancestor, steps)) = queue.pop_front() {
            if seen.len() > MAX_ANCESTORS || !seen.insert(ancestor.clone()) {
                continue;
            }
            match self.commit_on_branch(project, &ancestor)? {
                Some((_, true)) => {
                    let choice = BaseChoice::Ancestor { steps };
                    return Ok(Some(Base { commit: ancestor, choice }));
                }
                Some((id, false)) => {
                    queue.extend(self.parents(id)?.into_iter().map(|parent| (parent, steps + 1)));
                }
                None => {}
            }
        }
        Ok(None)
    }

    /// The row of a commit, and whether a branch has builds of it.
    fn commit_on_branch(
        &self,
        project: ProjectId,
        commit: &CommitSha,
    ) -> Result<Option<(i64, bool)>, StoreError> {
        let mut query = self.sql.prepare_cached(
            r#"SELECT id, EXISTS (SELECT 1 FROM build WHERE commit_id = "commit".id
                                  AND pull_request IS NULL)
               FROM "commit" WHERE project_id = ?1 AND sha = ?2"#,
        )?;
        let key = params![project, Bytes(commit)];
        Ok(query.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// The base that the uploads of a commit named; of several the last.
    fn stated_base(&self, commit: i64) -> Result<Option<CommitSha>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT base FROM build WHERE commit_id = ?1 AND base IS NOT NULL
             ORDER BY id DESC LIMIT 1",
        )?;
        let found = query.query_row([commit], |row| Ok(row.get::<_, Bytes<CommitSha>>(0)?.0));
        Ok(found.optional()?)
    }
}
