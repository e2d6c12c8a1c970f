//! `initboard extract --tree`: what the source text of a tree says.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::civil::Date;

use super::extract::Format;
use super::output::print;
use super::source_tree::{SelectedTree, complain_of_skipped};
use crate::analyze;
use crate::model::{PortHistory, SCHEMA_VERSION, TreeFacts};
use crate::report::{history, json, terminal};
use crate::tree::{CommitInfo, catalog, mains, orders};

/// Prints the table of each port. Ports whose main was not found are named on
/// standard error, a line each, and are no failure: some have none.
pub(super) fn print_tables(tree: &SelectedTree, format: Format) -> anyhow::Result<ExitCode> {
    let mut found = mains::read(&*tree.opened.tree, &tree.config.tree, &tree.ports)?;
    for (index, table) in found.tables.iter_mut().enumerate() {
        analyze::derive_with(table, &tree.config.policy, None);
        let port = table.source.as_ref().map(|source| source.port.to_string());
        let text = match format {
            Format::Terminal => terminal::table(&port.unwrap_or_default(), table),
            Format::Json => json::value(table),
        };
        let gap = if index > 0 && format == Format::Terminal { "\n" } else { "" };
        print(&format!("{gap}{text}"))?;
    }
    for missing in &found.missing {
        super::complain(&anyhow::anyhow!("{missing}"));
    }
    Ok(if found.tables.is_empty() { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// Prints how the order of each port came to be.
pub(super) fn print_history(
    tree: &SelectedTree,
    since: Option<Date>,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let histories = histories(tree, since)?;
    for (index, port) in histories.iter().enumerate() {
        let text = match format {
            Format::Terminal => history::text(port),
            Format::Json => json::value(port),
        };
        let gap = if index > 0 && format == Format::Terminal { "\n" } else { "" };
        print(&format!("{gap}{text}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints everything that a server stores of the tree.
pub(super) fn print_facts(tree: &SelectedTree, since: Option<Date>) -> anyhow::Result<ExitCode> {
    let facts = facts(tree, since)?;
    print(&json::facts(&facts))?;
    Ok(ExitCode::SUCCESS)
}

/// Everything that a server stores of the tree.
///
/// # Errors
/// When it is no commit, or cannot be read.
pub(super) fn facts(tree: &SelectedTree, since: Option<Date>) -> anyhow::Result<TreeFacts> {
    let Some(CommitInfo { sha, committed_at, .. }) = tree.opened.commit().cloned() else {
        bail!("the facts of a tree are those of a commit: give --rev, such as --rev HEAD");
    };
    let found = mains::read(&*tree.opened.tree, &tree.config.tree, &tree.ports)?;
    for missing in &found.missing {
        super::complain(&anyhow::anyhow!("{missing}"));
    }
    let catalog = catalog::catalog(&*tree.opened.tree, &tree.config.tree, &tree.port_names())?;
    complain_of_skipped(&catalog.skipped);
    Ok(TreeFacts {
        schema: SCHEMA_VERSION,
        commit: sha,
        committed_at,
        configuration: tree.configuration.clone(),
        tables: found.tables,
        boards: catalog.boards,
        history: histories(tree, since)?,
    })
}

/// The history of each port that has one.
fn histories(tree: &SelectedTree, since: Option<Date>) -> anyhow::Result<Vec<PortHistory>> {
    let Some(repository) = &tree.opened.repository else {
        bail!("the tree is in no git repository, and so has no history: give a clone");
    };
    let commit = match tree.opened.commit() {
        Some(commit) => commit.sha.clone(),
        None => repository.resolve("HEAD")?.sha,
    };
    let since: Option<Timestamp> = since
        .map(|date| format!("{date}T00:00:00Z").parse())
        .transpose()
        .context("--since is out of range")?;
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    };
    let progress = |count: usize| {
        bar.set_message(format!("{count} commits"));
        bar.tick();
    };
    let mut histories =
        orders::histories(repository, &tree.config.tree, &tree.ports, &commit, since, progress)?;
    bar.finish_and_clear();
    histories.retain(|history| !history.changes.is_empty() || history.is_cut);
    Ok(histories)
}
