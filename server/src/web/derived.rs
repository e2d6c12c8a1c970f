//! What is derived from all that a project holds, kept in memory until any of it
//! changes. It takes tens of milliseconds to derive, and most pages of a project
//! are made of it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::AppError;
use super::answers::Orders;
use super::changes::{Builds, Pair};
use super::checked::{BuildsState, Checked, FoundInBuilds, found_in_builds, state_of_builds};
use super::findings::Of;
use super::fleet::SideBySide;
use super::kept::Kept;
use super::migration::Progress;
use super::policies::{Judge, Policies};
use crate::analyze::diff::ChangeReport;
use crate::model::{CommitSha, PortName, Sha256};
use crate::store::{
    Base, ListedBoard, PortBoard, PortSummary, Project, ProjectId, Reader, Searchable, StoreError,
};

/// What an answer was derived from: a revision of the project, and the day, since
/// waivers run out.
type State = (i64, Date);

/// Two commits of a project, of which the first may be none.
type Change = (ProjectId, Option<CommitSha>, CommitSha);

/// What was derived of all projects. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Derived {
    policies: Policies,
    boards: Kept<ProjectId, i64, Arc<[PortBoard]>>,
    ports: Kept<ProjectId, i64, Arc<[PortSummary]>>,
    catalogs: Kept<ProjectId, i64, Arc<[ListedBoard]>>,
    names: Kept<ProjectId, i64, Arc<Searchable>>,
    fleets: Kept<(ProjectId, Option<PortName>), State, Arc<SideBySide>>,
    orders: Kept<(ProjectId, PortName), State, Arc<Orders>>,
    changes: Kept<Change, (State, Builds), Arc<ChangeReport>>,
    progress: Kept<ProjectId, State, Arc<Progress>>,
    checks: Kept<(ProjectId, Of, Option<Timestamp>), State, Arc<Checked>>,
    found_in_builds: Kept<(ProjectId, Option<Sha256>), (BuildsState, Date), FoundInBuilds>,
}

impl Derived {
    /// What the projects configure.
    pub(super) const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The boards of a project that have builds, as [`Reader::project_boards`] gives
    /// them.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn boards(
        &self,
        reader: &Reader<'_>,
        project: &Project,
    ) -> Result<Arc<[PortBoard]>, StoreError> {
        let boards = || reader.project_boards(project.id).map(Arc::from);
        self.boards.get(project.id, project.revision, boards)
    }

    /// The ports of a project, as [`Reader::ports`] gives them.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn ports(
        &self,
        reader: &Reader<'_>,
        project: &Project,
    ) -> Result<Arc<[PortSummary]>, StoreError> {
        let ports = || reader.ports(project.id).map(Arc::from);
        self.ports.get(project.id, project.revision, ports)
    }

    /// All boards that a project lists, as [`Reader::catalog`] gives them.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn catalog(
        &self,
        reader: &Reader<'_>,
        project: &Project,
    ) -> Result<Arc<[ListedBoard]>, StoreError> {
        let catalog = || reader.catalog(project.id).map(Arc::from);
        self.catalogs.get(project.id, project.revision, catalog)
    }

    /// The names of a project, to be searched.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn searchable(
        &self,
        reader: &Reader<'_>,
        project: &Project,
    ) -> Result<Arc<Searchable>, StoreError> {
        let names = || reader.searchable(project.id).map(Arc::new);
        self.names.get(project.id, project.revision, names)
    }

    /// The boards of `port`, or without one the ports of the project.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn side_by_side(
        &self,
        reader: &Reader<'_>,
        project: &Project,
        port: Option<&PortName>,
    ) -> Result<Arc<SideBySide>, AppError> {
        let judge = self.policies.judge(reader, project)?;
        let state = (project.revision, judge.today());
        self.fleets.get((project.id, port.cloned()), state, || {
            SideBySide::of(reader, judge, project, port).map(Arc::new)
        })
    }

    /// The boards of a port by order.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn orders(
        &self,
        reader: &Reader<'_>,
        project: &Project,
        port: &PortName,
        boards: &[PortBoard],
    ) -> Result<Arc<Orders>, AppError> {
        let judge = self.policies.judge(reader, project)?;
        let state = (project.revision, judge.today());
        self.orders.get((project.id, port.clone()), state, || {
            let builds = self.checked(reader, project, Of::Builds, None)?;
            Ok(Arc::new(Orders::of(reader, &judge, boards)?.among(boards, &builds)))
        })
    }

    /// What a commit changes against a base.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn changes(
        &self,
        reader: &Reader<'_>,
        project: &Project,
        base: Option<&Base>,
        head: &CommitSha,
    ) -> Result<Arc<ChangeReport>, AppError> {
        let judge = self.policies.judge(reader, project)?;
        let pair = Pair { project, base: base.map(|base| &base.commit), head };
        // A newer reading of a file raises the revision.
        let state = ((project.revision, judge.today()), pair.builds(reader)?);
        let question = (project.id, base.map(|base| base.commit.clone()), head.clone());
        self.changes.get(question, state, || Ok(pair.compare(reader, &judge).map(Arc::new)?))
    }

    /// How far the boards of a project have come to the registry.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn progress(
        &self,
        reader: &Reader<'_>,
        project: &Project,
    ) -> Result<Arc<Progress>, AppError> {
        let judge = self.policies.judge(reader, project)?;
        let state = (project.revision, judge.today());
        self.progress.get(project.id, state, || Progress::of(reader, &judge, project).map(Arc::new))
    }

    /// What the rules say of the mains or of the builds of a project, as they are
    /// now or were at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn checked(
        &self,
        reader: &Reader<'_>,
        project: &Project,
        of: Of,
        until: Option<Timestamp>,
    ) -> Result<Arc<Checked>, AppError> {
        let judge = self.policies.judge(reader, project)?;
        let state = (project.revision, judge.today());
        self.checks.get((project.id, of, until), state, || {
            Checked::of(reader, self, &judge, project, of, until).map(Arc::new)
        })
    }

    /// What the rules say of the latest builds of boards, side by side.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn found_in_builds(
        &self,
        reader: &Reader<'_>,
        judge: &Judge,
        project: &Project,
        boards: &[PortBoard],
    ) -> Result<FoundInBuilds, StoreError> {
        let state = (state_of_builds(boards), judge.today());
        self.found_in_builds.get((project.id, project.configuration), state, || {
            found_in_builds(reader, judge, boards)
        })
    }
}
