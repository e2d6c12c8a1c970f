//! How the order of calls in each main came to be, commit by commit.
//!
//! A main is parsed once for each text that it ever had, and compared with the
//! one before it: of several thousand commits, some hundred touch a main, and
//! few of these change its order.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use jiff::Timestamp;

use super::layout::PortFolder;
use super::{BlobId, BlobIds, CommitInfo, HistoryCommit, Layout, Repository, TreeError};
use crate::analyze::diff::steps;
use crate::extract::source;
use crate::model::{
    CommitSha, InitTable, MAX_CHANGES, PortHistory, PortName, SourceChange, SourceFile,
};

/// Most texts that are held at once.
const BATCH: usize = 256;

/// The history of each of `ports` up to `commit`, along first parents: each
/// commit as it came to the branch. Commits older than `since` are not looked
/// at. `progress` is told, now and then, how many commits were.
///
/// # Errors
/// When the repository does not have the commit, or is damaged.
pub fn histories(
    repository: &Repository,
    layout: &Layout,
    ports: &[PortFolder],
    commit: &CommitSha,
    since: Option<Timestamp>,
    mut progress: impl FnMut(usize),
) -> Result<Vec<PortHistory>, TreeError> {
    let paths: Vec<Vec<String>> = ports.iter().map(|port| layout.mains(port)).collect();
    let mut blobs = BlobIds::new(repository, paths.iter().flatten().cloned());
    let mut walk = repository.first_parents(commit)?;
    // For each port, what its files were, newest first: each with the oldest
    // commit that had them so, which is the one that made them so.
    let mut states: Vec<Vec<State>> = ports.iter().map(|_| Vec::new()).collect();
    let mut is_cut = false;
    let mut newer: Option<HistoryCommit> = None;
    for (count, commit) in walk.by_ref().enumerate() {
        let commit = commit?;
        is_cut = since.is_some_and(|since| commit.committed_at() < since);
        // What stood before the oldest commit is what that one is compared with.
        if blobs.look_at(&commit)? || newer.is_none() {
            note(&blobs, &paths, newer.as_ref(), &mut states)?;
        }
        newer = Some(commit);
        if is_cut {
            break;
        }
        if count % 512 == 0 {
            progress(count);
        }
    }
    is_cut |= walk.is_cut();
    if let Some(oldest) = &newer {
        for state in states.iter_mut().filter_map(|states| states.last_mut()) {
            state.commit = Some(oldest.info()?);
        }
    }
    let tables = tables(repository, &states, &paths)?;
    let of_port = |((port, states), paths): ((&PortFolder, &Vec<State>), &Vec<String>)| {
        history(&port.port, states, paths, &tables, is_cut)
    };
    Ok(ports.iter().zip(&states).zip(&paths).map(of_port).collect())
}

/// The files of a port's main as a commit left them.
struct State {
    /// One for each path of the layout.
    blobs: Vec<Option<BlobId>>,
    /// The oldest commit that has them so; `None` until an older one does not.
    commit: Option<CommitInfo>,
}

/// Takes note of what stands at the commit that was looked at last. `newer` is
/// the one that was looked at before.
fn note(
    blobs: &BlobIds,
    paths: &[Vec<String>],
    newer: Option<&HistoryCommit>,
    states: &mut [Vec<State>],
) -> Result<(), TreeError> {
    let mut first = 0;
    for (paths, states) in paths.iter().zip(states) {
        let now = (first..first + paths.len()).map(|index| blobs.get(index));
        first += paths.len();
        if let Some(state) = states.last_mut() {
            if now.clone().eq(state.blobs.iter().copied()) {
                continue;
            }
            state.commit = newer.map(HistoryCommit::info).transpose()?;
        }
        states.push(State { blobs: now.collect(), commit: None });
    }
    Ok(())
}

/// The table of each text that holds a main.
type Tables = HashMap<BlobId, InitTable>;

fn tables(
    repository: &Repository,
    states: &[Vec<State>],
    paths: &[Vec<String>],
) -> Result<Tables, TreeError> {
    let mut wanted: BTreeSet<(BlobId, &str)> = BTreeSet::new();
    for (states, paths) in states.iter().zip(paths) {
        for state in states {
            let blobs = state.blobs.iter().zip(paths);
            wanted.extend(blobs.filter_map(|(blob, path)| Some(((*blob)?, path.as_str()))));
        }
    }
    let wanted: Vec<(BlobId, &str)> = wanted.into_iter().collect();
    let mut tables = Tables::new();
    for batch in wanted.chunks(BATCH) {
        let texts = batch
            .iter()
            .map(|&(blob, path)| Ok((blob, path, repository.read_blob(blob)?)))
            .collect::<Result<Vec<_>, TreeError>>()?;
        tables.extend(parsed(&texts));
    }
    Ok(tables)
}

/// Parses texts on all processors. One that cannot be read holds no main.
fn parsed(texts: &[(BlobId, &str, Vec<u8>)]) -> Vec<(BlobId, InitTable)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let rest = Mutex::new(texts.iter());
    let work = || {
        let mut parsed = Vec::new();
        loop {
            let next = rest.lock().ok().and_then(|mut rest| rest.next());
            let Some((blob, path, text)) = next else { return parsed };
            if let Some(table) = table(path, text) {
                parsed.push((*blob, table));
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    })
}

fn table(path: &str, text: &[u8]) -> Option<InitTable> {
    // The port is told by the state; that of the file is not looked at.
    let port: PortName = "any".parse().ok()?;
    source::read(text, SourceFile { port, path: path.to_owned(), commit: None, drivers: vec![] })
        .ok()?
}

fn history(
    port: &PortName,
    states: &[State],
    paths: &[String],
    tables: &Tables,
    is_cut: bool,
) -> PortHistory {
    // The first file that holds main counts, as at the commit itself.
    let main = |state: &State| {
        state
            .blobs
            .iter()
            .zip(paths)
            .find_map(|(blob, path)| Some((path.clone(), tables.get(blob.as_ref()?)?)))
    };
    let mut changes = Vec::new();
    let mut is_cut = is_cut && states.last().is_some_and(|oldest| main(oldest).is_some());
    for (index, state) in states.iter().enumerate() {
        let (Some((path, table)), Some(commit)) = (main(state), &state.commit) else { continue };
        let before = match states.get(index + 1) {
            Some(older) => main(older).map(|(_, table)| table),
            // The oldest commit that was looked at did not make what it has.
            None if is_cut => break,
            None => None,
        };
        let steps = match before {
            Some(before) => steps(&before.entries, &table.entries),
            None => Vec::new(),
        };
        if before.is_some() && steps.is_empty() {
            continue;
        }
        if changes.len() == MAX_CHANGES {
            is_cut = true;
            break;
        }
        let (init_count, deinit_count) = table.counts();
        changes.push(SourceChange {
            commit: commit.sha.clone(),
            committed_at: commit.committed_at,
            subject: commit.subject.clone(),
            path,
            init_count,
            deinit_count,
            steps,
        });
    }
    PortHistory { port: port.clone(), changes, is_cut }
}
