//! `/PROJECT/-/history/PORT`: how the order in the text of a port's main changed,
//! commit by commit; of one function with `?function=`.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use super::change::{BuildLink, ChangeRow};
use super::repository::Repository;
use super::when::When;
use super::{
    PageError, Section, Shell, counted, encoded, find_port, find_project, missing, page, query_of,
};
use crate::model::{BoardId, CommitSha, PortName, ProjectName, SymbolName};
use crate::store::{HistoryPart, HistorySummary};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// How many commits stand on a page.
const CHANGES: usize = 40;

#[derive(Debug, Deserialize)]
pub(in crate::web) struct HistoryQuery {
    #[serde(default)]
    function: String,
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    shell: Shell,
    project: ProjectName,
    port: PortName,
    function: String,
    answer: String,
    first: Option<When>,
    last: Option<When>,
    last_commit: String,
    is_cut: bool,
    /// Whether the page begins below the newest change.
    is_below: bool,
    rows: Vec<ChangeRow>,
    /// The address of the older ones.
    older: Option<String>,
}

pub(in crate::web) async fn history(
    State(app): State<AppState>,
    PagePath((project, port)): PagePath<(String, String)>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let HistoryQuery { function, before } = query_of(query)?;
    let port = find_port(&port)?;
    let before = before
        .map(|commit| commit.parse::<CommitSha>())
        .transpose()
        .map_err(|error| PageError::bad_request(format!("The parameter “before”: {error}.")))?;
    let function = function.trim().to_owned();
    let wanted = HistoryPart {
        function: Some(function.clone())
            .filter(|function| !function.is_empty())
            .map(SymbolName::try_from)
            .transpose()
            .map_err(|error| {
                PageError::bad_request(format!("The parameter “function”: {error}."))
            })?,
        before: before.clone(),
        limit: CHANGES + 1,
    };
    let name = port.clone();
    let (project, summary, changes, mut built) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let summary = reader.history_summary(project.id, &name)?.ok_or_else(|| {
                missing(format!("No history of a port “{name}” was uploaded to this project."))
            })?;
            let changes = reader.history_of_port(project.id, &name, &wanted)?;
            let commits = changes.iter().map(|change| &change.commit);
            let built = reader.boards_built_at(project.id, &name, commits)?;
            Ok::<_, AppError>((project, summary, changes, built))
        })
        .await?;
    let now = Timestamp::now();
    let repository = project.repository_url.as_deref().map(Repository::new);
    let filter = match function.as_str() {
        "" => String::new(),
        function => format!("function={}", encoded(function)),
    };
    let older = (changes.len() > CHANGES).then(|| {
        let and = if filter.is_empty() { "" } else { "&" };
        format!("?{filter}{and}before={}", changes[CHANGES - 1].commit)
    });
    let rows = changes.iter().take(CHANGES).map(|change| {
        let boards = built.remove(&change.commit).unwrap_or_default();
        let link = |board: BoardId| BuildLink {
            link: format!("/{}/{board}/{}", project.name, change.commit),
            label: board.label(),
        };
        ChangeRow::new(change, repository.as_ref(), now, boards.into_iter().map(link).collect())
    });
    page(&HistoryPage {
        rows: rows.collect(),
        shell: Shell::within(
            Section::History,
            &project.name,
            format!(
                "/api/v1/projects/{}/ports/{port}/history{}{filter}",
                project.name,
                if filter.is_empty() { "" } else { "?" }
            ),
        ),
        answer: match function.as_str() {
            "" => answer(&summary),
            _ => of_function(changes.len(), before.is_some(), &port),
        },
        first: summary
            .first_committed_at
            .filter(|_| function.is_empty())
            .map(|at| When::new(at, now)),
        last: last(&summary).filter(|_| function.is_empty()).map(|at| When::new(at, now)),
        last_commit: summary.last_commit.map(|sha| sha.short().to_owned()).unwrap_or_default(),
        is_cut: summary.is_cut,
        is_below: before.is_some(),
        older,
        function,
        project: project.name,
        port,
    })
}

/// When the order last changed; the commit that brought the port changed nothing.
pub(super) fn last(summary: &HistorySummary) -> Option<Timestamp> {
    summary.last_committed_at.filter(|_| summary.changes > 0)
}

/// `3 commits changed it in the order of stm32`, said behind the name of a function.
fn of_function(found: usize, is_below: bool, port: &PortName) -> String {
    let more = if found > CHANGES { "at least " } else { "" };
    let older = if is_below { " older" } else { "" };
    match found.min(CHANGES) {
        0 => format!("no{older} commit that was read changed it in the order of {port}"),
        count => {
            let commits = if count == 1 { "commit" } else { "commits" };
            format!("{more}{count}{older} {commits} changed it in the order of {port}")
        }
    }
}

/// `The order of stm32 changed 87 times`
pub(super) fn answer(summary: &HistorySummary) -> String {
    match summary.changes {
        0 => format!("The order of {} never changed", summary.port),
        1 => format!("The order of {} changed once", summary.port),
        count => {
            format!("The order of {} changed {}", summary.port, counted(count as usize, "time"))
        }
    }
}
