//! How far the boards of a project have come to the registry, as JSON and CSV.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::Parameters;
use crate::model::ProjectName;
use crate::web::migration::{BoardProgress, Day, Progress};
use crate::web::path::ApiPath;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// How far a project has come.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ProgressOfProject {
    project: ProjectName,
    /// Its boards, by port and name, without retired ones.
    boards: Vec<BoardProgress>,
    /// How many boards had come how far, on each day on which that changed.
    history: Vec<Day>,
}

/// Show how far each board has come from calls to the registry
#[utoipa::path(get, path = "/api/v1/projects/{project}/migration", tag = "migration",
    params(("project" = String, Path, description = "Name of the project")),
    responses(
        (status = 200, description = "The boards with their states", body = ProgressOfProject),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn show(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<ProgressOfProject>, AppError> {
    Parameters::new(given, &[])?;
    let (project, progress) = read(&app, project).await?;
    let Progress { boards, history } = &*progress;
    Ok(Json(ProgressOfProject { project, boards: boards.clone(), history: history.clone() }))
}

/// `GET /PROJECT/-/migration.csv`: the boards, for a spreadsheet.
pub(in crate::web) async fn csv(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
) -> Result<Response, AppError> {
    let (_, progress) = read(&app, project).await?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heading = ["port", "board", "state", "registered", "left", "twice", "by_hand", "scripts"];
    writer.write_record(heading).map_err(AppError::internal)?;
    for board in &progress.boards {
        let row = [
            board.board.port.to_string(),
            board.board.label(),
            board.state.as_str().to_owned(),
            board.registered.to_string(),
            board.left.len().to_string(),
            board.twice.len().to_string(),
            board.by_hand.to_string(),
            board.scripts.as_str().to_owned(),
        ];
        writer.write_record(row).map_err(AppError::internal)?;
    }
    let text = writer.into_inner().map_err(AppError::internal)?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
}

async fn read(app: &AppState, project: String) -> Result<(ProjectName, Arc<Progress>), AppError> {
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let progress = derived.progress(reader, &project)?;
        Ok::<_, AppError>((project.name, progress))
    })
    .await
}
