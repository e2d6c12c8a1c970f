//! `/PROJECT/-/pulls`: the pull requests that were built last, each with what it
//! changes.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;

use super::when::When;
use super::{PageError, Section, Shell, counted, find_project, page};
use crate::analyze::diff::Verdict;
use crate::model::ProjectName;
use crate::report::changes::headline;
use crate::store::PullRequest;
use crate::web::api::pulls::SHOWN;
use crate::web::changes::{Changes, Head};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "pulls.html")]
struct Pulls {
    shell: Shell,
    project: ProjectName,
    /// `3 pull requests, the last one built 2 hours ago`
    answer: String,
    rows: Vec<Row>,
}

struct Row {
    number: u32,
    commit: String,
    boards: String,
    is_finished: bool,
    when: When,
}

/// What one of them changes, which the list asks for when it is there.
#[derive(Template)]
#[template(path = "pull_verdict.html")]
struct PullVerdict {
    sign: &'static str,
    class: &'static str,
    headline: String,
}

pub(in crate::web) async fn pulls(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
) -> Result<Response, PageError> {
    let (project, found) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let found = reader.pull_requests(project.id, SHOWN)?;
            Ok::<_, AppError>((project, found))
        })
        .await?;
    let now = Timestamp::now();
    let row = |pull: PullRequest| Row {
        number: pull.number,
        commit: pull.head.commit.short().to_owned(),
        boards: counted(pull.head.boards as usize, "board"),
        is_finished: pull.head.finished_at.is_some(),
        when: When::new(pull.received_at, now),
    };
    let answer = format!(
        "{}{}",
        if found.len() == SHOWN { "The last " } else { "" },
        counted(found.len(), "pull request")
    );
    page(&Pulls {
        answer,
        shell: Shell::at(
            Section::Pulls,
            &project.name,
            format!("/api/v1/projects/{}/pulls", project.name),
        ),
        rows: found.into_iter().map(row).collect(),
        project: project.name,
    })
}

pub(in crate::web) async fn pull_verdict(
    State(app): State<AppState>,
    PagePath((project, number)): PagePath<(String, u32)>,
) -> Result<Response, PageError> {
    let derived = app.derived();
    let changes = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            Changes::read(reader, &derived, &project, &Head::PullRequest(number), None)
        })
        .await?;
    let (sign, class) = mark(changes.report.verdict);
    page(&PullVerdict { sign, class, headline: headline(&changes.report) })
}

/// The sign and the class of a verdict.
pub(super) const fn mark(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Changed => ("▲", "warn"),
        Verdict::Findings => ("△", "warn"),
        Verdict::OrderKept | Verdict::Unchanged => ("✓", "ok"),
        Verdict::NothingCompared => ("○", "soft"),
    }
}
