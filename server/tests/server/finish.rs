//! The word that all builds of a commit were sent.

use std::process::Command;

use initboard::store::Scope;
use serde_json::json;

use crate::support::app::{COMMIT, TestApp};
use crate::support::elf::{firmware, samples};

fn finish(app: &TestApp, commit: &str, query: &str) -> crate::support::app::Answer {
    let bearer = format!("Bearer {}", app.token.reveal());
    app.post(&format!("/api/v1/commits/{commit}/finish{query}"), &[("authorization", &bearer)], b"")
}

#[test]
fn a_commit_is_finished_once_and_by_who_may_upload() {
    let app = TestApp::start();
    assert_eq!(app.upload().send(&firmware()).status, 201);
    let answer = |created: bool| json!({"project": "micropython", "commit": COMMIT, "boards": 1, "created": created});
    assert_eq!(finish(&app, COMMIT, "?project=micropython").json(), answer(true));
    assert_eq!(finish(&app, COMMIT, "?project=micropython").json(), answer(false));

    let other = "2".repeat(40);
    for (commit, query, status, part) in [
        (other.as_str(), "?project=micropython", 404, "has no build of commit 2222222"),
        (&COMMIT[..10], "?project=micropython", 400, "commit"),
        (COMMIT, "", 400, "`project`"),
        (COMMIT, "?project=nothing", 404, "nothing"),
        (COMMIT, "?project=micropython&board=A", 400, "board"),
    ] {
        let (found, _, message) = finish(&app, commit, query).error();
        assert_eq!(found, status, "{message}");
        assert!(message.contains(part), "{message}");
    }
    let path = format!("/api/v1/commits/{COMMIT}/finish?project=micropython");
    assert_eq!(app.post(&path, &[], b"").error().0, 401);
    let configure = format!("Bearer {}", app.token_with(Scope::Configure, &[]).reveal());
    assert_eq!(app.post(&path, &[("authorization", &configure)], b"").error().0, 403);
    let foreign = format!("Bearer {}", app.project("openmv").reveal());
    assert_eq!(app.post(&path, &[("authorization", &foreign)], b"").error().0, 403);
}

#[test]
fn the_last_upload_says_that_it_was_the_last() {
    let app = TestApp::start();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_initboard"))
            .arg("upload")
            .args(arguments)
            .args(["--server", &app.url(""), "--project", "micropython", "--commit", COMMIT])
            .env("INITBOARD_TOKEN", app.token.reveal())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said.lines().last().unwrap_or_default().to_owned())
    };
    let (code, said) = run(&["--finish"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("has no build of commit"), "{said}");
    let sample = samples()[0].2.clone();
    let finished = (Some(0), format!("{COMMIT}: finished, boards with a build: 1"));
    assert_eq!(run(&[sample.to_str().unwrap(), "--finish"]), finished);
    assert_eq!(run(&["--finish"]), finished);
}
