//! `/PROJECT/-/search?q=`: boards and functions by a part of their name. As one
//! types, htmx asks for the results alone.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{PageError, Shell, encoded, find_project, page, query_of};
use crate::analyze::policy::Policy;
use crate::model::{Phase, PortName, ProjectName};
use crate::store::{BoardHit, FunctionHit, FunctionPlace, Project, SearchHits};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// How many boards of a port are named beside a function.
const BOARDS_SHOWN: usize = 8;

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
    boards: Vec<BoardHit>,
    functions: Vec<FunctionRow>,
    more: bool,
}

struct FunctionRow {
    name: String,
    /// What it starts or stops, where the text of a port's main calls it, so that
    /// there is a page of that.
    subsystem: Option<Subsystem>,
    phase: &'static str,
    level: String,
    places: Vec<PortRow>,
}

struct Subsystem {
    name: String,
    link: String,
}

/// Where a function runs on one port: the first few of its boards.
struct PortRow {
    port: PortName,
    boards: Vec<String>,
    more: usize,
    /// Whether the text of its main calls the function.
    in_source: bool,
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
    let (project, hits, judge) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let hits = derived.searchable(reader, &project)?.find(&text);
            let judge = derived.policies().judge(reader, &project)?;
            Ok::<_, AppError>((project, hits, judge))
        })
        .await?;
    let hits = Hits::new(hits, &project, judge.policy());
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

impl Hits {
    fn new(hits: SearchHits, project: &Project, policy: &Policy) -> Self {
        let row = |hit: FunctionHit| FunctionRow {
            subsystem: hit.phase.and_then(|_| Subsystem::of(&hit, policy, project)),
            name: hit.function.to_string(),
            phase: hit.phase.map_or("", Phase::as_str),
            level: hit.level.map(|level| level.to_string()).unwrap_or_default(),
            places: hit.places.into_iter().map(PortRow::new).collect(),
        };
        Self {
            boards: hits.boards,
            functions: hits.functions.into_iter().map(row).collect(),
            more: hits.more,
        }
    }
}

impl Subsystem {
    fn of(hit: &FunctionHit, policy: &Policy, project: &Project) -> Option<Self> {
        let place = hit.places.iter().find(|place| place.in_source)?;
        let name = policy.aliases.map(&hit.function, Some(&place.port)).subsystem;
        Some(Self { link: format!("/{}/-/subsystem/{}", project.name, encoded(&name)), name })
    }
}

impl PortRow {
    fn new(place: FunctionPlace) -> Self {
        let FunctionPlace { port, mut boards, in_source } = place;
        let more = boards.len().saturating_sub(BOARDS_SHOWN);
        boards.truncate(BOARDS_SHOWN);
        Self { port, boards, more, in_source }
    }
}
