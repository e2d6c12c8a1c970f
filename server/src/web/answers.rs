//! What pages and the API both answer: values that are computed from several
//! rows of the store, once for both.

use std::cmp::Reverse;
use std::collections::btree_map;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::checked::Checked;
use super::policies::Judge;
use crate::model::{
    BoardId, Entry, EntryKind, Finding, InitTable, Level, Phase, PortName, Severity, Stage,
};
use crate::store::{OrderId, PortBoard, Reader, StoreError, TableId};

/// How many changes of order in the text are listed of all ports.
pub(super) const PROJECT_CHANGES_SHOWN: usize = 50;

/// One finding, with the boards that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FindingOfBoards {
    #[serde(flatten)]
    pub(super) finding: Finding,
    /// The boards, by name.
    #[serde(serialize_with = "as_texts")]
    #[schema(value_type = Vec<String>)]
    pub(super) boards: Vec<BoardId>,
}

/// Boards of a port that run one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Group {
    /// The boards, each `BOARD` or `BOARD-VARIANT`.
    pub(super) boards: Vec<String>,
    /// Whether nothing could be read of their firmware.
    pub(super) unread: bool,
    /// Number of init functions.
    pub(super) init_count: u32,
    /// Number of deinit functions.
    pub(super) deinit_count: u32,
    /// What the rules say of the order.
    pub(super) findings: Vec<Finding>,
    /// How the order differs from that of the first group.
    pub(super) difference: Option<Difference>,
}

/// How one order differs from another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Difference {
    /// Functions that only this one runs, in order.
    pub(super) added: Vec<String>,
    /// Functions that only the other one runs, in order.
    pub(super) missing: Vec<String>,
    /// Whether what both run runs in another order, or in another stage.
    pub(super) reordered: bool,
}

fn as_texts<S: Serializer>(boards: &[BoardId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(boards.iter().map(BoardId::to_string))
}

/// Whether nothing could be read of a board's firmware.
pub(super) fn is_unread(board: &PortBoard) -> bool {
    board.latest.order.is_none()
}

/// Tables of boards by port, since what is derived from a table differs with it.
pub(super) type Tables = BTreeMap<(PortName, TableId), Arc<InitTable>>;

/// The tables of boards, each once for a port, with what is derived from them.
fn tables<'a>(
    reader: &Reader<'_>,
    judge: &Judge,
    boards: impl IntoIterator<Item = &'a PortBoard>,
) -> Result<Tables, StoreError> {
    let mut tables = BTreeMap::new();
    for board in boards {
        if let btree_map::Entry::Vacant(vacant) = tables.entry(key(board)) {
            vacant.insert(judge.table(reader, board.latest.reading, &board.board.port)?);
        }
    }
    Ok(tables)
}

/// The boards of a port by order, with their tables.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) tables: Tables,
    /// As [`groups`] gives them.
    pub(super) groups: Vec<(Option<OrderId>, Group)>,
}

impl Orders {
    /// Those of the latest builds of boards.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn of(
        reader: &Reader<'_>,
        judge: &Judge,
        boards: &[PortBoard],
    ) -> Result<Self, StoreError> {
        let tables = tables(reader, judge, boards)?;
        Ok(Self { groups: groups(boards, &tables), tables })
    }

    /// The same with what the rules say of the first board of each group beside all
    /// others, and not by itself.
    #[must_use]
    pub(super) fn among(mut self, boards: &[PortBoard], builds: &Checked) -> Self {
        for (order, group) in &mut self.groups {
            let first = boards.iter().find(|board| board.latest.order == *order);
            let found = first.map(|board| builds.of_board(&board.board));
            group.findings = found.into_iter().flatten().cloned().collect();
        }
        self
    }
}

/// Where the table of a board stands among [`Tables`].
pub(super) fn key(board: &PortBoard) -> (PortName, TableId) {
    (board.board.port.clone(), board.latest.table)
}

