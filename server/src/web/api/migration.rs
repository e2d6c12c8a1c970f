//! How far the boards of a project have come to the registry, as JSON and CSV.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{Parameters, malformed, shown};
use crate::analyze::migrate::state::State as Reached;
use crate::model::{BoardId, CommitSha, PortName, ProjectName};
use crate::web::board_migration::BoardMigration;
use crate::web::migration::{BoardProgress, BoardProof, Day, Progress};
use crate::web::migration_filter::MigrationQuery;
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
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = Option<String>, Query, description = "Only the boards of this port; the history is that of all"),
        ("state" = Option<String>, Query, description = "Only the boards in this state"),
    ),
    responses(
        (status = 200, description = "The boards with their states", body = ProgressOfProject),
        (status = 400, description = "The port is no name, or the state none", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn show(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<ProgressOfProject>, AppError> {
    let given = Parameters::new(given, &["port", "state"])?;
    let port: Option<PortName> = given.optional("port")?;
    let state: Option<String> = given.optional("state")?;
    let state = state.map(|word| {
        let state = Reached::ALL.into_iter().find(|state| state.as_str() == word);
        state.ok_or_else(|| {
            malformed("state", &"expected not-seen, calls, partial, migrated or verified")
        })
    });
    let state = state.transpose()?;
    let (project, progress) = read(&app, project).await?;
    let Progress { boards, history } = &*progress;
    let is_wanted = |board: &&BoardProgress| {
        port.as_ref().is_none_or(|port| board.board.port == *port)
            && state.is_none_or(|state| board.state == state)
    };
    let boards = boards.iter().filter(is_wanted).cloned().collect();
    Ok(Json(ProgressOfProject { project, boards, history: history.clone() }))
}

/// How the calls of a board become registrations.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct MigrationOfBoard {
    project: ProjectName,
    #[schema(example = "stm32/PYBV10-DP_THREAD")]
    board: String,
    /// The commit of its latest build, of which all is said.
    commit: CommitSha,
    #[serde(flatten)]
    migration: BoardMigration,
}

/// Show how the calls of a board become registrations that run in the same order
#[utoipa::path(get, path = "/api/v1/projects/{project}/ports/{port}/boards/{board}/migration",
    tag = "migration",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = String, Path, description = "Name of the port"),
        ("board" = String, Path, description = "BOARD or BOARD-VARIANT"),
    ),
    responses(
        (status = 200, description = "What its latest build says", body = MigrationOfBoard),
        (status = 404, description = "No build of such a board was uploaded", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn board(
    State(app): State<AppState>,
    ApiPath((project, port, board)): ApiPath<(String, String, String)>,
) -> Result<Json<MigrationOfBoard>, AppError> {
    let policies = app.policies();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let id = BoardId::from_port_and_label(port.parse()?, &board)?;
        let stored = reader.board(project.id, &id)?.ok_or_else(|| {
            AppError::not_found("no-build", format!("no build of a board `{id}` was uploaded"))
        })?;
        let judge = policies.judge(reader, &project)?;
        let mut table = reader.table_of(stored.latest.reading)?;
        judge.derive(&mut table, &id.port, Some(&id.label()));
        let source = reader.source_of_build(project.id, &id.port, &stored.latest.commit)?;
        let text = source.as_ref().map(|source| &source.table);
        let of = (stored.row, &stored.latest);
        let migration = BoardMigration::of(reader, &judge, of, &id, &table, text)?;
        Ok::<_, AppError>(Json(MigrationOfBoard {
            project: project.name,
            board: id.to_string(),
            commit: stored.latest.commit,
            migration,
        }))
    })
    .await
}

/// `GET /PROJECT/-/migration.csv?port=&state=&sort=`: the boards that the page shows
/// for that query, for a spreadsheet.
pub(in crate::web) async fn csv(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let given = Parameters::new(given, &["port", "state", "sort"])?;
    let query = MigrationQuery {
        port: given.optional("port")?.unwrap_or_default(),
        state: given.optional("state")?.unwrap_or_default(),
        sort: given.optional("sort")?,
    };
    let filter = query.filter().map_err(|why| AppError::bad_request("bad-parameter", why))?;
    let (project, progress) = read(&app, project).await?;
    let port = filter.port.as_str();
    if !port.is_empty() && !progress.boards.iter().any(|of| of.board.port.as_str() == port) {
        return Err(AppError::not_found(
            "no-port",
            format!("there is no port `{}` in `{project}`", shown(port)),
        ));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heading = [
        "port",
        "board",
        "state",
        "registered",
        "left",
        "twice",
        "by_hand",
        "scripts",
        "idle",
        "before",
        "after",
        "changed",
    ];
    writer.write_record(heading).map_err(AppError::internal)?;
    for board in filter.shown(&progress.boards) {
        let proof =
            |said: fn(&BoardProof) -> String| board.proof.as_ref().map_or_else(String::new, said);
        let row = [
            board.board.port.to_string(),
            board.board.label(),
            board.state.as_str().to_owned(),
            board.registered.to_string(),
            board.left.len().to_string(),
            board.twice.len().to_string(),
            board.by_hand.to_string(),
            board.scripts.as_str().to_owned(),
            board.idle.len().to_string(),
            proof(|proof| proof.before.to_string()),
            proof(|proof| proof.after.to_string()),
            proof(|proof| proof.changed.to_string()),
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
