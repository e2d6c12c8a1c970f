//! A git repository: its revisions, and the files of a commit straight from
//! git's objects, without a checkout.
//!
//! Only the repository's own configuration is read, never that of the person or
//! the machine, nor the environment: the same repository gives the same answers
//! everywhere.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use gix::bstr::ByteSlice as _;
use gix::objs::{Kind, TreeRefIter};
use gix::prelude::Find as _;
use gix::{ObjectId, sec};
use jiff::Timestamp;

use super::{
    CommitInfo, MAX_FILE_BYTES, MAX_FOLDER_ENTRIES, MAX_SUBJECT_BYTES, SourceTree, TreeEntry,
    TreeEntryKind, TreeError, parts,
};
use crate::model::CommitSha;

/// Memory for decoded objects, in bytes. The trees of MicroPython that a walk
/// through its history reads again and again take a few MiB.
const OBJECT_CACHE_BYTES: usize = 32 << 20;
/// Most that git's library may allocate for one object, in bytes: somewhat more
/// than the largest that is read, for what it is a difference to.
const MAX_OBJECT_BYTES: u64 = 2 * MAX_FILE_BYTES;
/// Most tags of tags that are followed to a commit.
const MAX_TAGS: usize = 16;

/// A git repository, with the folder in it that is the source tree.
#[derive(Clone)]
pub struct Repository {
    pub(super) git: gix::Repository,
    /// The folder of the source tree, from the root of the repository; empty
    /// for the root itself.
    pub(super) folder: String,
}

/// A file's content, as git names it: the same id is the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub(super) ObjectId);

impl Repository {
    /// The repository that `path` is or lies in; `None` where there is none.
    ///
    /// # Errors
    /// When there is a repository that cannot be opened.
    pub fn discover(path: &Path) -> Result<Option<Self>, TreeError> {
        let cannot_open = |source| TreeError::Repository { path: path.to_owned(), source };
        let options = || {
            gix::open::Options::isolated()
                .config_overrides([format!("gitoxide.objects.allocLimit={MAX_OBJECT_BYTES}")])
        };
        let trust = sec::trust::Mapping { full: options(), reduced: options() };
        let upwards = gix::discover::upwards::Options::default();
        let mut git = match gix::ThreadSafeRepository::discover_opts(path, upwards, trust) {
            Ok(git) => git.to_thread_local(),
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(cannot_open(error)),
        };
        git.object_cache_size(OBJECT_CACHE_BYTES);
        let folder = folder_in(&git, path);
        Ok(Some(Self { git, folder }))
    }

    /// Whether the repository has no files on the disk, only objects.
    pub fn is_bare(&self) -> bool {
        self.git.workdir().is_none()
    }

    /// The commit that `rev` names: a commit's identifier or the beginning of
    /// one, a branch, a tag, or what else `git rev-parse` knows.
    ///
    /// # Errors
    /// When the repository has no such commit, several, or something else under
    /// that name; or when the commit is damaged.
    pub fn resolve(&self, rev: &str) -> Result<CommitInfo, TreeError> {
        let shown = || crate::model::quoted(rev);
        let options = gix::revision::spec::parse::Options {
            object_kind_hint: Some(gix::revision::spec::parse::ObjectKindHint::Committish),
            ..Default::default()
        };
        let mut id = gix::revision::Spec::from_bstr(rev, &self.git, options)
            .map_err(|error| self.unresolved(rev, &error))?
            .single()
            .ok_or_else(|| TreeError::UnknownRevision { rev: shown() })?
            .detach();
        let mut bytes = Vec::new();
        for _ in 0..MAX_TAGS {
            match self.object(id, "commit", &mut bytes)? {
                Kind::Commit => return commit_info(id, &bytes),
                Kind::Tag => {
                    id = gix::objs::TagRefIter::from_bytes(&bytes, id.kind())
                        .target_id()
                        .map_err(|source| damaged("tag", id, Some(source)))?;
                }
                other => {
                    return Err(TreeError::NotACommit { rev: shown(), found: other.to_string() });
                }
            }
        }
        Err(TreeError::NotACommit { rev: shown(), found: "tag of tags of tags".to_owned() })
    }

    /// What a revision that git's library could not resolve means to a person.
    fn unresolved(&self, rev: &str, error: &gix::Error) -> TreeError {
        use gix::revision::spec::parse::Error::{AmbiguousPrefix, AmbiguousRefAndObject};
        let rev = crate::model::quoted(rev);
        match error.downcast_any_ref::<gix::revision::spec::parse::Error>() {
            Some(AmbiguousPrefix { candidates, .. } | AmbiguousRefAndObject { candidates, .. }) => {
                TreeError::AmbiguousRevision { rev, candidates: candidates.len() }
            }
            _ if self.git.head().is_ok_and(|head| head.is_unborn()) && rev == "HEAD" => {
                TreeError::NoCommit
            }
            _ => TreeError::UnknownRevision { rev },
        }
    }

