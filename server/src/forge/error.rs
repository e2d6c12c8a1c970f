//! What a forge refuses, and what to do.

use super::Login;
use crate::http::GivenUp;

/// Why a forge did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// Nothing came back.
    #[error("cannot reach {address}: {reason}")]
    Unreachable {
        /// Who was asked.
        address: String,
        /// What happened.
        reason: String,
        /// Whether what was sent may have arrived.
        sent: bool,
    },
    /// The token is not valid.
    #[error(
        "{address} does not accept the token in GITHUB_TOKEN: {said}; expected a token that is neither expired nor revoked, such as `${{{{ github.token }}}}` in GitHub Actions"
    )]
    Unauthorized {
        /// Who was asked.
        address: String,
        /// What it said.
        said: String,
    },
    /// The token may not do that.
    #[error(
        "the token may not {action}: {said}; give the job `permissions: {permission}`. In a run for a pull request from a fork the token can only read: post from a workflow on `workflow_run` there (docs/pull-requests.md)"
    )]
    Forbidden {
        /// What was to be done.
        action: &'static str,
        /// What it needs, as a workflow grants it.
        permission: &'static str,
        /// What the forge said.
        said: String,
    },
    /// Check runs are not for everybody.
    #[error(
        "only the token of GitHub Actions or of another GitHub App may set a check run: {said}; give it such a token, or say --verdict status"
    )]
    NotAnApp {
        /// What the forge said.
        said: String,
    },
    /// It is not known whose comments are ours.
    #[error(
        "it cannot be found out who the token is: {reason}; say it with --author, such as --author 'github-actions[bot]' with the token of GitHub Actions"
    )]
    UnknownViewer {
        /// Why not.
        reason: Box<Self>,
    },
    /// There is no such thing, or the token may not know of it.
    #[error(
        "cannot {action}: {address} was not found; check the repository and the number, and that the token is for this repository and has `permissions: {permission}`"
    )]
    NotFound {
        /// What was to be done.
        action: &'static str,
        /// What it needs, as a workflow grants it.
        permission: &'static str,
        /// Where it was looked for.
        address: String,
    },
    /// Too much was asked in too little time.
    #[error("the forge is asked too often, and would not {action}: {said}")]
    RateLimited {
        /// What was to be done.
        action: &'static str,
        /// What it said.
        said: String,
    },
    /// The forge is out of order.
    #[error("the forge could not {action}: status {status}")]
    Unwell {
        /// What was to be done.
        action: &'static str,
        /// The status of its answer.
        status: u16,
    },
    /// Any other refusal.
    #[error("the forge would not {action}: status {status}, {said}")]
    Refused {
        /// What was to be done.
        action: &'static str,
        /// The status of its answer.
        status: u16,
        /// What it said.
        said: String,
    },
    /// The answer is not what the forge's API describes.
    #[error(
        "{address} did not answer as the API of GitHub does: {reason}; expected its address in GITHUB_API_URL, such as https://api.github.com"
    )]
    Malformed {
        /// Who was asked.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A pull request with more comments than anybody reads.
    #[error("the pull request has more than {limit} comments: nothing was written")]
    TooManyComments {
        /// How many are read.
        limit: usize,
    },
    /// The comment was made under another name, and would not be found again.
    #[error(
        "the comment {url} was made by {found}, and {expected} was expected: say --author '{found}', else each run makes another"
    )]
    AnotherAuthor {
        /// Where the comment is.
        url: String,
        /// Who made it.
        found: Login,
        /// Who the token was said to be.
        expected: Login,
    },
    /// It was tried again and again.
    #[error("{reason} (tried {attempts} times)")]
    GivenUp {
        /// Why the last attempt failed.
        reason: Box<Self>,
        /// How often it was tried.
        attempts: u32,
    },
}

impl ForgeError {
    /// Whether what was asked may have been done all the same.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Unreachable { sent, .. } => *sent,
            Self::Unwell { .. } | Self::Malformed { .. } => true,
            Self::GivenUp { reason, .. } => reason.may_have_happened(),
            _ => false,
        }
    }
}

impl From<GivenUp<Self>> for ForgeError {
    fn from(GivenUp { reason, attempts }: GivenUp<Self>) -> Self {
        match attempts {
            1 => reason,
            _ => Self::GivenUp { reason: Box::new(reason), attempts },
        }
    }
}
