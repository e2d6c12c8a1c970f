//! What is derived from all that a project holds, kept in memory until any of it
//! changes. It takes tens of milliseconds to derive, and most pages of a project
//! are made of it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::AppError;
use super::answers::Orders;
use super::changes::{Builds, Pair};
use super::checked::Checked;
use super::findings::Of;
use super::fleet::SideBySide;
use super::kept::Kept;
use super::migration::Progress;
use super::policies::Policies;
use crate::analyze::diff::ChangeReport;
use crate::model::{CommitSha, PortName};
use crate::store::{Base, PortBoard, Project, ProjectId, Reader};

/// What an answer was derived from: a revision of the project, and the day, since
/// waivers run out.
type State = (i64, Date);

/// Two commits of a project, of which the first may be none.
type Change = (ProjectId, Option<CommitSha>, CommitSha);

/// What was derived of all projects. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Derived {
    policies: Policies,
    fleets: Kept<(ProjectId, Option<PortName>), State, Arc<SideBySide>>,
    orders: Kept<(ProjectId, PortName), State, Arc<Orders>>,
    changes: Kept<Change, (State, Builds), Arc<ChangeReport>>,
    progress: Kept<ProjectId, State, Arc<Progress>>,
    checks: Kept<(ProjectId, Of, Option<Timestamp>), State, Arc<Checked>>,
}

impl Derived {
    /// What the projects configure.
    pub(super) const fn policies(&self) -> &Policies {
        &self.policies
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
            Ok(Orders::of(reader, &judge, boards).map(Arc::new)?)
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
        let pair = Pair::read(reader, project, base, head)?;
        // A newer reading of a file raises the revision.
        let state = ((project.revision, judge.today()), pair.builds());
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
            Checked::of(reader, &judge, project, of, until).map(Arc::new)
        })
    }
}
