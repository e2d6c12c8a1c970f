//! `POST /api/v1/builds`: a firmware, or its table, of one board at one commit.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::parameters::{Parameters, malformed, shown};
use super::receive::{Encoding, Incoming, Received, receive};
use crate::extract;
use crate::model::{BoardId, BranchName, CommitSha, Finding, InitTable, ProjectName, Sha256};
use crate::store::{NewBuild, ProjectId, ReadBy, Reading, RecordedBuild};
use crate::web::events::Happening;
use crate::web::policies::Judge;
use crate::web::state::blocking;
use crate::web::{AppError, AppState, ErrorEnvelope, auth};

/// Most parents of a commit; git's largest octopus merge in the Linux kernel has
/// 66.
const MAX_PARENTS: usize = 128;

/// How far a commit's time may be ahead of the server's: clocks differ.
pub(in crate::web) const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Largest table in JSON, which is read as a whole.
const MAX_TABLE_BYTES: u64 = 16 << 20;

/// What an upload says about itself.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `Described::read` takes one by one")]
pub(in crate::web) struct UploadParameters {
    /// The project.
    project: String,
    /// The port.
    port: String,
    /// The board, without its variant.
    board: String,
    /// The variant of the board.
    variant: Option<String>,
    /// The full identifier of the commit.
    commit: String,
    /// The full identifiers of its parents, separated by commas, first parent
    /// first.
    parents: Option<String>,
    /// The branch.
    branch: Option<String>,
    /// When the commit was made (RFC 3339). Where nobody says it, the commit is
    /// ordered by when its first build was received.
    commit_time: Option<String>,
    /// The number of the pull request; left out for a build of a branch.
    pull_request: Option<u32>,
    /// The full identifier of the commit that the pull request is compared with.
    base: Option<String>,
}

const KNOWN: [&str; 10] = [
    "project",
    "port",
    "board",
    "variant",
    "commit",
    "parents",
    "branch",
    "commit_time",
    "pull_request",
    "base",
];

/// What became of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct UploadAnswer {
    /// Number of the build.
    build: i64,
    /// Whether the build is new. Not when the same file was sent before for the
    /// same board and commit.
    created: bool,
    /// Address of the page; a path alone where the server was not told its own
    /// address.
    url: String,
    /// Address of the JSON.
    json: String,
    /// Digest of the firmware.
    sha256: Sha256,
    /// Number of init functions.
    init_count: u32,
    /// Number of deinit functions.
    deinit_count: u32,
    /// What the rules say.
    findings: Vec<Finding>,
}

/// An upload by its parameters.
struct Described {
    project: ProjectName,
    build: NewBuild,
}

impl Described {
    fn read(given: Vec<(String, String)>) -> Result<Self, AppError> {
        let given = Parameters::new(given, &KNOWN)?;
        let project = given.required("project", "the name of a project, such as micropython")?;
        let board = BoardId {
            port: given.required("port", "the name of a port, such as stm32")?,
            board: given.required("board", "the name of a board, such as PYBV10")?,
            variant: given.optional("variant")?,
        };
        let commit = given.required(
            "commit",
            "the full identifier of the commit, as `git rev-parse HEAD` prints it",
        )?;
        let parents = match given.optional::<String>("parents")? {
            Some(parents) => parse_parents(&parents)?,
            None => Vec::new(),
        };
        let pull_request = given.optional::<PullRequest>("pull_request")?.map(|number| number.0);
        let base: Option<CommitSha> = given.optional("base")?;
        if base.is_some() && pull_request.is_none() {
            return Err(AppError::bad_request(
                "missing-parameter",
                "the parameter `base` is given without `pull_request`: it is the commit that a pull request is compared with",
            ));
        }
        let received_at = Timestamp::now();
        let committed_at = given.optional::<CommitTime>("commit_time")?.map(|time| time.0);
        if let Some(time) = committed_at.filter(|&time| time > received_at + MAX_AHEAD) {
            // It would stay the newest build of its board for as long.
            return Err(malformed(
                "commit_time",
                &format!(
                    "{time} is more than a day ahead of the server's clock, {received_at:.0}: expected when the commit was made, as `git show -s --format=%cI` prints it; check the clock of the machine that made it"
                ),
            ));
        }
        let build = NewBuild {
            // Known once the project is looked up.
            project: ProjectId(0),
            board,
            commit,
            parents,
            branch: given.optional::<BranchName>("branch")?.map(String::from),
            committed_at,
            pull_request,
            base,
            received_at,
        };
        Ok(Self { project, build })
    }
}

