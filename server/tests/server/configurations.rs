//! What a project configures, as it is sent and as pages and answers then speak.

use std::process::{Command, Output};

use initboard::model::{Stage, TreeFacts};
use initboard::store::Scope;
use serde_json::{Value, json};

use crate::support::app::{Answer, COMMIT, TestApp};
use crate::support::html;
use crate::support::tables;
use crate::support::trees::{commit, empty, source};

const ADDRESS: &str = "/api/v1/projects/micropython/configuration";

/// Five ports that start USB, of which `c` never stops it.
fn facts(number: u32) -> TreeFacts {
    let port = |name: &str| {
        let stop = if name == "c" { "pin_deinit" } else { "usb_deinit" };
        source(
            name,
            &[
                (Stage::Start, "mp_init", None),
                (Stage::Start, "usb_init", None),
                (Stage::Stop, stop, None),
                (Stage::Stop, "mp_deinit", None),
            ],
        )
    };
    TreeFacts { tables: ["a", "b", "c", "d", "e"].map(port).to_vec(), ..empty(number) }
}

fn send_facts(app: &TestApp, facts: &TreeFacts, scope: &[Scope]) -> Answer {
    let bearer = format!("Bearer {}", app.token_with(Scope::Upload, scope).reveal());
    let headers = [("authorization", bearer.as_str())];
    let body = serde_json::to_vec(facts).unwrap();
    app.post("/api/v1/projects/micropython/tree", &headers, &body)
}

/// The text that counts, and its number.
fn current(app: &TestApp) -> (Value, String) {
    let answer = app.get(ADDRESS).json();
    (answer["version"]["number"].clone(), answer["text"].as_str().unwrap().to_owned())
}

/// Severity and waiver of each finding of IB301, by port.
fn missing_deinits(app: &TestApp) -> Vec<String> {
    let report = app.get("/api/v1/projects/micropython/findings").json();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["rule"] == "IB301")
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("of"), text("severity"), text("waived"))
        })
        .collect()
}

#[test]
fn a_project_without_a_configuration_has_the_shipped_one() {
    let app = TestApp::start();
    let answer = app.get(ADDRESS).json();
    assert_eq!(answer["version"], Value::Null);
    assert_eq!(answer["versions"], json!([]));
    assert!(answer["text"].as_str().unwrap().starts_with("# What Initboard knows"));
    let subsystems: Vec<&Value> =
        answer["satisfied"].as_array().unwrap().iter().map(|item| &item["subsystem"]).collect();
    assert!(subsystems.contains(&&json!("readline")), "{subsystems:?}");
}

#[test]
fn a_declaration_with_a_slip_in_its_name_is_told() {
    let app = TestApp::start();
    assert_eq!(send_facts(&app, &facts(1), &[]).status, 201);
    let declared = |name: &str| {
        app.configure(&format!(
            "[[by-hand]]\nfunction = '{name}'\nreason = 'the board needs it'\n"
        ));
        let page = html::page(&app, "/micropython/-/configuration");
        html::texts(&page, "#unmatched + ul li")
    };
    assert_eq!(declared("usb_init"), [""; 0]);
    assert_eq!(
        declared("usb_innit"),
        ["[[by-hand]] for function usb_innit matches nothing: mend the name, or remove it"]
    );
    let json = app.get("/api/v1/projects/micropython/configuration").json();
    assert_eq!(json["unmatched"][0]["function"], "usb_innit");
}

