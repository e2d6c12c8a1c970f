//! `POST /api/v1/projects/{project}/tree`: what a source tree says at a commit.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::shown;
use super::receive::{Encoding, Incoming, receive};
use super::upload::MAX_AHEAD;
use crate::config::Config;
use crate::model::{CommitSha, RepositoryUrl, TreeFacts};
use crate::store::{NewConfiguration, Project, Scope, Token, Writer};
use crate::web::path::ApiPath;
use crate::web::state::blocking;
use crate::web::{AppError, AppState, ErrorEnvelope, auth};

/// Largest facts in JSON, which are read as a whole. Those of the largest known
/// tree, with all of its history, have some 3 MB.
const MAX_FACTS_BYTES: u64 = 32 << 20;

/// What became of the facts of a tree.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TreeAnswer {
    /// The commit.
    commit: CommitSha,
    /// Whether the facts are new. Not when the same were sent before.
    created: bool,
    /// Address of the project's page; a path alone where the server was not told
    /// its own address.
    url: String,
    /// Address of the catalog as JSON.
    json: String,
    /// Number of ports whose order was read.
    ports: usize,
    /// Number of boards that the tree lists.
    boards: usize,
    /// The boards that the catalog before listed, and this one does not.
    retired: Vec<String>,
    /// Number of commits in the histories of all ports.
    changes: usize,
    /// What became of its configuration; null where it has none.
    configuration: Option<ConfigurationOfTree>,
}

/// What became of the configuration that came with a tree.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ConfigurationOfTree {
    /// The version that counts; null where it was left out.
    version: Option<u32>,
    /// Whether that is new. Not when the same text counted before.
    created: bool,
    /// Why it was left out; null where it was not. The rest is stored all the same.
    left_out: Option<String>,
}

impl ConfigurationOfTree {
    const fn left_out(reason: String) -> Self {
        Self { version: None, created: false, left_out: Some(reason) }
    }
}

