//! What source trees say: the order in main's text, its history, the catalog.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::Parameters;
use crate::model::{InitTable, PortName, ProjectName, SourceChange, SymbolName};
use crate::store::{
    CommitPrefix, HistoryPart, HistorySummary, ListedBoard, ProjectChange, SourceSummary,
    TreeCommit,
};
use crate::web::answers::PROJECT_CHANGES_SHOWN;
use crate::web::findings::{FindingsQuery, Listing};
use crate::web::path::ApiPath;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// The main of a port as its text says.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SourceWithTable {
    project: ProjectName,
    #[serde(flatten)]
    source: SourceSummary,
    /// What extraction gave, with findings: the calls of main under all
    /// conditions, in order.
    table: InitTable,
}

/// The history of a port.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct HistoryWithChanges {
    project: ProjectName,
    #[serde(flatten)]
    history: HistorySummary,
    /// The changes, newest first; those of `function` where that is given.
    changes: Vec<SourceChange>,
}

/// The newest changes of all ports.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ProjectHistory {
    project: ProjectName,
    /// What the history of each port says as a whole, by port.
    ports: Vec<HistorySummary>,
    /// The newest changes, newest first.
    changes: Vec<ProjectChange>,
}

/// The boards of a project.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Catalog {
    project: ProjectName,
    /// The newest commit that lists boards; null when none was uploaded.
    tree: Option<TreeCommit>,
    /// By port, board and variant, with retired ones and those that were built
    /// without being listed.
    boards: Vec<ListedBoard>,
}

/// Show the order of calls in the text of a port's main
#[utoipa::path(get, path = "/api/v1/projects/{project}/ports/{port}/source", tag = "trees",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = String, Path, description = "Name of the port"),
        ("commit" = Option<String>, Query, description = "The commit, or at least its first 7 digits; the newest unless given"),
    ),
    responses(
        (status = 200, description = "The source", body = SourceWithTable),
        (status = 400, description = "The commit is none, or fits several", body = ErrorEnvelope),
        (status = 404, description = "There is none", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn source(
    State(app): State<AppState>,
    ApiPath((project, port)): ApiPath<(String, String)>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<SourceWithTable>, AppError> {
    let commit: Option<CommitPrefix> = Parameters::new(given, &["commit"])?.optional("commit")?;
    let policies = app.policies();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let port: PortName = port.parse()?;
        let found = match &commit {
            Some(commit) => reader.source_at(project.id, &port, commit)?,
            None => reader.source_of_port(project.id, &port)?,
        };
        let source = found.ok_or_else(|| {
            let at = commit.map(|commit| format!(" at commit {commit}")).unwrap_or_default();
            AppError::not_found(
                "no-source",
                format!("`{}` has no source of a port `{port}`{at}", project.name),
            )
        })?;
        let mut table = source.table;
        policies.judge(reader, &project)?.derive(&mut table, &port, None);
        Ok::<_, AppError>(Json(SourceWithTable {
            project: project.name,
            source: source.summary,
            table,
        }))
    })
    .await
}

/// Show how the order in the text of a port's main changed
#[utoipa::path(get, path = "/api/v1/projects/{project}/ports/{port}/history", tag = "trees",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = String, Path, description = "Name of the port"),
        ("function" = Option<String>, Query, description = "Only the changes of this function"),
    ),
    responses(
        (status = 200, description = "The history", body = HistoryWithChanges),
        (status = 404, description = "There is none", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn history(
    State(app): State<AppState>,
    ApiPath((project, port)): ApiPath<(String, String)>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<HistoryWithChanges>, AppError> {
    let function: Option<String> = Parameters::new(given, &["function"])?.optional("function")?;
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let port: PortName = port.parse()?;
        let history = reader.history_summary(project.id, &port)?.ok_or_else(|| {
            AppError::not_found(
                "no-history",
                format!("`{}` has no history of a port `{port}`", project.name),
            )
        })?;
        // What cannot be a symbol was never called.
        let function = function.map(SymbolName::try_from).transpose();
        let changes = match function {
            Ok(function) => {
                let all = HistoryPart { function, ..HistoryPart::default() };
                reader.history_of_port(project.id, &port, &all)?
            }
            Err(_) => Vec::new(),
        };
        Ok::<_, AppError>(Json(HistoryWithChanges { project: project.name, history, changes }))
    })
    .await
}

/// List the newest changes of order in the text of all ports
#[utoipa::path(get, path = "/api/v1/projects/{project}/history", tag = "trees",
    params(("project" = String, Path, description = "Name of the project")),
    responses(
        (status = 200, description = "The newest changes", body = ProjectHistory),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn project_history(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
) -> Result<Json<ProjectHistory>, AppError> {
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let ports = reader.histories(project.id)?;
        let changes =
            reader.project_history(project.id, jiff::Timestamp::MAX, PROJECT_CHANGES_SHOWN)?;
        Ok::<_, AppError>(Json(ProjectHistory { project: project.name, ports, changes }))
    })
    .await
}