fn parse_parents(list: &str) -> Result<Vec<CommitSha>, AppError> {
    if list.is_empty() {
        // A root commit has none, and `git log --format=%P` prints nothing.
        return Ok(Vec::new());
    }
    let parents: Vec<CommitSha> = list
        .split([',', ' '])
        .map(|parent| parent.parse().map_err(|error| malformed("parents", &error)))
        .collect::<Result<_, _>>()?;
    if parents.len() > MAX_PARENTS {
        return Err(malformed(
            "parents",
            &format!("{} commits are given: expected at most {MAX_PARENTS}", parents.len()),
        ));
    }
    Ok(parents)
}

struct PullRequest(u32);

impl std::str::FromStr for PullRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if number > 0 && !text.starts_with('+') => Ok(Self(number)),
            _ => Err(format!(
                "`{}` is not a pull request: expected its number, 1 to {}",
                shown(text),
                u32::MAX
            )),
        }
    }
}

struct CommitTime(Timestamp);

impl std::str::FromStr for CommitTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A `+` that was not escaped arrives as a space.
        text.replace(' ', "+").parse().or_else(|_| text.parse()).map(Self).map_err(|_| {
            format!(
                "`{}` is not a time: expected RFC 3339 such as 2026-03-01T12:00:00Z, as `git show -s --format=%cI` prints it",
                shown(text)
            )
        })
    }
}

/// What the body holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Firmware,
    Table,
}

impl Content {
    fn of(headers: &HeaderMap) -> Result<Self, AppError> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Ok(Self::Firmware);
        };
        let value = String::from_utf8_lossy(value.as_bytes());
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/octet-stream" | "application/x-executable" | "application/x-elf" => {
                Ok(Self::Firmware)
            }
            "application/json" => Ok(Self::Table),
            _ => Err(AppError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unknown-content-type",
                format!(
                    "the Content-Type `{}` is not known: send the header `Content-Type: application/octet-stream` with an ELF file, or `Content-Type: application/json` with its table",
                    shown(&value)
                ),
            )),
        }
    }
}

