//! How far the boards of a project have come from calls to the registry, for the
//! page, its JSON twin and its CSV. Nothing of it is set by hand: it follows from
//! the builds and the catalog.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::AppError;
use super::policies::{Judge, Reached, day_of};
use crate::analyze::migrate::scripts::{Placing, ScriptAudit, audit};
use crate::analyze::migrate::state::{Migration, State, prove};
use crate::model::{BoardId, CatalogBoard, CommitSha, Entry, InitTable, Origin, PortName};
use crate::store::{
    BoardChange, BoardRow, BuildSummary, FirmwareReading, ListedBoard, PortBoard, Project, Reader,
    StoreError,
};

/// How far a project has come.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Progress {
    /// The boards of the catalog and those that were built without being in it, by
    /// port and name; retired ones are left out.
    pub(super) boards: Vec<BoardProgress>,
    /// How many boards had come how far on each day on which that changed, oldest
    /// first.
    pub(super) history: Vec<Day>,
}

/// How far a board has come, by its latest build.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct BoardProgress {
    /// The board.
    #[schema(value_type = String)]
    #[serde(serialize_with = "as_text")]
    pub(super) board: BoardId,
    pub(super) state: State,
    /// Whether it has a build, even if nobody can read it.
    #[serde(skip)]
    pub(super) is_built: bool,
    /// How many functions are registered.
    pub(super) registered: u32,
    /// The functions that main calls and that could be registered.
    pub(super) left: Vec<String>,
    /// The functions that are registered and called as well: they run twice.
    pub(super) twice: Vec<String>,
    /// The functions that are registered at levels that main is not seen to run.
    pub(super) idle: Vec<String>,
    /// How many calls should stay by hand.
    pub(super) by_hand: usize,
    /// How many of `left` another board registers already.
    pub(super) known_elsewhere: usize,
    /// What its linker scripts do with the tables, as the tree says.
    pub(super) scripts: Placing,
    /// What its order is held against; of a migrated board, where a build before it
    /// called everything.
    pub(super) proof: Option<BoardProof>,
}

/// A migrated build against the last one before it that called everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct BoardProof {
    /// Whether the order is proven to be the old one.
    pub(super) state: State,
    /// The last commit whose build called everything.
    pub(super) before: CommitSha,
    /// The first commit whose build was migrated, as all after it were.
    pub(super) after: CommitSha,
    /// How many things run otherwise.
    pub(super) changed: usize,
    /// Whether every entry of both builds has a name and all of both mains was read;
    /// else nothing is proven.
    pub(super) is_certain: bool,
}

/// How many boards had come how far at the end of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Day {
    /// The day, in UTC, by the times of the commits.
    #[schema(value_type = String)]
    #[serde(rename = "day")]
    pub(super) date: Date,
    /// Boards with a build by then.
    pub(super) seen: usize,
    /// Of these, those that register anything.
    pub(super) begun: usize,
    /// Of these, those that need no call by hand any more; what has nothing to register
    /// did not begin.
    pub(super) migrated: usize,
}

fn as_text<S: serde::Serializer>(board: &BoardId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(board)
}

/// A build that a proof looks at.
struct Proven {
    commit: CommitSha,
    reading: FirmwareReading,
}

impl From<&BoardChange> for Proven {
    fn from(change: &BoardChange) -> Self {
        Self { commit: change.commit.clone(), reading: change.reading }
    }
}

impl BoardProof {
    /// What the first build that was migrated, as all after it were, says against the
    /// last before it whose main called everything; by the line of a board whose
    /// latest build is migrated, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn of(
        reader: &Reader<'_>,
        judge: &Judge,
        port: &PortName,
        latest: &BuildSummary,
        line: &[BoardChange],
    ) -> Result<Option<Self>, StoreError> {
        let mut after = Proven { commit: latest.commit.clone(), reading: latest.reading };
        let mut has_been = true;
        let mut before = None;
        for change in line {
            match judge.reached(reader, change.table, change.reading, port)?.state {
                State::Migrated | State::Verified if has_been => after = Proven::from(change),
                State::Migrated | State::Verified => {}
                State::Calls => {
                    before = Some(Proven::from(change));
                    break;
                }
                State::NotSeen | State::Partial => has_been = false,
            }
        }
        let Some(before) = before else { return Ok(None) };
        let table = |proven: &Proven| judge.table(reader, proven.reading, port);
        let proof = prove(port, &*table(&before)?, &*table(&after)?, judge.policy());
        Ok(Some(Self {
            state: proof.state,
            before: before.commit,
            after: after.commit,
            changed: proof.changes.len(),
            is_certain: proof.is_certain,
        }))
    }
}