/// List the boards of a project, built or not
#[utoipa::path(get, path = "/api/v1/projects/{project}/catalog", tag = "trees",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = Option<String>, Query, description = "Only the boards of this port"),
        ("mcu" = Option<String>, Query, description = "Only the boards with microcontrollers of this family"),
        ("script" = Option<String>, Query, description = "Only the boards that are linked with this script, or one that includes it"),
    ),
    responses(
        (status = 200, description = "The boards", body = Catalog),
        (status = 400, description = "The port is no name", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn catalog(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<Catalog>, AppError> {
    let given = Parameters::new(given, &["port", "mcu", "script"])?;
    let port: Option<PortName> = given.optional("port")?;
    let (mcu, script): (Option<String>, Option<String>) =
        (given.optional("mcu")?, given.optional("script")?);
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let tree = reader.catalog_tree(project.id)?;
        let mut boards = match &port {
            Some(port) => reader.catalog_of_port(project.id, port)?,
            None => derived.catalog(reader, &project)?.to_vec(),
        };
        boards.retain(|board| {
            let uses = |path: &String| board.linker_scripts.iter().any(|of| of.uses(path));
            mcu.as_ref().is_none_or(|mcu| board.mcu.as_ref() == Some(mcu))
                && script.as_ref().is_none_or(uses)
        });
        Ok::<_, AppError>(Json(Catalog { project: project.name, tree, boards }))
    })
    .await
}

/// What the rules say of a project: of its mains side by side, or of the latest
/// build of each board
#[utoipa::path(get, path = "/api/v1/projects/{project}/findings", tag = "trees",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("of" = Option<String>, Query, description = "`source` or `builds`; without it the source tree, where one was uploaded"),
        ("rule" = Option<String>, Query, description = "Only those of this rule, by code or name"),
        ("severity" = Option<String>, Query, description = "`note`, `warning` or `error`"),
        ("port" = Option<String>, Query, description = "Only those of this port"),
        ("since" = Option<String>, Query, description = "Only those that the newest state up to this commit, or before this day, did not have"),
    ),
    responses(
        (status = 200, description = "The findings, waived ones among them, and waivers that waive nothing",
         body = Listing),
        (status = 400, description = "A parameter cannot be read", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn findings(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<Listing>, AppError> {
    let given = Parameters::new(given, &["of", "rule", "severity", "port", "since"])?;
    let text = |name| given.optional::<String>(name).map(Option::unwrap_or_default);
    let query = FindingsQuery {
        of: text("of")?,
        rule: text("rule")?,
        severity: text("severity")?,
        port: text("port")?,
        since: text("since")?,
    };
    let filter = query.filter().map_err(|error| AppError::bad_request("bad-parameter", error))?;
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let mut listing = filter.read(reader, &derived, &project)?;
        listing.findings.retain(|listed| filter.fits(listed));
        Ok::<_, AppError>(Json(listing))
    })
    .await
}
