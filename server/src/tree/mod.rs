//! A source tree: a folder on a disk, or a commit of a git repository. What
//! reads a tree asks a [`SourceTree`] and cannot tell which of the two it is.
//!
//! - [`folder`]: the files as they stand on a disk.
//! - [`repository`]: the files of a commit, straight from git's objects, and
//!   [`history`]: the commits before it.
//! - [`layout`]: where the ports, their mains, boards and variants stand.
//! - [`mains`]: the order of calls in the main of each port, and [`orders`]: how
//!   it came to be.
//! - [`headers`]: what the headers declare that a main includes.
//! - [`catalog`]: the boards of a tree, and the linker scripts of each.
//!
//! A tree may be hostile: whatever stands in it, reading it neither panics nor
//! runs away, and nothing outside of it is read.

pub mod catalog;
mod error;
pub mod folder;
pub mod headers;
pub mod history;
pub mod layout;
pub mod mains;
pub mod orders;
pub mod repository;

use std::path::{Component, Path};

use jiff::Timestamp;

pub use error::TreeError;
pub use folder::Folder;
pub use history::{BlobIds, FirstParents, HistoryCommit};
pub use layout::Layout;
pub use repository::{BlobId, CommitTree, Repository};

use crate::model::CommitSha;

/// Largest file that is read, in bytes. The largest source file of MicroPython
/// has less than 1 MiB.
pub const MAX_FILE_BYTES: u64 = 16 << 20;
/// Most entries that one folder may have.
pub const MAX_FOLDER_ENTRIES: usize = 65_536;
/// Longest subject of a commit, in bytes; longer ones are cut.
pub const MAX_SUBJECT_BYTES: usize = 1024;

/// The files of one state of a source tree.
///
/// Paths are relative to the root of the tree, with `/` between their parts;
/// the root itself is the empty path. A path that is none (`..`, an absolute
/// one) names nothing. Symbolic links are neither files nor folders: what they
/// point to may lie outside, or be themselves.
pub trait SourceTree {
    /// The files and folders in `folder`, by name; empty where there is no such
    /// folder.
    ///
    /// # Errors
    /// When the folder cannot be read, or has more than [`MAX_FOLDER_ENTRIES`].
    fn list(&self, folder: &str) -> Result<Vec<TreeEntry>, TreeError>;

    /// The bytes of the file at `path`; `None` where there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read, or is larger than [`MAX_FILE_BYTES`].
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError>;

    /// The commit whose files these are; `None` for files as they stand on a
    /// disk, which may be changed since the last commit.
    fn commit(&self) -> Option<&CommitInfo> {
        None
    }
}

/// A file or a folder in a folder of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeEntry {
    /// Its name, without the folder's. What is not UTF-8 in it is replaced by
    /// U+FFFD, and the tree finds nothing under such a name.
    pub name: String,
    /// What it is.
    pub kind: TreeEntryKind,
}

/// What stands in a folder of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeEntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// What is told of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// The commit.
    pub sha: CommitSha,
    /// When it was committed; the epoch where the commit does not tell.
    pub committed_at: Timestamp,
    /// The first line of its message, without anything that is not UTF-8, cut
    /// at [`MAX_SUBJECT_BYTES`].
    pub subject: String,
}

/// A tree that somebody named, opened.
pub struct Opened {
    /// Its files.
    pub tree: Box<dyn SourceTree>,
    /// The repository that holds the folder, where there is one that can be
    /// opened, for its history; also for files as they stand on a disk.
    pub repository: Option<Repository>,
}

impl Opened {
    /// The commit whose files these are; `None` for files as they stand on a
    /// disk.
    pub fn commit(&self) -> Option<&CommitInfo> {
        self.tree.commit()
    }
}

/// Opens the source tree at `path`: with a revision, as that commit has it;
/// without one, as its files stand on the disk, or for a bare repository as its
/// `HEAD` has it.
///
/// Where `path` is a folder inside of a repository, that folder is the tree,
/// on the disk as well as in a commit.
///
/// # Errors
/// When there is no such folder; when there is a revision but no repository; or
/// when the repository does not have the revision.
pub fn open(path: &Path, rev: Option<&str>) -> Result<Opened, TreeError> {
    let folder = Folder::open(path)?;
    let repository = match Repository::discover(path) {
        // The files can be read all the same; those of a bare repository cannot.
        Err(_) if rev.is_none() && !path.join("objects").is_dir() => None,
        found => found?,
    };
    let tree: Box<dyn SourceTree> = match (&repository, rev) {
        (None, Some(_)) => return Err(TreeError::NoRepository { path: path.to_owned() }),
        (Some(repository), Some(rev)) => {
            Box::new(repository.tree_at(&repository.resolve(rev)?.sha)?)
        }
        (Some(repository), None) if repository.is_bare() => {
            Box::new(repository.tree_at(&repository.resolve("HEAD")?.sha)?)
        }
        (_, None) => Box::new(folder),
    };
    Ok(Opened { tree, repository })
}

/// The parts of `path`; `None` where it does not name a place in a tree.
fn parts(path: &str) -> Option<Vec<&str>> {
    if path.contains(['\0', '\\']) || path.starts_with('/') {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_plain = parts.iter().all(|part| {
        matches!(Path::new(part).components().next(), Some(Component::Normal(name)) if name == *part)
    });
    is_plain.then_some(parts)
}

/// `path`, taken from `folder`, with its `.` and `..` resolved; `None` where it
/// leads out of the tree.
pub(crate) fn joined(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_out_of_the_tree_names_nothing() {
        assert_eq!(parts("ports/rp2/"), Some(vec!["ports", "rp2"]));
        assert_eq!(parts(""), Some(vec![]));
        for path in ["..", "ports/../..", "/etc/passwd", "ports/./rp2", "a\0b", r"a\b"] {
            assert_eq!(parts(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_path_is_taken_from_its_folder() {
        assert_eq!(joined("ports/nrf", "../../py/py.mk").as_deref(), Some("py/py.mk"));
        assert_eq!(joined("ports/nrf", "./boards//x.ld").as_deref(), Some("ports/nrf/boards/x.ld"));
        assert_eq!(joined("ports", "../../x"), None);
        assert_eq!(joined("ports", "/x"), None);
    }
}
