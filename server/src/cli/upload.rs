//! `initboard upload`: send firmware, or what a source tree says, to a server.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use async_compression::Level;
use async_compression::tokio::bufread::ZstdEncoder;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::io::AsyncReadExt;

use super::build_path::board_of_path;
use super::firmware_file;
use crate::model::{BoardId, BoardName, CommitSha, PortName, ProjectName, VariantName};
use crate::store::TokenText;

/// How often a file is sent before giving up.
const ATTEMPTS: u32 = 5;

/// Longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Compression of what is sent: at level 3 a firmware with debug information
/// shrinks to about a third, faster than most networks take it.
const ZSTD_LEVEL: Level = Level::Precise(3);

/// Send firmware, or what a source tree says, to a server
#[derive(Debug, Args)]
pub(super) struct Upload {
    /// ELF files, their tables as `initboard extract --format json` prints them,
    /// or facts as `initboard extract --tree PATH --facts` prints them (both
    /// named .json)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Address of the server
    #[arg(long, value_name = "URL", env = "INITBOARD_SERVER")]
    server: String,
    /// The project
    #[arg(long, value_name = "NAME", env = "INITBOARD_PROJECT")]
    project: ProjectName,
    /// The port, where the path does not tell it
    #[arg(long, value_name = "PORT")]
    port: Option<PortName>,
    /// The board, where the path does not tell it
    #[arg(long, value_name = "BOARD")]
    board: Option<BoardName>,
    /// The variant of the board
    #[arg(long, value_name = "VARIANT", requires = "board")]
    variant: Option<VariantName>,
    /// The commit that was built, in full; facts of a tree state their own
    #[arg(long, value_name = "SHA")]
    commit: Option<CommitSha>,
    /// A parent of it; given once for each, first parent first, or separated by
    /// commas
    #[arg(long = "parent", alias = "parents", value_name = "SHA", value_delimiter = ',')]
    parents: Vec<CommitSha>,
    /// The branch that was built
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// When the commit was made, as `git show -s --format=%cI` prints it
    #[arg(long, value_name = "TIME")]
    commit_time: Option<String>,
    /// The pull request that was built
    #[arg(long, value_name = "NUMBER")]
    pull_request: Option<u32>,
    /// The commit that the pull request is compared with
    #[arg(long, value_name = "SHA", requires = "pull_request")]
    base: Option<CommitSha>,
    /// A token of the project; better set in the environment than given here
    #[arg(long, env = "INITBOARD_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: TokenText,
}

/// What the server answers to an upload: to firmware with findings, to facts with
/// counts.
#[derive(Deserialize)]
struct Answer {
    created: bool,
    url: String,
    findings: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    ports: usize,
    #[serde(default)]
    boards: usize,
    #[serde(default)]
    retired: Vec<String>,
}

/// What a file holds, as far as it matters for where it is sent.
enum Content {
    /// An ELF file of a board.
    Firmware(BoardId),
    /// The table of one.
    Table(BoardId),
    /// What a source tree says.
    Tree,
}

impl std::fmt::Display for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Firmware(board) | Self::Table(board) => board.fmt(f),
            Self::Tree => f.write_str("the source tree"),
        }
    }
}

/// What the server answers when it refuses one.
#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize)]
struct RefusalBody {
    message: String,
}

/// An attempt that may succeed when made again.
struct Retry {
    reason: String,
    after: Option<Duration>,
}

