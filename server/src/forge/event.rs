//! Which pull request a run of GitHub Actions is about.
//!
//! The runner writes the event to a file, and a program reads it there: what it
//! holds (the name of a branch, say) was chosen by whoever opened the pull request,
//! and would be run if it were put into a shell script.

use serde::Deserialize;

use super::Head;
use crate::model::{BranchName, CommitSha};

/// What started a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something about a pull request, or about a run for one.
    PullRequest {
        /// Its newest commit, and where that is.
        head: Head,
        /// Its number, where the event states it. That of another run's event does
        /// not: its artifacts may, but come from whoever opened the pull request.
        number: Option<u64>,
    },
    /// A run that was for no pull request ended.
    OtherRun {
        /// What had started it: `push`.
        event: String,
    },
}

/// Why an event does not tell its pull request.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// An event of another kind.
    #[error(
        "a run on `{name}` is about no pull request: expected one on pull_request or workflow_run, or --pull-request and --commit"
    )]
    Other {
        /// Its name.
        name: String,
    },
    /// The file of the event does not hold what GitHub documents.
    #[error("the event of this run (GITHUB_EVENT_PATH) cannot be read: {0}")]
    Malformed(String),
    /// The fork was deleted meanwhile.
    #[error("the fork with the branch of the pull request is gone: nothing can be found of it")]
    ForkGone,
}

#[derive(Deserialize)]
struct PullRequestEvent {
    pull_request: PullRequest,
}

#[derive(Deserialize)]
struct PullRequest {
    number: u64,
    head: PullRequestHead,
}

#[derive(Deserialize)]
struct PullRequestHead {
    sha: CommitSha,
    #[serde(rename = "ref")]
    branch: String,
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct WorkflowRunEvent {
    workflow_run: WorkflowRun,
}

#[derive(Deserialize)]
struct WorkflowRun {
    event: String,
    head_sha: CommitSha,
    head_branch: Option<String>,
    head_repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

impl Event {
    /// Reads an event: its name (`GITHUB_EVENT_NAME`) and its JSON (the file at
    /// `GITHUB_EVENT_PATH`), as
    /// <https://docs.github.com/webhooks/webhook-events-and-payloads> describes.
    ///
    /// # Errors
    /// When it is not about a pull request, or does not say about which.
    pub fn read(name: &str, json: &[u8]) -> Result<Self, EventError> {
        let malformed = |error: serde_json::Error| EventError::Malformed(error.to_string());
        match name {
            "pull_request" | "pull_request_target" => {
                let event: PullRequestEvent = serde_json::from_slice(json).map_err(malformed)?;
                let PullRequest { number, head } = event.pull_request;
                let head = head_of(head.repo, Some(head.branch), head.sha)?;
                Ok(Self::PullRequest { head, number: Some(number) })
            }
            "workflow_run" => {
                let event: WorkflowRunEvent = serde_json::from_slice(json).map_err(malformed)?;
                let run = event.workflow_run;
                if !matches!(run.event.as_str(), "pull_request" | "pull_request_target") {
                    return Ok(Self::OtherRun { event: run.event });
                }
                let head = head_of(run.head_repository, run.head_branch, run.head_sha)?;
                Ok(Self::PullRequest { head, number: None })
            }
            name => Err(EventError::Other { name: crate::model::quoted(name) }),
        }
    }
}

fn head_of(
    repository: Option<Repository>,
    branch: Option<String>,
    commit: CommitSha,
) -> Result<Head, EventError> {
    let malformed = |error: &dyn std::fmt::Display| EventError::Malformed(error.to_string());
    let (Some(repository), Some(branch)) = (repository, branch) else {
        return Err(EventError::ForkGone);
    };
    let repository = repository.full_name.parse().map_err(|error| malformed(&error))?;
    let branch: BranchName = branch.parse().map_err(|error| malformed(&error))?;
    Ok(Head { repository, branch, commit })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHA: &str = "3c5a0505b3000000000000000000000000000001";

    fn head() -> Head {
        Head {
            repository: "someone/micropython".parse().unwrap(),
            branch: "order\"; id; \"".parse().unwrap(),
            commit: SHA.parse().unwrap(),
        }
    }

    fn read(name: &str, json: &serde_json::Value) -> Result<Event, String> {
        Event::read(name, json.to_string().as_bytes()).map_err(|error| error.to_string())
    }

    fn run_for(event: &str) -> serde_json::Value {
        json!({ "action": "completed", "workflow_run": {
            "event": event,
            "head_sha": SHA,
            "head_branch": "order\"; id; \"",
            "head_repository": { "full_name": "someone/micropython" },
            "pull_requests": [],
        }})
    }

    #[test]
    fn a_run_after_another_says_which_commit_it_was_for_and_no_number() {
        let event = Event::PullRequest { head: head(), number: None };
        assert_eq!(read("workflow_run", &run_for("pull_request")), Ok(event));
        let other = Event::OtherRun { event: "push".to_owned() };
        assert_eq!(read("workflow_run", &run_for("push")), Ok(other));
    }

    #[test]
    fn a_run_for_a_pull_request_says_which() {
        let event = json!({ "action": "synchronize", "number": 7, "pull_request": {
            "number": 7,
            "head": {
                "sha": SHA,
                "ref": "order\"; id; \"",
                "repo": { "full_name": "someone/micropython" },
            },
        }});
        let expected = Event::PullRequest { head: head(), number: Some(7) };
        assert_eq!(read("pull_request", &event), Ok(expected));
    }

    #[test]
    fn what_tells_no_pull_request_says_what_is_missing() {
        assert_eq!(
            read("push", &json!({})).unwrap_err(),
            "a run on `push` is about no pull request: expected one on pull_request or workflow_run, or --pull-request and --commit"
        );
        let mut gone = run_for("pull_request");
        gone["workflow_run"]["head_repository"] = json!(null);
        assert_eq!(
            read("workflow_run", &gone).unwrap_err(),
            "the fork with the branch of the pull request is gone: nothing can be found of it"
        );
        assert_eq!(
            read("workflow_run", &json!({})).unwrap_err(),
            "the event of this run (GITHUB_EVENT_PATH) cannot be read: missing field `workflow_run` at line 1 column 2"
        );
    }
}
