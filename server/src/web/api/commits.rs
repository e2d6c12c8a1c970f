//! `POST /api/v1/commits/{commit}/finish`: all builds of a commit have been sent.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::Parameters;
use crate::model::{CommitSha, ProjectName};
use crate::web::events::Happening;
use crate::web::path::ApiPath;
use crate::web::{AppError, AppState, ErrorEnvelope, auth};

/// What became of the word that all builds were sent.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct FinishedAnswer {
    project: ProjectName,
    /// The commit.
    #[schema(value_type = String)]
    commit: CommitSha,
    /// Number of boards with a build of it.
    boards: u32,
    /// Whether it is the first time that this was said.
    created: bool,
}

/// Say that all builds of a commit have been sent
///
/// Until then a board without a build may still come, and reports say so; from
/// then on it was not built. Saying it again changes nothing. Builds may come
/// later all the same, of a job that was run again.
#[utoipa::path(post, path = "/api/v1/commits/{commit}/finish", tag = "builds",
    params(
        ("commit" = String, Path, description = "The full identifier of the commit"),
        ("project" = String, Query, description = "The project"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "It is noted", body = FinishedAnswer),
        (status = 400, description = "The commit or a parameter is wrong", body = ErrorEnvelope),
        (status = 401, description = "No token, or not a valid one", body = ErrorEnvelope),
        (status = 403, description = "The token is of another project, or not for this", body = ErrorEnvelope),
        (status = 404, description = "There is no such project, or no build of the commit", body = ErrorEnvelope),
        (status = 503, description = "The database is read-only or busy", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn finish(
    State(app): State<AppState>,
    ApiPath(commit): ApiPath<String>,
    headers: HeaderMap,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<FinishedAnswer>, AppError> {
    let token = auth::bearer(&app, &headers).await?;
    let given = Parameters::new(given, &["project"])?;
    let project: ProjectName =
        given.required("project", "the name of a project, such as micropython")?;
    let commit: CommitSha =
        commit.parse().map_err(|error| AppError::bad_request("bad-commit", format!("{error}")))?;
    let found = app.read(move |reader| super::project(reader, project.as_str())).await?;
    let (id, sha) = (found.id, commit.clone());
    let pull_request = app.read(move |reader| reader.pull_request_of(id, &sha)).await?;
    auth::may_send_build(&token, &found, pull_request)?;
    let sha = commit.clone();
    let finished = app.write(move |writer| writer.finish(id, &sha, Timestamp::now())).await?;
    let finished = finished.ok_or_else(|| {
        AppError::not_found(
            "no-build",
            format!(
                "`{}` has no build of commit {commit}: expected one whose builds were sent before, by its full identifier",
                found.name
            ),
        )
    })?;
    let happening = Happening { project: id, commit: commit.clone(), pull_request, is_last: true };
    app.events().tell(happening);
    Ok(Json(FinishedAnswer {
        project: found.name,
        commit,
        boards: finished.boards,
        created: finished.is_new,
    }))
}
