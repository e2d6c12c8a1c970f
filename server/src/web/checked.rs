//! What the rules say of all of a project: of the mains of its source tree side by
//! side, or of each build by itself.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;

use super::AppError;
use super::findings::Of;
use super::policies::Judge;
use crate::analyze::check::{Baseline, Found, Subject, UnusedWaiver, check, check_each};
use crate::model::{BoardId, CommitSha, InitTable, PortName};
use crate::store::{PortBoard, Project, Reader, Source, TableId};

/// What the rules say of the mains or the builds of a project at some time.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The findings, by port or board, then by code.
    pub(super) found: Vec<OnSubject>,
    /// The ports or boards that were checked.
    pub(super) subjects: Vec<String>,
    /// Waivers that nothing needed, and those that have run out. None of builds: that
    /// no build needs a waiver says nothing, since the text may.
    pub(super) waivers: Vec<UnusedWaiver>,
    /// The newest commit among those that were checked.
    pub(super) newest: Option<CommitSha>,
    /// The commit of each port whose text was read.
    pub(super) commits: BTreeMap<String, CommitSha>,
}

/// A finding with the board that has it, if it is one of a build.
#[derive(Debug)]
pub(super) struct OnSubject {
    pub(super) found: Found,
    pub(super) board: Option<BoardId>,
    /// The commit that was read.
    pub(super) commit: CommitSha,
}

impl Checked {
    /// Of all mains side by side or of each build by itself, as they are now or were
    /// at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn of(
        reader: &Reader<'_>,
        judge: &Judge,
        project: &Project,
        of: Of,
        until: Option<Timestamp>,
    ) -> Result<Self, AppError> {
        match of {
            Of::Source => {
                let until = until.unwrap_or(Timestamp::MAX);
                Ok(Self::of_sources(reader.sources_until(project.id, until)?, judge))
            }
            Of::Builds => {
                let boards = match until {
                    Some(until) => reader.project_boards_until(project.id, until)?,
                    None => reader.project_boards(project.id)?,
                };
                Self::of_builds(reader, judge, &boards)
            }
        }
    }

    fn of_sources(sources: Vec<Source>, judge: &Judge) -> Self {
        let commits: BTreeMap<String, CommitSha> = sources
            .iter()
            .map(|source| (source.summary.port.to_string(), source.summary.commit.clone()))
            .collect();
        let newest = sources.iter().max_by_key(|source| source.summary.committed_at);
        let newest = newest.map(|source| source.summary.commit.clone());
        let subject = |source: Source| {
            let port = source.summary.port;
            Subject { label: port.to_string(), port, board: None, table: Arc::new(source.table) }
        };
        let subjects: Vec<Subject> = sources.into_iter().map(subject).collect();
        let report = check(&subjects, judge.policy(), &Baseline::default(), judge.today());
        let on_subject = |found: Found| {
            let commit = commits.get(&found.of)?.clone();
            Some(OnSubject { found, board: None, commit })
        };
        Self {
            found: report.findings.into_iter().filter_map(on_subject).collect(),
            subjects: report.checked,
            waivers: report.waivers,
            newest,
            commits,
        }
    }

    fn of_builds(
        reader: &Reader<'_>,
        judge: &Judge,
        boards: &[PortBoard],
    ) -> Result<Self, AppError> {
        // Boards that run the same share a table.
        let mut tables: BTreeMap<(PortName, TableId), Arc<InitTable>> = BTreeMap::new();
        let mut subjects = Vec::new();
        let mut of = Vec::new();
        for board in boards {
            let port = &board.board.port;
            let table = match tables.entry((port.clone(), board.latest.table)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(vacant) => {
                    vacant.insert(judge.table(reader, board.latest.reading, port)?)
                }
            };
            if !table.findings.is_empty() {
                subjects.push(Subject {
                    // What boards of a port share is one finding, with one fingerprint.
                    label: port.to_string(),
                    port: port.clone(),
                    board: Some(board.board.label()),
                    table: Arc::clone(table),
                });
                of.push(board);
            }
        }
        let on_subject = |(index, found): (usize, Found)| {
            let board: &PortBoard = of[index];
            let commit = board.latest.commit.clone();
            OnSubject { found, board: Some(board.board.clone()), commit }
        };
        let found = check_each(&subjects, judge.policy(), judge.today());
        let newest = boards.iter().max_by_key(|board| board.latest.committed_at);
        Ok(Self {
            found: found.into_iter().map(on_subject).collect(),
            subjects: boards.iter().map(|board| board.board.to_string()).collect(),
            waivers: Vec::new(),
            newest: newest.map(|board| board.latest.commit.clone()),
            commits: BTreeMap::new(),
        })
    }
}

impl OnSubject {
    /// What is the same of the same finding at another time.
    pub(super) fn key(&self) -> (Option<&BoardId>, &String) {
        (self.board.as_ref(), &self.found.fingerprint)
    }
}
