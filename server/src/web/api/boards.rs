//! Ports, boards and builds.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::analyze::configuration::{Configuration, compare};
use crate::model::{BoardId, CommitSha, InitTable, PortName, ProjectName};
use crate::store::{
    Board, BuildSummary, CommitPrefix, HistorySummary, ListedBoard, PortBoard, Project, Reader,
    SourceSummary,
};
use crate::web::answers::Group;
use crate::web::findings::Of;
use crate::web::path::ApiPath;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// A port with its boards.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PortWithBoards {
    project: ProjectName,
    port: PortName,
    /// Those that were built, by name.
    boards: Vec<PortBoard>,
    /// The boards by the order that they run, the most common first.
    groups: Vec<Group>,
    /// All boards by name: those without builds, and retired ones, too.
    catalog: Vec<ListedBoard>,
    /// The newest text of its main; null when none was uploaded. Its table is at
    /// `/source`.
    source: Option<SourceSummary>,
    /// Its history as a whole; null when none was uploaded. Its changes are at
    /// `/history`.
    history: Option<HistorySummary>,
}

/// A board: one that was built, or one of which no more is known than what the
/// catalog says.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::web) enum BoardAnswer {
    /// It was built.
    Built(Box<BoardWithTable>),
    /// No build of it was uploaded.
    NotSeen(Box<NotSeen>),
}

/// A board with its latest table.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BoardWithTable {
    project: ProjectName,
    #[serde(flatten)]
    board: Board,
    /// What the catalog says of it; null when it never listed it.
    catalog: Option<ListedBoard>,
    /// The table of the latest build.
    table: InitTable,
    /// The text of the port's main held against that build, entry by entry of the
    /// source table; null where no text was uploaded, or main could not be read.
    configuration: Option<Configuration>,
}

/// A board that no build of was uploaded.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct NotSeen {
    project: ProjectName,
    #[schema(example = "stm32/PYBV10-DP_THREAD")]
    board: String,
    /// What the catalog says of it.
    catalog: ListedBoard,
}

/// A build with its table.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BuildWithTable {
    project: ProjectName,
    #[schema(example = "stm32/PYBV10-DP_THREAD")]
    board: String,
    build: BuildSummary,
    /// Parents of the commit, as far as uploads named them.
    parents: Vec<CommitSha>,
    /// Builds of the same board at the same commit with other firmware.
    others: Vec<BuildSummary>,
    /// What extraction gave, with findings: as `initboard extract --format json`
    /// prints it.
    table: InitTable,
}

/// Show a port with its boards
#[utoipa::path(get, path = "/api/v1/projects/{project}/ports/{port}", tag = "boards",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = String, Path, description = "Name of the port"),
    ),
    responses(
        (status = 200, description = "The port", body = PortWithBoards),
        (status = 404, description = "There is none", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn port(
    State(app): State<AppState>,
    ApiPath((project, port)): ApiPath<(String, String)>,
) -> Result<Json<PortWithBoards>, AppError> {
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let port: PortName = port.parse()?;
        let boards = reader.port_boards(project.id, &port)?;
        let catalog = reader.catalog_of_port(project.id, &port)?;
        let source = reader.source_of_port(project.id, &port)?.map(|source| source.summary);
        let history = reader.history_summary(project.id, &port)?;
        if catalog.is_empty() && source.is_none() && history.is_none() {
            return Err(AppError::not_found(
                "no-port",
                format!(
                    "`{}` has neither builds nor boards nor a source of a port `{port}`",
                    project.name
                ),
            ));
        }
        let orders = derived.orders(reader, &project, &port, &boards)?;
        let groups = orders.groups.iter().map(|(_, group)| group.clone()).collect();
        let project = project.name;
        Ok(Json(PortWithBoards { project, port, boards, groups, catalog, source, history }))
    })
    .await
}