impl Upload {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        // Before the first byte is sent: every file can be read and has its place.
        let contents = self
            .files
            .iter()
            .map(|file| firmware_file::check(file).and_then(|()| self.content_of(file)))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_mins(2)))
            .timeout_await_100(Some(Duration::from_secs(5)))
            .user_agent(concat!("initboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        let progress = progress(self.files.len());
        let mut failed = 0;
        for (file, content) in self.files.iter().zip(&contents) {
            progress.set_message(content.to_string());
            match self.send(&agent, file, content, &progress) {
                Ok(answer) => progress.suspend(|| {
                    let url = self.absolute(&answer.url);
                    // Who stopped reading still wants the rest to be sent.
                    let _ = writeln!(anstream::stdout(), "{url}");
                    let news = if answer.created { "stored" } else { "known already" };
                    anstream::eprintln!("{content}: {news}, {}", answer.counts());
                }),
                Err(error) => {
                    failed += 1;
                    progress.suspend(|| {
                        anstream::eprintln!("{content}: {}", super::one_line(&error));
                    });
                }
            }
            progress.inc(1);
        }
        progress.finish_and_clear();
        if failed > 0 {
            bail!("{failed} of {} files were not stored", self.files.len());
        }
        Ok(ExitCode::SUCCESS)
    }

    fn content_of(&self, file: &Path) -> anyhow::Result<Content> {
        let is_json = file.extension().is_some_and(|extension| extension == "json");
        if is_json && holds_facts(file)? {
            return Ok(Content::Tree);
        }
        let board = self.board_of(file)?;
        if self.commit.is_none() {
            bail!(
                "{} is of a build whose commit is not given: expected --commit with the full identifier, as `git rev-parse HEAD` prints it",
                file.display()
            );
        }
        Ok(if is_json { Content::Table(board) } else { Content::Firmware(board) })
    }

    fn board_of(&self, file: &Path) -> anyhow::Result<BoardId> {
        let told = board_of_path(file);
        if let (Some(port), Some(board)) = (&self.port, &self.board) {
            return Ok(BoardId {
                port: port.clone(),
                board: board.clone(),
                variant: self.variant.clone(),
            });
        }
        let Some(told) = told else {
            bail!(
                "{} does not tell its board: expected a path like ports/stm32/build-PYBV10/firmware.elf, or --port and --board",
                file.display()
            );
        };
        let variant = if self.board.is_some() { self.variant.clone() } else { told.variant };
        Ok(BoardId {
            port: self.port.clone().unwrap_or(told.port),
            board: self.board.clone().unwrap_or(told.board),
            variant,
        })
    }

    fn send(
        &self,
        agent: &ureq::Agent,
        file: &Path,
        content: &Content,
        progress: &ProgressBar,
    ) -> anyhow::Result<Answer> {
        let body = compressed(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut wait = Duration::from_secs(1);
        for attempt in 1.. {
            match self.attempt(agent, &body, content)? {
                Ok(answer) => return Ok(answer),
                Err(retry) if attempt == ATTEMPTS => {
                    bail!("{} (tried {ATTEMPTS} times)", retry.reason);
                }
                Err(retry) => {
                    let pause = retry.after.unwrap_or(wait).min(MAX_WAIT);
                    progress.suspend(|| {
                        anstream::eprintln!(
                            "{content}: {}; trying again in {} s",
                            super::one_line(&anyhow::Error::msg(retry.reason)),
                            pause.as_secs()
                        );
                    });
                    std::thread::sleep(pause);
                    wait *= 2;
                }
            }
        }
        bail!("the file was not sent")
    }

    /// A request that what is sent as `content` is the body of.
    fn request(
        &self,
        agent: &ureq::Agent,
        path: &str,
        content: &str,
    ) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        agent
            .post(format!("{}{path}", self.server.trim_end_matches('/')))
            .header("Authorization", format!("Bearer {}", self.token.reveal()))
            .header("Content-Type", content)
            .header("Content-Encoding", "zstd")
            // So that a refusal comes before the body is sent, not while.
            .header("Expect", "100-continue")
    }

    fn build_request(
        &self,
        agent: &ureq::Agent,
        board: &BoardId,
        content: &str,
    ) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        let parents: Vec<&str> = self.parents.iter().map(CommitSha::as_str).collect();
        let parents = parents.join(",");
        let number = self.pull_request.map(|number| number.to_string());
        let parameters = [
            ("project", Some(self.project.as_str())),
            ("port", Some(board.port.as_str())),
            ("board", Some(board.board.as_str())),
            ("variant", board.variant.as_ref().map(VariantName::as_str)),
            ("commit", self.commit.as_ref().map(CommitSha::as_str)),
            ("parents", Some(parents.as_str()).filter(|parents| !parents.is_empty())),
            ("branch", self.branch.as_deref()),
            ("commit_time", self.commit_time.as_deref()),
            ("pull_request", number.as_deref()),
            ("base", self.base.as_ref().map(CommitSha::as_str)),
        ];
        let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.fold(self.request(agent, "/api/v1/builds", content), |request, (name, value)| {
            request.query(name, value)
        })
    }

    /// Sends once. The outer error is final.
    fn attempt(
        &self,
        agent: &ureq::Agent,
        body: &[u8],
        content: &Content,
    ) -> anyhow::Result<Result<Answer, Retry>> {
        let request = match content {
            Content::Firmware(board) => {
                self.build_request(agent, board, "application/octet-stream")
            }
            Content::Table(board) => self.build_request(agent, board, "application/json"),
            Content::Tree => {
                let path = format!("/api/v1/projects/{}/tree", self.project);
                self.request(agent, &path, "application/json")
            }
        };
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(error) if may_pass(&error) => {
                let reason = format!("cannot reach {}: {error}", self.server);
                return Ok(Err(Retry { reason, after: None }));
            }
            Err(error) => return Err(error).with_context(|| format!("cannot use {}", self.server)),
        };
        let status = response.status().as_u16();
        let after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let text = response.body_mut().read_to_string().unwrap_or_default();
        if matches!(status, 200 | 201) {
            let answer = serde_json::from_str(&text)
                .with_context(|| format!("{} is not a server of initboard", self.server))?;
            return Ok(Ok(answer));
        }
        let reason = match serde_json::from_str::<Refusal>(&text) {
            Ok(refusal) => refusal.error.message,
            Err(_) => format!("{} answered with status {status}", self.server),
        };
        // 507 is final: the disk does not become empty by asking again.
        if status == 429 || (500..600).contains(&status) && status != 507 {
            return Ok(Err(Retry { reason, after }));
        }
        bail!("{reason}")
    }

    /// The address of a page; servers that were not told their own answer with
    /// a path.
    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') {
            format!("{}{url}", self.server.trim_end_matches('/'))
        } else {
            url.to_owned()
        }
    }
}

