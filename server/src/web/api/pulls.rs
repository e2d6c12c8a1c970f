//! The pull requests of a project that were built.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::Parameters;
use crate::model::ProjectName;
use crate::store::PullRequest;
use crate::web::path::ApiPath;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// Most pull requests that are listed.
pub(in crate::web) const SHOWN: usize = 50;

/// The pull requests of a project.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PullRequests {
    project: ProjectName,
    /// Those that were built last, newest first.
    pull_requests: Vec<PullRequest>,
}

/// List the pull requests that were built last
#[utoipa::path(get, path = "/api/v1/projects/{project}/pulls", tag = "builds",
    params(("project" = String, Path, description = "Name of the project")),
    responses(
        (status = 200, description = "The pull requests; `/api/v1/diff` has what each changes", body = PullRequests),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn list(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<PullRequests>, AppError> {
    Parameters::new(given, &[])?;
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let pull_requests = reader.pull_requests(project.id, SHOWN)?;
        Ok::<_, AppError>(Json(PullRequests { project: project.name, pull_requests }))
    })
    .await
}
