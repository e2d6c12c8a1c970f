//! `/PROJECT`: its ports, what needs attention, and where the order changed
//! lately.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;

use super::build::FindingView;
use super::sort::{Heading, SortQuery, Sortable};
use super::when::When;
use super::{PageError, Section, Shell, counted, find_project, page, query_of};
use crate::model::{BoardId, PortName, ProjectName, Severity};
use crate::store::{
    BuildSummary, HistorySummary, OrderChange, PortBoard, PortSummary, SourceSummary, TreeCommit,
};
use crate::web::answers::{self, FindingOfBoards, is_unread};
use crate::web::checked::Checked;
use crate::web::findings::Of;
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// How many changes of order the page lists, and how many boards of each change
/// and of each finding.
const CHANGES: usize = 10;
const BOARDS_OF_A_ROW: usize = 8;

const PORT: Sortable = Sortable { key: "port", numeric: false };
const BOARDS: Sortable = Sortable { key: "boards", numeric: true };
const BUILT: Sortable = Sortable { key: "built", numeric: true };
const ORDERS: Sortable = Sortable { key: "orders", numeric: true };
const INIT: Sortable = Sortable { key: "init", numeric: true };
const DEINIT: Sortable = Sortable { key: "deinit", numeric: true };
const READ: Sortable = Sortable { key: "read", numeric: false };
const LAST_CHANGE: Sortable = Sortable { key: "last change", numeric: false };
const LAST_BUILD: Sortable = Sortable { key: "last build", numeric: false };

/// The columns of a project that only builds were uploaded to, and of one whose
/// source tree is known as well.
const OF_BUILDS: &[Sortable] = &[PORT, BOARDS, ORDERS, INIT, DEINIT, READ, LAST_BUILD];
const OF_TREES: &[Sortable] =
    &[PORT, BOARDS, BUILT, ORDERS, INIT, DEINIT, READ, LAST_CHANGE, LAST_BUILD];

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    shell: Shell,
    project: ProjectName,
    answer: Answer,
    built: usize,
    unread: usize,
    /// Number of boards that need attention.
    troubled: usize,
    /// Number of warnings and errors in the texts of the ports' mains.
    warnings_in_text: usize,
    attention: Vec<Attention>,
    /// Whether anything is known of a source tree.
    has_trees: bool,
    columns: Vec<Heading>,
    ports: Vec<PortRow>,
    changes: Vec<Change>,
}

/// The first line: its subject, and what is said of it.
struct Answer {
    bold: String,
    rest: String,
}

struct Attention {
    finding: FindingView,
    boards: Vec<BoardId>,
    /// How many more boards have it.
    more: usize,
}

struct PortRow {
    name: PortName,
    boards: u32,
    built: u32,
    orders: u32,
    inits: Option<Span>,
    deinits: Option<Span>,
    state: String,
    last_change: Option<When>,
    changed_at: Option<Timestamp>,
    last_build: Option<When>,
    built_at: Option<Timestamp>,
}

/// The fewest and the most of something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    most: u32,
    fewest: u32,
}

struct Change {
    commit: String,
    /// What the commit changes.
    link: String,
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
    let query = query_of(query)?;
    let derived = app.derived();
    let (project, facts) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let boards = derived.boards(reader, &project)?;
            let facts = Facts {
                ports: derived.ports(reader, &project)?,
                changes: reader.recent_order_changes(project.id, CHANGES)?,
                attention: answers::attention(&*derived.checked(
                    reader,
                    &project,
                    Of::Builds,
                    None,
                )?),
                warnings_in_text: warnings(&*derived.checked(
                    reader,
                    &project,
                    Of::Source,
                    None,
                )?),
                sources: reader.sources(project.id)?,
                histories: reader.histories(project.id)?,
                tree: reader.catalog_tree(project.id)?,
                boards,
            };
            Ok::<_, AppError>((project, facts))
        })
        .await?;
    let now = Timestamp::now();
    let has_trees = facts.has_trees();
    let columns = if has_trees { OF_TREES } else { OF_BUILDS };
    let chosen = query.choose(columns).map_err(PageError::bad_request)?;
    let mut ports = facts.rows(now);
    chosen.apply(&mut ports, |column, port| match columns[column].key {
        "boards" => Key::Number(port.boards),
        "built" => Key::Number(port.built),
        "orders" => Key::Number(port.orders),
        "init" => Key::Span(port.inits),
        "deinit" => Key::Span(port.deinits),
        "read" => Key::Text(port.state.clone()),
        "last change" => Key::Time(port.changed_at),
        "last build" => Key::Time(port.built_at),
        _ => Key::Text(port.name.to_string()),
    });
    let troubled: BTreeSet<&BoardId> = facts.attention.iter().flat_map(|row| &row.boards).collect();
    page(&Overview {
        shell: Shell::at(
            Section::Overview,
            &project.name,
            format!("/api/v1/projects/{}", project.name),
        ),
        answer: facts.answer(),
        built: facts.boards.len(),
        unread: facts.boards.iter().filter(|board| is_unread(board)).count(),
        troubled: troubled.len(),
        warnings_in_text: facts.warnings_in_text,
        has_trees,
        columns: chosen.headings(columns),
        ports,
        attention: facts.attention.into_iter().map(Attention::new).collect(),
        changes: facts
            .changes
            .into_iter()
            .map(|change| Change::new(&project.name, change, now))
            .collect(),
        project: project.name,
    })
}

