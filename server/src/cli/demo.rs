//! `initboard demo`: the server on a database filled with MicroPython's facts and
//! from the sample firmware. Leaves nothing behind.

mod micropython;
mod sample;

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;

use super::serve::{DEFAULT_LISTEN, Service};
use crate::config::Config as Configuration;
use crate::model::{CommitSha, ProjectName, RepositoryUrl, TreeFacts};
use crate::store::{NewBuild, NewConfiguration, ProjectId, Reading, Store};
use crate::tree::Layout;
use crate::web::{AppState, Config};

/// The project that the demo opens on.
const FIRST_PROJECT: &str = "micropython";

/// Start a server on sample data and print its address
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR:PORT", default_value = DEFAULT_LISTEN)]
    listen: SocketAddr,
}

impl Demo {
    /// Fills a database in a temporary folder, serves it until interrupted, and
    /// removes it.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        // Before there is anything that would be left behind.
        let service = Service::new()?;
        let folder = tempfile::Builder::new()
            .prefix("initboard-demo-")
            .tempdir()
            .context("cannot make a temporary folder")?;
        let store = Store::open(&folder.path().join("initboard.db"))?;
        micropython::fill(&store)?;
        sample::fill(&store)?;
        anstream::eprintln!(
            "facts of MicroPython and builds of the sample firmware; Ctrl-C stops and leaves nothing"
        );
        let config = Config::for_store(&store);
        service.listen(self.listen, Some(FIRST_PROJECT), AppState::new(store, config)?)?;
        folder.close().context("cannot remove the database of the demo")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A project of the demo.
fn project(store: &Store, name: &str, repository: Option<&str>) -> anyhow::Result<ProjectId> {
    let name = name.parse::<ProjectName>()?;
    let now = Timestamp::now();
    Ok(store.write(|writer| writer.create_project(&name, repository, now))?.id)
}

/// Records what a source tree says, and what the project configures in it.
fn record_tree(store: &Store, project: ProjectId, facts: &TreeFacts) -> anyhow::Result<()> {
    let received_at = Timestamp::now();
    store.write(|writer| {
        writer.record_tree(project, facts, received_at)?;
        if let Some(text) = &facts.configuration {
            let repository = Configuration::parse(text.as_bytes())?.project.repository;
            writer.record_configuration(&NewConfiguration {
                project,
                text,
                repository_url: repository.as_ref().map(RepositoryUrl::as_str),
                commit: Some(&facts.commit),
                token: None,
                received_at,
            })?;
        }
        Ok(())
    })
}

/// A build as somebody would have uploaded it.
struct Build<'a> {
    project: ProjectId,
    /// Its path, which names the board.
    path: &'a str,
    commit: &'a CommitSha,
    /// The parents of the commit, first parent first.
    parents: &'a [CommitSha],
    committed_at: Timestamp,
    /// The pull request that it is of; else it is of the branch `main`.
    pull_request: Option<u32>,
}

impl Build<'_> {
    fn record(&self, store: &Store, reading: Reading<'_>) -> anyhow::Result<()> {
        let board = Layout::default()
            .board_of_build(self.path.as_ref())
            .with_context(|| format!("{} names no board", self.path))?;
        let build = NewBuild {
            project: self.project,
            board,
            commit: self.commit.clone(),
            parents: self.parents.to_vec(),
            branch: self.pull_request.is_none().then(|| "main".to_owned()),
            committed_at: Some(self.committed_at),
            pull_request: self.pull_request,
            base: None,
            received_at: Timestamp::now(),
        };
        store.write(|writer| writer.record_build(&build, reading))?;
        Ok(())
    }
}
