//! `/PROJECT/PORT`: the boards of a port, grouped by the order that they run, the
//! order in the text of its main, and what the catalog lists.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;

use super::build::{Chip, chip_of};
use super::compare::address;
use super::history;
use super::listed::State as BoardState;
use super::repository::Repository;
use super::run::Row;
use super::sort::{Heading, SortQuery, Sortable};
use super::source::SourceView;
use super::when::When;
use super::{PageError, Section, Shell, counted, find_port, find_project, page, query_of};
use crate::model::{BoardId, CommitSha, PortName, ProjectName};
use crate::store::{ListedBoard, OrderId};
use crate::web::answers::Group;
use crate::web::findings::Of;
use crate::web::path::PagePath;
use crate::web::side::{Side, Subject};
use crate::web::{AppError, AppState};

/// How many orders stand above the text of main; the others are folded behind them.
const ORDERS_SHOWN: usize = 8;

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
    counts: String,
    answer: String,
    /// Number of findings in the text of main.
    in_text: usize,
    history: Option<HistoryView>,
    shown: Vec<GroupView>,
    /// The orders that do not fit above the text of main.
    folded: Vec<GroupView>,
    source: Option<SourceView>,
    columns: Vec<Heading>,
    rows: Vec<BoardRow>,
    retired: usize,
    families: Vec<Family>,
}

struct HistoryView {
    /// `The order of stm32 changed 87 times`
    text: String,
    last: Option<When>,
}

/// The boards with microcontrollers of one family.
struct Family {
    mcu: Option<String>,
    /// Number of its boards that are not retired.
    listed: usize,
    /// Number of those that were built.
    built: usize,
    boards: Vec<ListedView>,
}

struct ListedView {
    label: String,
    state: BoardState,
}

/// The boards that run one order.
struct GroupView {
    title: String,
    findings: Option<Chip>,
    unread: bool,
    init_count: u32,
    deinit_count: u32,
    difference: Option<DifferenceView>,
    /// The address of this order beside the first one.
    comparison: Option<String>,
    boards: Vec<String>,
}

