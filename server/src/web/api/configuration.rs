//! What a project configures: its `initboard.toml`, each version of it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{Parameters, shown};
use super::receive::{Encoding, Incoming, receive};
use crate::config::{Config, ConfigError};
use crate::model::{CommitSha, MAX_CONFIGURATION_BYTES, ProjectName, RepositoryUrl};
use crate::store::{ConfigurationVersion, NewConfiguration, Scope};
use crate::web::configured::Configured;
use crate::web::path::ApiPath;
use crate::web::state::blocking;
use crate::web::{AppError, AppState, ErrorEnvelope, auth};

/// What became of a configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ConfigurationAnswer {
    /// The version that counts now.
    #[serde(flatten)]
    version: ConfigurationVersion,
    /// Whether it is new. Not when the same text counted before.
    created: bool,
    /// Address of its page; a path alone where the server was not told its own
    /// address.
    url: String,
    /// Address of the JSON.
    json: String,
}

/// The configuration of a project.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ConfigurationOfProject {
    project: ProjectName,
    #[serde(flatten)]
    configured: Configured,
}

impl From<ConfigError> for AppError {
    fn from(error: ConfigError) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad-configuration",
            format!("this is no initboard.toml: {error}"),
        )
    }
}

/// Configure a project
///
/// The body is the text of its `initboard.toml`; `Content-Encoding` may be gzip
/// or zstd. It counts at once. The text that counts already changes nothing and
/// answers 200; a text that counted earlier is a new version. The token needs
/// the scope `configure`.
#[utoipa::path(put, path = "/api/v1/projects/{project}/configuration", tag = "projects",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("commit" = Option<String>, Query, description = "The full identifier of the commit in whose tree it stands"),
    ),
    request_body(content((String = "application/toml"), (String = "text/plain"))),
    security(("token" = [])),
    responses(
        (status = 201, description = "The configuration counts now", body = ConfigurationAnswer),
        (status = 200, description = "It counted already", body = ConfigurationAnswer),
        (status = 400, description = "The commit is none, or the body is cut off, empty or of another encoding", body = ErrorEnvelope),
        (status = 401, description = "No token, or not a valid one", body = ErrorEnvelope),
        (status = 403, description = "The token is of another project, or not for this", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
        (status = 408, description = "The body stalled", body = ErrorEnvelope),
        (status = 413, description = "The body is too large", body = ErrorEnvelope),
        (status = 415, description = "Unknown type or encoding", body = ErrorEnvelope),
        (status = 422, description = "The body is no configuration; the one that counts stays", body = ErrorEnvelope),
        (status = 503, description = "The database is read-only or busy", body = ErrorEnvelope),
        (status = 507, description = "The disk is full", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn put(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<ConfigurationAnswer>), AppError> {
    let mut body = Incoming::new(body, &headers);
    let result = store(&app, &headers, project, given, &mut body).await;
    body.answered(result).await
}

async fn store(
    app: &AppState,
    headers: &HeaderMap,
    project: String,
    given: Vec<(String, String)>,
    body: &mut Incoming,
) -> Result<(StatusCode, Json<ConfigurationAnswer>), AppError> {
    // Everything that can be refused is refused before the body is read.
    let token = auth::bearer(app, headers).await?;
    let commit: Option<CommitSha> = Parameters::new(given, &["commit"])?.optional("commit")?;
    let found = app.read(move |reader| super::project(reader, &project)).await?;
    auth::may(&token, Scope::Configure, &found)?;
    is_toml(headers)?;
    let encoding = Encoding::of(headers)?;

    let received = receive(body, headers, encoding, app.config()).await?;
    let (text, repository) = blocking(move || {
        let limit = MAX_CONFIGURATION_BYTES as u64;
        let text = received.into_text(limit, "text", "project's configuration")?;
        let config = Config::parse(&text)?;
        let text = String::from_utf8(text).map_err(|_| ConfigError::NotUtf8)?;
        Ok((text, config.project.repository))
    })
    .await?;
    let received_at = Timestamp::now();
    let recorded = app
        .write(move |writer| {
            let recorded = writer.record_configuration(&NewConfiguration {
                project: found.id,
                text: &text,
                repository_url: repository.as_ref().map(RepositoryUrl::as_str),
                commit: commit.as_ref(),
                token: Some(token.id),
                received_at,
            })?;
            writer.touch_token(token.id, received_at)?;
            Ok::<_, AppError>(recorded)
        })
        .await?;
    let number = recorded.version.number;
    tracing::info!(number, created = recorded.created, project = %found.name, "configuration received");
    let answer = ConfigurationAnswer {
        url: app.url(&format!("/{}/-/configuration", found.name)),
        json: app.url(&format!("/api/v1/projects/{}/configuration", found.name)),
        version: recorded.version,
        created: recorded.created,
    };
    let status = if recorded.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(answer)))
}

/// Checks that the body is said to be TOML or text, or not said to be anything.
fn is_toml(headers: &HeaderMap) -> Result<(), AppError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let value = String::from_utf8_lossy(value.as_bytes());
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if matches!(essence.as_str(), "application/toml" | "text/plain") {
        return Ok(());
    }
    Err(AppError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unknown-content-type",
        format!(
            "the Content-Type `{}` is not that of a configuration: send the header `Content-Type: application/toml` with the text of an initboard.toml",
            shown(&value)
        ),
    ))
}

/// Show what a project configures
#[utoipa::path(get, path = "/api/v1/projects/{project}/configuration", tag = "projects",
    params(
        ("project" = String, Path, description = "Name of the project"),
        ("version" = Option<u32>, Query, description = "A version; the one that counts unless given"),
        ("from" = Option<u32>, Query, description = "An earlier version, to tell what changed since"),
    ),
    responses(
        (status = 200, description = "The configuration; the shipped one where none was sent", body = ConfigurationOfProject),
        (status = 400, description = "A version is no number", body = ErrorEnvelope),
        (status = 404, description = "There is no such project or version", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn show(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<ConfigurationOfProject>, AppError> {
    let given = Parameters::new(given, &["version", "from"])?;
    let (version, from) = (given.optional("version")?, given.optional("from")?);
    let derived = app.derived();
    app.read(move |reader| {
        let project = super::project(reader, &project)?;
        let configured = Configured::read(reader, &derived, &project, version, from)?;
        Ok::<_, AppError>(Json(ConfigurationOfProject { project: project.name, configured }))
    })
    .await
}
