//! The commits before a commit, along its first parents: what was merged into a
//! branch, in the order in which it was merged.
//!
//! MicroPython has some 18,000 of them. So nothing of a commit is read that
//! nobody asks for, and of its files only what changed since the commit asked
//! before.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Kind;
use jiff::Timestamp;

use super::repository::{commit_info, committed_at, damaged, sha, subject};
use super::{BlobId, CommitInfo, Repository, TreeEntryKind, TreeError, parts};
use crate::model::CommitSha;

/// A commit of a history.
pub struct HistoryCommit {
    id: ObjectId,
    bytes: Vec<u8>,
}

impl HistoryCommit {
    /// The commit with what is told of it.
    ///
    /// # Errors
    /// When its identifier is of a kind that there is not.
    pub fn info(&self) -> Result<CommitInfo, TreeError> {
        commit_info(self.id, &self.bytes)
    }

    /// The commit.
    ///
    /// # Errors
    /// When its identifier is of a kind that there is not.
    pub fn sha(&self) -> Result<CommitSha, TreeError> {
        sha(self.id)
    }

    /// When it was committed, as in [`CommitInfo`].
    pub fn committed_at(&self) -> Timestamp {
        committed_at(self.id, &self.bytes)
    }

    /// The first line of its message, as in [`CommitInfo`].
    pub fn subject(&self) -> String {
        subject(self.id, &self.bytes)
    }
}

/// A commit, its first parent, that one's first parent, and so on.
pub struct FirstParents {
    repository: Repository,
    next: Option<ObjectId>,
    /// Commits whose parents the clone does not have.
    shallow: Vec<ObjectId>,
    is_first: bool,
    is_cut: bool,
}

impl Repository {
    /// The history of `commit`, which itself comes first.
    ///
    /// # Errors
    /// When it cannot be read where a shallow clone ends. That the commit is
    /// not there is said by the first item.
    pub fn first_parents(&self, commit: &CommitSha) -> Result<FirstParents, TreeError> {
        let id = ObjectId::from_hex(commit.as_str().as_bytes())
            .map_err(|_| TreeError::UnknownRevision { rev: commit.to_string() })?;
        let shallow = self.git.shallow_commits().map_err(|source| TreeError::Repository {
            path: self.git.git_dir().to_owned(),
            source,
        })?;
        let shallow = shallow.map(|commits| commits.iter().copied().collect()).unwrap_or_default();
        Ok(FirstParents {
            repository: self.clone(),
            next: Some(id),
            shallow,
            is_first: true,
            is_cut: false,
        })
    }
}

impl FirstParents {
    /// After the last commit: whether there are older ones that a shallow or
    /// partial clone does not have.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn read(&mut self, id: ObjectId) -> Result<Option<HistoryCommit>, TreeError> {
        let mut bytes = Vec::new();
        match self.repository.object(id, "commit", &mut bytes) {
            Ok(Kind::Commit) => {}
            Ok(_) => return Err(damaged("commit", id, None)),
            Err(TreeError::MissingObject { .. }) if !self.is_first => {
                self.is_cut = true;
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        self.is_first = false;
        let parent = first_parent(id, &bytes)?;
        if parent.is_some() && self.shallow.contains(&id) {
            self.is_cut = true;
        } else {
            self.next = parent;
        }
        Ok(Some(HistoryCommit { id, bytes }))
    }
}

impl Iterator for FirstParents {
    type Item = Result<HistoryCommit, TreeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next.take()?;
        self.read(id).transpose()
    }
}

/// The first parent of a commit.
fn first_parent(id: ObjectId, bytes: &[u8]) -> Result<Option<ObjectId>, TreeError> {
    use gix::objs::commit::ref_iter::Token;
    for token in gix::objs::CommitRefIter::from_bytes(bytes, id.kind()) {
        match token.map_err(|source| damaged("commit", id, Some(source)))? {
            Token::Tree { .. } => {}
            Token::Parent { id } => return Ok(Some(id)),
            _ => break,
        }
    }
    Ok(None)
}

/// What stood at certain paths, commit by commit.
///
/// A folder whose object is that of the commit asked before is not looked into,
/// so that a walk through a history costs little more than its commits.
pub struct BlobIds {
    repository: Repository,
    /// The path of each id.
    paths: Vec<String>,
    ids: Vec<Option<BlobId>>,
    root: Place,
}

/// A folder or a file that is asked for, or that something asked for lies in.
#[derive(Default)]
struct Place {
    /// Its object at the commit asked before.
    seen: Option<(ObjectId, TreeEntryKind)>,
    /// Which of the paths it is.
    asked: Vec<usize>,
    inside: BTreeMap<String, Place>,
}

impl BlobIds {
    /// Asks for the files at `paths`. One that is no path of a tree is never
    /// there.
    pub fn new(repository: &Repository, paths: impl IntoIterator<Item = String>) -> Self {
        let mut this = Self {
            repository: repository.clone(),
            paths: Vec::new(),
            ids: Vec::new(),
            root: Place::default(),
        };
        for path in paths {
            if let Some(parts) = parts(&path) {
                let mut place = &mut this.root;
                for part in parts {
                    place = place.inside.entry(part.to_owned()).or_default();
                }
                place.asked.push(this.ids.len());
            }
            this.ids.push(None);
            this.paths.push(path);
        }
        this
    }

    /// Looks at a commit, and says whether anything differs from the commit
    /// that was looked at before. The quickest order is that of the history.
    ///
    /// # Errors
    /// When folders of the commit are missing or damaged.
    pub fn look_at(&mut self, commit: &HistoryCommit) -> Result<bool, TreeError> {
        let root = self.repository.root_of(commit.id, &commit.bytes)?;
        let root = root.map(|id| (id, TreeEntryKind::Folder));
        self.root.update(root, &self.repository, &mut self.ids)
    }

    /// The paths with what stood there at the commit that was looked at last.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<BlobId>)> {
        self.paths.iter().map(String::as_str).zip(self.ids.iter().copied())
    }

    /// What stood at a path at the commit that was looked at last; by the place
    /// of the path among those that were asked for.
    pub fn get(&self, index: usize) -> Option<BlobId> {
        self.ids.get(index).copied().flatten()
    }
}

impl Place {
    /// Takes note of the object that is here now. Whether an id changed.
    fn update(
        &mut self,
        object: Option<(ObjectId, TreeEntryKind)>,
        repository: &Repository,
        ids: &mut [Option<BlobId>],
    ) -> Result<bool, TreeError> {
        if self.seen == object {
            return Ok(false);
        }
        let mut is_changed = false;
        let file = object.filter(|(_, kind)| *kind == TreeEntryKind::File);
        let new = file.map(|(id, _)| BlobId(id));
        for &asked in &self.asked {
            is_changed |= ids[asked] != new;
            ids[asked] = new;
        }
        if !self.inside.is_empty() {
            let mut now = BTreeMap::new();
            if let Some((id, TreeEntryKind::Folder)) = object {
                repository.each_entry(id, |name, id, kind| {
                    if let Some(name) = name.to_str().ok().filter(|&n| self.inside.contains_key(n))
                    {
                        now.insert(name.to_owned(), (id, kind));
                    }
                    now.len() < self.inside.len()
                })?;
            }
            for (name, place) in &mut self.inside {
                is_changed |= place.update(now.get(name).copied(), repository, ids)?;
            }
        }
        // Only now: after an error, the same commit is looked at anew.
        self.seen = object;
        Ok(is_changed)
    }
}
