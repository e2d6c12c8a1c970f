//! The project `micropython`: the facts in `data/micropython`, which say where
//! they come from.

use anyhow::Context as _;
use rust_embed::RustEmbed;

use super::{Build, FIRST_PROJECT, project, record_tree};
use crate::model::{CommitSha, InitTable, TreeFacts};
use crate::store::{Reading, Store};

/// The facts, one file for the tree and one for each build.
#[derive(RustEmbed)]
#[folder = "../data/micropython"]
#[include = "*.json"]
struct Facts;

const REPOSITORY: &str = "https://github.com/micropython/micropython";

/// When the commits of the builds were made; that of the tree says so itself.
const COMMITS: [(&str, &str); 1] =
    [("af47daf3b02b9f391cced3fc2ac6e9bf688b4639", "2026-07-17T13:10:20Z")];

/// Puts the facts into the project `micropython`.
///
/// # Errors
/// When the database fails, or the facts are damaged.
pub(super) fn fill(store: &Store) -> anyhow::Result<()> {
    let project = project(store, FIRST_PROJECT, Some(REPOSITORY))?;
    let text = Facts::get("tree.json").context("the facts of the tree are missing")?.data;
    let facts = TreeFacts::from_json(&text).context("data/micropython/tree.json")?;
    record_tree(store, project, &facts)?;
    let mut paths: Vec<_> = Facts::iter().filter(|path| path.starts_with("builds/")).collect();
    paths.sort();
    for path in paths {
        let commit: CommitSha =
            path.split('/').nth(1).with_context(|| format!("{path} names no commit"))?.parse()?;
        let committed_at = if commit == facts.commit {
            facts.committed_at
        } else {
            let known = COMMITS.iter().find(|(sha, _)| *sha == commit.as_str());
            known.with_context(|| format!("nothing says when {commit} was made"))?.1.parse()?
        };
        let text = Facts::get(&path).with_context(|| format!("{path} vanished"))?.data;
        let table = InitTable::from_json(&text).with_context(|| path.to_string())?;
        let build = Build {
            project,
            path: &path,
            commit: &commit,
            parents: &[],
            committed_at,
            pull_request: None,
        };
        build.record(store, Reading::Stated(&table))?;
    }
    Ok(())
}
