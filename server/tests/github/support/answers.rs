//! The JSON of GitHub's REST API, as far as anybody reads it.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use super::github::{Comment, PullRequest, REPOSITORY};

pub(crate) fn answer(status: u16, body: &Value) -> Response<Body> {
    with_headers(status, body, &[])
}

pub(crate) fn with_headers(
    status: u16,
    body: &Value,
    headers: &[(&'static str, String)],
) -> Response<Body> {
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json; charset=utf-8")
        .header("x-github-media-type", "github.v3; format=json");
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body.to_string())).unwrap()
}

pub(crate) fn refusal(status: u16, message: &str) -> Response<Body> {
    answer(
        status,
        &json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        }),
    )
}

fn account(login: &str) -> Value {
    json!({
        "login": login,
        "id": 41_898_282,
        "type": if login.ends_with("[bot]") { "Bot" } else { "User" },
        "site_admin": false,
    })
}

pub(crate) fn comment(comment: &Comment, pull_request: u64) -> Value {
    let Comment { id, author, body } = comment;
    json!({
        "url": format!("https://api.github.com/repos/{REPOSITORY}/issues/comments/{id}"),
        "html_url": format!("https://github.com/{REPOSITORY}/pull/{pull_request}#issuecomment-{id}"),
        "issue_url": format!("https://api.github.com/repos/{REPOSITORY}/issues/{pull_request}"),
        "id": id,
        "node_id": "IC_kwDO",
        "user": author.as_deref().map(account),
        "created_at": "2026-11-01T10:00:00Z",
        "updated_at": "2026-11-01T10:00:00Z",
        "author_association": "NONE",
        "body": body,
        "performed_via_github_app": null,
    })
}

pub(crate) fn pull_request(pull_request: &PullRequest) -> Value {
    let PullRequest { number, repository, branch, sha, .. } = pull_request;
    let owner = repository.split('/').next().unwrap();
    json!({
        "number": number,
        "state": "open",
        "head": {
            "label": format!("{owner}:{branch}"),
            "ref": branch,
            "sha": sha,
            "user": account(owner),
            "repo": { "full_name": repository, "fork": repository != REPOSITORY },
        },
        "base": { "ref": "master", "repo": { "full_name": REPOSITORY } },
    })
}
