//! How far the boards of a project have come from calls to the registry, for the
//! page, its JSON twin and its CSV. Nothing of it is set by hand: it follows from
//! the builds and the catalog.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::AppError;
use super::policies::{Judge, day_of};
use crate::analyze::migrate::scripts::{Placing, ScriptAudit, audit};
use crate::analyze::migrate::state::{Migration, State, prove};
use crate::model::{BoardId, CatalogBoard, CommitSha, InitTable, PortName};
use crate::store::{
    BoardRow, BuildSummary, ListedBoard, PortBoard, Project, Reader, StoreError, TableId,
};

/// Most changes of order of one board that are looked back on.
const LOOK_BACK: u32 = 200;

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
    /// Of these, those that need no call by hand any more.
    pub(super) migrated: usize,
}

fn as_text<S: serde::Serializer>(board: &BoardId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(board)
}

/// What tables say, each read once.
pub(super) struct Tables<'a, 'r> {
    reader: &'a Reader<'r>,
    judge: &'a Judge,
    known: HashMap<(PortName, TableId), Migration>,
}

impl<'a, 'r> Tables<'a, 'r> {
    pub(super) fn new(reader: &'a Reader<'r>, judge: &'a Judge) -> Self {
        Self { reader, judge, known: HashMap::new() }
    }

    /// The builds that changed the order of a board up to its latest one, newest first.
    pub(super) fn line(
        &self,
        board: BoardRow,
        latest: &BuildSummary,
    ) -> Result<Vec<BuildSummary>, StoreError> {
        self.reader.order_changes_of_board(board, latest.id, LOOK_BACK)
    }

    fn table(&self, build: &BuildSummary, port: &PortName) -> Result<InitTable, StoreError> {
        let mut table = self.reader.table_of(build.id)?;
        self.judge.derive(&mut table, port, None);
        Ok(table)
    }

    fn migration(
        &mut self,
        build: &BuildSummary,
        port: &PortName,
    ) -> Result<&Migration, StoreError> {
        let key = (port.clone(), build.table);
        if !self.known.contains_key(&key) {
            let migration = Migration::of(&self.table(build, port)?, port, self.judge.policy());
            self.known.insert(key.clone(), migration);
        }
        Ok(&self.known[&key])
    }

    /// What the first build that was migrated, as all after it were, says against the
    /// last before it whose main called everything; by the line of a board whose
    /// latest build is migrated.
    pub(super) fn proof(
        &mut self,
        port: &PortName,
        latest: &BuildSummary,
        line: &[BuildSummary],
    ) -> Result<Option<BoardProof>, StoreError> {
        let mut after = latest;
        let mut before = None;
        let mut has_been = true;
        for build in line {
            match self.migration(build, port)?.state {
                State::Migrated | State::Verified => {
                    if has_been {
                        after = build;
                    }
                }
                State::Calls => {
                    before = Some(build);
                    break;
                }
                State::NotSeen | State::Partial => has_been = false,
            }
        }
        let Some(before) = before else { return Ok(None) };
        let tables = [self.table(before, port)?, self.table(after, port)?];
        let proof = prove(port, &tables[0], &tables[1], self.judge.policy());
        Ok(Some(BoardProof {
            state: proof.state,
            before: before.commit.clone(),
            after: after.commit.clone(),
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
        let mut tables = Tables::new(reader, judge);
        let mut boards = Vec::new();
        let mut moments: BTreeMap<Date, Vec<(BoardId, State)>> = BTreeMap::new();
        for listed in &listed {
            let placing = scripts.get(&listed.board.to_string()).map(|audit| audit.placing);
            let mut progress = BoardProgress {
                board: listed.board.clone(),
                state: State::NotSeen,
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
                let line = tables.line(board.row, &board.latest)?;
                progress.see(&mut tables, board, &line)?;
                for build in &line {
                    let state = tables.migration(build, &listed.board.port)?.state;
                    let day = day_of(build.committed_at);
                    moments.entry(day).or_default().push((listed.board.clone(), state));
                }
            }
            boards.push(progress);
        }
        let registered = registered_anywhere(&mut tables, &built)?;
        for progress in &mut boards {
            let known = progress.left.iter().filter(|function| registered.contains(*function));
            progress.known_elsewhere = known.count();
        }
        Ok(Self { boards, history: history(moments) })
    }
}

impl BoardProgress {
    /// Fills in what the latest build of a board says, and its line of changes,
    /// newest first.
    fn see(
        &mut self,
        tables: &mut Tables<'_, '_>,
        board: &PortBoard,
        line: &[BuildSummary],
    ) -> Result<(), StoreError> {
        let port = &board.board.port;
        let table = tables.table(&board.latest, port)?;
        let migration = Migration::of(&table, port, tables.judge.policy());
        let name = |position: &u32| {
            let entry = usize::try_from(*position).ok().and_then(|at| table.entries.get(at));
            entry.map(crate::model::Entry::display_name)
        };
        self.state = migration.state;
        self.registered = migration.registered;
        self.left = migration.left.iter().filter_map(name).collect();
        self.twice = migration.twice.iter().filter_map(|twice| name(&twice.called)).collect();
        self.idle = migration.idle.iter().filter_map(name).collect();
        self.by_hand = migration.by_hand.len();
        if migration.state != State::Migrated {
            return Ok(());
        }
        self.proof = tables.proof(port, &board.latest, line)?;
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

/// The functions that any board registers.
fn registered_anywhere(
    tables: &mut Tables<'_, '_>,
    built: &BTreeMap<BoardId, PortBoard>,
) -> Result<BTreeSet<String>, StoreError> {
    let mut seen = BTreeSet::new();
    let mut functions = BTreeSet::new();
    for board in built.values() {
        let migration = tables.migration(&board.latest, &board.board.port)?;
        if migration.registered == 0 || !seen.insert(board.latest.table) {
            continue;
        }
        let table = tables.table(&board.latest, &board.board.port)?;
        let registered =
            table.entries.iter().filter(|entry| entry.origin == crate::model::Origin::Registry);
        functions.extend(registered.map(crate::model::Entry::display_name));
    }
    Ok(functions)
}

/// The days on which a count changed.
fn history(moments: BTreeMap<Date, Vec<(BoardId, State)>>) -> Vec<Day> {
    let mut states: BTreeMap<BoardId, State> = BTreeMap::new();
    let mut days: Vec<Day> = Vec::new();
    for (day, changes) in moments {
        // Of several changes on one day the newest comes first.
        states.extend(changes.into_iter().rev());
        let count = |least| states.values().filter(|state| **state >= least).count();
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
