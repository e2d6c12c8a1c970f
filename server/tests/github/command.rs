//! `initboard comment` as CI runs it, on the two revisions of the sample firmware.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::github::{BOT, Fault, GitHub, PullRequest, REPOSITORY, TOKEN};

const SHA: &str = "3c5a0505b3000000000000000000000000000001";
const MARKER: &str = "<!-- initboard: order of micropython -->";

/// A GitHub with pull request 7 from a fork, which has no comments.
fn github() -> GitHub {
    let github = GitHub::start();
    github.held(|held| {
        held.comments.insert(7, Vec::new());
        held.pull_requests.push(PullRequest {
            number: 7,
            repository: "someone/micropython".to_owned(),
            branch: "order'; id; '".to_owned(),
            sha: SHA.to_owned(),
        });
    });
    github
}

/// The event of a run that ended, which was for that pull request.
fn run_ended() -> Value {
    json!({ "action": "completed", "workflow_run": {
        "event": "pull_request",
        "head_sha": SHA,
        "head_branch": "order'; id; '",
        "head_repository": { "full_name": "someone/micropython" },
        "pull_requests": [],
    }})
}

fn revision(number: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../data/firmware/{number}"))
}

fn initboard(arguments: &[&str], base: u32, head: u32) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_initboard"));
    command.args(arguments).arg(revision(base)).arg(revision(head));
    command.args(["--project", "micropython"]);
    for name in ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"] {
        command.env_remove(name);
    }
    command
}

/// Runs `initboard comment` in a job on `workflow_run`.
fn comment_on(github: &GitHub, event: &Value, (base, head): (u32, u32), more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.json");
    std::fs::write(&path, event.to_string()).unwrap();
    initboard(&["comment"], base, head)
        .args(more)
        .env("GITHUB_API_URL", github.api())
        .env("GITHUB_REPOSITORY", REPOSITORY)
        .env("GITHUB_TOKEN", TOKEN)
        .env("GITHUB_EVENT_NAME", "workflow_run")
        .env("GITHUB_EVENT_PATH", &path)
        .output()
        .unwrap()
}

fn comment(github: &GitHub, revisions: (u32, u32), more: &[&str]) -> Output {
    comment_on(github, &run_ended(), revisions, more)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Asserts that a command went well, and what it says.
#[track_caller]
fn assert_says(output: &Output, out: &str, err: &str) {
    assert_eq!((&*text(&output.stdout), &*text(&output.stderr)), (out, err));
    assert!(output.status.success());
}

fn markdown(base: u32, head: u32) -> String {
    let output = initboard(&["diff", "--format", "markdown"], base, head).output().unwrap();
    text(&output.stdout)
}

/// The check runs: the name, the conclusion and the title of each.
fn checks(github: &GitHub) -> Vec<(String, String, String)> {
    let of = |run: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&run["name"]), text(&run["conclusion"]), text(&run["output"]["title"]))
    };
    github.held(|held| held.check_runs.iter().map(of).collect())
}

fn url() -> String {
    format!("https://github.com/{REPOSITORY}/pull/7#issuecomment-1001\n")
}

#[test]
fn a_change_of_a_fork_is_reported_in_one_comment_and_a_check() {
    let github = github();
    assert_says(&comment(&github, (1, 2), &[]), &url(), "made the comment\n");
    let body = github.comments(7)[0].body.clone();
    assert!(body.starts_with(MARKER), "{body}");
    assert_eq!(body, markdown(1, 2));
    let check = github.held(|held| held.check_runs[0].clone());
    assert_eq!(check["head_sha"], SHA);
    assert_eq!(check["output"]["summary"], body);
    let [(name, conclusion, title)] = &checks(&github)[..] else { panic!("{check}") };
    assert_eq!((name.as_str(), conclusion.as_str()), ("initboard: micropython", "neutral"));
    assert!(body.contains(&format!("### {title}\n")), "{title}");

    assert_says(&comment(&github, (1, 2), &[]), &url(), "the comment says so already\n");
    assert_eq!(github.comments(7).len(), 1);
}

#[test]
fn no_change_is_silent() {
    let github = github();
    let silent = "nothing to say, and no comment that would have to be corrected\n";
    assert_says(&comment(&github, (1, 1), &[]), "", silent);
    assert_eq!(github.comments(7), []);
    let check = ("initboard: micropython", "success", "No change of order on 13 boards");
    let check = (check.0.to_owned(), check.1.to_owned(), check.2.to_owned());
    assert_eq!(checks(&github), [check]);
}

#[test]
fn a_change_that_has_gone_is_told_where_it_was_reported() {
    let github = github();
    comment(&github, (1, 2), &[]);
    assert_says(&comment(&github, (1, 1), &[]), &url(), "edited the comment\n");
    let body = github.comments(7)[0].body.clone();
    let start = format!("{MARKER}\n### This pull request no longer changes the order\n");
    assert!(body.starts_with(&start), "{body}");
    assert_says(&comment(&github, (1, 1), &[]), &url(), "the comment says so already\n");
    // And comes back into the same comment.
    assert_says(&comment(&github, (1, 2), &[]), &url(), "edited the comment\n");
    assert_eq!(github.comments(7)[0].body, markdown(1, 2));
    assert_eq!(github.comments(7).len(), 1);
}

