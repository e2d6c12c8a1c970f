//! What GitHub refuses, limits and loses.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use initboard::forge::github::VerdictKind;
use initboard::forge::{Conclusion, Forge, Head, Verdict};
use serde_json::json;

use crate::support::github::{Fault, GitHub, PullRequest, REPOSITORY};
use crate::support::{client, client_with};

const SHA: &str = "3c5a0505b3000000000000000000000000000001";

/// A GitHub with pull request 7, which has no comments.
fn github() -> GitHub {
    let github = GitHub::start();
    github.held(|held| held.comments.insert(7, Vec::new()));
    github
}

fn verdict() -> Verdict<'static> {
    Verdict {
        name: "initboard / micropython",
        conclusion: Conclusion::Neutral,
        title: "3 boards change their order",
        summary: "See the comment.",
    }
}

#[test]
fn a_token_that_may_not_write_says_what_to_grant() {
    let github = github();
    let refused = "Resource not accessible by integration";
    github.plant(Fault::new("POST /issues/7/comments", 403, refused));
    assert_eq!(
        client(&github).create_comment(7, "text").unwrap_err().to_string(),
        "the token may not write a comment: Resource not accessible by integration; give the job `permissions: pull-requests: write`. In a run for a pull request from a fork the token can only read: post from a workflow on `workflow_run` there (docs/pull-requests.md)"
    );
    github.plant(Fault::new("POST /check-runs", 403, refused));
    let error = client(&github).set_verdict(&SHA.parse().unwrap(), &verdict()).unwrap_err();
    assert!(error.to_string().contains("`permissions: checks: write`"), "{error}");
    // None of these would succeed when asked again.
    assert_eq!(github.written(), ["POST /issues/7/comments", "POST /check-runs"]);
}

#[test]
fn what_is_not_there_says_where_it_was_looked_for() {
    let github = github();
    assert_eq!(
        client(&github).comments(8).unwrap_err().to_string(),
        format!(
            "cannot read the comments of the pull request: {}/repos/{REPOSITORY}/issues/8/comments?per_page=100 was not found; check the repository and the number, and that the token is for this repository and has `permissions: pull-requests: read`",
            github.api()
        )
    );
}

#[test]
fn a_token_that_is_no_longer_valid_is_not_repeated() {
    let github = github();
    let error = client_with(&github, "ghp_expired", VerdictKind::CheckRun).comments(7).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}/repos/{REPOSITORY}/issues/7/comments?per_page=100 does not accept the token in GITHUB_TOKEN: Bad credentials; expected a token that is neither expired nor revoked, such as `${{{{ github.token }}}}` in GitHub Actions",
            github.api()
        )
    );
}

#[test]
fn a_limit_is_waited_for_as_long_as_it_says() {
    let github = github();
    let limited = "You have exceeded a secondary rate limit. Please wait a few minutes.";
    github.plant(Fault::new("GET /issues/7/comments", 429, limited).header("retry-after", "1"));
    github.plant(Fault::new("POST /issues/7/comments", 403, limited).header("retry-after", "1"));
    let started = Instant::now();
    assert_eq!(client(&github).comments(7), Ok(Vec::new()));
    // A limit says that nothing was done: even a comment may be made again.
    client(&github).create_comment(7, "text").unwrap();
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(github.comments(7).len(), 1);
}

#[test]
fn a_limit_that_lasts_longer_than_anybody_waits_is_said_and_not_asked_again() {
    let github = github();
    let reset = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_mins(40);
    github.plant(
        Fault::new("GET /issues/7/comments", 403, "API rate limit exceeded for installation.")
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", &reset.as_secs().to_string()),
    );
    let error = client(&github).comments(7).unwrap_err().to_string();
    let start = "the forge is asked too often, and would not read the comments of the pull request: API rate limit exceeded for installation; it asks to wait 2";
    assert!(error.starts_with(start), "{error}");
    // Without a time a minute is to be waited, which is more than these tests do.
    let limited = "You have exceeded a secondary rate limit.";
    github.plant(Fault::new("GET /issues/7/comments", 403, limited));
    let error = client(&github).comments(7).unwrap_err().to_string();
    assert!(error.ends_with("it asks to wait 60 s"), "{error}");
    assert_eq!(github.held(|held| held.asked.len()), 2);
}

#[test]
fn a_forge_that_is_out_of_order_is_asked_again() {
    let github = github();
    let own = github.comment(7, "github-actions[bot]", "text");
    for status in [502, 503] {
        github.plant(Fault::new("GET /issues/7/comments", status, "Server Error"));
        let patch = Fault::new("PATCH /issues/comments/1001", status, "Server Error");
        github.plant(patch.after_doing());
    }
    let comments = client(&github).comments(7).unwrap();
    assert_eq!(comments[0].id.0, own);
    client(&github).update_comment(comments[0].id, "other").unwrap();
    for _ in 0..3 {
        github.plant(Fault::new("GET /issues/7/comments", 502, "Server Error"));
    }
    assert_eq!(
        client(&github).comments(7).unwrap_err().to_string(),
        "the forge could not read the comments of the pull request: status 502 (tried 3 times)"
    );
}

