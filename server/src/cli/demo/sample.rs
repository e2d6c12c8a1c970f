//! The project `sample`: the sample firmware and its source tree, read by the
//! same code as any other.

use std::collections::BTreeSet;

use anyhow::Context as _;
use jiff::Timestamp;
use rust_embed::RustEmbed;

use super::{Build, project, record_tree};
use crate::config::Config;
use crate::extract;
use crate::model::{CommitSha, SCHEMA_VERSION, Sha256, TreeFacts};
use crate::store::{ReadBy, Reading, Store};
use crate::tree::{SourceTree, TreeEntry, TreeEntryKind, TreeError, catalog, mains};

/// The sample firmware, one folder for each state of its source.
#[derive(RustEmbed)]
#[folder = "../data/firmware"]
#[include = "*.elf"]
struct Firmware;

/// The source of the second state, as far as the tree is read.
#[derive(RustEmbed)]
#[folder = "../registry-rt/firmware"]
#[include = "initboard.toml"]
#[include = "ports/*/main.c"]
#[include = "ports/*.mk"]
#[include = "ports/*.ld"]
#[include = "shared/*.ld"]
struct Source;

/// The folders of [`Firmware`], oldest first, and when their commits are said to
/// have been made. There is no git history behind the samples: the identifier
/// of each commit is a digest of its firmware.
const REVISIONS: [(&str, &str); 2] =
    [("1/", "2026-08-03T09:12:00Z"), ("2/", "2026-10-12T14:40:00Z")];

/// The pull request that the second state came from, and when it was built.
const PULL_REQUEST: u32 = 2;
const PROPOSED_AT: &str = "2026-10-12T11:05:00Z";
/// What tells the commit that CI built of it from the one that it became.
const PROPOSED: &str = "merged onto the first state";

/// Reads the samples into the project `sample`.
///
/// # Errors
/// When the database fails, or a sample cannot be read.
pub(super) fn fill(store: &Store) -> anyhow::Result<()> {
    let project = project(store, "sample", None)?;
    let mut parents: Vec<CommitSha> = Vec::new();
    let mut newest = None;
    for (folder, time) in REVISIONS {
        let mut paths: Vec<_> = Firmware::iter().filter(|path| path.starts_with(folder)).collect();
        paths.sort();
        let commit = commit_of(&paths)?;
        let committed_at: Timestamp = time.parse()?;
        for path in &paths {
            let bytes = Firmware::get(path).with_context(|| format!("{path} vanished"))?.data;
            let table = extract::extract(&bytes[..], Sha256::of(&bytes))
                .with_context(|| path.to_string())?;
            let reading = || Reading::Extracted(&table, ReadBy::version(extract::VERSION));
            let pull_request = None;
            let build = Build {
                project,
                path,
                commit: &commit,
                parents: &parents,
                committed_at,
                pull_request,
            };
            build.record(store, reading())?;
            if let [first] = &parents[..] {
                // Before it was merged, CI built it merged onto the first state.
                Build {
                    commit: &merged(&commit, PROPOSED)?,
                    parents: &[first.clone(), merged(&commit, "its own")?],
                    committed_at: PROPOSED_AT.parse()?,
                    pull_request: Some(PULL_REQUEST),
                    ..build
                }
                .record(store, reading())?;
            }
        }
        parents = vec![commit.clone()];
        newest = Some((commit, committed_at));
    }
    let (commit, committed_at) = newest.context("there are no samples")?;
    let proposed = merged(&commit, PROPOSED)?;
    store.write(|writer| writer.finish(project, &proposed, Timestamp::now()))?;
    let facts = facts(commit, committed_at)?;
    record_tree(store, project, &facts)
}

/// What the source tree of the samples says. It has no history of its own.
fn facts(commit: CommitSha, committed_at: Timestamp) -> anyhow::Result<TreeFacts> {
    let tree = Samples;
    let layout = Config::of_tree(&tree)?.tree;
    let configuration = Config::text_of_tree(&tree)?;
    let (ports, _) = layout.ports(&tree)?;
    let mut tables = mains::read(&tree, &layout, &ports)?.tables;
    for table in &mut tables {
        if let Some(source) = &mut table.source {
            source.commit = Some(commit.clone());
        }
    }
    let boards = catalog::catalog(&tree, &layout, &[])?.boards;
    let schema = SCHEMA_VERSION;
    let history = Vec::new();
    Ok(TreeFacts { schema, commit, committed_at, configuration, tables, boards, history })
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

/// A commit like another one but for `what`.
fn merged(commit: &CommitSha, what: &str) -> anyhow::Result<CommitSha> {
    Ok(CommitSha::from_bytes(&Sha256::of(format!("{commit} {what}").as_bytes()).0[..20])?)
}

/// The source of the samples within this program.
struct Samples;

impl SourceTree for Samples {
    fn list(&self, folder: &str) -> Result<Vec<TreeEntry>, TreeError> {
        let inside = |path: &str| -> Option<TreeEntry> {
            let rest = match folder {
                "" => path,
                folder => path.strip_prefix(folder)?.strip_prefix('/')?,
            };
            Some(match rest.split_once('/') {
                Some((name, _)) => TreeEntry { name: name.to_owned(), kind: TreeEntryKind::Folder },
                None => TreeEntry { name: rest.to_owned(), kind: TreeEntryKind::File },
            })
        };
        let entries: BTreeSet<TreeEntry> =
            Source::iter().filter_map(|path| inside(&path)).collect();
        Ok(entries.into_iter().collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(Source::get(path).map(|file| file.data.into_owned()))
    }
}
