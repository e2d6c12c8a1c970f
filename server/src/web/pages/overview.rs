//! `/PROJECT`: its ports, what needs attention, and where the order changed
//! lately.

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
use crate::model::{BoardId, PortName, ProjectName};
use crate::store::{OrderChange, PortBoard};
use crate::web::answers::{self, FindingOfBoards, is_unread};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// How many changes of order the page lists, and how many boards of each change
/// and of each finding.
const CHANGES: usize = 10;
const BOARDS_OF_A_ROW: usize = 8;

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
    /// Number of boards that need attention.
    troubled: usize,
    attention: Vec<Attention>,
    columns: Vec<Heading>,
    ports: Vec<PortRow>,
    changes: Vec<Change>,
}

struct Attention {
    finding: FindingView,
    boards: Vec<BoardId>,
    /// How many more boards have it.
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
            let attention = answers::attention(reader, &boards)?;
            Ok::<_, AppError>((project, boards, changes, attention))
        })
        .await?;
    let now = Timestamp::now();
    let troubled: BTreeSet<&BoardId> = attention.iter().flat_map(|row| &row.boards).collect();
    let troubled = troubled.len();
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
        troubled,
        attention: attention.into_iter().map(Attention::new).collect(),
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

/// The number of different orders.
fn orders<'a>(boards: impl Iterator<Item = &'a PortBoard>) -> usize {
    boards.filter_map(|board| board.latest.order).collect::<BTreeSet<_>>().len()
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

impl Attention {
    fn new(row: FindingOfBoards) -> Self {
        let FindingOfBoards { finding, mut boards } = row;
        let more = boards.len().saturating_sub(BOARDS_OF_A_ROW);
        boards.truncate(BOARDS_OF_A_ROW);
        Self { finding: FindingView::new(&finding), boards, more }
    }
}

impl Change {
    fn new(project: &ProjectName, change: OrderChange, now: Timestamp) -> Self {
        let more = change.boards.len().saturating_sub(BOARDS_OF_A_ROW);
        let link = |board: BoardId| ChangedBoard {
            link: format!("/{project}/{board}/{}", change.commit),
            name: board,
        };
        Self {
            commit: change.commit.short().to_owned(),
            when: When::new(change.committed_at, now),
            boards: change.boards.into_iter().take(BOARDS_OF_A_ROW).map(link).collect(),
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