/// What a group runs that the first one does not, and the reverse.
struct DifferenceView {
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
    let derived = app.derived();
    let (project, boards, orders, listed, source, history, builds, in_text) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let boards = reader.port_boards(project.id, &name)?;
            let judge = derived.policies().judge(reader, &project)?;
            let orders = derived.orders(reader, &project, &name, &boards)?;
            let listed = reader.catalog_of_port(project.id, &name)?;
            let mut source = reader.source_of_port(project.id, &name)?;
            if let Some(source) = &mut source {
                judge.derive(&mut source.table, &name, None);
            }
            let history = reader.history_summary(project.id, &name)?;
            let builds = derived.checked(reader, &project, Of::Builds, None)?;
            let in_text = derived.checked(reader, &project, Of::Source, None)?.open_in_text(&name);
            Ok::<_, AppError>((project, boards, orders, listed, source, history, builds, in_text))
        })
        .await?;
    if listed.is_empty() && source.is_none() && history.is_none() {
        return Err(PageError::not_found(format!("There is no port “{port}” in this project.")));
    }
    let repository = project.repository_url.as_deref().map(Repository::new);
    let now = Timestamp::now();
    let groups = &orders.groups;
    let mut rows: Vec<BoardRow> = boards
        .iter()
        .map(|board| {
            let at = groups.iter().position(|(order, _)| *order == board.latest.order);
            BoardRow {
                label: board.board.label(),
                group: at.map_or(0, |at| at + 1),
                init_count: board.latest.init_count,
                deinit_count: board.latest.deinit_count,
                findings: builds.of_board(&board.board).filter(|one| one.waived.is_none()).count(),
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
    let mut shown: Vec<GroupView> = groups
        .iter()
        .enumerate()
        .map(|(index, (_, group))| {
            let comparison = comparison(&project.name, &port, &groups[0].1, group);
            GroupView::new(index, group, comparison)
        })
        .collect();
    // One more that is folded would take the line of the fold.
    let fits = if shown.len() <= ORDERS_SHOWN + 1 { shown.len() } else { ORDERS_SHOWN };
    let folded = shown.split_off(fits);
    page(&PortPage {
        shell: Shell::within(
            Section::Overview,
            &project.name,
            format!("/api/v1/projects/{}/ports/{port}", project.name),
        ),
        counts: counts(&listed, groups.iter().filter(|(_, group)| !group.unread).count()),
        answer: answer(groups, listed.iter().all(|board| board.build.is_some())),
        in_text,
        history: history.map(|history| HistoryView {
            text: history::answer(&history),
            last: history::last(&history).map(|at| When::new(at, now)),
        }),
        source: source.map(|source| SourceView::new(source, repository.as_ref(), now)),
        retired: listed.iter().filter(|board| board.is_retired()).count(),
        families: families(&listed),
        shown,
        folded,
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

/// `83 boards, 5 built, 3 orders`; without a catalog all boards are built.
fn counts(listed: &[ListedBoard], orders: usize) -> String {
    let boards = listed.iter().filter(|board| !board.is_retired()).count();
    let built = listed.iter().filter(|board| BoardState::of(board) == BoardState::Built).count();
    let built = if boards == built { String::new() } else { format!(", {built} built") };
    let orders = match orders {
        0 => String::new(),
        orders => format!(", {}", counted(orders, "order")),
    };
    format!("{}{built}{orders}", counted(boards, "board"))
}

/// The boards of a catalog by family, those of none last; nothing where no
/// catalog was uploaded.
fn families(listed: &[ListedBoard]) -> Vec<Family> {
    if listed.iter().all(|board| board.listed.is_none()) {
        return Vec::new();
    }
    let mut by_mcu: BTreeMap<(bool, Option<&str>), Vec<&ListedBoard>> = BTreeMap::new();
    for board in listed {
        let mcu = board.mcu.as_deref();
        by_mcu.entry((mcu.is_none(), mcu)).or_default().push(board);
    }
    let family = |((_, mcu), boards): ((bool, Option<&str>), Vec<&ListedBoard>)| {
        let count = |state| boards.iter().filter(|board| BoardState::of(board) == state).count();
        let view = |board: &&ListedBoard| ListedView {
            label: board.board.label(),
            state: BoardState::of(board),
        };
        Family {
            mcu: mcu.map(str::to_owned),
            listed: boards.len() - count(BoardState::Retired),
            built: count(BoardState::Built),
            boards: boards.iter().map(view).collect(),
        }
    };
    by_mcu.into_iter().map(family).collect()
}

/// What the groups have in common, where all boards of the port were built or not.
fn answer(groups: &[(Option<OrderId>, Group)], is_all: bool) -> String {
    let (unread, read): (Vec<&Group>, Vec<&Group>) =
        groups.iter().map(|(_, group)| group).partition(|group| group.unread);
    let unread: usize = unread.iter().map(|group| group.boards.len()).sum();
    let rest = match unread {
        0 => String::new(),
        1 => " Of one board nothing could be read.".to_owned(),
        unread => format!(" Of {unread} boards nothing could be read."),
    };
    format!("{}{rest}", among(&read, is_all))
}

fn among(groups: &[&Group], is_all: bool) -> String {
    match groups {
        [only] if only.boards.len() > 1 && is_all => "All of them run the same.".to_owned(),
        [only] if only.boards.len() > 1 => {
            format!("All {} that were built run the same.", only.boards.len())
        }
        [] | [_] => String::new(),
        [largest, ..] if largest.boards.len() > 1 => {
            format!("The largest group has {} boards.", largest.boards.len())
        }
        _ if is_all => "Each board runs its own.".to_owned(),
        all => format!("Each of the {} that were built runs its own.", all.len()),
    }
}

/// The address of a comparison of two groups, a board of each.
fn comparison(
    project: &ProjectName,
    port: &PortName,
    first: &Group,
    group: &Group,
) -> Option<String> {
    group.difference.as_ref()?;
    let side = |group: &Group| -> Option<Side> {
        let board = BoardId::from_port_and_label(port.clone(), group.boards.first()?).ok()?;
        Some(Side { project: None, subject: Subject::Board(board), commit: None })
    };
    Some(address(project, &[side(first)?, side(group)?]))
}

impl GroupView {
    fn new(index: usize, group: &Group, comparison: Option<String>) -> Self {
        let names = |names: &[String]| {
            let more = names.len().saturating_sub(NAMES_SHOWN);
            let shown = names[..names.len() - more].join(", ");
            if more > 0 { format!("{shown} and {more} more") } else { shown }
        };
        let count = match group.boards.len() {
            1 => "1 board".to_owned(),
            count => format!("{count} boards"),
        };
        Self {
            title: if group.unread {
                format!("Nothing read — {count}")
            } else {
                format!("Order {} — {count}", index + 1)
            },
            findings: chip_of(&group.findings),
            unread: group.unread,
            init_count: group.init_count,
            deinit_count: group.deinit_count,
            difference: group.difference.as_ref().map(|difference| DifferenceView {
                added: names(&difference.added),
                missing: names(&difference.missing),
                reordered: difference.reordered,
            }),
            comparison,
            boards: group.boards.clone(),
        }
    }
}
