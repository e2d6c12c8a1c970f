//! `/PROJECT/-/catalog`: the boards that the source tree lists, built or not, and
//! the linker scripts that they share.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use super::listed::State as BoardState;
use super::sort::{Heading, SortQuery, Sortable};
use super::when::When;
use super::{PageError, Section, Shell, counted, encoded, find_project, no_port, page, query_of};
use crate::model::{BoardId, LinkerScript, ProjectName};
use crate::store::ListedBoard;
use crate::web::api::parameters::unexpected;
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

const COLUMNS: [Sortable; 5] = [
    Sortable { key: "board", numeric: false },
    Sortable { key: "family", numeric: false },
    Sortable { key: "state", numeric: false },
    Sortable { key: "linker scripts", numeric: false },
    Sortable { key: "last build", numeric: false },
];

/// Which boards to show; all that is empty is no filter.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct CatalogQuery {
    #[serde(default)]
    port: String,
    #[serde(default)]
    mcu: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    script: String,
    sort: Option<String>,
}

#[derive(Template)]
#[template(path = "catalog.html")]
struct CatalogPage {
    shell: Shell,
    project: ProjectName,
    tree: Option<(String, When)>,
    query: CatalogQuery,
    all: usize,
    built: usize,
    retired: usize,
    /// What there is of what is asked for, where not all boards are.
    answer: Option<String>,
    ports: Vec<Choice>,
    families: Vec<Choice>,
    states: Vec<Choice>,
    columns: Vec<Heading>,
    rows: Vec<BoardRow>,
    scripts: Vec<ScriptRow>,
}

/// A value that a filter can have.
struct Choice {
    value: String,
    boards: usize,
    chosen: bool,
}

struct BoardRow {
    board: BoardId,
    mcu: String,
    state: BoardState,
    scripts: Vec<ScriptLink>,
    last_build: Option<When>,
    last_at: Option<Timestamp>,
}

struct ScriptLink {
    /// The file's name.
    short: String,
    full: String,
    link: String,
}

struct ScriptRow {
    path: String,
    link: String,
    found: bool,
    boards: usize,
    includes: String,
}

pub(in crate::web) async fn catalog(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<CatalogQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let query = query_of(query)?;
    let sort = SortQuery::new(query.sort.clone());
    let chosen = sort.choose(&COLUMNS).map_err(PageError::bad_request)?;
    query.check().map_err(PageError::bad_request)?;
    let derived = app.derived();
    let asked = query.port.clone();
    let (project, tree, boards) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let tree = reader.catalog_tree(project.id)?;
            let boards = derived.catalog(reader, &project)?;
            if !asked.is_empty() && !boards.iter().any(|of| of.board.port.as_str() == asked) {
                return Err(no_port(&asked));
            }
            Ok::<_, AppError>((project, tree, boards))
        })
        .await?;
    let now = Timestamp::now();
    let choices = |value: &dyn Fn(&ListedBoard) -> String, chosen: &str, port: &str| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for board in
            boards.iter().filter(|board| port.is_empty() || *board.board.port.as_str() == *port)
        {
            *counts.entry(value(board)).or_default() += 1;
        }
        let choice =
            |(value, boards): (String, usize)| Choice { chosen: value == chosen, value, boards };
        counts.into_iter().filter(|(value, _)| !value.is_empty()).map(choice).collect::<Vec<_>>()
    };
    let count = |state| boards.iter().filter(|board| BoardState::of(board) == state).count();
    let (built, retired) = (count(BoardState::Built), count(BoardState::Retired));
    let shown: Vec<&ListedBoard> = boards.iter().filter(|board| query.takes(board)).collect();
    let mut rows: Vec<BoardRow> =
        shown.iter().map(|board| BoardRow::new(board, &project.name, now)).collect();
    chosen.apply(&mut rows, |column, row| match column {
        1 => Key::Text(row.mcu.clone()),
        2 => Key::State(row.state),
        3 => Key::Text(row.scripts.first().map(|script| script.full.clone()).unwrap_or_default()),
        4 => Key::Time(row.last_at),
        _ => Key::Text(row.board.to_string()),
    });
    page(&CatalogPage {
        shell: Shell::within(
            Section::Overview,
            &project.name,
            format!("/api/v1/projects/{}/catalog{}", project.name, query.of_twin()),
        ),
        tree: tree.map(|tree| (tree.commit.short().to_owned(), When::new(tree.committed_at, now))),
        all: boards.len() - retired,
        built,
        retired,
        answer: query.answer(&shown),
        ports: choices(&|board| board.board.port.to_string(), &query.port, ""),
        families: choices(&|board| board.mcu.clone().unwrap_or_default(), &query.mcu, &query.port),
        states: choices(
            &|board| BoardState::of(board).word().to_owned(),
            &query.state,
            &query.port,
        ),
        columns: chosen.headings_keeping(&COLUMNS, &query.kept()),
        scripts: scripts(&project.name, &shown),
        rows,
        query,
        project: project.name,
    })
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    State(BoardState),
    Time(Option<Timestamp>),
}

