//! What a commit changes: its builds held against those of its base, for the pages
//! of pull requests, the API, the webhook and the comment of a bot.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::AppError;
use super::derived::Derived;
use super::policies::Judge;
use crate::analyze::check::Subject;
use crate::analyze::diff::{ChangeReport, Side, compare};
use crate::model::{BoardId, CommitSha, InitTable, PortName, ProjectName};
use crate::report::changes;
use crate::store::{
    Base, BaseChoice, BuildId, BuiltCommit, CommitPrefix, PortBoard, Project, Reader, StoreError,
    TableId,
};

/// What a commit changes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Changes {
    pub(super) project: ProjectName,
    /// The commit that it is compared with; null where nothing was built before.
    pub(super) base: Option<Base>,
    /// The commit.
    pub(super) head: BuiltCommit,
    /// Where people read the same; a path alone where the server was not told its
    /// own address.
    pub(super) url: String,
    #[serde(flatten, serialize_with = "as_itself")]
    #[schema(value_type = ChangeReport)]
    pub(super) report: Arc<ChangeReport>,
}

fn as_itself<S: Serializer>(report: &Arc<ChangeReport>, serializer: S) -> Result<S::Ok, S::Error> {
    (**report).serialize(serializer)
}

/// Whose changes are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Those of a pull request, by its newest commit.
    PullRequest(u32),
    /// Those of a commit.
    Commit(CommitPrefix),
}

impl Changes {
    /// What `head` changes, against `base` or else the base that is chosen.
    ///
    /// # Errors
    /// 404 where nothing of either was built; or when the database fails.
    pub(super) fn read(
        reader: &Reader<'_>,
        derived: &Derived,
        project: &Project,
        head: &Head,
        base: Option<&CommitPrefix>,
    ) -> Result<Self, AppError> {
        let built = |prefix: &CommitPrefix| {
            reader.built_commit(project.id, prefix)?.ok_or_else(|| {
                AppError::not_found(
                    "no-build",
                    format!("`{}` has no build of a commit `{prefix}`", project.name),
                )
            })
        };
        let commit = match head {
            Head::Commit(prefix) => built(prefix)?,
            Head::PullRequest(number) => {
                let found = reader.pull_request(project.id, *number)?;
                let missing = || {
                    AppError::not_found(
                        "no-pull-request",
                        format!("`{}` has no build for a pull request {number}", project.name),
                    )
                };
                found.ok_or_else(missing)?.head
            }
        };
        let base = match base {
            Some(prefix) => Some(Base { commit: built(prefix)?.commit, choice: BaseChoice::Asked }),
            None => reader.base_of(project.id, &commit.commit)?,
        };
        let name = &project.name;
        let url = match (head, &base) {
            (Head::PullRequest(number), _) => format!("/{name}/-/pulls/{number}"),
            (Head::Commit(_), Some(base)) => {
                format!("/{name}/-/diff?base={}&head={}", base.commit, commit.commit)
            }
            (Head::Commit(_), None) => format!("/{name}/-/diff?head={}", commit.commit),
        };
        let report = derived.changes(reader, project, base.as_ref(), &commit.commit)?;
        Ok(Self { project: name.clone(), base, head: commit, url, report })
    }

    /// What a text report says of its origin; with links where the server knows its
    /// own address.
    pub(super) fn subject(&self, server: Option<&str>) -> changes::Subject {
        changes::Subject {
            project: Some(self.project.clone()),
            server: server.map(str::to_owned),
            base: self.base.as_ref().map(|base| base.commit.clone()),
            base_note: self.base.as_ref().map(|base| in_words(base.choice)),
            head: Some(self.head.commit.clone()),
            head_is_finished: self.head.finished_at.is_some(),
        }
    }
}

/// How a base was chosen.
pub(super) fn in_words(choice: BaseChoice) -> String {
    match choice {
        BaseChoice::Asked => "as asked for".to_owned(),
        BaseChoice::FirstParent => "the first parent of the merge commit".to_owned(),
        BaseChoice::Stated => "as the upload named it".to_owned(),
        BaseChoice::Ancestor { steps: 1 } => "its parent".to_owned(),
        BaseChoice::Ancestor { steps } => {
            format!("the nearest ancestor with builds, {steps} commits before")
        }
        BaseChoice::NewestBefore => {
            "the newest build of the default branch before it, since no ancestor is known"
                .to_owned()
        }
    }
}

/// The builds that a report is made of: it holds as long as these are the same.
pub(super) type Builds = (Vec<BuildId>, Vec<BuildId>);

/// The commits whose builds are compared, of which the first may be none.
pub(super) struct Pair<'a> {
    pub(super) project: &'a Project,
    pub(super) base: Option<&'a CommitSha>,
    pub(super) head: &'a CommitSha,
}

impl Pair<'_> {
    /// Which builds they are.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn builds(&self, reader: &Reader<'_>) -> Result<Builds, StoreError> {
        let ids = |commit| reader.builds_at(self.project.id, commit);
        Ok((self.base.map(ids).transpose()?.unwrap_or_default(), ids(self.head)?))
    }

    /// What changed from the one to the other.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn compare(
        &self,
        reader: &Reader<'_>,
        judge: &Judge,
    ) -> Result<ChangeReport, StoreError> {
        // Most boards run what they ran, and many run the same.
        let mut tables: BTreeMap<(PortName, TableId), Arc<InitTable>> = BTreeMap::new();
        let mut side = |boards: &[PortBoard]| {
            let mut side = Side::default();
            for PortBoard { board, latest, .. } in boards {
                let table = match tables.entry((board.port.clone(), latest.table)) {
                    Entry::Occupied(known) => Arc::clone(known.get()),
                    Entry::Vacant(vacant) => Arc::clone(vacant.insert(judge.table(
                        reader,
                        latest.reading,
                        &board.port,
                    )?)),
                };
                side.builds.push(Subject {
                    label: BoardId::to_string(board),
                    port: board.port.clone(),
                    board: Some(board.label()),
                    table,
                });
            }
            Ok::<_, StoreError>(side)
        };
        let boards = |commit| reader.boards_at(self.project.id, commit);
        let base = self.base.map(boards).transpose()?.unwrap_or_default();
        let (base, head) = (side(&base)?, side(&boards(self.head)?)?);
        Ok(compare(base, head, judge.policy(), judge.today()))
    }
}
