//! GitHub, and GitHub Enterprise, by their REST API (version 2022-11-28).
//!
//! What may be asked twice is asked again when GitHub is busy, limits the rate or
//! breaks off (<https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api>).

mod request;
mod token;

use serde::Deserialize;
use serde_json::json;

use self::request::{Method, Request};
pub use self::token::{ForgeToken, ForgeTokenError};
use super::{Comment, CommentId, Conclusion, Forge, ForgeError, Head, Login, Verdict};
use crate::http::{self, Patience};
use crate::model::{CommitSha, RepositoryName};

/// Most comments of a pull request that are read.
const MAX_COMMENTS: usize = 10_000;
/// Longest summary of a check run, in bytes: GitHub takes 65,535 characters.
const MAX_SUMMARY_BYTES: usize = 65_000;
/// Longest title of a check run, in bytes.
const MAX_TITLE_BYTES: usize = 250;
/// Longest description of a commit status, in characters.
const MAX_DESCRIPTION: usize = 140;

/// What a workflow grants for each thing, under `permissions:`.
const WRITE_COMMENTS: &str = "pull-requests: write";
const READ_PULL_REQUESTS: &str = "pull-requests: read";
const WRITE_CHECKS: &str = "checks: write";
const WRITE_STATUSES: &str = "statuses: write";

/// How a [`Verdict`] is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictKind {
    /// As a check run, which can be neutral. Only for GitHub Apps, of which GitHub
    /// Actions is one.
    CheckRun,
    /// As a commit status, which any token may set that may write them. What is
    /// neutral passes there.
    CommitStatus,
}

/// A repository on GitHub.
#[derive(Debug)]
pub struct GitHub {
    api: String,
    repository: RepositoryName,
    token: ForgeToken,
    verdict_kind: VerdictKind,
    patience: Patience,
    say: fn(&str),
    agent: ureq::Agent,
}

impl GitHub {
    /// A repository of the GitHub whose REST API stands at `api`
    /// (`https://api.github.com`, `https://github.example.org/api/v3`). What goes
    /// wrong and is tried again is told to `say`.
    pub fn new(
        api: &str,
        repository: RepositoryName,
        token: ForgeToken,
        verdict_kind: VerdictKind,
        patience: Patience,
        say: fn(&str),
    ) -> Self {
        let api = api.trim_end_matches('/').to_owned();
        Self { api, repository, token, verdict_kind, patience, say, agent: http::agent() }
    }

    /// An address of the repository in the API.
    fn address(&self, path: &str) -> String {
        format!("{}/repos/{}/{path}", self.api, self.repository)
    }

    /// Where GraphQL stands: beside the REST API, and on GitHub Enterprise in the
    /// place of its version.
    fn graphql(&self) -> String {
        format!("{}/graphql", self.api.strip_suffix("/v3").unwrap_or(&self.api))
    }
}

