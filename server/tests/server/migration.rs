//! How far the boards have come from calls to the registry, by page, JSON and CSV.

use initboard::model::{Entry, EntryKind, InitTable, Origin, Sha256, Stage};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::html::{attributes, page, text, texts};
use crate::support::trees::{listing, record, record_build, source};

/// What runs the scripts.
const RUNNER: &str = "pyexec_friendly_repl";

/// What a board runs, in effective order; `@` before what the registry holds.
fn runs(calls: &[&str]) -> InitTable {
    let stage = |index: usize| {
        let is_after_script = calls[..index].contains(&RUNNER);
        if is_after_script { Stage::Stop } else { Stage::Start }
    };
    let named: Vec<_> = calls
        .iter()
        .enumerate()
        .map(|(index, call)| (stage(index), call.trim_start_matches('@'), None))
        .collect();
    let mut table = source("stm32", &named);
    table.source = None;
    table.origins = vec![Origin::Calls];
    let register = |(entry, call): (&mut Entry, &&str)| {
        entry.origin = Origin::Calls;
        if *call == RUNNER {
            (entry.kind, entry.phase) = (EntryKind::Landmark, None);
        }
        if call.starts_with('@') {
            entry.origin = Origin::Registry;
            entry.level = Some("driver".parse().unwrap());
            entry.slot = Some(entry.position);
            entry.priority = Some(format!("{:02}", entry.position).parse().unwrap());
        }
    };
    table.entries.iter_mut().zip(calls).for_each(register);
    table
}

fn build(app: &TestApp, board: &str, number: u32, calls: &[&str]) {
    let mut table = runs(calls);
    "elf32-littlearm".clone_into(&mut table.file.format);
    table.arch = Some("arm".to_owned());
    table.bits = Some(32);
    table.endian = Some(initboard::model::Endian::Little);
    table.levels = vec!["driver".parse().unwrap()];
    table.file.sha256 = Sha256::of(format!("{board} {number}").as_bytes());
    record_build(app, "micropython", board, number, &table);
}

const CALLS: [&str; 4] = ["mp_init", "pin_init0", "uart_init0", RUNNER];
const IN_ORDER: [&str; 4] = ["mp_init", "@pin_init0", "@uart_init0", RUNNER];
const OTHERWISE: [&str; 4] = ["mp_init", "@uart_init0", "@pin_init0", RUNNER];
const IN_PART: [&str; 4] = ["mp_init", "@pin_init0", "uart_init0", RUNNER];
const TWICE: [&str; 5] = ["mp_init", "@pin_init0", "pin_init0", "@uart_init0", RUNNER];

/// A board in each state, one that runs something twice, and one of which nothing
/// is known before it was migrated.
fn fleet() -> TestApp {
    let app = TestApp::start();
    let boards = ["CALLS", "PART", "SAME", "MOVED", "NEW", "TWICE", "UNSEEN"];
    let boards = boards.map(|board| format!("stm32/{board}"));
    record(&app, &listing(1, &boards.each_ref().map(String::as_str)));
    for board in ["CALLS", "PART", "SAME", "MOVED", "TWICE"] {
        build(&app, &format!("stm32/{board}"), 2, &CALLS);
    }
    build(&app, "stm32/NEW", 2, &IN_ORDER);
    build(&app, "stm32/PART", 3, &IN_PART);
    build(&app, "stm32/SAME", 3, &IN_PART);
    build(&app, "stm32/SAME", 4, &IN_ORDER);
    build(&app, "stm32/MOVED", 4, &OTHERWISE);
    build(&app, "stm32/TWICE", 4, &TWICE);
    app
}

