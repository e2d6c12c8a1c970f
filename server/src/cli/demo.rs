//! `initboard demo`: the server on a database filled from the sample firmware,
//! which is read by the same code as any other. Leaves nothing behind.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use rust_embed::RustEmbed;

use super::build_path;
use super::serve::{DEFAULT_LISTEN, Service};
use crate::extract;
use crate::model::{CommitSha, InitTable, ProjectName, Sha256};
use crate::store::{NewBuild, ProjectId, Reading, Store};
use crate::web::{AppState, Config};

/// The sample firmware, one folder for each state of its source.
#[derive(RustEmbed)]
#[folder = "../data/firmware"]
#[include = "*.elf"]
struct Firmware;

/// The project that the samples belong to.
const PROJECT: &str = "sample";

/// The folders of [`Firmware`], oldest first, and when their commits are said to
/// have been made. There is no git history behind the samples: the identifier
/// of each commit is a digest of its firmware.
const REVISIONS: [(&str, &str); 2] =
    [("1/", "2026-08-03T09:12:00Z"), ("2/", "2026-10-12T14:40:00Z")];

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
        let builds = fill(&store)?;
        anstream::eprintln!(
            "{builds} builds of the sample firmware; Ctrl-C stops and leaves nothing"
        );
        let config = Config::for_store(&store);
        service.listen(self.listen, AppState::new(store, config)?)?;
        folder.close().context("cannot remove the database of the demo")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads the sample firmware into the project `sample` and gives the number of
/// builds.
///
/// # Errors
/// When the database fails, or a sample cannot be read.
pub fn fill(store: &Store) -> anyhow::Result<usize> {
    let name = PROJECT.parse::<ProjectName>()?;
    let now = Timestamp::now();
    let project = store.write(|writer| writer.create_project(&name, None, now))?.id;
    let mut builds = 0;
    let mut parent = None;
    for (folder, time) in REVISIONS {
        let mut paths: Vec<_> = Firmware::iter().filter(|path| path.starts_with(folder)).collect();
        paths.sort();
        let commit = commit_of(&paths)?;
        for path in &paths {
            let bytes = Firmware::get(path).with_context(|| format!("{path} vanished"))?.data;
            let table = extract::extract(&bytes[..], Sha256::of(&bytes))
                .with_context(|| path.to_string())?;
            record(store, project, path, &table, &commit, parent.as_ref(), time)?;
            builds += 1;
        }
        parent = Some(commit);
    }
    Ok(builds)
}

/// The first 20 bytes of a digest of all firmware of a commit.
fn commit_of(paths: &[impl AsRef<str>]) -> anyhow::Result<CommitSha> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(
            Firmware::get(path.as_ref()).context("a sample vanished")?.metadata.sha256_hash(),
        );
    }
    Ok(CommitSha::from_bytes(&Sha256::of(&all).0[..20])?)
}

fn record(
    store: &Store,
    project: ProjectId,
    path: &str,
    table: &InitTable,
    commit: &CommitSha,
    parent: Option<&CommitSha>,
    time: &str,
) -> anyhow::Result<()> {
    let board = build_path::board_of_path(path.as_ref())
        .with_context(|| format!("{path} names no board"))?;
    let build = NewBuild {
        project,
        board,
        commit: commit.clone(),
        parents: parent.cloned().into_iter().collect(),
        branch: Some("main".to_owned()),
        committed_at: Some(time.parse()?),
        pull_request: None,
        base: None,
        received_at: Timestamp::now(),
    };
    store
        .write(|writer| writer.record_build(&build, Reading::Extracted(table, extract::VERSION)))?;
    Ok(())
}