#[test]
fn a_configuration_counts_at_once_for_names_severities_and_waivers() {
    let app = TestApp::start();
    assert_eq!(send_facts(&app, &facts(1), &[]).status, 201);
    let table = serde_json::to_vec(&tables::table(&["pin_init0", "radio_start"])).unwrap();
    let upload = || app.upload().header("content-type", "application/json".to_owned()).send(&table);
    assert_eq!(upload().status, 201);
    let board = "/api/v1/projects/micropython/ports/stm32/boards/PYBV10";
    let build = format!("{board}/builds/{COMMIT}");
    let names = |path: &str| {
        let answer = app.get(path).json();
        let entries = answer["table"]["entries"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["subsystem"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(board), ["pin", "radio"]);
    assert_eq!(missing_deinits(&app), ["c warning -"]);

    let first = "
[subsystems]
wireless = 'radio_*'
[severities]
missing-deinit = 'error'
[[waiver]]
rule = 'IB301'
port = 'c'
reason = 'its device is the same for ever'
";
    let answer = app.configure(first);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let answer = answer.json();
    assert_eq!((&answer["number"], &answer["created"]), (&json!(1), &json!(true)));
    assert_eq!(answer["sent_by"], "maintainer");
    for path in [board, build.as_str()] {
        assert_eq!(names(path), ["pin", "wireless"], "{path}");
    }
    let page = html::page(&app, &format!("/micropython/stm32/PYBV10/{COMMIT}"));
    assert!(html::texts(&page, "td").contains(&"wireless".to_owned()));
    let matrix = app.get("/api/v1/projects/micropython/matrix?port=stm32").json();
    let rows: Vec<&Value> =
        matrix["rows"].as_array().unwrap().iter().map(|row| &row["subsystem"]).collect();
    assert_eq!(rows, ["pin", "wireless"]);
    assert_eq!(missing_deinits(&app), ["c error its device is the same for ever"]);

    // What is switched off is not found, and the newest names count.
    let sides = "boards=stm32/PYBV10,stm32/PYBV10";
    app.configure("[severities]\nIB301 = 'off'\n[subsystems]\nair = 'radio_*'\n");
    assert_eq!(missing_deinits(&app), Vec::<String>::new());
    let compared = app.get(&format!("/api/v1/projects/micropython/compare?{sides}")).json();
    assert_eq!(compared["sides"][1]["table"]["entries"][1]["subsystem"], "air");
    assert_eq!(upload().json()["findings"], json!([]));
}

#[test]
fn findings_of_a_board_have_the_severities_and_waivers_of_the_project() {
    let app = TestApp::start();
    let mut table = tables::table(&["pin_init0"]);
    table.anomalies = tables::anomalies();
    let table = serde_json::to_vec(&table).unwrap();
    app.upload().header("content-type", "application/json".to_owned()).send(&table);
    let board = "/api/v1/projects/micropython/ports/stm32/boards/PYBV10";
    let findings = || {
        let findings = app.get(board).json()["table"]["findings"].as_array().unwrap().clone();
        let line = |finding: &Value| {
            let text = |key: &str| finding[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("rule"), text("severity"), text("waived"))
        };
        findings.iter().map(line).collect::<Vec<_>>()
    };
    let attention = || {
        let overview = app.get("/api/v1/projects/micropython").json();
        let rows = overview["attention"].as_array().unwrap().clone();
        rows.iter().map(|row| row["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(findings(), ["IB103 error -", "IB104 error -"]);
    assert_eq!(attention(), ["IB103", "IB104"]);
    app.configure(
        "
[severities]
IB103 = 'note'
[[waiver]]
rule = 'wild-pointer'
board = 'PYBV10'
reason = 'it points into the boot loader'
",
    );
    assert_eq!(findings(), ["IB103 note -", "IB104 error it points into the boot loader"]);
    assert_eq!(attention(), Vec::<String>::new());
    let page = html::page(&app, "/micropython/stm32/PYBV10");
    let shown = html::texts(&page, ".findings li");
    assert!(shown[1].starts_with("waived error IB104"), "{shown:?}");
    assert!(shown[1].ends_with("waived: it points into the boot loader"), "{shown:?}");
}

#[test]
fn a_text_that_is_no_configuration_is_refused_and_the_one_before_stays() {
    let app = TestApp::start();
    assert_eq!(app.configure("[severities]\nIB301 = 'off'\n").status, 201);
    for (text, expected) in [
        ("[[waiver]]\nrule = 'IB301'\nreson = 'x'\nreason = 'y'\n", "expected `waiver.reason`?"),
        ("a = \n", "line 1: "),
        ("[severities]\nIB999 = 'note'\n", "there is no rule `IB999`"),
        ("extends = 'zephyr'\n", "`extends` names `zephyr`"),
    ] {
        let (status, code, message) = app.configure(text).error();
        assert_eq!((status, code.as_str()), (422, "bad-configuration"));
        assert!(message.starts_with("this is no initboard.toml: "), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    let large = "#".repeat((1 << 20) + 1);
    assert_eq!(app.configure(&large).error().0, 413);
    assert_eq!(current(&app), (json!(1), "[severities]\nIB301 = 'off'\n".to_owned()));
    assert_eq!(app.rows("configuration"), 1);
}

#[test]
fn who_may_only_upload_is_told_how_to_get_what_is_missing() {
    let app = TestApp::start();
    let send = |token: &str| {
        app.put(ADDRESS, &[("authorization", &format!("Bearer {token}"))], b"[severities]\n")
    };
    let (status, code, message) = send(app.token.reveal()).error();
    assert_eq!((status, code.as_str()), (403, "token-without-scope"));
    let prefix = &app.token.reveal()[..14];
    assert_eq!(
        message,
        format!(
            "the token {prefix}... lacks the scope `configure`, it has only upload: `initboard token create --project micropython --scope configure` on the server makes one that has"
        )
    );
    assert_eq!(send(app.project("openmv").reveal()).error().1, "token-of-another-project");
    assert_eq!(app.put(ADDRESS, &[], b"x").error().1, "token-missing");
    assert_eq!(app.rows("configuration"), 0);

    // And who may only configure cannot upload.
    let token = format!("Bearer {}", app.token_with(Scope::Configure, &[]).reveal());
    let answer = app.upload().header("authorization", token).send(b"x");
    assert_eq!(answer.error().1, "token-without-scope");
}

#[test]
fn each_version_stays_readable_and_says_what_it_changed() {
    let app = TestApp::start();
    let first = "[severities]\nIB301 = 'off'\nIB401 = 'off'\n";
    let second = "[severities]\nIB301 = 'note'\nIB401 = 'off'\n";
    assert_eq!(app.configure(first).status, 201);
    let again = app.configure(first);
    assert_eq!((again.status, &again.json()["created"]), (200, &json!(false)));
    assert_eq!(app.configure(second).json()["number"], 2);
    assert_eq!(current(&app), (json!(2), second.to_owned()));

    let old = app.get(&format!("{ADDRESS}?version=1")).json();
    assert_eq!((&old["text"], &old["counts"]), (&json!(first), &json!(false)));
    let numbers: Vec<&Value> =
        old["versions"].as_array().unwrap().iter().map(|version| &version["number"]).collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    let changed = app.get(&format!("{ADDRESS}?from=1")).json();
    let lines: Vec<String> = changed["difference"]["places"][0]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| format!("{} {}", line["change"].as_str().unwrap(), line["text"]))
        .collect();
    assert_eq!(
        lines,
        [
            r#"same "[severities]""#,
            r#"removed "IB301 = 'off'""#,
            r#"added "IB301 = 'note'""#,
            r#"same "IB401 = 'off'""#,
        ]
    );
    let (status, code, _) = app.get(&format!("{ADDRESS}?version=3")).error();
    assert_eq!((status, code.as_str()), (404, "no-version"));
    assert_eq!(app.get(&format!("{ADDRESS}?version=x")).status, 400);
}

#[test]
fn the_facts_of_a_tree_bring_its_configuration_if_the_token_may() {
    let app = TestApp::start();
    let with =
        |number, text: &str| TreeFacts { configuration: Some(text.to_owned()), ..facts(number) };
    let quiet = "[severities]\nIB301 = 'off'\n";
    let sent = |facts: &TreeFacts, scope: &[Scope]| {
        let answer = send_facts(&app, facts, scope);
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        answer.json()["configuration"].clone()
    };
    assert_eq!(sent(&facts(1), &[]), Value::Null);
    let refused = sent(&with(2, quiet), &[]);
    assert_eq!(refused["version"], Value::Null);
    let reason = refused["left_out"].as_str().unwrap();
    assert!(reason.contains("lacks the scope `configure`"), "{reason}");
    assert_eq!(missing_deinits(&app), ["c warning -"]);

    // The same facts with a token that may.
    let stored = sent(&with(2, quiet), &[Scope::Configure]);
    assert_eq!(stored, json!({"version": 1, "created": true, "left_out": null}));
    assert_eq!(missing_deinits(&app), Vec::<String>::new());
    assert_eq!(app.get(ADDRESS).json()["version"]["commit"], commit(2).as_str());

    // Of an older tree, and one that this server does not understand.
    let late = sent(&with(1, "[severities]\n"), &[Scope::Configure]);
    assert_eq!(late["left_out"], "the tree of a later commit is known");
    let newer = sent(&with(3, "[future]\n"), &[Scope::Configure]);
    let reason = newer["left_out"].as_str().unwrap();
    assert!(reason.starts_with("this server cannot use it: there is no key `future`"), "{reason}");
    assert_eq!(current(&app), (json!(1), quiet.to_owned()));
}

#[test]
fn the_page_shows_what_counts_what_came_of_it_and_what_changed() {
    let app = TestApp::start();
    send_facts(&app, &facts(1), &[]);
    let none = html::page(&app, "/micropython/-/configuration");
    assert_eq!(
        html::text(&none, ".answer"),
        "No configuration was sent, so the shipped one is in force."
    );
    assert!(html::texts(&none, "pre")[0].contains("initboard project configure micropython"));
    app.configure("extends = 'micropython'\n");
    app.configure(
        "extends = 'micropython'
[[waiver]]
rule = 'IB301'
port = 'c'
reason = 'the device <b>stays</b>'
[[waiver]]
rule = 'IB301'
subsystem = 'i2s'
reason = 'gone by spring'
until = '2026-03-31'
[[waiver]]
rule = 'IB104'
board = 'PYBV10'
reason = 'points into the boot loader'
",
    );
    let page = html::page(&app, "/micropython/-/configuration?from=1&version=2");
    assert_eq!(
        html::text(&page, ".answer"),
        "Version 2 is in force. It came just now with the token maintainer. It builds on the shipped configuration of micropython."
    );
    let column = |of: &str, number: u32| {
        html::texts(&page, &format!("#{of} + .wide tbody tr > :nth-child({number})"))
    };
    assert_eq!(
        column("waivers", 2),
        [
            "● waives a finding",
            "✕ has run out",
            "● is about the firmware of a board",
            "○ waives nothing in the texts of main",
            "○ waives nothing in the texts of main",
            "○ waives nothing in the texts of main",
            "○ waives nothing in the texts of main",
            "○ waives nothing in the texts of main",
        ]
    );
    assert_eq!(
        column("waivers", 3),
        [
            "port c",
            "subsystem i2s",
            "board PYBV10",
            "subsystem usbd shipped",
            "port unix, subsystem thread shipped",
            "port zephyr, subsystem pin shipped",
            "port renesas-ra, subsystem i2s shipped",
            "port unix shipped",
        ]
    );
    assert_eq!(column("waivers", 4)[0], "the device <b>stays</b>");
    assert_eq!(column("waivers", 5)[..3], ["for ever", "2026-03-31", "for ever"]);
    assert_eq!(column("deinits", 1)[0], "subsystem cstack shipped");
    assert_eq!(html::texts(&page, "#unmatched + ul li"), [""; 0]);
    assert_eq!(column("deinits", 3)[0], "set back by the next init");
    assert_eq!(column("deinits", 5)[0], "py/cstack.h: mp_cstack_init_with_top");
    assert_eq!(html::text(&page, "#changes"), "What changed from version 1 to version 2");
    assert_eq!(html::texts(&page, "tr.added").len(), 13);
    assert_eq!(html::text(&page, "#L1 code"), "extends = 'micropython'");
    assert_eq!(html::texts(&page, "table.versions tbody th"), ["2", "1"]);
    let json = html::attributes(&page, "footer a", "href");
    assert_eq!(json[0], format!("{ADDRESS}?version=2&from=1"));
    assert_eq!(app.get(&json[0]).status, 200);

    let old = html::page(&app, "/micropython/-/configuration?version=1");
    assert!(html::text(&old, ".answer").starts_with("Version 1 is in force no more."));
    assert_eq!(app.get("/micropython/-/configuration?version=9").status, 404);
    assert_eq!(app.get("/micropython/-/configuration?version=x").status, 400);
    // The pages that rest on it lead there.
    for path in ["/micropython/-/findings", "/micropython/-/subsystem/usb", "/micropython"] {
        let links = html::attributes(&html::page(&app, path), "main a", "href");
        assert!(links.contains(&"/micropython/-/configuration".to_owned()), "{path}");
    }
}

/// The program in the folder of the application, where its database is.
fn run(app: &TestApp, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_initboard"))
        .args(arguments)
        .current_dir(app.folder.path())
        .env("INITBOARD_DATABASE", app.store.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
}

#[test]
fn the_command_line_configures_a_project_here_and_on_a_server() {
    let app = TestApp::start();
    let write =
        |text: &str| std::fs::write(app.folder.path().join("initboard.toml"), text).unwrap();
    write("[severities]\nIB301 = 'off'\n");
    assert_eq!(
        said(&run(&app, &["project", "configure"], &[])),
        (
            Some(2),
            "initboard: initboard.toml does not say which project it is for: expected its name as an argument, or `name` in the section [project]".to_owned()
        )
    );
    assert_eq!(
        said(&run(&app, &["project", "configure", "micropython"], &[])),
        (Some(0), "version 1 of the configuration of `micropython` counts from now on".to_owned())
    );
    write("[project]\nname = 'micropython'\n");
    let (server, token) = (app.url(""), app.token_with(Scope::Configure, &[]));
    let remote = [("INITBOARD_SERVER", server.as_str()), ("INITBOARD_TOKEN", token.reveal())];
    for news in ["counts from now on", "counted already"] {
        assert_eq!(
            said(&run(&app, &["project", "configure"], &remote)),
            (Some(0), format!("version 2 of the configuration of `micropython` {news}"))
        );
    }
    let versions = app.get(ADDRESS).json()["versions"].clone();
    let senders: Vec<&Value> =
        versions.as_array().unwrap().iter().map(|version| &version["sent_by"]).collect();
    assert_eq!(senders, [&json!("maintainer"), &Value::Null]);

    let remote = [("INITBOARD_SERVER", server.as_str()), ("INITBOARD_TOKEN", app.token.reveal())];
    let (code, message) = said(&run(&app, &["project", "configure"], &remote));
    assert_eq!(code, Some(2));
    assert!(message.contains("lacks the scope `configure`"), "{message}");
    write("[waivr]\n");
    assert_eq!(
        said(&run(&app, &["project", "configure", "micropython"], &[])),
        (
            Some(2),
            "initboard: initboard.toml: there is no key `waivr`: expected `waiver`?".to_owned()
        )
    );
}

#[test]
fn an_upload_of_facts_says_what_became_of_the_configuration() {
    let app = TestApp::start();
    let facts = TreeFacts { configuration: Some("[severities]\n".to_owned()), ..facts(1) };
    std::fs::write(app.folder.path().join("facts.json"), serde_json::to_vec(&facts).unwrap())
        .unwrap();
    std::fs::write(app.folder.path().join("initboard.toml"), "[project]\nname = 'micropython'\n")
        .unwrap();
    let upload = |token: &str| {
        let server = app.url("");
        let variables = [("INITBOARD_SERVER", server.as_str()), ("INITBOARD_TOKEN", token)];
        said(&run(&app, &["upload", "facts.json"], &variables))
    };
    let (code, message) = upload(app.token.reveal());
    assert_eq!(code, Some(0), "{message}");
    let mut lines = message.lines();
    assert_eq!(lines.next(), Some("the source tree: stored, 5 ports, 0 boards"));
    let left_out = lines.next().unwrap();
    assert!(
        left_out.starts_with("initboard.toml: left out, and the rest was stored: the token ibt_")
    );
    let token = app.token_with(Scope::Upload, &[Scope::Configure]);
    assert_eq!(
        upload(token.reveal()).1,
        "the source tree: known already, 5 ports, 0 boards\ninitboard.toml: version 1 counts from now on"
    );
}

#[test]
fn a_token_is_made_for_what_it_is_to_do() {
    let app = TestApp::start();
    let create = |scope: &str| {
        let arguments = ["token", "create", "--project", "micropython", "--scope", scope];
        run(&app, &arguments, &[])
    };
    let both = create("upload,configure");
    assert_eq!(
        said(&both).1,
        "This token of `micropython` may upload and configure. It is shown only now: keep it as a secret of CI, in INITBOARD_TOKEN."
    );
    let bearer = format!("Bearer {}", String::from_utf8_lossy(&both.stdout).trim());
    let answer = app.put(ADDRESS, &[("authorization", &bearer)], b"[severities]\n");
    assert_eq!(answer.status, 201, "{}", answer.text());
    let (code, message) = said(&create("admin"));
    assert_eq!(code, Some(2));
    assert!(message.contains("`admin` is not a scope: expected upload or configure"), "{message}");
    let list = run(&app, &["token", "list"], &[]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("upload, configure"));
}