#[test]
fn the_state_of_each_board_follows_from_its_builds() {
    let app = fleet();
    let found = app.get("/api/v1/projects/micropython/migration").json();
    let states: Vec<Value> = found["boards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|board| json!([board["board"], board["state"], board["left"], board["twice"]]))
        .collect();
    assert_eq!(
        Value::from(states),
        json!([
            ["stm32/CALLS", "calls", ["pin_init0", "uart_init0"], []],
            ["stm32/MOVED", "migrated", [], []],
            ["stm32/NEW", "migrated", [], []],
            ["stm32/PART", "partial", ["uart_init0"], []],
            ["stm32/SAME", "verified", [], []],
            ["stm32/TWICE", "partial", [], ["pin_init0"]],
            ["stm32/UNSEEN", "not-seen", [], []],
        ])
    );
    assert_eq!(
        found["history"],
        json!([
            {"day": "2023-11-16", "seen": 6, "begun": 1, "migrated": 1},
            {"day": "2023-11-17", "seen": 6, "begun": 3, "migrated": 1},
            {"day": "2023-11-18", "seen": 6, "begun": 5, "migrated": 3},
        ])
    );
}

#[test]
fn the_page_says_how_far_it_is_and_what_comes_next() {
    let app = fleet();
    let html = page(&app, "/micropython/-/migration");
    assert_eq!(
        text(&html, "p.answer"),
        "3 of 7 boards migrated, 1 of them verified: the order is proven to be that of the calls before. 2 register in part, 1 calls from main, 1 has no build."
    );
    assert_eq!(texts(&html, "table.progress tbody td.n"), ["7", "1", "2", "2", "1", "1"]);
    let rows = texts(&html, "table.boards tbody tr");
    assert_eq!(rows.len(), 7);
    assert!(rows[1].contains("from the calls before"), "{}", rows[1]);
    assert!(rows[2].contains("no build of it called from main"), "{}", rows[2]);
    assert!(rows[5].contains("run twice: pin_init0"), "{}", rows[5]);
    // The board with the fewest calls that nobody registers yet comes first.
    let next = texts(&html, "h2 + p + .wide tbody tr th");
    assert_eq!(next, ["stm32/PART", "stm32/CALLS"]);
    let only = page(&app, "/micropython/-/migration?state=verified");
    assert_eq!(texts(&only, "table.boards tbody th"), ["stm32/SAME"]);
    let sorted = page(&app, "/micropython/-/migration?sort=-registered&port=stm32");
    assert_eq!(
        texts(&sorted, "table.boards tbody th")[..3],
        ["stm32/MOVED", "stm32/NEW", "stm32/SAME"]
    );
    let of_port = page(&app, "/micropython/-/migration?port=stm32");
    assert!(text(&of_port, "p.answer").starts_with("3 of 7 stm32 boards migrated"));
    assert_eq!(app.get("/micropython/-/migration?port=nope").status, 404);
    let twin = attributes(&only, "footer a", "href");
    assert_eq!(twin[0], "/api/v1/projects/micropython/migration?state=verified");
    assert_eq!(app.get(&twin[0]).json()["boards"].as_array().unwrap().len(), 1);
    assert_eq!(
        app.get("/api/v1/projects/micropython/migration?state=done").error().2,
        "the parameter `state`: expected not-seen, calls, partial, migrated or verified"
    );
    assert_eq!(app.get("/micropython/-/migration?sort=age").status, 400);
    assert_eq!(app.get("/micropython/-/migration?state=done").status, 400);
    assert_eq!(app.get("/nothing/-/migration").status, 404);
}

#[test]
fn boards_with_nothing_to_register_are_told_apart_from_the_migrated() {
    let app = TestApp::start();
    record(&app, &listing(1, &["stm32/SIM", "stm32/SAME"]));
    build(&app, "stm32/SIM", 2, &["mp_init", RUNNER]);
    build(&app, "stm32/SAME", 2, &CALLS);
    let answer = || text(&page(&app, "/micropython/-/migration"), "p.answer");
    assert_eq!(answer(), "0 of 2 boards migrated. 1 has nothing to register, 1 calls from main.");
    build(&app, "stm32/SAME", 3, &IN_ORDER);
    assert_eq!(
        answer(),
        "1 of 2 boards migrated, 1 of them verified: the order is proven to be that of the calls before. 1 has nothing to register."
    );
}

#[test]
fn a_board_has_the_code_that_replaces_its_calls() {
    let app = fleet();
    let found = app.get("/api/v1/projects/micropython/ports/stm32/boards/PART/migration").json();
    assert_eq!((&found["state"], &found["registered"]), (&json!("partial"), &json!(1)));
    let registrations = found["plan"]["registrations"].as_array().unwrap();
    let said: Vec<String> = registrations
        .iter()
        .map(|one| format!("{} {} {}", one["level"], one["priority"], one["function"]))
        .collect();
    assert_eq!(said, [r#""driver" "11" "uart_init0""#]);
    let names: Vec<&Value> =
        found["files"].as_array().unwrap().iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["init_register.c", "init_register.rs"]);
    let html = page(&app, "/micropython/stm32/PART");
    assert_eq!(
        text(&html, "h2#migration + p"),
        "◧ partial: 1 function is registered, 1 call could be."
    );
    let code = texts(&html, "pre.code");
    assert!(code[0].contains("MP_INIT_REGISTER(driver, 11, uart_init0);"), "{}", code[0]);
    assert!(code[1].contains("init_register!(driver, 11, uart_init0);"), "{}", code[1]);
    assert_eq!(
        app.get("/api/v1/projects/micropython/ports/stm32/boards/UNSEEN/migration").status,
        404
    );
}

#[test]
fn a_board_whose_order_moved_leads_to_both_orders() {
    let app = fleet();
    let of = |board: &str| {
        let address = format!("/api/v1/projects/micropython/ports/stm32/boards/{board}/migration");
        let found = app.get(&address).json();
        let proof = &found["proof"];
        json!([found["state"], proof["changed"], proof["is_certain"], found["plan"]])
    };
    assert_eq!(of("SAME"), json!(["verified", 0, true, null]));
    assert_eq!(of("MOVED"), json!(["migrated", 1, true, null]));
    let html = page(&app, "/micropython/stm32/MOVED");
    let said = text(&html, "h2#migration + p");
    assert!(said.contains("its order has 1 difference from that of the calls before"), "{said}");
    let links = attributes(&html, "h2#migration + p a", "href");
    assert_eq!(links.len(), 1);
    assert_eq!(app.get(&links[0]).status, 200, "{}", links[0]);
}

#[test]
fn a_proof_holds_however_often_the_order_changes_after_it() {
    let app = TestApp::start();
    build(&app, "stm32/OLD", 1, &CALLS);
    for number in 2..300 {
        build(&app, "stm32/OLD", number, if number % 2 == 0 { &IN_ORDER } else { &OTHERWISE });
    }
    let address = "/api/v1/projects/micropython/ports/stm32/boards/OLD/migration";
    let found = app.get(address).json();
    assert_eq!((&found["state"], &found["proof"]["changed"]), (&json!("verified"), &json!(0)));
    let found = app.get("/api/v1/projects/micropython/migration").json();
    assert_eq!(found["boards"][0]["state"], "verified");
    assert_eq!(found["history"].as_array().unwrap().len(), 2);
}

#[test]
fn a_badge_counts_the_boards_that_are_migrated() {
    let app = TestApp::start();
    let said = |query: &str| {
        let answer = app.get(&format!("/micropython/-/migration.svg{query}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/svg+xml")));
        let svg = answer.text();
        svg.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned()
    };
    assert_eq!(said(""), "init registry: not seen");
    record(&app, &listing(1, &["stm32/SAME", "rp2/UNSEEN"]));
    build(&app, "stm32/SAME", 2, &CALLS);
    assert_eq!(said(""), "init registry: 0 of 2 boards migrated");
    build(&app, "stm32/SAME", 3, &IN_ORDER);
    assert_eq!(said(""), "init registry: 1 of 2 boards migrated");
    assert_eq!(said("?port=stm32"), "stm32 init registry: 1 board verified");
    assert_eq!(said("?port=rp2"), "rp2 init registry: not seen");
    let status = |query: &str| app.get(&format!("/micropython/-/migration.svg{query}")).status;
    assert_eq!((status("?port=a/b"), status("?port=nope")), (400, 404));
    assert_eq!((status("?board=stm32/SAME"), status("?port=rp2&port=stm32")), (400, 400));
}

#[test]
fn a_badge_leaves_out_boards_with_nothing_to_register() {
    let app = TestApp::start();
    let said = || {
        let svg = app.get("/micropython/-/migration.svg?port=stm32").text().to_owned();
        svg.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned()
    };
    record(&app, &listing(1, &["stm32/SIM", "stm32/SAME"]));
    build(&app, "stm32/SIM", 2, &["mp_init", RUNNER]);
    assert_eq!(said(), "stm32 init registry: not seen");
    build(&app, "stm32/SAME", 2, &CALLS);
    assert_eq!(said(), "stm32 init registry: 0 of 1 board migrated");
    build(&app, "stm32/SAME", 3, &IN_ORDER);
    assert_eq!(said(), "stm32 init registry: 1 board verified");
    record(&app, &listing(4, &["stm32/SIM"]));
    assert_eq!(said(), "stm32 init registry: nothing to register");
}

#[test]
fn the_boards_as_csv() {
    let app = fleet();
    let answer = app.get("/micropython/-/migration.csv");
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = answer.text().lines().collect();
    assert_eq!(
        lines[0],
        "port,board,state,registered,left,twice,by_hand,scripts,idle,before,after,changed"
    );
    assert_eq!(lines[4], "stm32,PART,partial,1,1,0,0,no-script,0,,,");
    assert_eq!(lines.len(), 8);
    let moved: Vec<&str> = lines[2].split(',').collect();
    assert_eq!((moved[1], moved[8], moved[11]), ("MOVED", "0", "1"));
    let commits = app.get("/api/v1/projects/micropython/migration").json();
    let proof = &commits["boards"][1]["proof"];
    assert_eq!((&proof["before"], &proof["after"]), (&json!(moved[9]), &json!(moved[10])));
}

#[test]
fn the_csv_holds_the_boards_that_the_page_shows() {
    let app = fleet();
    for query in ["?state=verified", "?port=stm32", "?port=stm32&sort=-registered", "?sort=state"] {
        let html = page(&app, &format!("/micropython/-/migration{query}"));
        let link = &attributes(&html, "form.filter a[href*='.csv']", "href")[0];
        assert_eq!(*link, format!("/micropython/-/migration.csv{query}"));
        let boards: Vec<String> = app
            .get(link)
            .text()
            .lines()
            .skip(1)
            .map(|line| line.split(',').take(2).collect::<Vec<_>>().join("/"))
            .collect();
        assert_eq!(boards, texts(&html, "table.boards tbody th"), "{query}");
    }
    let status = |query: &str| app.get(&format!("/micropython/-/migration.csv{query}")).status;
    assert_eq!((status("?port=nope"), status("?state=done"), status("?sort=age")), (404, 400, 400));
    assert_eq!((status("?board=stm32/SAME"), status("?state=calls&state=partial")), (400, 400));
}

#[test]
fn a_project_without_boards_is_told_how_to_get_some() {
    let app = TestApp::start();
    let html = page(&app, "/micropython/-/migration");
    assert!(text(&html, "p.answer").contains("No board is known yet"));
}