#[test]
fn a_check_fails_only_as_it_was_said() {
    let github = github();
    assert!(comment(&github, (1, 2), &["--fail-on", "error"]).status.success());
    let failed = comment(&github, (1, 2), &["--fail-on", "error,order"]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    let conclusions: Vec<String> = checks(&github).into_iter().map(|check| check.1).collect();
    assert_eq!(conclusions, ["neutral", "failure"]);
}

#[test]
fn a_run_that_was_for_no_pull_request_says_nothing() {
    let github = github();
    let mut event = run_ended();
    event["workflow_run"]["event"] = json!("push");
    assert_says(
        &comment_on(&github, &event, (1, 2), &[]),
        "",
        "the run that ended was on `push`, for no pull request: nothing to say\n",
    );
    assert_eq!(github.held(|held| held.asked.clone()), Vec::<String>::new());
}

#[test]
fn a_run_that_ends_after_a_push_writes_no_comment() {
    let github = github();
    github.held(|held| held.pull_requests[0].sha = "0".repeat(40));
    let words = format!(
        "no open pull request has {SHA} as its newest commit: no comment; somebody pushed meanwhile, or it was closed\n"
    );
    assert_says(&comment(&github, (1, 2), &[]), "", &words);
    assert_eq!(github.written(), ["POST /check-runs"]);
}

#[test]
fn a_commit_of_two_pull_requests_tells_neither() {
    let github = github();
    github.held(|held| {
        let again = PullRequest { number: 8, ..held.pull_requests[0].clone() };
        held.pull_requests.push(again);
    });
    let output = comment(&github, (1, 2), &[]);
    let words = "pull requests [7, 8] have the same newest commit";
    assert!(text(&output.stderr).starts_with(words), "{}", text(&output.stderr));
    assert_eq!(github.written(), ["POST /check-runs"]);
}

#[test]
fn outside_of_github_actions_the_pull_request_is_said() {
    let github = github();
    let output = initboard(&["comment"], 1, 2)
        .args(["--api", &github.api(), "--repository", REPOSITORY])
        .args(["--pull-request", "7", "--commit", SHA, "--verdict", "status"])
        .env("GITHUB_TOKEN", TOKEN)
        .output()
        .unwrap();
    assert_says(&output, &url(), "made the comment\n");
    let (commit, status) = github.held(|held| held.statuses[0].clone());
    assert_eq!((commit.as_str(), &status["state"]), (SHA, &json!("success")));

    let unsaid = initboard(&["comment"], 1, 2)
        .args(["--repository", REPOSITORY])
        .env("GITHUB_TOKEN", TOKEN)
        .output()
        .unwrap();
    assert_eq!(unsaid.status.code(), Some(2));
    let words = "initboard: it is not said which pull request this is for: expected a run of GitHub Actions on pull_request or workflow_run, or --pull-request and --commit";
    assert!(text(&unsaid.stderr).starts_with(words), "{}", text(&unsaid.stderr));
}

#[test]
fn the_comment_and_the_check_can_be_left_out() {
    let github = github();
    assert_says(&comment(&github, (1, 2), &["--no-comment", "--name", "order"]), "", "");
    assert_eq!(checks(&github)[0].0, "order");
    assert_says(&comment(&github, (1, 2), &["--verdict", "none"]), &url(), "made the comment\n");
    assert_eq!(github.written(), ["POST /check-runs", "POST /issues/7/comments"]);
}

#[test]
fn a_check_is_set_also_where_the_comment_is_refused() {
    let github = github();
    let refused = "Resource not accessible by integration";
    github.plant(Fault::new("POST /issues/7/comments", 403, refused));
    let output = comment(&github, (1, 2), &[]);
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output.stderr);
    assert!(message.contains("give the job `permissions: pull-requests: write`"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert_eq!(checks(&github).len(), 1);
}

#[test]
fn a_busy_github_is_waited_for() {
    let github = github();
    let limited = "You have exceeded a secondary rate limit.";
    github.plant(Fault::new("GET /pulls", 429, limited).header("retry-after", "1"));
    github.plant(Fault::new("POST /issues/7/comments", 502, "Server Error").after_doing());
    let output = comment(&github, (1, 2), &[]);
    assert_says(
        &output,
        &url(),
        "the forge is asked too often, and would not find the pull request: You have exceeded a secondary rate limit; it asks to wait 1 s; trying again in 1 s\n\
         the forge could not write a comment: status 502; trying again in 1 s\n\
         the comment says so already\n",
    );
    assert_eq!(github.comments(7).len(), 1);
}

#[test]
fn the_comment_of_somebody_else_with_the_same_marker_stays() {
    let github = github();
    github.comment(7, "prankster", &format!("{MARKER}\nnothing to see here"));
    let before = github.comments(7);
    let output = comment(&github, (1, 2), &[]);
    assert!(output.status.success());
    let after = github.comments(7);
    assert_eq!(after[..1], before);
    assert_eq!(after[1].author.as_deref(), Some(BOT));
}

#[test]
fn a_token_is_needed_and_never_printed() {
    let github = github();
    let without = |token: &str| {
        let mut command = initboard(&["comment"], 1, 2);
        let arguments = ["--repository", REPOSITORY, "--pull-request", "7", "--commit", SHA];
        command.args(arguments).args(["--api", &github.api()]).env("GITHUB_TOKEN", token);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    let message = without("");
    assert!(message.starts_with("initboard: there is no token in GITHUB_TOKEN"), "{message}");
    let message = without("ghp_a secret");
    assert!(!message.contains("secret"), "{message}");
    let message = without("ghp_expired");
    assert!(
        message.contains("does not accept the token in GITHUB_TOKEN: Bad credentials"),
        "{message}"
    );
    assert!(!message.contains("ghp_expired"), "{message}");
}