/// Store what a source tree says at one commit
///
/// The body is the JSON that `initboard extract --tree PATH --facts` prints;
/// `Content-Encoding` may be gzip or zstd. Sending the same again changes nothing
/// and answers 200; other facts of the same commit take the place of those
/// before. Each port shows its newest commit, whatever order they are sent in.
/// The configuration of the newest tree counts, if the token has the scope
/// `configure`.
#[utoipa::path(post, path = "/api/v1/projects/{project}/tree", tag = "trees",
    params(("project" = String, Path, description = "Name of the project")),
    request_body(content((TreeFacts = "application/json"))),
    security(("token" = [])),
    responses(
        (status = 201, description = "The facts are stored", body = TreeAnswer),
        (status = 200, description = "They were there already", body = TreeAnswer),
        (status = 400, description = "The body is cut off, empty or of another encoding", body = ErrorEnvelope),
        (status = 401, description = "No token, or not a valid one", body = ErrorEnvelope),
        (status = 403, description = "The token is of another project, or not for this", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
        (status = 408, description = "The body stalled", body = ErrorEnvelope),
        (status = 413, description = "The body is too large", body = ErrorEnvelope),
        (status = 415, description = "Unknown type or encoding", body = ErrorEnvelope),
        (status = 422, description = "The body is not what a tree says", body = ErrorEnvelope),
        (status = 503, description = "The database is read-only or busy", body = ErrorEnvelope),
        (status = 507, description = "The disk is full", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn upload(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<TreeAnswer>), AppError> {
    let mut body = Incoming::new(body, &headers);
    let result = store(&app, &headers, project, &mut body).await;
    body.answered(result).await
}

async fn store(
    app: &AppState,
    headers: &HeaderMap,
    project: String,
    body: &mut Incoming,
) -> Result<(StatusCode, Json<TreeAnswer>), AppError> {
    // Everything that can be refused is refused before the body is read.
    let token = auth::bearer(app, headers).await?;
    let found = app.read(move |reader| super::project(reader, &project)).await?;
    auth::may(&token, Scope::Upload, &found)?;
    is_json(headers)?;
    let encoding = Encoding::of(headers)?;

    let received = receive(body, headers, encoding, app.config()).await?;
    let text = blocking(move || received.into_text(MAX_FACTS_BYTES, "text", "real tree")).await?;
    let received_at = Timestamp::now();
    let facts = blocking(move || {
        let facts = TreeFacts::from_json(&text)?;
        check(&facts, received_at)?;
        Ok(without_subsystems(facts))
    })
    .await?;
    let commit = facts.commit.clone();
    let ports = facts.tables.len();
    let boards = facts.boards.len();
    let changes = facts.history.iter().map(|history| history.changes.len()).sum();
    let (recorded, configuration) = app
        .write({
            let found = found.clone();
            move |writer| {
                let recorded = writer.record_tree(found.id, &facts, received_at)?;
                let configuration = configure(writer, &found, &token, &facts, received_at)?;
                writer.touch_token(token.id, received_at)?;
                Ok::<_, AppError>((recorded, configuration))
            }
        })
        .await?;
    tracing::info!(%commit, created = recorded.created, project = %found.name, "tree received");
    let answer = TreeAnswer {
        commit,
        created: recorded.created,
        url: app.url(&format!("/{}", found.name)),
        json: app.url(&format!("/api/v1/projects/{}/catalog", found.name)),
        ports,
        boards,
        retired: recorded.retired.iter().map(ToString::to_string).collect(),
        changes,
        configuration,
    };
    let status = if recorded.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(answer)))
}

/// Stores the configuration that came with a tree, if the token may and it is one
/// for this server.
fn configure(
    writer: &Writer<'_>,
    project: &Project,
    token: &Token,
    facts: &TreeFacts,
    received_at: Timestamp,
) -> Result<Option<ConfigurationOfTree>, AppError> {
    let Some(text) = &facts.configuration else { return Ok(None) };
    if !token.scopes.allow(Scope::Configure) {
        let reason = auth::lacks(token, Scope::Configure);
        return Ok(Some(ConfigurationOfTree::left_out(reason)));
    }
    let config = match Config::parse(text.as_bytes()) {
        Ok(config) => config,
        // Of a newer version of the program, which knows more keys.
        Err(error) => {
            let reason = format!("this server cannot use it: {error}");
            return Ok(Some(ConfigurationOfTree::left_out(reason)));
        }
    };
    let new = NewConfiguration {
        project: project.id,
        text,
        repository_url: config.project.repository.as_ref().map(RepositoryUrl::as_str),
        commit: Some(&facts.commit),
        token: Some(token.id),
        received_at,
    };
    Ok(Some(match writer.record_configuration_of_tree(&facts.commit, &new)? {
        Some(recorded) => ConfigurationOfTree {
            version: Some(recorded.version.number),
            created: recorded.created,
            left_out: None,
        },
        None => ConfigurationOfTree::left_out("the tree of a later commit is known".to_owned()),
    }))
}

/// Checks that the body is said to be JSON, or not said to be anything.
fn is_json(headers: &HeaderMap) -> Result<(), AppError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let value = String::from_utf8_lossy(value.as_bytes());
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" {
        return Ok(());
    }
    Err(AppError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unknown-content-type",
        format!(
            "the Content-Type `{}` is not that of a tree: send the header `Content-Type: application/json` with the JSON that `initboard extract --tree PATH --facts` prints; firmware goes to /api/v1/builds",
            shown(&value)
        ),
    ))
}

/// Checks what the facts alone cannot know: that their parts are of one commit,
/// and that it is not of the future.
fn check(facts: &TreeFacts, now: Timestamp) -> Result<(), AppError> {
    let refuse =
        |message| AppError::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable-tree", message);
    if facts.committed_at > now + MAX_AHEAD {
        // It would be shown as the newest tree for as long.
        return Err(refuse(format!(
            "the commit was made at {}, more than a day ahead of the server's clock, {now:.0}: expected when it was made, as `git show -s --format=%cI` prints it; check the clock of the machine that made it",
            facts.committed_at
        )));
    }
    for source in facts.tables.iter().filter_map(|table| table.source.as_ref()) {
        if let Some(commit) = source.commit.as_ref().filter(|&commit| *commit != facts.commit) {
            return Err(refuse(format!(
                "the table of port {} was read at commit {commit}, and the facts are of {}: send the facts of one commit",
                source.port, facts.commit
            )));
        }
    }
    Ok(())
}

/// The facts without what is derived from them, as findings are: a newer
/// analysis must not make another table.
fn without_subsystems(mut facts: TreeFacts) -> TreeFacts {
    for entry in facts.tables.iter_mut().flat_map(|table| &mut table.entries) {
        entry.subsystem = None;
    }
    facts
}
