//! `/`: the projects of a server. With one project there is nothing to choose,
//! so the page is skipped.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::when::When;
use super::{PageError, Shell, page};
use crate::model::ProjectName;
use crate::web::AppState;

#[derive(Template)]
#[template(path = "projects.html")]
struct Projects {
    shell: Shell,
    projects: Vec<Row>,
}

struct Row {
    name: ProjectName,
    ports: u32,
    boards: u32,
    last_build: Option<When>,
}

pub(in crate::web) async fn projects(State(app): State<AppState>) -> Result<Response, PageError> {
    let projects = app.read(|reader| reader.projects()).await?;
    if let [only] = projects.as_slice() {
        return Ok(Redirect::temporary(&format!("/{}", only.project.name)).into_response());
    }
    let now = Timestamp::now();
    let row = |summary: crate::store::ProjectSummary| Row {
        name: summary.project.name,
        ports: summary.ports,
        boards: summary.boards,
        last_build: summary.last_received_at.map(|at| When::new(at, now)),
    };
    page(&Projects {
        shell: Shell { json: Some("/api/v1/projects".to_owned()), ..Shell::default() },
        projects: projects.into_iter().map(row).collect(),
    })
}
