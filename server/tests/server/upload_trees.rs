//! What source trees say, sent over real HTTP and by the real program, and what
//! the API answers about it.

use std::process::Command;

use crate::support::app::{Answer, TestApp};
use crate::support::trees::{commit, history, listing, source};
use crate::support::{elf, tables};
use initboard::model::{Stage, TreeFacts};

const PROJECT: &str = "/api/v1/projects/micropython";

/// Facts of commit `number`: two ports, three boards, a history.
fn facts(number: u32) -> TreeFacts {
    TreeFacts {
        tables: vec![
            source(
                "stm32",
                &[
                    (Stage::Start, "mp_init", None),
                    (Stage::Start, "pin_init0", Some("MICROPY_PY_PIN")),
                    (Stage::Stop, "pin_deinit", None),
                ],
            ),
            source("unix", &[(Stage::Start, "mp_init", None)]),
        ],
        history: vec![history("stm32", &[3, 2, 1], false)],
        ..listing(number, &["stm32/PYBV10", "stm32/PYBD-SF2", "rp2/RPI_PICO"])
    }
}

fn send(app: &TestApp, facts: &TreeFacts) -> Answer {
    send_text(app, &serde_json::to_vec(facts).unwrap())
}

fn send_text(app: &TestApp, text: &[u8]) -> Answer {
    let token = app.token.reveal().to_owned();
    app.post(
        &format!("{PROJECT}/tree"),
        &[("authorization", &format!("Bearer {token}")), ("content-type", "application/json")],
        text,
    )
}

#[test]
fn the_facts_of_a_tree_are_stored_and_answered_about() {
    let app = TestApp::start();
    let stored = send(&app, &facts(5));
    assert_eq!(stored.status, 201, "{}", stored.text());
    let answer = stored.json();
    assert_eq!((&answer["ports"], &answer["boards"]), (&2.into(), &3.into()));
    assert_eq!((&answer["changes"], &answer["created"]), (&3.into(), &true.into()));
    assert_eq!(answer["url"], "/micropython");

    let source = app.get(&format!("{PROJECT}/ports/stm32/source")).json();
    assert_eq!(source["commit"], commit(5).as_str());
    assert_eq!((&source["init_count"], &source["path"]), (&1.into(), &"ports/stm32/main.c".into()));
    assert_eq!(source["table"]["entries"][1]["condition"], "MICROPY_PY_PIN");
    assert_eq!(source["table"]["entries"][1]["subsystem"], "pin", "derived");

    let history = app.get(&format!("{PROJECT}/ports/stm32/history")).json();
    assert_eq!(
        (&history["changes"].as_array().unwrap().len(), &history["is_cut"]),
        (&3, &false.into())
    );
    let one = app.get(&format!("{PROJECT}/ports/stm32/history?function=module2_init")).json();
    assert_eq!(one["changes"].as_array().unwrap().len(), 1);
    let all = app.get(&format!("{PROJECT}/history")).json();
    assert_eq!(all["changes"][0]["ports"][0]["port"], "stm32");

    let catalog = app.get(&format!("{PROJECT}/catalog")).json();
    let boards: Vec<_> =
        catalog["boards"].as_array().unwrap().iter().map(|b| &b["board"]).collect();
    assert_eq!(boards, ["rp2/RPI_PICO", "stm32/PYBD-SF2", "stm32/PYBV10"]);
    let catalog = app.get(&format!("{PROJECT}/catalog?port=rp2")).json();
    assert_eq!(catalog["boards"].as_array().unwrap().len(), 1);
}

#[test]
fn the_same_facts_twice_are_one_tree_and_a_newer_one_says_what_it_retired() {
    let app = TestApp::start();
    send(&app, &facts(5));
    let again = send(&app, &facts(5));
    assert_eq!((again.status, &again.json()["created"]), (200, &false.into()));
    let newer = send(&app, &listing(6, &["stm32/PYBV10", "rp2/RPI_PICO"]));
    assert_eq!(newer.json()["retired"], serde_json::json!(["stm32/PYBD-SF2"]));
    let board = app.get(&format!("{PROJECT}/ports/stm32/boards/PYBD-SF2")).json();
    assert_eq!(board["catalog"]["retired"]["commit"], commit(6).as_str());
    // The newer tree has no main of the port: the older one is still shown.
    let source = app.get(&format!("{PROJECT}/ports/stm32/source")).json();
    assert_eq!(source["commit"], commit(5).as_str());
}

#[test]
fn a_source_of_an_older_commit_is_found_by_its_beginning() {
    let app = TestApp::start();
    for number in [0x1234_5678, 0x2234_5678] {
        send(&app, &TreeFacts { commit: commit(number), ..facts(5) });
    }
    let at = |prefix: &str| app.get(&format!("{PROJECT}/ports/stm32/source?commit={prefix}"));
    assert_eq!(at("1234567").json()["commit"], commit(0x1234_5678).as_str());
    assert_eq!(at("1234599").error().1, "no-source");
    assert_eq!(at("12").error().1, "malformed-parameter");
}

