//! `/PROJECT/PORT`: the boards of a port, grouped by the order that they run.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;

use super::build::class;
use super::sort::{Heading, SortQuery, Sortable};
use super::when::When;
use super::{PageError, Shell, find_port, find_project, page, query_of};
use crate::model::{CommitSha, InitTable, Level, Phase, PortName, ProjectName};
use crate::store::{OrderId, PortBoard, TableId};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// How many functions are named that one group runs and another does not.
const NAMES_SHOWN: usize = 12;

const COLUMNS: [Sortable; 7] = [
    Sortable { key: "board", numeric: false },
    Sortable { key: "order", numeric: true },
    Sortable { key: "init", numeric: true },
    Sortable { key: "deinit", numeric: true },
    Sortable { key: "findings", numeric: true },
    Sortable { key: "commit", numeric: false },
    Sortable { key: "last build", numeric: false },
];

#[derive(Template)]
#[template(path = "port.html")]
struct PortPage {
    shell: Shell,
    project: ProjectName,
    port: PortName,
    boards: usize,
    orders: usize,
    answer: String,
    groups: Vec<Group>,
    columns: Vec<Heading>,
    rows: Vec<BoardRow>,
}

/// The boards that run one order.
struct Group {
    title: String,
    findings: usize,
    /// How the gravest finding looks.
    class: &'static str,
    empty: bool,
    init_count: u32,
    deinit_count: u32,
    difference: Option<Difference>,
    boards: Vec<GroupBoard>,
}

struct GroupBoard {
    label: String,
    last_build: When,
}

/// What a group runs that the largest one does not, and the reverse.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    reference: String,
    added: String,
    missing: String,
    reordered: bool,
}

struct BoardRow {
    label: String,
    group: usize,
    init_count: u32,
    deinit_count: u32,
    findings: usize,
    commit: CommitSha,
    commit_short: String,
    last_build: When,
    last_at: Timestamp,
}

pub(in crate::web) async fn port(
    State(app): State<AppState>,
    PagePath((project, port)): PagePath<(String, String)>,
    query: Result<Query<SortQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let chosen = query_of(query)?.choose(&COLUMNS).map_err(PageError::bad_request)?;
    let port = find_port(&port)?;
    let name = port.clone();
    let (project, boards, tables) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let boards = reader.port_boards(project.id, &name)?;
            let mut tables: BTreeMap<TableId, InitTable> = BTreeMap::new();
            for board in &boards {
                if let Entry::Vacant(vacant) = tables.entry(board.latest.table) {
                    let mut table = reader.table_of(board.latest.id)?;
                    crate::analyze::derive(&mut table);
                    vacant.insert(table);
                }
            }
            Ok::<_, AppError>((project, boards, tables))
        })
        .await?;
    if boards.is_empty() {
        return Err(PageError::not_found(format!("There is no port “{port}” in this project.")));
    }
    let now = Timestamp::now();
    let grouped = grouped(&boards);
    let groups = groups(&grouped, &tables, now);
    let mut rows: Vec<BoardRow> = boards
        .iter()
        .map(|board| {
            let at = grouped.iter().position(|(order, _)| *order == board.latest.order);
            BoardRow {
                label: board.board.label(),
                group: at.map_or(0, |at| at + 1),
                init_count: board.latest.init_count,
                deinit_count: board.latest.deinit_count,
                findings: tables.get(&board.latest.table).map_or(0, |table| table.findings.len()),
                commit: board.latest.commit.clone(),
                commit_short: board.latest.commit.short().to_owned(),
                last_build: When::new(board.latest.committed_at, now),
                last_at: board.latest.committed_at,
            }
        })
        .collect();
    chosen.apply(&mut rows, |column, row| match column {
        1 => Key::Number(row.group),
        2 => Key::Number(row.init_count as usize),
        3 => Key::Number(row.deinit_count as usize),
        4 => Key::Number(row.findings),
        5 => Key::Text(row.commit_short.clone()),
        6 => Key::Time(row.last_at),
        _ => Key::Text(row.label.clone()),
    });
    page(&PortPage {
        shell: Shell::of(&project.name, format!("/api/v1/projects/{}/ports/{port}", project.name)),
        answer: answer(&groups),
        boards: boards.len(),
        orders: groups.iter().filter(|group| !group.empty).count(),
        groups,
        columns: chosen.headings(&COLUMNS),
        rows,
        project: project.name,
        port,
    })
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(usize),
    Text(String),
    Time(Timestamp),
}

/// The class of the gravest finding of a table.
fn worst(table: &InitTable) -> &'static str {
    table.findings.iter().map(|finding| finding.severity).max().map_or("", class)
}

fn answer(groups: &[Group]) -> String {
    let (read, unread): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(|group| !group.empty);
    let unread: usize = unread.iter().map(|group| group.boards.len()).sum();
    let rest = match unread {
        0 => String::new(),
        1 => " Of one board nothing could be read.".to_owned(),
        unread => format!(" Of {unread} boards nothing could be read."),
    };
    format!("{}{rest}", among(&read))
}