/// Store a firmware of one board at one commit
///
/// The body is the ELF file, or its table as `initboard extract --format json`
/// prints it; `Content-Encoding` may be gzip or zstd. Sending the same file
/// again for the same board and commit changes nothing and answers 200.
#[utoipa::path(post, path = "/api/v1/builds", tag = "builds",
    params(UploadParameters),
    request_body(content(
        (Vec<u8> = "application/octet-stream"),
        (InitTable = "application/json"),
    )),
    security(("token" = [])),
    responses(
        (status = 201, description = "The build is stored", body = UploadAnswer),
        (status = 200, description = "The build was there already", body = UploadAnswer),
        (status = 400, description = "A parameter or the body is wrong", body = ErrorEnvelope),
        (status = 401, description = "No token, or not a valid one", body = ErrorEnvelope),
        (status = 403, description = "The token is of another project, or not for this", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
        (status = 408, description = "The body stalled", body = ErrorEnvelope),
        (status = 413, description = "The body is too large", body = ErrorEnvelope),
        (status = 415, description = "Unknown type or encoding", body = ErrorEnvelope),
        (status = 422, description = "The body is no firmware or table", body = ErrorEnvelope),
        (status = 503, description = "The database is read-only or busy", body = ErrorEnvelope),
        (status = 507, description = "The disk is full", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn upload(
    State(app): State<AppState>,
    headers: HeaderMap,
    Query(given): Query<Vec<(String, String)>>,
    body: Body,
) -> Result<(StatusCode, Json<UploadAnswer>), AppError> {
    let mut body = Incoming::new(body, &headers);
    let result = store(&app, &headers, given, &mut body).await;
    body.answered(result).await
}

async fn store(
    app: &AppState,
    headers: &HeaderMap,
    given: Vec<(String, String)>,
    body: &mut Incoming,
) -> Result<(StatusCode, Json<UploadAnswer>), AppError> {
    // Everything that can be refused is refused before the body is read.
    let token = auth::bearer(app, headers).await?;
    let Described { project, mut build } = Described::read(given)?;
    let found = app.read({
        let name = project.clone();
        move |reader| super::project(reader, name.as_str())
    });
    let found = found.await?;
    auth::may_send_build(&token, &found, build.pull_request)?;
    build.project = found.id;
    let content = Content::of(headers)?;
    let encoding = Encoding::of(headers)?;

    let received = receive(body, headers, encoding, app.config()).await?;
    build.received_at = Timestamp::now();
    let id = build.board.clone();
    let place = id.to_string();
    let page = format!("/{project}/{place}/{}", build.commit);
    let json = format!(
        "/api/v1/projects/{project}/ports/{}/boards/{}/builds/{}",
        build.board.port,
        build.board.label(),
        build.commit
    );
    let happening = Happening {
        project: found.id,
        commit: build.commit.clone(),
        pull_request: build.pull_request,
        is_last: false,
    };
    let judge = app.read({
        let policies = app.policies();
        move |reader| policies.judge(reader, &found)
    });
    let judge = judge.await?;
    let (recorded, mut table) = match content {
        Content::Firmware => store_firmware(app, build, token.id, received, &judge).await?,
        Content::Table => store_table(app, build, token.id, received).await?,
    };
    judge.derive(&mut table, &id.port, Some(&id.label()));
    app.events().tell(happening);
    tracing::info!(build = %recorded.id, created = recorded.created, %project, board = %place, "build received");
    let (init_count, deinit_count) = table.counts();
    let answer = UploadAnswer {
        build: recorded.id.0,
        created: recorded.created,
        url: app.url(&page),
        json: app.url(&json),
        sha256: table.file.sha256,
        init_count,
        deinit_count,
        findings: table.findings,
    };
    let status = if recorded.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(answer)))
}

async fn store_firmware(
    app: &AppState,
    build: NewBuild,
    token: crate::store::TokenId,
    received: Received,
    judge: &Judge,
) -> Result<(RecordedBuild, InitTable), AppError> {
    let (project, sha256) = (build.project, received.sha256);
    let conventions = judge.conventions().clone();
    let read_by = ReadBy { extractor: extract::VERSION, conventions: conventions.fingerprint() };
    let known = app.read(move |reader| reader.known_firmware(project, sha256)).await?;
    if let Some(known) = known.filter(|known| !known.read_by.gives_way_to(read_by)) {
        return record(app, build, token, move |_| Ok(Reading::Known(known.id))).await;
    }
    let turn = app.extraction().await?;
    let keep = app.config().keep_firmware.clone();
    let table = blocking(move || {
        let _turn = turn;
        let data = object::ReadCache::new(&received.file);
        let table = extract::extract_with(&data, sha256, &conventions)?;
        if let Some(folder) = keep {
            keep_firmware(&received, &folder).map_err(|error| AppError::from_write(&error))?;
        }
        Ok(table)
    })
    .await?;
    record(app, build, token, move |cell| Ok(Reading::Extracted(cell.insert(table), read_by))).await
}

async fn store_table(
    app: &AppState,
    build: NewBuild,
    token: crate::store::TokenId,
    received: Received,
) -> Result<(RecordedBuild, InitTable), AppError> {
    let table = blocking(move || {
        let text = received.into_text(MAX_TABLE_BYTES, "table", "real firmware")?;
        let mut table = InitTable::from_json(&text)?;
        if let Some(source) = &table.source {
            return Err(AppError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "no-firmware",
                format!(
                    "the table was read from {}, the text of a main, and not from firmware: expected the table of an ELF file; send what a source tree says to /api/v1/projects/PROJECT/tree, as `initboard extract --tree PATH --facts` prints it",
                    shown(&source.path)
                ),
            ));
        }
        for entry in &mut table.entries {
            // Derived, as findings are: it must not make another order.
            entry.subsystem = None;
        }
        Ok(table)
    })
    .await?;
    record(app, build, token, move |cell| Ok(Reading::Stated(cell.insert(table)))).await
}

/// Stores a build and reads back its table, in one transaction.
async fn record(
    app: &AppState,
    build: NewBuild,
    token: crate::store::TokenId,
    reading: impl FnOnce(&mut Option<InitTable>) -> Result<Reading<'_>, AppError> + Send + 'static,
) -> Result<(RecordedBuild, InitTable), AppError> {
    app.write(move |writer| {
        let mut cell = None;
        let recorded = writer.record_build(&build, reading(&mut cell)?)?;
        writer.touch_token(token, build.received_at)?;
        let reader = writer.reader();
        let table = reader.table_of(reader.build_summary(recorded.id)?.reading)?;
        Ok::<_, AppError>((recorded, table))
    })
    .await
}

/// Copies a firmware to `FOLDER/<sha256>.elf`. It appears there whole or not at
/// all.
fn keep_firmware(received: &Received, folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!("{}.elf", received.sha256));
    if path.exists() {
        return Ok(());
    }
    let mut source: &File = &received.file;
    source.seek(SeekFrom::Start(0))?;
    let mut target = tempfile::NamedTempFile::new_in(folder)?;
    std::io::copy(&mut source, &mut target)?;
    target.flush()?;
    target.as_file().sync_all()?;
    target.persist(path)?;
    Ok(())
}
