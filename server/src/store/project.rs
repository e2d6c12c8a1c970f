//! Projects: one firmware source tree each, with its ports and tokens.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::value::{Bytes, Seconds, Word};
use super::{BoardRow, ProjectId, Reader, StoreError, Writer};
use crate::model::{BranchName, ProjectName, Sha256};

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Project {
    /// Its row.
    #[serde(skip)]
    pub id: ProjectId,
    /// Its name, the first part of its addresses.
    pub name: ProjectName,
    /// Where its source can be browsed: as whoever created it said, else as its
    /// configuration does.
    pub repository_url: Option<String>,
    /// The branch that boards are shown of where they have builds of it. Where
    /// nobody chose one, that of the first build without a pull request.
    pub default_branch: Option<String>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Digest of the text of its configuration; `None` where none was sent.
    #[serde(skip)]
    pub configuration: Option<Sha256>,
    /// Raised whenever a build outside pull requests, what a board shows, the text
    /// of a main or the configuration changes: what was derived from these holds as
    /// long as this stays.
    #[serde(skip)]
    pub revision: i64,
}

/// A project in the list of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectSummary {
    /// The project.
    #[serde(flatten)]
    pub project: Project,
    /// Number of its ports.
    pub ports: u32,
    /// Number of its boards, each variant counted, without retired ones.
    pub boards: u32,
    /// When the newest of the boards' latest builds was received.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_received_at: Option<Timestamp>,
}

impl Project {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get::<_, Word<_>>("name")?.0,
            repository_url: row.get("repository_url")?,
            default_branch: row.get("default_branch")?,
            created_at: row.get::<_, Seconds>("created_at")?.0,
            configuration: row.get::<_, Option<Bytes<_>>>("configuration")?.map(|digest| digest.0),
            revision: row.get("revision")?,
        })
    }
}

/// The columns that [`Project::from_row`] reads, and the tables of [`JOINED`] that
/// they come from.
const COLUMNS: &str = "project.id, project.name, project.default_branch, project.created_at,
    project.revision,
    coalesce(project.repository_url, configuration.repository_url) AS repository_url,
    configuration_text.sha256 AS configuration";
const JOINED: &str = "project
    LEFT JOIN configuration ON configuration.id = project.configuration_id
    LEFT JOIN configuration_text ON configuration_text.id = configuration.text_id";

impl Reader<'_> {
    /// All projects by name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn projects(&self) -> Result<Vec<ProjectSummary>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "SELECT {COLUMNS}, count(DISTINCT port.id) AS ports,
                    count(*) FILTER (WHERE catalog_board.tree_id = project.catalog_tree
                        OR catalog_board.tree_id IS NULL AND build.id IS NOT NULL) AS boards,
                    max(build.received_at) AS last_received_at
             FROM {JOINED}
             LEFT JOIN port ON port.project_id = project.id
             LEFT JOIN board ON board.port_id = port.id
             LEFT JOIN catalog_board ON catalog_board.board_id = board.id
             LEFT JOIN build ON build.id = board.latest_build
             GROUP BY project.id
             ORDER BY project.name"
        ))?;
        let projects = query.query_map([], |row| {
            Ok(ProjectSummary {
                project: Project::from_row(row)?,
                ports: row.get("ports")?,
                boards: row.get("boards")?,
                last_received_at: row.get::<_, Option<Seconds>>("last_received_at")?.map(|at| at.0),
            })
        })?;
        Ok(projects.collect::<Result<_, _>>()?)
    }

    /// The project of that name, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn project(&self, name: &ProjectName) -> Result<Option<Project>, StoreError> {
        let mut query = self
            .sql
            .prepare_cached(&format!("SELECT {COLUMNS} FROM {JOINED} WHERE project.name = ?1"))?;
        Ok(query.query_row([name.as_str()], Project::from_row).optional()?)
    }
}

impl Writer<'_> {
    /// Creates a project.
    ///
    /// # Errors
    /// When there is one of that name, or the database fails.
    pub fn create_project(
        &self,
        name: &ProjectName,
        repository_url: Option<&str>,
        now: Timestamp,
    ) -> Result<Project, StoreError> {
        let created = self
            .sql
            .prepare_cached(
                "INSERT INTO project (name, repository_url, created_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO NOTHING",
            )?
            .execute(params![name.as_str(), repository_url, Seconds(now)])?;
        let project = if created == 0 { None } else { self.reader().project(name)? };
        project.ok_or_else(|| StoreError::ProjectExists(name.clone()))
    }

    /// Chooses the branch that the boards of a project are shown of.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_default_branch(
        &self,
        project: ProjectId,
        branch: &BranchName,
    ) -> Result<(), StoreError> {
        self.sql
            .prepare_cached("UPDATE project SET default_branch = ?2 WHERE id = ?1")?
            .execute(params![project, branch.as_str()])?;
        let mut query = self.sql.prepare_cached(
            "SELECT board.id FROM port JOIN board ON board.port_id = port.id
             WHERE port.project_id = ?1",
        )?;
        let boards = query.query_map([project], |row| row.get(0))?;
        for board in boards.collect::<Result<Vec<BoardRow>, _>>()? {
            self.show_newest(board)?;
        }
        Ok(())
    }

    /// Notes the branch of a build, which becomes the default one when there is
    /// none yet.
    pub(super) fn learn_default_branch(
        &self,
        project: ProjectId,
        branch: &str,
    ) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "UPDATE project SET default_branch = ?2 WHERE id = ?1 AND default_branch IS NULL",
            )?
            .execute(params![project, branch])?;
        Ok(())
    }
}