impl Answer {
    fn counts(&self) -> String {
        match (&self.findings, self.retired.len()) {
            (Some(findings), _) => format!("{} findings", findings.len()),
            (None, 0) => format!("{} ports, {} boards", self.ports, self.boards),
            (None, retired) => {
                format!("{} ports, {} boards, {retired} retired", self.ports, self.boards)
            }
        }
    }
}

/// Whether a JSON file holds what a source tree says, and not one table.
fn holds_facts(file: &Path) -> anyhow::Result<bool> {
    /// What facts have and a table has not.
    #[derive(Deserialize)]
    struct Facts {
        tables: Option<Vec<IgnoredAny>>,
    }
    let reader = std::fs::File::open(file)
        .map(std::io::BufReader::new)
        .with_context(|| format!("cannot read {}", file.display()))?;
    // What is no JSON at all is for the server to explain.
    let facts = serde_json::from_reader::<_, Facts>(reader);
    Ok(facts.is_ok_and(|facts| facts.tables.is_some()))
}

/// Whether a failure to exchange bytes may pass by itself.
fn may_pass(error: &ureq::Error) -> bool {
    matches!(
        error,
        ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::ConnectionFailed
            | ureq::Error::HostNotFound
            | ureq::Error::Protocol(_)
    )
}

/// The file, compressed with zstd.
fn compressed(file: &Path) -> anyhow::Result<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let file = tokio::io::BufReader::new(tokio::fs::File::open(file).await?);
        let mut body = Vec::new();
        ZstdEncoder::with_quality(file, ZSTD_LEVEL).read_to_end(&mut body).await?;
        Ok(body)
    })
}

/// A bar on standard error, where that is a terminal and there is more than one
/// file.
fn progress(files: usize) -> ProgressBar {
    if files < 2 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(files as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}