impl CatalogQuery {
    /// In words what is wrong with it.
    fn check(&self) -> Result<(), String> {
        let states = [BoardState::Built, BoardState::NotSeen, BoardState::Retired];
        if self.state.is_empty() || states.iter().any(|state| state.word() == self.state) {
            return Ok(());
        }
        Err(unexpected("state", &self.state, "built, not seen or retired"))
    }

    fn takes(&self, board: &ListedBoard) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        fits(&self.port, board.board.port.as_str())
            && fits(&self.mcu, board.mcu.as_deref().unwrap_or_default())
            && fits(&self.state, BoardState::of(board).word())
            && (self.script.is_empty()
                || board.linker_scripts.iter().any(|script| script.uses(&self.script)))
    }

    /// `12 boards of the family STM32F4 use boards/common.ld, 3 of them built`.
    fn answer(&self, shown: &[&ListedBoard]) -> Option<String> {
        if self.kept().is_empty() {
            return None;
        }
        let asked = |before: &str, text: &str| match text {
            "" => String::new(),
            text => format!(" {before} {text}"),
        };
        let is_built = |board: &&&ListedBoard| board.build.is_some();
        let built = match shown.iter().filter(is_built).count() {
            _ if !self.state.is_empty() => String::new(),
            built => format!(", {built} of them built"),
        };
        Some(format!(
            "{}{}{}{}{}{built}",
            counted(shown.len(), "board"),
            asked("of", &self.port),
            asked("of the family", &self.mcu),
            asked("with the linker script", &self.script),
            asked(if shown.len() == 1 { "that is" } else { "that are" }, &self.state),
        ))
    }

    /// What the address says beside the order, with an `&` behind each.
    fn kept(&self) -> String {
        let given = [
            ("port", &self.port),
            ("mcu", &self.mcu),
            ("state", &self.state),
            ("script", &self.script),
        ];
        given
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .flat_map(|(name, value)| {
                [name.to_owned(), "=".to_owned(), encoded(value), "&".to_owned()]
            })
            .collect()
    }

    /// The query of the JSON twin, which tells the state of each board.
    fn of_twin(&self) -> String {
        let given = [("port", &self.port), ("mcu", &self.mcu), ("script", &self.script)];
        let given = given.into_iter().filter(|(_, value)| !value.is_empty());
        let given: Vec<String> =
            given.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
    }
}

impl BoardRow {
    fn new(board: &ListedBoard, project: &ProjectName, now: Timestamp) -> Self {
        let script = |script: &LinkerScript| ScriptLink {
            short: script.path.rsplit('/').next().unwrap_or(&script.path).to_owned(),
            full: match &script.condition {
                Some(condition) => format!("{} if {condition}", script.path),
                None => script.path.clone(),
            },
            link: script_link(project, &script.path),
        };
        let last_at = board.build.as_ref().map(|build| build.committed_at);
        Self {
            board: board.board.clone(),
            mcu: board.mcu.clone().unwrap_or_default(),
            state: BoardState::of(board),
            scripts: board.linker_scripts.iter().map(script).collect(),
            last_build: last_at.map(|at| When::new(at, now)),
            last_at,
        }
    }
}

fn script_link(project: &ProjectName, path: &str) -> String {
    format!("/{project}/-/catalog?script={}", encoded(path))
}

/// The linker scripts of boards by path, those that are only included as well.
fn scripts(project: &ProjectName, boards: &[&ListedBoard]) -> Vec<ScriptRow> {
    let mut rows: BTreeMap<&str, ScriptRow> = BTreeMap::new();
    for board in boards {
        let mut here: Vec<&str> = Vec::new();
        for script in &board.linker_scripts {
            let included = script.includes.iter().map(|path| (path, None));
            for (path, own) in std::iter::once((&script.path, Some(script))).chain(included) {
                let row = rows.entry(path).or_insert_with(|| ScriptRow {
                    link: script_link(project, path),
                    path: path.clone(),
                    found: own.is_none_or(|script| script.found),
                    boards: 0,
                    includes: String::new(),
                });
                if let Some(script) = own {
                    row.includes = script.includes.join(", ");
                }
                if !here.contains(&path.as_str()) {
                    here.push(path);
                    row.boards += 1;
                }
            }
        }
    }
    rows.into_values().collect()
}
