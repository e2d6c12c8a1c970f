//! Projects, what is in them, and search.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{Parameters, malformed};
use crate::store::{OrderChange, PortSummary, Project, ProjectSummary, SearchHits};
use crate::web::answers::{self, FindingOfBoards};
use crate::web::findings::Of;
use crate::web::path::ApiPath;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// Longest text that can be searched for; no name is longer.
const MAX_SEARCH_BYTES: usize = 512;

/// How many changes of order an overview lists.
const CHANGES: usize = 10;

/// All projects.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Projects {
    /// By name.
    projects: Vec<ProjectSummary>,
}

/// A project with its ports.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ProjectOverview {
    #[serde(flatten)]
    project: Project,
    /// By name.
    ports: Vec<PortSummary>,
    /// The findings that matter, the gravest first.
    attention: Vec<FindingOfBoards>,
    /// The newest commits that changed an order.
    changes: Vec<OrderChange>,
}

/// List the projects
#[utoipa::path(get, path = "/api/v1/projects", tag = "projects", responses(
    (status = 200, description = "All projects by name", body = Projects),
))]
pub(in crate::web) async fn list(State(app): State<AppState>) -> Result<Json<Projects>, AppError> {
    let projects = app.read(|reader| reader.projects()).await?;
    Ok(Json(Projects { projects }))
}

/// Show a project with its ports
#[utoipa::path(get, path = "/api/v1/projects/{project}", tag = "projects",
    params(("project" = String, Path, description = "Name of the project")),
    responses(
        (status = 200, description = "The project", body = ProjectOverview),
        (status = 404, description = "There is none", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn show(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
) -> Result<Json<ProjectOverview>, AppError> {
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let ports = reader.ports(project.id)?;
        let attention =
            answers::attention(&*derived.checked(reader, &project, Of::Builds, None)?);
        let changes = reader.recent_order_changes(project.id, CHANGES)?;
        Ok::<_, AppError>(Json(ProjectOverview { project, ports, attention, changes }))
    })
    .await
}

/// Find boards and functions by a part of their name
#[utoipa::path(get, path = "/api/v1/projects/{project}/search", tag = "projects",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("q" = String, Query, description = "Part of a name; the case of ASCII letters does not matter"),
    ),
    responses(
        (status = 200, description = "What was found, at most 50 of each", body = SearchHits),
        (status = 400, description = "No text to search for", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn search(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<SearchHits>, AppError> {
    let text: String = Parameters::new(given, &["q"])?.required("q", "a part of a name")?;
    if text.len() > MAX_SEARCH_BYTES {
        let message = format!("it has {} bytes: expected at most {MAX_SEARCH_BYTES}", text.len());
        return Err(malformed("q", &message));
    }
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        Ok::<_, AppError>(Json(derived.searchable(reader, &project)?.find(&text)))
    })
    .await
}