#[test]
fn a_refusal_is_repeated_in_its_words() {
    let github = github();
    github.plant(Fault::new("POST /issues/7/comments", 422, "").body(json!({
        "message": "Validation Failed",
        "errors": [{ "resource": "IssueComment", "code": "unprocessable", "field": "data",
                     "message": "Body is too long (maximum is 65536 characters)" }],
    })));
    assert_eq!(
        client(&github).create_comment(7, "text").unwrap_err().to_string(),
        "the forge would not write a comment: status 422, Validation Failed: Body is too long (maximum is 65536 characters)"
    );
}

#[test]
fn the_token_goes_to_no_other_host() {
    let github = github();
    let elsewhere = "<http://127.0.0.2:1/repos/x/y/issues/7/comments?page=2>; rel=\"next\"";
    github.plant(
        Fault::new("GET /issues/7/comments", 200, "").header("link", elsewhere).body(json!([])),
    );
    let error = client(&github).comments(7).unwrap_err().to_string();
    assert!(error.contains("its next page is at http://127.0.0.2:1/"), "{error}");
}

#[test]
fn what_is_no_api_of_github_is_said() {
    let github = github();
    github.plant(Fault::new("GET /issues/7/comments", 200, "").body(json!({ "hello": 1 })));
    let error = client(&github).comments(7).unwrap_err().to_string();
    let words = "did not answer as the API of GitHub does: invalid type: map, expected a sequence at line 1 column 0; expected its address in GITHUB_API_URL, such as https://api.github.com";
    assert!(error.ends_with(words), "{error}");
}

#[test]
fn a_machine_that_is_not_there_is_said() {
    let github = github();
    let gone = client(&github);
    let api = github.api();
    drop(github);
    let error = gone.create_comment(7, "text").unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot reach {api}: ")), "{error}");
    assert!(error.ends_with("(tried 3 times)"), "{error}");
}

#[test]
fn a_pull_request_is_found_by_its_newest_commit_also_from_a_fork() {
    let github = github();
    let pull_request = |number, repository: &str, sha: &str| PullRequest {
        number,
        repository: repository.to_owned(),
        branch: "order&state=closed".to_owned(),
        sha: sha.to_owned(),
    };
    let older = "0".repeat(40);
    github.held(|held| {
        held.pull_requests = vec![
            pull_request(7, "someone/micropython", SHA),
            pull_request(8, "someone/other-fork", SHA),
            pull_request(9, REPOSITORY, SHA),
            pull_request(10, "someone/micropython", &older),
        ];
    });
    let found = |repository: &str, commit: &str| {
        client(&github)
            .open_pull_requests(&Head {
                repository: repository.parse().unwrap(),
                branch: "order&state=closed".parse().unwrap(),
                commit: commit.parse().unwrap(),
            })
            .unwrap()
    };
    assert_eq!(found("Someone/MicroPython", SHA), [7]);
    assert_eq!(found(REPOSITORY, SHA), [9]);
    // Somebody pushed meanwhile, and another run will report on that.
    assert_eq!(found("someone/micropython", &"1".repeat(40)), Vec::<u64>::new());
}

#[test]
fn a_verdict_is_a_check_run_or_a_commit_status() {
    let github = github();
    github.held(|held| held.accounts.insert("ghp_person".to_owned(), "dpgeorge".to_owned()));
    let commit = SHA.parse().unwrap();
    client(&github).set_verdict(&commit, &verdict()).unwrap();
    assert_eq!(
        github.held(|held| held.check_runs.clone()),
        [json!({
            "name": "initboard / micropython",
            "head_sha": SHA,
            "status": "completed",
            "conclusion": "neutral",
            "output": { "title": "3 boards change their order", "summary": "See the comment." },
        })]
    );
    let person = |kind| client_with(&github, "ghp_person", kind);
    assert_eq!(
        person(VerdictKind::CheckRun).set_verdict(&commit, &verdict()).unwrap_err().to_string(),
        "only the token of GitHub Actions or of another GitHub App may set a check run: You must authenticate via a GitHub App; give it such a token, or say --verdict status"
    );
    let failing = Verdict { conclusion: Conclusion::Failure, ..verdict() };
    for verdict in [verdict(), failing] {
        person(VerdictKind::CommitStatus).set_verdict(&commit, &verdict).unwrap();
    }
    let status = |state| {
        let description = "3 boards change their order";
        let context = "initboard / micropython";
        (SHA.to_owned(), json!({ "context": context, "state": state, "description": description }))
    };
    assert_eq!(github.held(|held| held.statuses.clone()), [status("success"), status("failure")]);
}