/// The findings of builds that matter, the gravest first, each with its boards.
pub(super) fn attention(builds: &Checked) -> Vec<FindingOfBoards> {
    let mut found: BTreeMap<(Reverse<Severity>, &str, &str), FindingOfBoards> = BTreeMap::new();
    for on in &builds.found {
        let (finding, board) = (&on.found.finding, &on.board);
        if finding.waived.is_some() || finding.severity < Severity::Warning {
            continue;
        }
        let rank = (Reverse(finding.severity), finding.rule.as_str(), finding.message.as_str());
        let row = found.entry(rank).or_insert_with(|| FindingOfBoards {
            finding: Finding { entry: None, ..finding.clone() },
            boards: Vec::new(),
        });
        if row.boards.last() != board.as_ref() {
            row.boards.extend(board.clone());
        }
    }
    found.into_values().collect()
}

/// The boards of a port by order, the most common first; those of which nothing
/// could be read last. With the order of each group.
fn groups(boards: &[PortBoard], tables: &Tables) -> Vec<(Option<OrderId>, Group)> {
    let mut by_order: BTreeMap<Option<OrderId>, Vec<&PortBoard>> = BTreeMap::new();
    for board in boards {
        by_order.entry(board.latest.order).or_default().push(board);
    }
    let mut groups: Vec<(Option<OrderId>, Vec<&PortBoard>)> = by_order.into_iter().collect();
    groups.sort_by(|(_, a), (_, b)| {
        let rank = |boards: &[&PortBoard]| (is_unread(boards[0]), Reverse(boards.len()));
        rank(a).cmp(&rank(b)).then_with(|| a[0].board.label().cmp(&b[0].board.label()))
    });
    // The boards of a group run the same, and the table of one stands for all.
    let table_of = |boards: &[&PortBoard]| tables.get(&key(boards[0]));
    let first = groups.first().filter(|(_, boards)| !is_unread(boards[0]));
    let reference = first.and_then(|(order, boards)| Some((*order, table_of(boards)?)));
    let group = |(order, boards): &(Option<OrderId>, Vec<&PortBoard>)| {
        let table = table_of(boards);
        let unread = order.is_none();
        let other = reference.filter(|(reference, _)| reference != order && !unread);
        let group = Group {
            boards: boards.iter().map(|board| board.board.label()).collect(),
            unread,
            init_count: boards[0].latest.init_count,
            deinit_count: boards[0].latest.deinit_count,
            findings: table.map(|table| table.findings.clone()).unwrap_or_default(),
            difference: other.and_then(|(_, reference)| Some(difference(reference, table?))),
        };
        (*order, group)
    };
    groups.iter().map(group).collect()
}

/// One function with when it runs, for comparing two orders.
type Step = (Option<Phase>, String, Option<Stage>, Option<Level>);

fn difference(reference: &InitTable, table: &InitTable) -> Difference {
    let steps = |table: &InitTable| -> Vec<Step> {
        // Where main is seen to run a level, what it holds runs there.
        let runs = table.entries.iter().filter(|entry| entry.kind != EntryKind::RunLevel);
        let level = |entry: &Entry| entry.level.clone().filter(|_| entry.stage.is_none());
        runs.map(|entry| (entry.phase, entry.display_name(), entry.stage, level(entry))).collect()
    };
    let (before, after) = (steps(reference), steps(table));
    let names = |steps: &[Step]| -> BTreeSet<(Option<Phase>, String)> {
        steps.iter().map(|(phase, name, ..)| (*phase, name.clone())).collect()
    };
    let (left, right) = (names(&before), names(&after));
    let only = |steps: &[Step], other: &BTreeSet<(Option<Phase>, String)>| -> Vec<String> {
        let only =
            steps.iter().filter(|(phase, name, ..)| !other.contains(&(*phase, name.clone())));
        only.map(|(_, name, ..)| name.clone()).collect()
    };
    let shared = |steps: &[Step]| -> Vec<Step> {
        let shared = |(phase, name, ..): &&Step| {
            let key = (*phase, name.clone());
            left.contains(&key) && right.contains(&key)
        };
        steps.iter().filter(shared).cloned().collect()
    };
    Difference {
        added: only(&after, &left),
        missing: only(&before, &right),
        reordered: shared(&before) != shared(&after),
    }
}