#[test]
fn a_board_that_was_never_built_is_answered_as_the_catalog_has_it() {
    let app = TestApp::start();
    send(&app, &facts(5));
    assert_eq!(app.upload().send(&elf::firmware()).status, 201);
    let seen = app.get(&format!("{PROJECT}/ports/stm32/boards/PYBV10")).json();
    assert_eq!(seen["catalog"]["mcu"], "stm32f4");
    assert!(seen["latest"]["commit"].is_string());
    let unseen = app.get(&format!("{PROJECT}/ports/stm32/boards/PYBD-SF2")).json();
    assert_eq!(unseen["catalog"]["build"], serde_json::Value::Null);
    assert_eq!(unseen["latest"], serde_json::Value::Null);
    let port = app.get(&format!("{PROJECT}/ports/rp2")).json();
    assert_eq!(
        (port["boards"].as_array().unwrap().len(), &port["source"]),
        (0, &serde_json::Value::Null)
    );
    assert_eq!(port["catalog"][0]["board"], "rp2/RPI_PICO");
    assert_eq!(app.get(&format!("{PROJECT}/ports/unix")).status, 200, "it has a source alone");
}

#[test]
fn facts_are_refused_with_what_is_wrong() {
    let app = TestApp::start();
    let refused = |change: &dyn Fn(&mut TreeFacts)| {
        let mut facts = facts(5);
        change(&mut facts);
        let (status, code, message) = send(&app, &facts).error();
        assert_eq!(status, 422, "{message}");
        (code, message)
    };
    let (code, message) = refused(&|facts| facts.committed_at = jiff::Timestamp::MAX);
    assert!(message.contains("more than a day ahead of the server's clock"), "{message}");
    assert_eq!(code, "unreadable-tree");
    let (_, message) = refused(&|facts| {
        facts.tables[0].source.as_mut().unwrap().commit = Some(commit(6));
    });
    assert!(message.contains("send the facts of one commit"), "{message}");
    let (_, message) = refused(&|facts| facts.tables[1] = facts.tables[0].clone());
    assert!(message.starts_with("port stm32 is listed twice"), "{message}");
    let (_, message) = refused(&|facts| facts.schema = 9);
    assert!(message.starts_with("the table has schema 9"), "{message}");
    let (.., message) = send_text(&app, b"{}").error();
    assert!(message.starts_with("the facts of a tree are not valid"), "{message}");
    assert_eq!(send_text(&app, b"").error().1, "empty-body");
    assert_eq!(app.get(&format!("{PROJECT}/catalog")).json()["boards"], serde_json::json!([]));
    assert_eq!(app.rows("tree"), 0);
}

#[test]
fn a_tree_needs_a_token_of_its_project_and_json() {
    let app = TestApp::start();
    let token = app.project("openmv");
    let bearer = |token: &str| format!("Bearer {token}");
    let text = serde_json::to_vec(&facts(5)).unwrap();
    let send = |path: &str, headers: &[(&str, &str)]| app.post(path, headers, &text).error();
    let tree = format!("{PROJECT}/tree");
    assert_eq!(send(&tree, &[]).1, "token-missing");
    assert_eq!(send(&tree, &[("authorization", &bearer(token.reveal()))]).0, 403);
    let own = bearer(app.token.reveal());
    assert_eq!(send("/api/v1/projects/nobody/tree", &[("authorization", &own)]).1, "no-project");
    let elf = [("authorization", own.as_str()), ("content-type", "application/x-elf")];
    let (status, _, message) = send(&tree, &elf);
    assert_eq!(status, 415);
    assert!(message.contains("firmware goes to /api/v1/builds"), "{message}");
    assert_eq!(app.rows("tree"), 0);
}

#[test]
fn a_table_of_source_text_is_no_build() {
    let app = TestApp::start();
    let table = source("stm32", &[(Stage::Start, "mp_init", None)]);
    let answer = app
        .upload()
        .header("content-type", "application/json".to_owned())
        .send(&serde_json::to_vec(&table).unwrap());
    let (status, code, message) = answer.error();
    assert_eq!((status, code.as_str()), (422, "no-firmware"));
    assert!(message.starts_with("the table was read from ports/stm32/main.c"), "{message}");
    app.assert_nothing_stored();
}

#[test]
fn the_program_sends_facts_to_the_tree_and_tables_to_builds() {
    let app = TestApp::start();
    let file = |name: &str, text: &[u8]| {
        let path = app.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let tree = file("facts.json", &serde_json::to_vec(&facts(5)).unwrap());
    let table = file("table.json", &serde_json::to_vec(&tables::table(&["a_init"])).unwrap());
    let upload = |files: &[&str], more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_initboard"))
            .arg("upload")
            .args(files)
            .args(["--server", &app.url(""), "--project", "micropython"])
            .args(more)
            .env("INITBOARD_TOKEN", app.token.reveal())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said, String::from_utf8(output.stdout).unwrap())
    };
    let (code, said, url) = upload(&[&tree], &[]);
    assert_eq!((code, said.as_str()), (Some(0), "the source tree: stored, 2 ports, 3 boards\n"));
    assert_eq!(url, format!("{}\n", app.url("/micropython")));
    let (code, said, _) = upload(&[&table], &["--port", "stm32", "--board", "A"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("commit is not given"), "{said}");
    let sha = commit(5);
    let build = ["--port", "stm32", "--board", "A", "--commit", sha.as_str()];
    let (code, said, _) = upload(&[&tree, &table], &build);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("the source tree: known already, 2 ports, 3 boards\n"), "{said}");
    assert!(said.ends_with("stm32/A: stored, 0 findings\n"), "{said}");
}