    /// The source tree as `commit` has it.
    ///
    /// # Errors
    /// When the repository does not have the commit, or it is damaged.
    pub fn tree_at(&self, commit: &CommitSha) -> Result<CommitTree, TreeError> {
        let id = ObjectId::from_hex(commit.as_str().as_bytes())
            .map_err(|_| TreeError::UnknownRevision { rev: commit.to_string() })?;
        let mut bytes = Vec::new();
        if self.object(id, "commit", &mut bytes)? != Kind::Commit {
            return Err(damaged("commit", id, None));
        }
        let root = self.root_of(id, &bytes)?;
        let commit = commit_info(id, &bytes)?;
        Ok(CommitTree { repository: self.clone(), root, commit, folders: RefCell::default() })
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When the repository does not have it, or it is larger than
    /// [`MAX_FILE_BYTES`].
    pub fn read_blob(&self, id: BlobId) -> Result<Vec<u8>, TreeError> {
        let mut bytes = Vec::new();
        match self.object(id.0, "blob", &mut bytes)? {
            Kind::Blob => Ok(bytes),
            _ => Err(damaged("blob", id.0, None)),
        }
    }

    /// Reads an object of at most [`MAX_FILE_BYTES`] into `bytes`. Where it is
    /// not there, `kind` says in the message what it should have been.
    pub(super) fn object(
        &self,
        id: ObjectId,
        kind: &'static str,
        bytes: &mut Vec<u8>,
    ) -> Result<Kind, TreeError> {
        let missing = || TreeError::MissingObject { kind, id: id.to_string() };
        if id == ObjectId::empty_tree(id.kind()) {
            bytes.clear();
            return Ok(Kind::Tree);
        }
        if id.kind() != self.git.object_hash() {
            return Err(missing());
        }
        match self.git.objects.try_find(&id, bytes) {
            Ok(Some(object)) if bytes_fit(object.data) => Ok(object.kind),
            Ok(Some(object)) => Err(too_large(kind, id, object.data.len() as u64)),
            Ok(None) => Err(missing()),
            Err(error) if error.classify().is_resource_exhausted() => {
                let size =
                    self.git.find_header(id).map_or(MAX_OBJECT_BYTES, |header| header.size());
                Err(too_large(kind, id, size))
            }
            Err(source) => Err(damaged(kind, id, Some(source))),
        }
    }
}

/// The files of a commit.
pub struct CommitTree {
    repository: Repository,
    /// The folder of the source tree; `None` where the commit has none.
    root: Option<ObjectId>,
    commit: CommitInfo,
    /// The folders that were looked up, since their files are asked for one
    /// after another.
    folders: RefCell<HashMap<String, Option<ObjectId>>>,
}

impl CommitTree {
    /// The object of the folder `parts`; `None` where there is none.
    fn folder(&self, parts: &[&str]) -> Result<Option<ObjectId>, TreeError> {
        let Some((name, above)) = parts.split_last() else { return Ok(self.root) };
        let path = parts.join("/");
        if let Some(&known) = self.folders.borrow().get(&path) {
            return Ok(known);
        }
        let found = match self.folder(above)? {
            Some(above) => self.repository.entry(above, name)?,
            None => None,
        };
        let found = found.filter(|(_, kind)| *kind == TreeEntryKind::Folder).map(|(id, _)| id);
        self.folders.borrow_mut().insert(path, found);
        Ok(found)
    }
}

impl SourceTree for CommitTree {
    fn list(&self, folder: &str) -> Result<Vec<TreeEntry>, TreeError> {
        let Some(parts) = parts(folder) else { return Ok(Vec::new()) };
        let Some(id) = self.folder(&parts)? else { return Ok(Vec::new()) };
        let mut entries = Vec::new();
        self.repository.each_entry(id, |name, _, kind| {
            entries.push(TreeEntry { name: name.to_str_lossy().into_owned(), kind });
            entries.len() <= MAX_FOLDER_ENTRIES
        })?;
        if entries.len() > MAX_FOLDER_ENTRIES {
            let folder = folder.to_owned();
            return Err(TreeError::FolderTooLarge { folder, limit: MAX_FOLDER_ENTRIES });
        }
        entries.sort();
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        let Some(parts) = parts(path) else { return Ok(None) };
        let Some((name, above)) = parts.split_last() else { return Ok(None) };
        let Some(folder) = self.folder(above)? else { return Ok(None) };
        match self.repository.entry(folder, name)? {
            Some((id, TreeEntryKind::File)) => match self.repository.read_blob(BlobId(id)) {
                Err(TreeError::FileTooLarge { found, limit, .. }) => {
                    Err(TreeError::FileTooLarge { path: path.to_owned(), found, limit })
                }
                read => read.map(Some),
            },
            _ => Ok(None),
        }
    }

    fn commit(&self) -> Option<&CommitInfo> {
        Some(&self.commit)
    }
}

impl Repository {
    /// The entry `name` of the folder `id`.
    fn entry(
        &self,
        id: ObjectId,
        name: &str,
    ) -> Result<Option<(ObjectId, TreeEntryKind)>, TreeError> {
        let mut found = None;
        self.each_entry(id, |entry, id, kind| {
            if entry == name.as_bytes() {
                found = Some((id, kind));
            }
            found.is_none()
        })?;
        Ok(found)
    }

