//! Why a source tree could not be read.

use std::path::PathBuf;

/// Why a source tree could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The path names no folder.
    #[error("`{path}` is no folder: expected the root of a source tree, or a git repository")]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// The disk refused.
    #[error("cannot read `{path}`")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A file has more than [`MAX_FILE_BYTES`](super::MAX_FILE_BYTES).
    #[error("`{path}` has {found} bytes: expected a source file of at most {limit}")]
    FileTooLarge {
        /// The file, or the object of git.
        path: String,
        /// Its size in bytes.
        found: u64,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// A folder has more than [`MAX_FOLDER_ENTRIES`](super::MAX_FOLDER_ENTRIES).
    #[error("the folder `{folder}` has more than {limit} entries: expected a source tree")]
    FolderTooLarge {
        /// The folder.
        folder: String,
        /// The most that is listed.
        limit: usize,
    },
    /// A revision is named, and there is no repository.
    #[error(
        "`{path}` is not in a git repository: expected one to find a revision in; name a clone, or leave the revision out to read the files as they stand"
    )]
    NoRepository {
        /// The path.
        path: PathBuf,
    },
    /// There is a repository that cannot be opened.
    #[error(
        "cannot open the git repository of `{path}`: run `git fsck` there to see whether it is whole"
    )]
    Repository {
        /// The path.
        path: PathBuf,
        /// What git's library says.
        #[source]
        source: gix::Error,
    },
    /// The repository has no commit under that name.
    #[error(
        "the repository has no revision `{rev}`: expected a commit, branch or tag that `git rev-parse` knows; in a shallow clone, fetch it first"
    )]
    UnknownRevision {
        /// The revision, shortened.
        rev: String,
    },
    /// The repository has no commit at all.
    #[error(
        "the repository has no commit yet: leave the revision out to read the files as they stand"
    )]
    NoCommit,
    /// Several objects begin with these digits.
    #[error(
        "`{rev}` is ambiguous, {candidates} objects begin with it: expected more digits of the commit"
    )]
    AmbiguousRevision {
        /// The revision, shortened.
        rev: String,
        /// Number of objects that could be meant.
        candidates: usize,
    },
    /// The revision names something that is no commit.
    #[error("`{rev}` names a {found}: expected a commit, or a branch or tag of one")]
    NotACommit {
        /// The revision, shortened.
        rev: String,
        /// What it names: `blob` or `tree`.
        found: String,
    },
    /// An object is not there.
    #[error(
        "the repository does not have the {kind} {id}: it is a shallow or partial clone, or damaged; fetch the rest (`git fetch --unshallow`, or `git fetch --refetch --no-filter`)"
    )]
    MissingObject {
        /// What kind of object it would be.
        kind: &'static str,
        /// The object.
        id: String,
    },
    /// An object is not what it must be.
    #[error(
        "the {kind} {id} of the repository is damaged: run `git fsck` to see what else is, and clone it anew"
    )]
    Damaged {
        /// What kind of object it should be.
        kind: &'static str,
        /// The object.
        id: String,
        /// What git's library says, where it says more.
        #[source]
        source: Option<gix::Error>,
    },
    /// More boards than any firmware has.
    #[error(
        "the tree has more than {limit} boards and variants ({found} so far): expected a firmware project; give its layout in `[tree]` of initboard.toml"
    )]
    TooManyBoards {
        /// Number of boards found so far.
        found: usize,
        /// The most that a catalog holds.
        limit: usize,
    },
    /// Reading the makefiles does not come to an end.
    #[error(
        "the makefiles of the tree take too long to read: expected those of a firmware project; read fewer ports, or name other files in `tree.makefiles`"
    )]
    EndlessMakefiles,
}