impl Forge for GitHub {
    /// By GraphQL: `GET /user` refuses the tokens of GitHub Apps and of GitHub
    /// Actions, to which GraphQL says `github-actions[bot]`.
    fn viewer(&self) -> Result<Login, ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            viewer: Viewer,
        }
        #[derive(Deserialize)]
        struct Viewer {
            login: String,
        }
        let asked = self.ask::<Answer>(&Request {
            method: Method::Post,
            address: self.graphql(),
            body: Some(json!({ "query": "{ viewer { login } }" })),
            // A question, though it is a POST.
            is_repeatable: true,
            action: "say who the token is",
            permission: "contents: read",
            ..Request::default()
        });
        match asked {
            Ok((answer, _)) => Ok(Login::new(answer.data.viewer.login)),
            Err(reason) => Err(ForgeError::UnknownViewer { reason: Box::new(reason) }),
        }
    }

    /// By the branch: `commits/SHA/pulls` knows no commits of forks, and the event of
    /// a `workflow_run` lists no pull requests from there.
    fn open_pull_requests(&self, head: &Head) -> Result<Vec<u64>, ForgeError> {
        #[derive(Deserialize)]
        struct PullRequest {
            number: u64,
            head: PullRequestHead,
        }
        #[derive(Deserialize)]
        struct PullRequestHead {
            sha: String,
            repo: Option<HeadRepository>,
        }
        #[derive(Deserialize)]
        struct HeadRepository {
            full_name: String,
        }
        let owner = head.repository.as_str().split('/').next().unwrap_or_default();
        let (found, _) = self.ask::<Vec<PullRequest>>(&Request {
            address: self.address("pulls"),
            query: vec![
                ("state", "open".to_owned()),
                ("head", format!("{owner}:{}", head.branch)),
                ("per_page", "100".to_owned()),
            ],
            is_repeatable: true,
            action: "find the pull request",
            permission: READ_PULL_REQUESTS,
            ..Request::default()
        })?;
        let is_of_head = |found: &PullRequest| {
            let repository = found.head.repo.as_ref().and_then(|repo| repo.full_name.parse().ok());
            found.head.sha == head.commit.as_str() && repository.as_ref() == Some(&head.repository)
        };
        Ok(found.into_iter().filter(is_of_head).map(|found| found.number).collect())
    }

    fn comments(&self, pull_request: u64) -> Result<Vec<Comment>, ForgeError> {
        let mut comments = Vec::new();
        let mut next = Some(self.address(&format!("issues/{pull_request}/comments?per_page=100")));
        while let Some(address) = next {
            let (page, following) = self.ask::<Vec<IssueComment>>(&Request {
                address,
                is_repeatable: true,
                action: "read the comments of the pull request",
                permission: READ_PULL_REQUESTS,
                ..Request::default()
            })?;
            comments.extend(page.into_iter().map(Comment::from));
            if comments.len() > MAX_COMMENTS {
                return Err(ForgeError::TooManyComments { limit: MAX_COMMENTS });
            }
            next = following;
        }
        Ok(comments)
    }

    fn create_comment(&self, pull_request: u64, body: &str) -> Result<Comment, ForgeError> {
        let (created, _) = self.ask::<IssueComment>(&Request {
            method: Method::Post,
            address: self.address(&format!("issues/{pull_request}/comments")),
            body: Some(json!({ "body": body })),
            action: "write a comment",
            permission: WRITE_COMMENTS,
            ..Request::default()
        })?;
        Ok(created.into())
    }

    fn update_comment(&self, comment: CommentId, body: &str) -> Result<(), ForgeError> {
        self.ask::<IssueComment>(&Request {
            method: Method::Patch,
            address: self.address(&format!("issues/comments/{}", comment.0)),
            body: Some(json!({ "body": body })),
            is_repeatable: true,
            action: "edit its comment",
            permission: WRITE_COMMENTS,
            ..Request::default()
        })?;
        Ok(())
    }

    /// Of several check runs or statuses of one name GitHub shows the newest, so
    /// that one too many after a broken connection does no harm.
    fn set_verdict(&self, commit: &CommitSha, verdict: &Verdict<'_>) -> Result<(), ForgeError> {
        let request = match self.verdict_kind {
            VerdictKind::CheckRun => Request {
                address: self.address("check-runs"),
                body: Some(json!({
                    "name": verdict.name,
                    "head_sha": commit,
                    "status": "completed",
                    "conclusion": match verdict.conclusion {
                        Conclusion::Success => "success",
                        Conclusion::Neutral => "neutral",
                        Conclusion::Failure => "failure",
                    },
                    "output": {
                        "title": cut(verdict.title, MAX_TITLE_BYTES),
                        "summary": cut(verdict.summary, MAX_SUMMARY_BYTES),
                    },
                })),
                action: "set a check run",
                permission: WRITE_CHECKS,
                ..Request::default()
            },
            VerdictKind::CommitStatus => Request {
                address: self.address(&format!("statuses/{commit}")),
                body: Some(json!({
                    "context": verdict.name,
                    "state": match verdict.conclusion {
                        Conclusion::Success | Conclusion::Neutral => "success",
                        Conclusion::Failure => "failure",
                    },
                    "description": verdict.title.chars().take(MAX_DESCRIPTION).collect::<String>(),
                })),
                action: "set a commit status",
                permission: WRITE_STATUSES,
                ..Request::default()
            },
        };
        self.ask::<serde::de::IgnoredAny>(&Request {
            method: Method::Post,
            is_repeatable: true,
            ..request
        })?;
        Ok(())
    }
}

/// A comment as the API has it: those of pull requests are those of issues.
#[derive(Deserialize)]
struct IssueComment {
    id: u64,
    html_url: String,
    body: Option<String>,
    user: Option<Account>,
}

#[derive(Deserialize)]
struct Account {
    login: String,
}

impl From<IssueComment> for Comment {
    fn from(comment: IssueComment) -> Self {
        Self {
            id: CommentId(comment.id),
            author: comment.user.map(|account| Login::new(account.login)),
            body: comment.body.unwrap_or_default(),
            url: comment.html_url,
        }
    }
}

/// At most `limit` bytes of a text.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}