/// Show a board with its latest table
#[utoipa::path(get, path = "/api/v1/projects/{project}/ports/{port}/boards/{board}", tag = "boards",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = String, Path, description = "Name of the port"),
        ("board" = String, Path, description = "BOARD or BOARD-VARIANT"),
    ),
    responses(
        (status = 200, description = "The board", body = BoardAnswer),
        (status = 404, description = "There is none", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn board(
    State(app): State<AppState>,
    ApiPath((project, port, board)): ApiPath<(String, String, String)>,
) -> Result<Json<BoardAnswer>, AppError> {
    let derived = app.derived();
    app.read(move |reader| {
        let (project, id) = find(reader, &project, &port, &board)?;
        let listed =
            reader.catalog_of_board(project.id, &id)?.ok_or_else(|| no_board(&project, &id))?;
        let Some(board) = reader.board(project.id, &id)? else {
            let (project, board) = (project.name, id.to_string());
            let unseen = NotSeen { project, board, catalog: listed };
            return Ok(Json(BoardAnswer::NotSeen(Box::new(unseen))));
        };
        let judge = derived.policies().judge(reader, &project)?;
        let kept = judge.table(reader, board.latest.reading, &id.port)?;
        let mut table = InitTable::clone(&kept);
        let builds = derived.checked(reader, &project, Of::Builds, None)?;
        table.findings = builds.of_board(&id).cloned().collect();
        let catalog = Some(listed).filter(|listed| listed.listed.is_some());
        let source = reader.source_of_build(project.id, &id.port, &board.latest.commit)?;
        let configuration = source.and_then(|source| compare(&source.table, &table));
        let built = BoardWithTable { project: project.name, board, catalog, table, configuration };
        Ok::<_, AppError>(Json(BoardAnswer::Built(Box::new(built))))
    })
    .await
}

/// Show the build of a board at a commit
#[utoipa::path(get,
    path = "/api/v1/projects/{project}/ports/{port}/boards/{board}/builds/{commit}",
    tag = "builds",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("port" = String, Path, description = "Name of the port"),
        ("board" = String, Path, description = "BOARD or BOARD-VARIANT"),
        ("commit" = String, Path, description = "The commit, or at least its first 7 digits"),
    ),
    responses(
        (status = 200, description = "The build; where several were sent, the newest", body = BuildWithTable),
        (status = 400, description = "The commit is none, or fits several", body = ErrorEnvelope),
        (status = 404, description = "There is none", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn build(
    State(app): State<AppState>,
    ApiPath((project, port, board, commit)): ApiPath<(String, String, String, String)>,
) -> Result<Json<BuildWithTable>, AppError> {
    let policies = app.policies();
    app.read(move |reader| {
        let (project, id) = find(reader, &project, &port, &board)?;
        let prefix: CommitPrefix = commit
            .parse()
            .map_err(|error| AppError::bad_request("malformed-commit", format!("{error}")))?;
        let (row, _) = reader.board_row(project.id, &id)?.ok_or_else(|| no_board(&project, &id))?;
        let build = reader.build(project.id, row, &prefix)?.ok_or_else(|| {
            AppError::not_found("no-build", format!("`{id}` has no build of commit {prefix}"))
        })?;
        let mut table = build.table;
        policies.judge(reader, &project)?.derive(&mut table, &id.port, Some(&id.label()));
        Ok::<_, AppError>(Json(BuildWithTable {
            project: project.name,
            board: id.to_string(),
            build: build.summary,
            parents: build.parents,
            others: build.others,
            table,
        }))
    })
    .await
}

fn find(
    reader: &Reader<'_>,
    project: &str,
    port: &str,
    board: &str,
) -> Result<(Project, BoardId), AppError> {
    let project = super::project(reader, project)?;
    let board = BoardId::from_port_and_label(port.parse()?, board)?;
    Ok((project, board))
}

fn no_board(project: &Project, board: &BoardId) -> AppError {
    AppError::not_found(
        "no-board",
        format!(
            "`{}` has neither builds of a board `{board}`, nor does its catalog list it",
            project.name
        ),
    )
}
