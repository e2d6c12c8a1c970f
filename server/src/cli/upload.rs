//! `initboard upload`: send firmware, or what a source tree says, to a server.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::firmware_file;
use super::identity;
use super::output::print;
use super::server::{Method, Server, Shipment, compressed_file};
use super::source_tree::config_of_firmware;
use crate::config::FILE_NAME;
use crate::model::{BoardId, BoardName, CommitSha, PortName, ProjectName, VariantName};
use crate::report::changes::counted;
use crate::store::TokenText;
use crate::tree::Layout;

/// Send firmware, or what a source tree says, to a server
#[derive(Debug, Args)]
pub(super) struct Upload {
    /// ELF files, their tables as `initboard extract --format json` prints them,
    /// or facts as `initboard extract --tree PATH --facts` prints them (both
    /// named .json)
    #[arg(required_unless_present = "finish", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Address of the server
    #[arg(long, value_name = "URL", env = "INITBOARD_SERVER")]
    server: String,
    /// The project; else the one that the initboard.toml of this folder names
    #[arg(long, value_name = "NAME", env = "INITBOARD_PROJECT")]
    project: Option<ProjectName>,
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
    /// Say that all builds of the commit have been sent, once these are; given alone
    /// by the last of several jobs
    #[arg(long, requires = "commit")]
    finish: bool,
    /// A token of the project; better set in the environment than given here. Not
    /// needed in a job of GitHub Actions with `id-token: write` whose repository the
    /// project trusts
    #[arg(long, env = "INITBOARD_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<TokenText>,
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
    configuration: Option<Configuration>,
}

