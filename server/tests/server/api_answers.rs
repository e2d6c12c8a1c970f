//! What the API answers to those who read.

use crate::support::app::{COMMIT, TestApp};
use crate::support::{elf, tables};

/// An application with one build of each of two boards.
fn filled() -> TestApp {
    let app = TestApp::start();
    assert_eq!(app.upload().send(&elf::firmware()).status, 201);
    let table = serde_json::to_vec(&tables::table(&["pin_init0"])).unwrap();
    let other = app.upload().with("board", "PYBD").with("variant", "SF2");
    let other = other.header("content-type", "application/json".to_owned()).send(&table);
    assert_eq!(other.status, 201, "{}", other.text());
    app
}

#[test]
fn projects_are_listed_with_their_counts() {
    let app = filled();
    let project = &app.get("/api/v1/projects").json()["projects"][0];
    assert_eq!(project["name"], "micropython");
    assert_eq!((&project["ports"], &project["boards"]), (&1.into(), &2.into()));
}

#[test]
fn a_project_lists_its_ports() {
    let project = filled().get("/api/v1/projects/micropython").json();
    assert_eq!(project["repository_url"], "https://example.org/micropython");
    assert_eq!(project["ports"][0]["name"], "stm32");
    assert_eq!(project["ports"][0]["orders"], 2);
    assert_eq!(project["ports"][0]["last_committed_at"], "2026-03-01T12:00:00Z");
}

#[test]
fn a_port_lists_its_boards_and_a_board_has_its_table() {
    let app = filled();
    let port = app.get("/api/v1/projects/micropython/ports/stm32").json();
    let boards: Vec<_> = port["boards"].as_array().unwrap().iter().map(|b| &b["board"]).collect();
    assert_eq!(boards, ["stm32/PYBD-SF2", "stm32/PYBV10"]);

    let board = app.get("/api/v1/projects/micropython/ports/stm32/boards/PYBD-SF2").json();
    assert_eq!(board["latest"]["commit"], COMMIT);
    assert_eq!(board["table"]["entries"][0]["function"], "pin_init0");
    assert_eq!(board["last_change"], board["latest"]);
    assert_eq!(board["boards_with_same_order"], 1);
}

#[test]
fn a_build_is_found_by_the_beginning_of_its_commit() {
    let app = filled();
    let path = "/api/v1/projects/micropython/ports/stm32/boards/PYBV10/builds";
    let build = app.get(&format!("{path}/{}", &COMMIT[..7]));
    assert_eq!(build.status, 200, "{}", build.text());
    assert_eq!(build.json()["build"]["commit"], COMMIT);
    assert_eq!(app.get(&format!("{path}/111111")).error().1, "malformed-commit");
    assert_eq!(app.get(&format!("{path}/2222222")).error().0, 404);
}

#[test]
fn search_finds_functions_and_boards() {
    let app = filled();
    let hits = app.get("/api/v1/projects/micropython/search?q=PIN_INIT0").json();
    let places: Vec<_> = hits["functions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|hit| hit["function"] == "pin_init0")
        .flat_map(|hit| hit["places"][0]["boards"].as_array().unwrap())
        .collect();
    assert!(places.contains(&&"PYBD-SF2".into()), "{hits}");
    let hits = app.get("/api/v1/projects/micropython/search?q=pybd").json();
    assert_eq!(hits["boards"][0]["label"], "PYBD-SF2");
    assert_eq!(app.get("/api/v1/projects/micropython/search").error().0, 400);
    assert_eq!(app.get("/api/v1/projects/micropython/search?s=x").error().1, "unknown-parameter");
    let long = format!("/api/v1/projects/micropython/search?q={}", "x".repeat(600));
    assert_eq!(app.get(&long).error().1, "malformed-parameter");
}

#[test]
fn what_is_not_there_is_404_in_the_envelope() {
    let app = filled();
    for (path, code) in [
        ("/api/v1", "no-such-address"),
        ("/api/v1/", "no-such-address"),
        ("/api/v1/nothing", "no-such-address"),
        ("/api/v1/projects/", "no-such-address"),
        ("/api/v1/projects/%ff", "no-such-name"),
        ("/api/v1/projects/micropython/ports/stm32/boards/%ff", "no-such-name"),
        ("/api/v1/projects/zephyr", "no-project"),
        ("/api/v1/projects/-%2F..", "no-such-name"),
        ("/api/v1/projects/micropython/ports/rp2", "no-port"),
        ("/api/v1/projects/micropython/ports/stm32/boards/NONE", "no-board"),
        ("/api/v1/projects/micropython/ports/stm32/boards/%1b", "no-such-name"),
    ] {
        let (status, found, message) = app.get(path).error();
        assert_eq!((status, found.as_str()), (404, code), "{path}: {message}");
    }
    for path in ["/api/v1/builds", "/api/v1/projects", "/healthz"] {
        let (status, code, message) = app.delete(path).error();
        assert_eq!((status, code.as_str()), (405, "wrong-method"));
        assert!(message.starts_with(&format!("{path} does not answer DELETE")), "{message}");
    }
    let (.., message) = app.get("/api/v1/nothing").error();
    assert!(message.starts_with("there is nothing at /api/v1/nothing;"), "{message}");
}

#[test]
fn every_answer_has_the_security_headers() {
    let app = TestApp::start();
    for path in ["/healthz", "/api/v1/projects", "/api/v1/nothing", "/", "/no/such/page"] {
        let answer = app.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
    }
}

#[test]
fn head_answers_as_get_without_the_body() {
    let app = filled();
    for path in ["/healthz", "/api/v1/projects", "/micropython"] {
        let (get, head) = (app.get(path), app.head(path));
        assert_eq!(head.status, get.status);
        assert_eq!(head.body, b"");
        assert_eq!(head.header("content-length").unwrap(), get.body.len().to_string(), "{path}");
    }
}

#[test]
fn the_health_check_asks_the_database() {
    assert_eq!(TestApp::start().get("/healthz").text(), "ok\n");
}

#[test]
fn the_committed_description_of_the_api_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = initboard::web::openapi::text().unwrap();
    assert!(
        committed == current,
        "docs/openapi.json is stale: run `cargo run -- openapi > docs/openapi.json`"
    );
    let served = TestApp::start().get("/api/v1/openapi.json").json();
    assert_eq!(served, serde_json::from_str::<serde_json::Value>(&current).unwrap());
}