impl Progress {
    /// That of a project as its latest builds, its history and its catalog have it.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn of(
        reader: &Reader<'_>,
        judge: &Judge,
        project: &Project,
    ) -> Result<Self, AppError> {
        let listed: Vec<ListedBoard> =
            reader.catalog(project.id)?.into_iter().filter(|listed| !listed.is_retired()).collect();
        let catalog: Vec<CatalogBoard> = listed.iter().map(in_catalog).collect();
        let scripts: BTreeMap<String, ScriptAudit> =
            audit(&catalog).into_iter().map(|audit| (audit.board.clone(), audit)).collect();
        let built: BTreeMap<BoardId, PortBoard> = reader
            .project_boards(project.id)?
            .into_iter()
            .map(|board| (board.board.clone(), board))
            .collect();
        let lines = reader.lines(project.id)?;
        let line_of = |board: BoardRow| {
            let from = lines.partition_point(|change| change.board < board);
            let length = lines[from..].partition_point(|change| change.board == board);
            &lines[from..from + length]
        };
        let mut boards = Vec::new();
        let mut registered = BTreeSet::new();
        let mut moments: BTreeMap<Date, Vec<(BoardId, Reached)>> = BTreeMap::new();
        for listed in &listed {
            let placing = scripts.get(&listed.board.to_string()).map(|audit| audit.placing);
            let mut progress = BoardProgress {
                board: listed.board.clone(),
                state: State::NotSeen,
                is_built: built.contains_key(&listed.board),
                registered: 0,
                left: Vec::new(),
                twice: Vec::new(),
                idle: Vec::new(),
                by_hand: 0,
                known_elsewhere: 0,
                scripts: placing.unwrap_or(Placing::Unknown),
                proof: None,
            };
            if let Some(board) = built.get(&listed.board) {
                let line = line_of(board.row);
                let table = judge.table(reader, board.latest.reading, &listed.board.port)?;
                progress.see(&table, judge);
                if progress.state == State::Migrated {
                    progress.prove(reader, judge, &board.latest, line)?;
                }
                if progress.registered > 0 {
                    registered.extend(registered_in(&table));
                }
                for change in line {
                    let port = &listed.board.port;
                    let reached = judge.reached(reader, change.table, change.reading, port)?;
                    let day = day_of(change.committed_at);
                    moments.entry(day).or_default().push((listed.board.clone(), reached));
                }
            }
            boards.push(progress);
        }
        for progress in &mut boards {
            let known = progress.left.iter().filter(|function| registered.contains(*function));
            progress.known_elsewhere = known.count();
        }
        Ok(Self { boards, history: history(moments) })
    }
}

impl BoardProgress {
    /// Fills in what the table of the latest build says.
    fn see(&mut self, table: &InitTable, judge: &Judge) {
        let migration = Migration::of(table, &self.board.port, judge.policy());
        let name = |position: &u32| {
            let entry = usize::try_from(*position).ok().and_then(|at| table.entries.get(at));
            entry.map(Entry::display_name)
        };
        self.state = migration.state;
        self.registered = migration.registered;
        self.left = migration.left.iter().filter_map(name).collect();
        self.twice = migration.twice.iter().filter_map(|twice| name(&twice.called)).collect();
        self.idle = migration.idle.iter().filter_map(name).collect();
        self.by_hand = migration.by_hand.len();
    }

    /// Fills in what the line of a migrated board proves.
    fn prove(
        &mut self,
        reader: &Reader<'_>,
        judge: &Judge,
        latest: &BuildSummary,
        line: &[BoardChange],
    ) -> Result<(), StoreError> {
        self.proof = BoardProof::of(reader, judge, &self.board.port, latest, line)?;
        if let Some(proof) = &self.proof {
            self.state = proof.state;
        }
        Ok(())
    }
}

/// A board as the catalog lists it.
fn in_catalog(listed: &ListedBoard) -> CatalogBoard {
    CatalogBoard {
        port: listed.board.port.clone(),
        board: listed.board.board.clone(),
        variant: listed.board.variant.clone(),
        mcu: listed.mcu.clone(),
        linker_scripts: listed.linker_scripts.clone(),
    }
}

/// The functions that a table registers.
fn registered_in(table: &InitTable) -> impl Iterator<Item = String> {
    let registered = table.entries.iter().filter(|entry| entry.origin == Origin::Registry);
    registered.map(Entry::display_name)
}

/// The days on which a count changed.
fn history(moments: BTreeMap<Date, Vec<(BoardId, Reached)>>) -> Vec<Day> {
    let mut states: BTreeMap<BoardId, Reached> = BTreeMap::new();
    let mut days: Vec<Day> = Vec::new();
    for (day, changes) in moments {
        // Of several changes on one day the newest comes first.
        states.extend(changes.into_iter().rev());
        let count = |least| {
            states.values().filter(|reached| reached.registers && reached.state >= least).count()
        };
        let now = Day {
            date: day,
            seen: states.len(),
            begun: count(State::Partial),
            migrated: count(State::Migrated),
        };
        let same = |last: &&Day| {
            (last.seen, last.begun, last.migrated) == (now.seen, now.begun, now.migrated)
        };
        if !days.last().as_ref().is_some_and(same) {
            days.push(now);
        }
    }
    days
}
