//! Boards side by side.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::Parameters;
use crate::model::ProjectName;
use crate::web::comparison::Comparison;
use crate::web::path::ApiPath;
use crate::web::side::Sides;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// Two to six orders side by side.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ComparisonOfProject {
    /// The project of sides that name none.
    project: ProjectName,
    #[serde(flatten)]
    comparison: Comparison,
}

/// Compare two to six boards, or the texts of their ports
#[utoipa::path(get, path = "/api/v1/projects/{project}/compare", tag = "builds",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("boards" = String, Query, description = "Two to six sides, separated by commas: [PROJECT:]PORT/BOARD[@COMMIT] for a build, [PROJECT:]PORT[@COMMIT] for the text of a port's main", example = "stm32/PYBV10,rp2/RPI_PICO"),
    ),
    responses(
        (status = 200, description = "The orders, and how each differs from the next", body = ComparisonOfProject),
        (status = 400, description = "A side cannot be read, a commit fits several, or there are too few or too many sides", body = ErrorEnvelope),
        (status = 404, description = "There is no such project, or no such side", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn compare(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<ComparisonOfProject>, AppError> {
    let sides: Sides = Parameters::new(given, &["boards"])?
        .required("boards", "two to six boards, for example stm32/PYBV10,rp2/RPI_PICO")?;
    let policies = app.policies();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let comparison = Comparison::read(reader, &policies, &project, &sides)?;
        Ok::<_, AppError>(Json(ComparisonOfProject { project: project.name, comparison }))
    })
    .await
}
