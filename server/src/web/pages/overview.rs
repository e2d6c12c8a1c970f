//! `/PROJECT`: its ports, what needs attention, and where the order changed
//! lately.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;

use super::build::FindingView;
use super::sort::{Heading, SortQuery, Sortable};
use super::when::When;
use super::{PageError, Shell, find_project, page, query_of};
use crate::model::{BoardId, Finding, PortName, ProjectName, Severity};
use crate::store::{OrderChange, PortBoard, StoreError};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// How many changes of order the page lists, and how many boards of each.
const CHANGES: usize = 10;
const BOARDS_OF_A_CHANGE: usize = 8;

const COLUMNS: [Sortable; 7] = [
    Sortable { key: "port", numeric: false },
    Sortable { key: "boards", numeric: true },
    Sortable { key: "orders", numeric: true },
    Sortable { key: "init", numeric: true },
    Sortable { key: "deinit", numeric: true },
    Sortable { key: "read", numeric: false },
    Sortable { key: "last build", numeric: false },
];

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    shell: Shell,
    project: ProjectName,
    boards: usize,
    orders: usize,
    unread: usize,
    attention: Vec<Attention>,
    columns: Vec<Heading>,
    ports: Vec<PortRow>,
    changes: Vec<Change>,
}

struct Attention {
    name: BoardId,
    finding: FindingView,
    /// How many more findings the board has.
    more: usize,
}

struct PortRow {
    name: PortName,
    boards: usize,
    orders: usize,
    inits: Span,
    deinits: Span,
    state: String,
    last_build: When,
    last_at: Timestamp,
}

/// The fewest and the most of something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    most: u32,
    fewest: u32,
}

struct Change {
    commit: String,
    when: When,
    boards: Vec<ChangedBoard>,
    more: usize,
}

struct ChangedBoard {
    name: BoardId,
    link: String,
}

pub(in crate::web) async fn overview(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<SortQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let chosen = query_of(query)?.choose(&COLUMNS).map_err(PageError::bad_request)?;
    let (project, boards, changes, attention) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let boards = reader.project_boards(project.id)?;
            let changes = reader.recent_order_changes(project.id, CHANGES)?;
            let attention = attention(reader, &boards)?;
            Ok::<_, AppError>((project, boards, changes, attention))
        })
        .await?;
    let now = Timestamp::now();
    let mut ports = ports(&boards, now);
    chosen.apply(&mut ports, |column, port| match column {
        1 => Key::Number(port.boards as u64),
        2 => Key::Number(port.orders as u64),
        3 => Key::Span(port.inits),
        4 => Key::Span(port.deinits),
        5 => Key::Text(port.state.clone()),
        6 => Key::Time(port.last_at),
        _ => Key::Text(port.name.to_string()),
    });
    page(&Overview {
        shell: Shell::of(&project.name, format!("/api/v1/projects/{}", project.name)),
        boards: boards.len(),
        orders: orders(boards.iter()),
        unread: boards.iter().filter(|board| is_unread(board)).count(),
        attention,
        columns: chosen.headings(&COLUMNS),
        ports,
        changes: changes
            .into_iter()
            .map(|change| Change::new(&project.name, change, now))
            .collect(),
        project: project.name,
    })
}

/// What a table of ports sorts by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(u64),
    Span(Span),
    Text(String),
    Time(Timestamp),
}

/// The boards with findings that matter, each with its first one: an error
/// before a warning.
fn attention(
    reader: &crate::store::Reader<'_>,
    boards: &[PortBoard],
) -> Result<Vec<Attention>, StoreError> {
    let mut rows = Vec::new();
    // Most tables are whole, and one that is not empty and has no anomaly has
    // no finding either; so few are read.
    let worth_reading = |board: &&PortBoard| board.latest.anomaly_count > 0 || is_unread(board);
    for board in boards.iter().filter(worth_reading) {
        let mut table = reader.table_of(board.latest.id)?;
        crate::analyze::derive(&mut table);
        let grave: Vec<&Finding> =
            table.findings.iter().filter(|finding| finding.severity >= Severity::Warning).collect();
        let Some(worst) = grave.iter().min_by_key(|finding| Reverse(finding.severity)) else {
            continue;
        };
        rows.push(Attention {
            name: board.board.clone(),
            finding: FindingView::new(worst),
            more: grave.len() - 1,
        });
    }
    Ok(rows)
}

/// The number of different orders.
fn orders<'a>(boards: impl Iterator<Item = &'a PortBoard>) -> usize {
    boards.filter_map(|board| board.latest.order).collect::<BTreeSet<_>>().len()
}

fn is_unread(board: &PortBoard) -> bool {
    board.latest.init_count == 0 && board.latest.deinit_count == 0
}

fn ports(boards: &[PortBoard], now: Timestamp) -> Vec<PortRow> {
    let mut by_port: BTreeMap<&PortName, Vec<&PortBoard>> = BTreeMap::new();
    for board in boards {
        by_port.entry(&board.board.port).or_default().push(board);
    }
    let row = |(name, boards): (&PortName, Vec<&PortBoard>)| {
        let span = |count: &dyn Fn(&PortBoard) -> u32| Span {
            fewest: boards.iter().map(|board| count(board)).min().unwrap_or_default(),
            most: boards.iter().map(|board| count(board)).max().unwrap_or_default(),
        };
        let empty = boards.iter().filter(|board| is_unread(board)).count();
        let last_at = boards.iter().map(|board| board.latest.committed_at).max().unwrap_or(now);
        PortRow {
            name: name.clone(),
            boards: boards.len(),
            orders: orders(boards.iter().copied()),
            inits: span(&|board| board.latest.init_count),
            deinits: span(&|board| board.latest.deinit_count),
            state: match (empty, boards.len()) {
                (0, _) => "all".to_owned(),
                (empty, all) if empty == all => "none".to_owned(),
                (empty, all) => format!("{} of {all}", all - empty),
            },
            last_build: When::new(last_at, now),
            last_at,
        }
    };
    by_port.into_iter().map(row).collect()
}

impl Change {
    fn new(project: &ProjectName, change: OrderChange, now: Timestamp) -> Self {
        let more = change.boards.len().saturating_sub(BOARDS_OF_A_CHANGE);
        let link = |board: BoardId| ChangedBoard {
            link: format!("/{project}/{board}/{}", change.commit),
            name: board,
        };
        Self {
            commit: change.commit.short().to_owned(),
            when: When::new(change.committed_at, now),
            boards: change.boards.into_iter().take(BOARDS_OF_A_CHANGE).map(link).collect(),
            more,
        }
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.fewest == self.most {
            write!(f, "{}", self.most)
        } else {
            write!(f, "{}–{}", self.fewest, self.most)
        }
    }
}