/// What became of the configuration that came with facts.
#[derive(Deserialize)]
struct Configuration {
    version: Option<u32>,
    created: bool,
    left_out: Option<String>,
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

impl Upload {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        // Before the first byte is sent: every file can be read and has its place.
        let layout = if self.port.is_some() && self.board.is_some() {
            Layout::default()
        } else {
            config_of_firmware(None)?.tree
        };
        let contents = self
            .files
            .iter()
            .map(|file| firmware_file::check(file).and_then(|()| self.content_of(file, &layout)))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let project = self.project()?;
        let token = match &self.token {
            Some(token) => token.clone(),
            None => identity::token(&self.server, &project)?,
        };
        let server = Server::new(&self.server, token);
        let progress = progress(self.files.len());
        let mut failed = 0;
        for (file, content) in self.files.iter().zip(&contents) {
            progress.set_message(content.to_string());
            match self.send(&server, &project, file, content, &progress) {
                Ok(answer) => progress.suspend(|| {
                    let url = server.absolute(&answer.url);
                    // The rest is sent all the same.
                    let _ = print(&format!("{url}\n"));
                    let news = if answer.created { "stored" } else { "known already" };
                    anstream::eprintln!("{content}: {news}, {}", answer.counts());
                    if let Some(configuration) = &answer.configuration {
                        anstream::eprintln!("{FILE_NAME}: {}", configuration.said());
                    }
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
        if let Some(commit) = self.commit.as_ref().filter(|_| self.finish) {
            let boards = finish(&server, &project, commit)?;
            anstream::eprintln!("{commit}: finished, boards with a build: {boards}");
        }
        Ok(ExitCode::SUCCESS)
    }

    fn content_of(&self, file: &Path, layout: &Layout) -> anyhow::Result<Content> {
        let is_json = file.extension().is_some_and(|extension| extension == "json");
        if is_json && holds_facts(file)? {
            return Ok(Content::Tree);
        }
        let board = self.board_of(file, layout)?;
        if self.commit.is_none() {
            bail!(
                "{} is of a build whose commit is not given: expected --commit with the full identifier, as `git rev-parse HEAD` prints it",
                file.display()
            );
        }
        Ok(if is_json { Content::Table(board) } else { Content::Firmware(board) })
    }

    fn board_of(&self, file: &Path, layout: &Layout) -> anyhow::Result<BoardId> {
        let told = layout.board_of_build(file);
        if let (Some(port), Some(board)) = (&self.port, &self.board) {
            return Ok(BoardId {
                port: port.clone(),
                board: board.clone(),
                variant: self.variant.clone(),
            });
        }
        let Some(told) = told else {
            bail!(
                "{} does not tell its board: expected a path like ports/stm32/build-PYBV10/firmware.elf, `tree.builds` in {FILE_NAME}, or --port and --board",
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

    /// The project that is given, else the one that the configuration of this folder
    /// names.
    fn project(&self) -> anyhow::Result<ProjectName> {
        if let Some(project) = &self.project {
            return Ok(project.clone());
        }
        config_of_firmware(None)?.project.name.with_context(|| {
            format!(
                "it is not said which project this is for: expected --project NAME, or `name` in the section [project] of {FILE_NAME}"
            )
        })
    }

    fn send(
        &self,
        server: &Server,
        project: &ProjectName,
        file: &Path,
        content: &Content,
        progress: &ProgressBar,
    ) -> anyhow::Result<Answer> {
        let body =
            compressed_file(file).with_context(|| format!("cannot read {}", file.display()))?;
        let method = Method::Post;
        let shipment = match content {
            Content::Tree => Shipment {
                method,
                path: format!("/api/v1/projects/{project}/tree"),
                query: Vec::new(),
                content_type: "application/json",
                body: &body,
            },
            Content::Firmware(board) | Content::Table(board) => Shipment {
                method,
                path: "/api/v1/builds".to_owned(),
                query: self.parameters(project, board),
                content_type: match content {
                    Content::Firmware(_) => "application/octet-stream",
                    _ => "application/json",
                },
                body: &body,
            },
        };
        server.send(&shipment, |problem| {
            progress.suspend(|| anstream::eprintln!("{content}: {problem}"));
        })
    }

    /// What is said of a build.
    fn parameters(&self, project: &ProjectName, board: &BoardId) -> Vec<(&'static str, String)> {
        let parents: Vec<&str> = self.parents.iter().map(CommitSha::as_str).collect();
        let parameters = [
            ("project", Some(project.to_string())),
            ("port", Some(board.port.to_string())),
            ("board", Some(board.board.to_string())),
            ("variant", board.variant.as_ref().map(ToString::to_string)),
            ("commit", self.commit.as_ref().map(ToString::to_string)),
            ("parents", Some(parents.join(",")).filter(|parents| !parents.is_empty())),
            ("branch", self.branch.clone()),
            ("commit_time", self.commit_time.clone()),
            ("pull_request", self.pull_request.map(|number| number.to_string())),
            ("base", self.base.as_ref().map(ToString::to_string)),
        ];
        parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Configuration {
    /// `version 3 counts from now on`
    fn said(&self) -> String {
        match (self.version, &self.left_out) {
            (_, Some(reason)) => {
                let reason = super::one_line(&anyhow::Error::msg(reason.clone()));
                format!("left out, and the rest was stored: {reason}")
            }
            (Some(version), None) if self.created => {
                format!("version {version} counts from now on")
            }
            (Some(version), None) => format!("version {version} counted already"),
            (None, None) => "left out".to_owned(),
        }
    }
}

impl Answer {
    fn counts(&self) -> String {
        match (&self.findings, self.retired.len()) {
            (Some(findings), _) => counted(findings.len(), "finding"),
            (None, 0) => self.of_tree(),
            (None, retired) => format!("{}, {retired} retired", self.of_tree()),
        }
    }

    fn of_tree(&self) -> String {
        format!("{}, {}", counted(self.ports, "port"), counted(self.boards, "board"))
    }
}

/// Says that all builds of a commit have been sent; gives the number of boards with
/// one.
fn finish(server: &Server, project: &ProjectName, commit: &CommitSha) -> anyhow::Result<u32> {
    #[derive(Deserialize)]
    struct Finished {
        boards: u32,
    }
    let shipment = Shipment {
        method: Method::Post,
        path: format!("/api/v1/commits/{commit}/finish"),
        query: vec![("project", project.to_string())],
        content_type: "application/json",
        body: &[],
    };
    let finished: Finished = server.send(&shipment, |problem| anstream::eprintln!("{problem}"))?;
    Ok(finished.boards)
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
