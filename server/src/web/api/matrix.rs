//! Subsystems across ports or boards: all of them, and one.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::Parameters;
use crate::analyze::matrix::Matrix;
use crate::model::{PortName, ProjectName};
use crate::web::matrix_filter::MatrixQuery;
use crate::web::path::ApiPath;
use crate::web::subsystem::Subsystem;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// The subsystems of a project.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct MatrixOfProject {
    project: ProjectName,
    #[serde(flatten)]
    matrix: Matrix,
}

/// One subsystem of a project.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SubsystemOfProject {
    project: ProjectName,
    #[serde(flatten)]
    subsystem: Subsystem,
}

/// Show every subsystem on every port, or on the boards of one
#[utoipa::path(get, path = "/api/v1/projects/{project}/matrix", tag = "matrix",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = Option<String>, Query, description = "The boards of this port, in place of the ports"),
        ("stage" = Option<String>, Query, description = "Only calls at this stage: boot, start or stop"),
        ("phase" = Option<String>, Query, description = "Only init or only deinit"),
        ("level" = Option<String>, Query, description = "Only calls at this level"),
        ("only" = Option<String>, Query, description = "`divergent`: only subsystems in which something stands out"),
    ),
    responses(
        (status = 200, description = "The matrix; without columns where nothing was read", body = MatrixOfProject),
        (status = 400, description = "A parameter is none", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn matrix(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<MatrixOfProject>, AppError> {
    let given = Parameters::new(given, &["port", "stage", "phase", "level", "only"])?;
    let text = |name| given.optional::<String>(name).map(Option::unwrap_or_default);
    let query = MatrixQuery {
        port: String::new(),
        stage: text("stage")?,
        phase: text("phase")?,
        level: text("level")?,
        only: text("only")?,
    };
    let port: Option<PortName> = given.optional("port")?;
    let filter = query.filter().map_err(|error| AppError::bad_request("bad-parameter", error))?;
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let tables = derived.side_by_side(reader, &project, port.as_ref())?;
        let matrix = tables.matrix.clone().filtered(&filter);
        Ok::<_, AppError>(Json(MatrixOfProject { project: project.name, matrix }))
    })
    .await
}

/// Show one subsystem on all ports, with the changes of its functions
#[utoipa::path(get, path = "/api/v1/projects/{project}/subsystems/{name}", tag = "matrix",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("name" = String, Path, description = "Name of the subsystem"),
        ("port" = Option<String>, Query, description = "The boards of this port, in place of the ports"),
    ),
    responses(
        (status = 200, description = "The subsystem", body = SubsystemOfProject),
        (status = 400, description = "The port is no name", body = ErrorEnvelope),
        (status = 404, description = "There is none", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn subsystem(
    State(app): State<AppState>,
    ApiPath((project, name)): ApiPath<(String, String)>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<SubsystemOfProject>, AppError> {
    let port: Option<PortName> = Parameters::new(given, &["port"])?.optional("port")?;
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let found = Subsystem::find(reader, &derived, &project, port.as_ref(), &name)?;
        let subsystem = found.ok_or_else(|| {
            AppError::not_found(
                "no-subsystem",
                format!("nothing of `{}` that was read has a subsystem of that name", project.name),
            )
        })?;
        Ok::<_, AppError>(Json(SubsystemOfProject { project: project.name, subsystem }))
    })
    .await
}
