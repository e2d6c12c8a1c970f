//! What the rules say of all of a project: of the mains of its source tree side by
//! side, or of the latest builds of its boards.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use super::AppError;
use super::derived::Derived;
use super::findings::Of;
use super::policies::Judge;
use crate::analyze::check::{Baseline, Found, Subject, UnusedWaiver, check, check_boards};
use crate::analyze::unmatched::Unmatched;
use crate::model::{BoardId, CommitSha, Finding, InitTable, PortName};
use crate::store::{
    BoardRow, FirmwareReading, PlacesId, PortBoard, Project, Reader, Source, StoreError, TableId,
};

/// What the rules say of the mains or the builds of a project at some time.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The findings, by port or board, then by code.
    pub(super) found: Vec<OnSubject>,
    /// Where those of each board stand.
    places: BTreeMap<BoardId, Range<usize>>,
    /// The ports or boards that were checked.
    pub(super) subjects: Vec<String>,
    /// Waivers that nothing needed, and those that have run out. None of builds: that
    /// no build needs a waiver says nothing, since the text may.
    pub(super) waivers: Vec<UnusedWaiver>,
    /// Own declarations that match nothing in the texts; none of builds, likewise.
    pub(super) unmatched: Vec<Unmatched>,
    /// The newest commit among those that were checked.
    pub(super) newest: Option<CommitSha>,
    /// The commit of each port whose text was read.
    pub(super) commits: BTreeMap<String, CommitSha>,
}

/// A finding with the board that has it, if it is one of a build.
#[derive(Debug)]
pub(super) struct OnSubject {
    pub(super) found: Arc<Found>,
    pub(super) board: Option<BoardId>,
    /// The commit that was read.
    pub(super) commit: CommitSha,
}

impl Checked {
    /// Of all mains side by side or of all builds, as they are now or were at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn of(
        reader: &Reader<'_>,
        derived: &Derived,
        judge: &Judge,
        project: &Project,
        of: Of,
        until: Option<Timestamp>,
    ) -> Result<Self, AppError> {
        match of {
            Of::Source => Self::of_texts(reader, judge, project, until),
            Of::Builds => {
                let Some(until) = until else {
                    let boards = derived.boards(reader, project)?;
                    let found = derived.found_in_builds(reader, judge, project, &boards)?;
                    return Ok(Self::of_builds(&boards, &found));
                };
                let boards = reader.project_boards_until(project.id, until)?;
                Ok(Self::of_builds(&boards, &found_in_builds(reader, judge, &boards)?))
            }
        }
    }

    /// Of all mains side by side.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn of_texts(
        reader: &Reader<'_>,
        judge: &Judge,
        project: &Project,
        until: Option<Timestamp>,
    ) -> Result<Self, AppError> {
        let sources = reader.sources_until(project.id, until.unwrap_or(Timestamp::MAX))?;
        Ok(Self::of_sources(sources, judge))
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
            Some(OnSubject { found: Arc::new(found), board: None, commit })
        };
        Self {
            found: report.findings.into_iter().filter_map(on_subject).collect(),
            places: BTreeMap::new(),
            subjects: report.checked,
            waivers: report.waivers,
            unmatched: report.unmatched,
            newest,
            commits,
        }
    }

    fn of_builds(boards: &[PortBoard], found: &FoundInBuilds) -> Self {
        let of: BTreeMap<BoardRow, &PortBoard> =
            boards.iter().map(|board| (board.row, board)).collect();
        let on_subject = |(row, found): &(BoardRow, Arc<Found>)| {
            let board = of.get(row)?;
            Some(OnSubject {
                found: Arc::clone(found),
                board: Some(board.board.clone()),
                commit: board.latest.commit.clone(),
            })
        };
        let newest = boards.iter().max_by_key(|board| board.latest.committed_at);
        let found: Vec<OnSubject> = found.iter().filter_map(on_subject).collect();
        Self {
            places: places(&found),
            found,
            subjects: boards.iter().map(|board| board.board.to_string()).collect(),
            waivers: Vec::new(),
            unmatched: Vec::new(),
            newest: newest.map(|board| board.latest.commit.clone()),
            commits: BTreeMap::new(),
        }
    }

    /// What the rules say of the latest build of a board.
    pub(super) fn of_board(&self, board: &BoardId) -> impl Iterator<Item = &Finding> {
        let of_it = self.places.get(board).and_then(|places| self.found.get(places.clone()));
        of_it.unwrap_or_default().iter().map(|on| &on.found.finding)
    }

    /// How many findings of the text of a port's main nothing waives.
    pub(super) fn open_in_text(&self, port: &PortName) -> usize {
        let of_it =
            self.found.iter().filter(|on| on.board.is_none() && on.found.of == port.as_str());
        of_it.filter(|on| on.found.finding.waived.is_none()).count()
    }
}

/// Where the findings of each board stand, which follow each other.
fn places(found: &[OnSubject]) -> BTreeMap<BoardId, Range<usize>> {
    let mut places: BTreeMap<BoardId, Range<usize>> = BTreeMap::new();
    for (index, on) in found.iter().enumerate() {
        let Some(board) = &on.board else { continue };
        match places.get_mut(board) {
            Some(range) => range.end = index + 1,
            None => drop(places.insert(board.clone(), index..index + 1)),
        }
    }
    places
}

/// What the rules say of builds, by the row of the board.
pub(super) type FoundInBuilds = Arc<[(BoardRow, Arc<Found>)]>;

/// All that the findings of builds are made of: which board runs which table, read
/// from which places, and where the addresses count, from which file. Most uploads
/// leave it as it is.
pub(super) type BuildsState = Vec<(BoardRow, TableId, PlacesId, Option<FirmwareReading>)>;

/// The state of builds.
pub(super) fn state_of_builds(boards: &[PortBoard]) -> BuildsState {
    let of_board = |PortBoard { row, latest, .. }: &PortBoard| {
        let reading = (latest.anomaly_count > 0).then_some(latest.reading);
        (*row, latest.table, latest.places, reading)
    };
    boards.iter().map(of_board).collect()
}

/// What the rules say of builds side by side.
///
/// # Errors
/// When the database fails.
pub(super) fn found_in_builds(
    reader: &Reader<'_>,
    judge: &Judge,
    boards: &[PortBoard],
) -> Result<FoundInBuilds, StoreError> {
    // Boards that run the same share a table.
    let mut tables: BTreeMap<(PortName, TableId), Arc<InitTable>> = BTreeMap::new();
    let mut subjects = Vec::new();
    for board in boards {
        let port = &board.board.port;
        let table = match tables.entry((port.clone(), board.latest.table)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => {
                vacant.insert(judge.table(reader, board.latest.reading, port)?)
            }
        };
        subjects.push(Subject {
            // What boards of a port share is one finding, with one fingerprint.
            label: port.to_string(),
            port: port.clone(),
            board: Some(board.board.label()),
            table: Arc::clone(table),
        });
    }
    let found = check_boards(&subjects, judge.policy(), judge.today());
    let row = |(index, found): (usize, Found)| (boards[index].row, Arc::new(found));
    Ok(found.into_iter().map(row).collect())
}

impl OnSubject {
    /// What is the same of the same finding at another time.
    pub(super) fn key(&self) -> (Option<&BoardId>, &String) {
        (self.board.as_ref(), &self.found.fingerprint)
    }
}