fn among(groups: &[&Group]) -> String {
    match groups {
        [only] if only.boards.len() > 1 => "All of them run the same.".to_owned(),
        [] | [_] => String::new(),
        [largest, ..] if largest.boards.len() > 1 => {
            format!("The largest group has {} boards.", largest.boards.len())
        }
        _ => "Each board runs its own.".to_owned(),
    }
}

/// Whether nothing could be read of a board's firmware.
fn is_empty(board: &PortBoard) -> bool {
    board.latest.init_count == 0 && board.latest.deinit_count == 0
}

/// The boards by order, the most common first; those of which nothing is known
/// last.
fn grouped(boards: &[PortBoard]) -> Vec<(Option<OrderId>, Vec<&PortBoard>)> {
    let mut by_order: BTreeMap<Option<OrderId>, Vec<&PortBoard>> = BTreeMap::new();
    for board in boards {
        by_order.entry(board.latest.order).or_default().push(board);
    }
    let mut groups: Vec<_> = by_order.into_iter().collect();
    groups.sort_by(|(_, a), (_, b)| {
        let key = |boards: &[&PortBoard]| (is_empty(boards[0]), Reverse(boards.len()));
        key(a).cmp(&key(b)).then_with(|| a[0].board.label().cmp(&b[0].board.label()))
    });
    groups
}

fn groups(
    grouped: &[(Option<OrderId>, Vec<&PortBoard>)],
    tables: &BTreeMap<TableId, InitTable>,
    now: Timestamp,
) -> Vec<Group> {
    let readable = grouped.first().filter(|(_, boards)| !is_empty(boards[0]));
    // Boards that run alike may differ in what is wrong with them: the worst counts.
    let table_of = |boards: &[&PortBoard]| {
        let tables = boards.iter().filter_map(|board| tables.get(&board.latest.table));
        tables.max_by_key(|table| table.findings.len())
    };
    let reference = readable.and_then(|(order, boards)| Some((*order, table_of(boards)?)));
    let group = |(index, (order, boards)): (usize, &(Option<OrderId>, Vec<&PortBoard>))| {
        let table = table_of(boards);
        let latest = &boards[0].latest;
        Group {
            title: match (is_empty(boards[0]), boards.len()) {
                (true, 1) => "Nothing read — 1 board".to_owned(),
                (true, count) => format!("Nothing read — {count} boards"),
                (false, 1) => format!("Order {} — 1 board", index + 1),
                (false, count) => format!("Order {} — {count} boards", index + 1),
            },
            findings: table.map_or(0, |table| table.findings.len()),
            class: table.map_or("", worst),
            empty: is_empty(boards[0]),
            init_count: latest.init_count,
            deinit_count: latest.deinit_count,
            difference: reference
                .filter(|(reference, _)| reference != order && !is_empty(boards[0]))
                .and_then(|(_, reference)| Some(difference(reference, table?))),
            boards: boards
                .iter()
                .map(|board| GroupBoard {
                    label: board.board.label(),
                    last_build: When::new(board.latest.committed_at, now),
                })
                .collect(),
        }
    };
    grouped.iter().enumerate().map(group).collect()
}

/// One function with what orders it, for comparing two tables.
type Step = (Option<Phase>, String, Option<Level>);

fn difference(reference: &InitTable, table: &InitTable) -> Difference {
    let steps = |table: &InitTable| -> Vec<Step> {
        table
            .entries
            .iter()
            .map(|entry| (entry.phase, entry.display_name(), entry.level.clone()))
            .collect()
    };
    let (before, after) = (steps(reference), steps(table));
    let names = |steps: &[Step]| {
        steps.iter().map(|(phase, name, _)| (*phase, name.clone())).collect::<BTreeSet<_>>()
    };
    let (left, right) = (names(&before), names(&after));
    let only = |steps: &[Step], other: &BTreeSet<(Option<Phase>, String)>| {
        let only = steps.iter().filter(|(phase, name, _)| !other.contains(&(*phase, name.clone())));
        let names: Vec<&str> = only.map(|(_, name, _)| name.as_str()).collect();
        let more = names.len().saturating_sub(NAMES_SHOWN);
        let shown = names.iter().take(NAMES_SHOWN).copied().collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{shown} and {more} more") } else { shown }
    };
    let shared = |steps: &[Step]| -> Vec<Step> {
        let shared = |(phase, name, _): &&Step| {
            let key = (*phase, name.clone());
            left.contains(&key) && right.contains(&key)
        };
        steps.iter().filter(shared).cloned().collect()
    };
    Difference {
        reference: "order 1".to_owned(),
        added: only(&after, &left),
        missing: only(&before, &right),
        reordered: shared(&before) != shared(&after),
    }
}