/// How many findings that matter nothing waives.
fn warnings(checked: &Checked) -> usize {
    let open = checked.found.iter().map(|on| &on.found.finding);
    open.filter(|finding| finding.waived.is_none() && finding.severity >= Severity::Warning).count()
}

/// What a table of ports sorts by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(u32),
    Span(Option<Span>),
    Text(String),
    Time(Option<Timestamp>),
}

/// The number of different orders.
fn orders<'a>(boards: impl Iterator<Item = &'a PortBoard>) -> usize {
    boards.filter_map(|board| board.latest.order).collect::<BTreeSet<_>>().len()
}

/// What the store says of a project.
struct Facts {
    ports: Arc<[PortSummary]>,
    /// Those that were built.
    boards: Arc<[PortBoard]>,
    changes: Vec<OrderChange>,
    attention: Vec<FindingOfBoards>,
    warnings_in_text: usize,
    sources: Vec<SourceSummary>,
    histories: Vec<HistorySummary>,
    /// The commit of the catalog.
    tree: Option<TreeCommit>,
}

impl Facts {
    fn has_trees(&self) -> bool {
        self.tree.is_some() || !self.sources.is_empty() || !self.histories.is_empty()
    }

    /// `20 ports, 255 boards; the order of main at 1c3c201149; 0 boards built.`
    fn answer(&self) -> Answer {
        let ports = self.ports.len();
        let boards: u32 = self.ports.iter().map(|port| port.boards).sum();
        let orders = counted(orders(self.boards.iter()), "different order");
        if !self.has_trees() {
            let bold =
                format!("{} on {}", counted(boards as usize, "board"), counted(ports, "port"));
            return Answer { bold, rest: format!(" run {orders}.") };
        }
        let newest = self.sources.iter().max_by_key(|source| source.committed_at);
        let source =
            newest.map(|source| format!("; the order of main at {}", source.commit.short()));
        let built: u32 = self.ports.iter().map(|port| port.built).sum();
        Answer {
            bold: format!("{}, {}", counted(ports, "port"), counted(boards as usize, "board")),
            rest: format!(
                "{}; {} built{}.",
                source.unwrap_or_default(),
                counted(built as usize, "board"),
                if built == 0 { String::new() } else { format!(", which run {orders}") }
            ),
        }
    }

    fn rows(&self, now: Timestamp) -> Vec<PortRow> {
        let mut by_port: BTreeMap<&PortName, Vec<&PortBoard>> = BTreeMap::new();
        for board in self.boards.iter() {
            by_port.entry(&board.board.port).or_default().push(board);
        }
        let row = |port: &PortSummary| {
            let boards = by_port.get(&port.name).map_or(&[][..], Vec::as_slice);
            // Builds of which nothing can be read say less than the source.
            let boards = if boards.iter().all(|board| is_unread(board)) { &[] } else { boards };
            let source = self.sources.iter().find(|source| source.port == port.name);
            let history = self.histories.iter().find(|history| history.port == port.name);
            let changed_at = history.and_then(|history| history.last_committed_at);
            PortRow {
                name: port.name.clone(),
                boards: port.boards,
                built: port.built,
                orders: port.orders,
                inits: Span::of(boards, |board| board.init_count, source.map(|of| of.init_count)),
                deinits: Span::of(boards, |of| of.deinit_count, source.map(|of| of.deinit_count)),
                state: state(boards, source.is_some()),
                last_change: changed_at.map(|at| When::new(at, now)),
                changed_at,
                last_build: port.last_committed_at.map(|at| When::new(at, now)),
                built_at: port.last_committed_at,
            }
        };
        self.ports.iter().map(row).collect()
    }
}

/// Where the counts of a port were read.
fn state(boards: &[&PortBoard], has_source: bool) -> String {
    let empty = boards.iter().filter(|board| is_unread(board)).count();
    match (empty, boards.len()) {
        (_, 0) if has_source => "source".to_owned(),
        (_, 0) => "nothing".to_owned(),
        (0, _) => "all".to_owned(),
        (empty, all) => format!("{} of {all}", all - empty),
    }
}

impl Span {
    /// Of the builds of boards; where there are none, what the source says.
    fn of(
        boards: &[&PortBoard],
        count: impl Fn(&BuildSummary) -> u32,
        source: Option<u32>,
    ) -> Option<Self> {
        let counts = || boards.iter().map(|board| count(&board.latest));
        let builds = counts().min().zip(counts().max());
        let (fewest, most) = builds.or(source.zip(source))?;
        Some(Self { most, fewest })
    }
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
            link: format!("/{project}/-/diff?head={}", change.commit),
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
