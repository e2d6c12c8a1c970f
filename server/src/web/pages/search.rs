//! `/PROJECT/-/search?q=`: subsystems, ports, boards and functions by a part of their
//! name. As one types, htmx asks for the results alone.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{PageError, Shell, counted, encoded, find_project, page, query_of};
use crate::analyze::policy::Policy;
use crate::model::{Phase, ProjectName};
use crate::store::{BoardHit, FunctionHit, FunctionPlace, SearchHits, rank};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// How many boards of a port are named beside a function, and how many ports.
const BOARDS_SHOWN: usize = 3;
const PORTS_SHOWN: usize = 4;

/// Most subsystems that are given, and most ports.
const NAMES_SHOWN: usize = 8;

#[derive(Debug, Deserialize)]
pub(in crate::web) struct SearchQuery {
    #[serde(default)]
    q: String,
}

/// The whole page.
#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    shell: Shell,
    project: ProjectName,
    query: String,
    hits: Hits,
}

/// The results alone.
#[derive(Template)]
#[template(path = "search_results.html")]
struct Results {
    project: ProjectName,
    query: String,
    hits: Hits,
}

struct Hits {
    subsystems: Vec<String>,
    ports: Vec<String>,
    boards: Vec<BoardHit>,
    functions: Vec<FunctionRow>,
    more: bool,
}

struct FunctionRow {
    name: String,
    /// The page of what it starts or stops, which has it on every port; where there is
    /// none, that of the first board or port that runs it.
    link: String,
    phase: &'static str,
    level: String,
    /// `stm32 PYBV10, PYBV11 and 3 more; rp2 text of main`
    places: String,
}

pub(in crate::web) async fn search(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<SearchQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let query = query_of(query)?.q.trim().to_owned();
    let text = query.clone();
    let derived = app.derived();
    let (project, hits) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let found = derived.searchable(reader, &project)?.find(&text);
            let judge = derived.policies().judge(reader, &project)?;
            let side_by_side = derived.side_by_side(reader, &project, None)?;
            let subsystems: Vec<&str> =
                side_by_side.matrix.rows.iter().map(|row| row.subsystem.as_str()).collect();
            let ports = derived.ports(reader, &project)?;
            let hits = Hits {
                subsystems: named(subsystems.iter().copied(), &text),
                ports: named(ports.iter().map(|port| port.name.as_str()), &text),
                ..Hits::new(found, &project.name, judge.policy(), &subsystems)
            };
            Ok::<_, AppError>((project, hits))
        })
        .await?;
    let project = project.name;
    let response = if headers.contains_key("hx-request") {
        page(&Results { project, query, hits })
    } else {
        let json = format!("/api/v1/projects/{project}/search?q={}", encoded(&query));
        let shell = Shell { query: query.clone(), ..Shell::of(&project, json) };
        page(&Search { shell, project, query, hits })
    }?;
    // One address, two answers: a cache must not give one for the other.
    Ok(([(header::VARY, "HX-Request")], response).into_response())
}

/// The names that hold a text, those that begin with it first.
fn named<'a>(names: impl Iterator<Item = &'a str>, text: &str) -> Vec<String> {
    let mut found: Vec<(u8, &str)> =
        names.filter_map(|name| Some((rank(name, text)?, name))).collect();
    found.sort_unstable();
    found.into_iter().take(NAMES_SHOWN).map(|(_, name)| name.to_owned()).collect()
}

impl Hits {
    /// The boards and functions. Functions lead to their subsystem, where it is one of
    /// `subsystems`.
    fn new(hits: SearchHits, project: &ProjectName, policy: &Policy, subsystems: &[&str]) -> Self {
        let subsystem = |hit: &FunctionHit| {
            hit.phase?;
            let of_port = |place: &FunctionPlace| {
                policy.aliases.map(&hit.function, Some(&place.port)).subsystem
            };
            let mut names = hit.places.iter().map(of_port);
            let name = names.find(|name| subsystems.contains(&name.as_str()))?;
            Some(format!("/{project}/-/subsystem/{}", encoded(&name)))
        };
        let row = |hit: FunctionHit| FunctionRow {
            link: subsystem(&hit).unwrap_or_else(|| first(project, &hit.places)),
            name: hit.function.to_string(),
            phase: hit.phase.map_or("", Phase::as_str),
            level: hit.level.map(|level| level.to_string()).unwrap_or_default(),
            places: places(&hit.places),
        };
        Self {
            subsystems: Vec::new(),
            ports: Vec::new(),
            boards: hits.boards,
            functions: hits.functions.into_iter().map(row).collect(),
            more: hits.more,
        }
    }

    fn is_empty(&self) -> bool {
        self.subsystems.is_empty()
            && self.ports.is_empty()
            && self.boards.is_empty()
            && self.functions.is_empty()
    }

    /// `2 subsystems, 1 board and 3 functions`.
    fn counts(&self) -> String {
        let counts = [
            (self.subsystems.len(), "subsystem"),
            (self.ports.len(), "port"),
            (self.boards.len(), "board"),
            (self.functions.len(), "function"),
        ];
        let mut parts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| counted(count, what))
            .collect();
        match parts.pop() {
            None => "Nothing".to_owned(),
            Some(last) if parts.is_empty() => last,
            Some(last) => format!("{} and {last}", parts.join(", ")),
        }
    }
}

/// The page of the first board, or else of the first port.
fn first(project: &ProjectName, places: &[FunctionPlace]) -> String {
    let board = places.iter().find_map(|place| Some((&place.port, place.boards.first()?)));
    match (board, places.first()) {
        (Some((port, board)), _) => format!("/{project}/{port}/{board}"),
        (None, Some(place)) => format!("/{project}/{}#source", place.port),
        (None, None) => format!("/{project}"),
    }
}

/// Where a function runs, in a line.
fn places(places: &[FunctionPlace]) -> String {
    let mut said: Vec<String> = places.iter().take(PORTS_SHOWN).map(place).collect();
    if places.len() > PORTS_SHOWN {
        said.push(counted(places.len() - PORTS_SHOWN, "more port"));
    }
    said.join("; ")
}

fn place(FunctionPlace { port, boards, in_source }: &FunctionPlace) -> String {
    let mut named: Vec<&str> = boards.iter().take(BOARDS_SHOWN).map(String::as_str).collect();
    if *in_source {
        named.push("text of main");
    }
    let more = match boards.len().saturating_sub(BOARDS_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{port}: {}{more}", named.join(", "))
}
