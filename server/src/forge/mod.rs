//! Where pull requests are, and the one comment that is kept there.
//!
//! - [`Forge`] is what a forge can be asked for; [`github`] asks GitHub, and GitHub
//!   Enterprise. GitLab and Gitea would stand beside it.
//! - [`comment`] keeps one comment of a pull request as it should be, on any forge.
//! - [`event`] reads which pull request a run of GitHub Actions is about.
//! - [`error`] says what a forge refuses, and what to do.
//!
//! Nothing here knows what a report says: it is text, with a marker by which its
//! comment is found again.

pub mod comment;
mod error;
pub mod event;
pub mod github;

use std::fmt;

pub use error::ForgeError;

use crate::model::{BranchName, CommitSha, RepositoryName};

/// What a forge can be asked for, about one repository.
pub trait Forge {
    /// Who the token is, as comments name their authors.
    ///
    /// # Errors
    /// When the forge does not say.
    fn viewer(&self) -> Result<Login, ForgeError>;

    /// The numbers of the open pull requests whose newest commit is that of `head`.
    ///
    /// # Errors
    /// When the forge does not answer.
    fn open_pull_requests(&self, head: &Head) -> Result<Vec<u64>, ForgeError>;

    /// All comments of a pull request, the oldest first.
    ///
    /// # Errors
    /// When the forge does not answer, or there is no such pull request.
    fn comments(&self, pull_request: u64) -> Result<Vec<Comment>, ForgeError>;

    /// Makes a comment, and gives it. Not tried again by itself when it may have
    /// been made and nobody heard of it: [`ForgeError::may_have_happened`].
    ///
    /// # Errors
    /// When the forge refuses or does not answer.
    fn create_comment(&self, pull_request: u64, body: &str) -> Result<Comment, ForgeError>;

    /// Gives a comment another text.
    ///
    /// # Errors
    /// When the forge refuses or does not answer.
    fn update_comment(&self, comment: CommentId, body: &str) -> Result<(), ForgeError>;

    /// Sets what is to be said of a commit, in the place of what was said under the
    /// same name.
    ///
    /// # Errors
    /// When the forge refuses or does not answer.
    fn set_verdict(&self, commit: &CommitSha, verdict: &Verdict<'_>) -> Result<(), ForgeError>;
}

/// Number of a comment on its forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentId(pub u64);

/// Name of an account on a forge: `octocat`, `github-actions[bot]`. Upper and lower
/// case are the same.
#[derive(Clone, Debug)]
pub struct Login(String);

impl Login {
    /// The account of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Login {}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A comment on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: CommentId,
    /// Who wrote it; `None` when the account is gone.
    pub author: Option<Login>,
    /// Its text, in Markdown.
    pub body: String,
    /// Where people read it.
    pub url: String,
}

/// The newest commit of a pull request, and the branch it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The repository with the branch: a fork, or the one that is asked.
    pub repository: RepositoryName,
    /// The branch. Whoever opens a pull request chooses the name.
    pub branch: BranchName,
    /// The commit.
    pub commit: CommitSha,
}

/// What is to be said of a commit, beside its other checks.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// What the check is called; the same each time.
    pub name: &'a str,
    /// Whether it passes.
    pub conclusion: Conclusion,
    /// One line.
    pub title: &'a str,
    /// The rest, in Markdown.
    pub summary: &'a str,
}

/// Whether a check passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// It does.
    Success,
    /// There is something to see, which holds nothing up.
    Neutral,
    /// It does not.
    Failure,
}