    /// Calls `visit` with each file and folder in the folder `id`, until it
    /// says that it has seen enough.
    pub(super) fn each_entry(
        &self,
        id: ObjectId,
        mut visit: impl FnMut(&gix::bstr::BStr, ObjectId, TreeEntryKind) -> bool,
    ) -> Result<(), TreeError> {
        let mut bytes = Vec::new();
        if self.object(id, "tree", &mut bytes)? != Kind::Tree {
            return Err(damaged("tree", id, None));
        }
        for entry in TreeRefIter::from_bytes(&bytes, id.kind()) {
            let entry = entry.map_err(|source| damaged("tree", id, Some(source)))?;
            let kind = if entry.mode.is_tree() {
                TreeEntryKind::Folder
            } else if entry.mode.is_blob() {
                TreeEntryKind::File
            } else {
                // A symbolic link, or a submodule.
                continue;
            };
            if !visit(entry.filename, entry.oid.to_owned(), kind) {
                break;
            }
        }
        Ok(())
    }

    /// The folder of the source tree in a commit, whose bytes are given.
    pub(super) fn root_of(
        &self,
        id: ObjectId,
        bytes: &[u8],
    ) -> Result<Option<ObjectId>, TreeError> {
        let root = gix::objs::CommitRefIter::from_bytes(bytes, id.kind())
            .tree_id()
            .map_err(|source| damaged("commit", id, Some(source)))?;
        let mut folder = Some(root);
        for name in self.folder.split('/').filter(|name| !name.is_empty()) {
            let Some(id) = folder else { break };
            let entry = self.entry(id, name)?;
            folder = entry.filter(|(_, kind)| *kind == TreeEntryKind::Folder).map(|(id, _)| id);
        }
        Ok(folder)
    }
}

/// Whether an error of opening says that there is no repository.
fn is_absence(error: &gix::Error) -> bool {
    use gix::discover::upwards::Error::{
        NoGitRepository, NoGitRepositoryWithinCeiling, NoGitRepositoryWithinFs,
    };
    matches!(
        error.downcast_any_ref(),
        Some(
            NoGitRepository { .. }
                | NoGitRepositoryWithinCeiling { .. }
                | NoGitRepositoryWithinFs { .. }
        )
    )
}

/// `path` from the root of the files of `git`; empty where it is the root, or
/// where there are no files.
fn folder_in(git: &gix::Repository, path: &Path) -> String {
    let root = git.workdir().and_then(|root| root.canonicalize().ok());
    let Some((root, path)) = root.zip(path.canonicalize().ok()) else { return String::new() };
    let Ok(folder) = path.strip_prefix(root) else { return String::new() };
    let parts: Vec<_> = folder.iter().map(|part| part.to_string_lossy()).collect();
    // The folder of git itself is no part of the tree.
    if parts.first().is_some_and(|part| part == ".git") { String::new() } else { parts.join("/") }
}

fn bytes_fit(bytes: &[u8]) -> bool {
    bytes.len() as u64 <= MAX_FILE_BYTES
}

fn too_large(kind: &str, id: ObjectId, found: u64) -> TreeError {
    TreeError::FileTooLarge { path: format!("{kind} {id}"), found, limit: MAX_FILE_BYTES }
}

pub(super) fn damaged(kind: &'static str, id: ObjectId, source: Option<gix::Error>) -> TreeError {
    TreeError::Damaged { kind, id: id.to_string(), source }
}

/// What is told of a commit, whose bytes are given.
pub(super) fn commit_info(id: ObjectId, bytes: &[u8]) -> Result<CommitInfo, TreeError> {
    Ok(CommitInfo {
        sha: sha(id)?,
        committed_at: committed_at(id, bytes),
        subject: subject(id, bytes),
    })
}

/// A commit's identifier in the form of the model.
pub(super) fn sha(id: ObjectId) -> Result<CommitSha, TreeError> {
    CommitSha::from_bytes(id.as_bytes()).map_err(|_| damaged("commit", id, None))
}

/// When a commit was committed: the epoch where it does not say, the first or
/// last moment that can be written where that is beyond them.
pub(super) fn committed_at(id: ObjectId, bytes: &[u8]) -> Timestamp {
    let seconds = gix::objs::CommitRefIter::from_bytes(bytes, id.kind())
        .committer()
        .and_then(|committer| committer.time())
        .map_or(0, |time| time.seconds);
    let last = Timestamp::MAX.as_second();
    Timestamp::from_second(seconds.clamp(Timestamp::MIN.as_second(), last)).unwrap_or_default()
}

/// The first line of a commit's message.
pub(super) fn subject(id: ObjectId, bytes: &[u8]) -> String {
    let message = gix::objs::CommitRefIter::from_bytes(bytes, id.kind()).message();
    let line = message.ok().and_then(|message| message.trim_start().lines().next());
    let mut subject = line.unwrap_or_default().trim_end().to_str_lossy().into_owned();
    if subject.len() > MAX_SUBJECT_BYTES {
        subject.truncate(subject.floor_char_boundary(MAX_SUBJECT_BYTES));
    }
    subject
}
