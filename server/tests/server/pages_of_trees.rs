//! The pages of what source trees say: of a project without any build, and of
//! one that has both.

use std::collections::{BTreeSet, VecDeque};

use crate::support::app::TestApp;
use crate::support::html::{attributes, page, text, texts};
use crate::support::trees::{commit, history, listing, name, record, record_build, source, step};
use crate::support::{tables, trees};
use initboard::model::{
    InitTable, LinkerScript, MainFunction, Origin, Sha256, Stage, StepKind, TreeFacts,
};
use scraper::Html;

const CONDITION: &str = "MICROPY_PY_NETWORK && !defined(STM32WL)";

/// Facts of commit `number`: two ports with a main, one with boards alone.
fn facts(number: u32) -> TreeFacts {
    let stm32 = source(
        "stm32",
        &[
            (Stage::Boot, "led_init", None),
            (Stage::Start, "mp_init", None),
            (Stage::Start, "mod_network_init", Some(CONDITION)),
            (Stage::Stop, "mod_network_deinit", Some(CONDITION)),
            (Stage::Stop, "mp_deinit", None),
        ],
    );
    let mut facts = TreeFacts {
        tables: vec![stm32, source("unix", &[(Stage::Start, "mp_init", None)])],
        history: vec![history("stm32", &[9, 8, 5, 2], false), history("unix", &[1], false)],
        ..listing(number, &["rp2/RPI_PICO", "stm32/PYBD-SF2", "stm32/PYBV10", "stm32/PYBV11"])
    };
    facts.boards[1].linker_scripts.push(LinkerScript {
        path: "made.ld".to_owned(),
        found: false,
        condition: Some("USE_MBOOT = 1".to_owned()),
        without_main: false,
        includes: vec![],
        tables: None,
        unnamed_tables: None,
    });
    facts
}

fn build(app: &TestApp, board: &str, number: u32) {
    build_with(app, board, number, &tables::table(&["pin_init0"]));
}

fn build_with(app: &TestApp, board: &str, number: u32, table: &InitTable) {
    let mut table = table.clone();
    table.file.sha256 = Sha256::of(board.as_bytes());
    record_build(app, "micropython", board, number, &table);
}

fn with_tree() -> TestApp {
    let app = TestApp::start();
    record(&app, &facts(9));
    app
}

#[test]
fn a_project_without_builds_reads_well() {
    let app = with_tree();
    let html = page(&app, "/micropython");
    assert_eq!(
        text(&html, ".answer"),
        "3 ports, 4 boards; the order of main at 0000000900; 0 boards built. Catalog, configuration."
    );
    assert_eq!(texts(&html, "tbody th"), ["rp2", "stm32", "unix"]);
    let row = |port: usize| texts(&html, &format!("tbody tr:nth-child({port}) td"));
    assert_eq!(row(1)[..6], ["1", "0", "", "", "", "nothing"]);
    assert_eq!(row(2)[..6], ["3", "0", "", "2", "1", "source"]);
    assert_eq!(
        attributes(&html, "tbody tr:nth-child(2) td a", "href"),
        ["/micropython/-/history/stm32"]
    );
    assert_eq!(texts(&page(&app, "/micropython?sort=-boards"), "tbody th")[0], "stm32");
}

#[test]
fn a_project_says_how_many_boards_of_the_catalog_were_built() {
    let app = with_tree();
    build(&app, "stm32/PYBV10", 9);
    let html = page(&app, "/micropython");
    assert!(
        text(&html, ".answer").starts_with(
            "3 ports, 4 boards; the order of main at 0000000900; 1 board built, which run 1 different order."
        ),
        "{}",
        text(&html, ".answer")
    );
    assert_eq!(texts(&html, "tbody tr:nth-child(2) td")[..6], ["3", "1", "1", "1", "0", "all"]);
}

#[test]
fn a_port_shows_the_order_in_its_text_with_conditions_and_lines() {
    let app = with_tree();
    let html = page(&app, "/micropython/stm32");
    let answer = text(&html, ".answer");
    assert!(
        answer.starts_with("3 boards, 0 built. In the text of main: 2 init, 1 deinit"),
        "{answer}"
    );
    assert!(answer.contains("The order of stm32 changed 3 times, last"), "{answer}");
    assert_eq!(texts(&html, ".run .inits .function"), ["led_init", "mp_init", "mod_network_init"]);
    assert_eq!(texts(&html, ".run .deinits .function"), ["mod_network_deinit", "mp_deinit"]);
    assert_eq!(texts(&html, ".run .heading b"), ["boot", "start", "stop"]);
    assert_eq!(texts(&html, ".run .inits .condition"), [format!("#if {CONDITION}")]);
    assert_eq!(
        attributes(&html, ".run .inits .condition", "title"),
        [format!("only where this holds: {CONDITION}")]
    );
    let joined = texts(&html, ".run svg path.join title");
    assert_eq!(joined, ["mod_network_init is stopped by mod_network_deinit"]);
    let line =
        format!("https://example.org/micropython/blob/{}/ports/stm32/main.c#L100", commit(9));
    assert_eq!(attributes(&html, ".run .inits a.place", "href")[0], line);
    assert_eq!(texts(&html, "tbody th"), ["stm32f4"]);
    assert_eq!(texts(&html, "td.boards > span"), ["○ PYBD-SF2", "○ PYBV10", "○ PYBV11"]);
}

#[test]
fn a_port_marks_what_was_built_and_what_is_retired() {
    let app = with_tree();
    record(&app, &listing(10, &["stm32/PYBD-SF2", "stm32/PYBV10"]));
    build(&app, "stm32/PYBV10", 9);
    let html = page(&app, "/micropython/stm32");
    assert!(text(&html, ".answer").starts_with("2 boards, 1 built, 1 order."));
    assert_eq!(texts(&html, "td.boards > span"), ["○ PYBD-SF2", "● PYBV10", "✕ PYBV11"]);
    assert_eq!(texts(&html, ".group h3"), ["Order 1 — 1 board"]);
    let gone = page(&app, "/micropython/rp2/RPI_PICO");
    assert_eq!(texts(&gone, "h1 .chip"), ["✕ retired"]);
    assert!(
        text(&gone, ".answer").contains("it is gone since 0000000a00"),
        "{}",
        text(&gone, ".answer")
    );
}

#[test]
fn a_board_that_was_never_built_shows_the_catalog_and_its_ports_order() {
    let app = with_tree();
    let html = page(&app, "/micropython/stm32/PYBD-SF2");
    assert!(text(&html, ".answer").starts_with("Not seen: no build has been uploaded."));
    let facts = texts(&html, ".facts dd");
    assert_eq!(
        facts[..3],
        [
            "stm32f4",
            "ports/stm32/boards/PYBD.ld, includes ports/stm32/boards/common.ld",
            "made.ld if USE_MBOOT = 1 (not in the tree)"
        ]
    );
    assert_eq!(texts(&html, ".run .inits .function").len(), 3);
    assert!(
        texts(&html, "main p").contains(
            &"Which of the calls under a condition this board has is known only from a build."
                .to_owned()
        )
    );
    build(&app, "stm32/PYBD-SF2", 9);
    let html = page(&app, "/micropython/stm32/PYBD-SF2");
    assert!(text(&html, ".answer").starts_with("1 init, 0 deinit"));
    assert!(texts(&html, ".facts dd").contains(&"stm32f4".to_owned()));
    assert_eq!(app.get("/micropython/stm32/NOPE").status, 404);
}

#[test]
fn a_port_names_the_pairs_whose_conditions_differ() {
    let app = TestApp::start();
    let calls = [
        (Stage::Start, "mp_init", None),
        (Stage::Start, "can_init0", Some("HAS_CAN")),
        (Stage::Start, "pin_init0", Some("HAS_PIN")),
        (Stage::Stop, "can_deinit", None),
        (Stage::Stop, "pin_deinit", Some("HAS_PIN")),
    ];
    record(&app, &TreeFacts { tables: vec![source("stm32", &calls)], ..trees::empty(9) });
    let html = page(&app, "/micropython/stm32");
    assert!(text(&html, ".answer").contains("1 pair under conditions that differ"));
    assert_eq!(
        texts(&html, "#guards + .wide tbody td"),
        [
            "can_init0 if HAS_CAN main.c:101",
            "can_deinit always main.c:103",
            "some configuration stops what it never started"
        ]
    );
}

#[test]
fn a_build_tells_which_conditions_of_the_text_hold() {
    let app = with_tree();
    let mut table = tables::table(&["led_init", "mod_network_init", "own_init"]);
    for (entry, stage) in table.entries.iter_mut().zip([Stage::Boot, Stage::Start, Stage::Start]) {
        // As calls of main are: no level puts them there.
        (entry.stage, entry.level, entry.origin) = (Some(stage), None, Origin::Calls);
    }
    table.origins = vec![Origin::Calls];
    table.main =
        Some(MainFunction { function: name("main"), evidence: vec![name("mp_init")], folded: 0 });
    build_with(&app, "stm32/PYBV10", 9, &table);
    let html = page(&app, "/micropython/stm32/PYBV10");
    assert!(
        texts(&html, "#configuration + p")[0].starts_with(
            "Of 2 calls under a condition, 1 is in this build and 0 are compiled out."
        ),
        "{:?}",
        texts(&html, "#configuration + p")
    );
    let facts = texts(&html, "#configuration ~ .facts div");
    assert_eq!(facts[0], "● holdsMICROPY_PY_NETWORK");
    assert_eq!(facts[1], "○ does not holddefined(STM32WL)");
    assert_eq!(facts[2], "only in the buildown_init");
    let calls = texts(&html, "#configuration ~ details tbody td:nth-child(4)");
    assert_eq!(calls[2], "● in the build, init 2");
    assert_eq!(calls[3], "? not seen: inlined, or it does nothing");
    let json = app.get("/api/v1/projects/micropython/ports/stm32/boards/PYBV10").json();
    assert_eq!(json["configuration"]["standings"][2]["standing"], "present");
    // A build whose main is not known can say nothing.
    build(&app, "stm32/PYBV11", 9);
    let html = page(&app, "/micropython/stm32/PYBV11");
    assert_eq!(texts(&html, "#configuration"), [] as [&str; 0]);
}

#[test]
fn a_history_says_in_words_what_each_commit_did() {
    let app = TestApp::start();
    let mut facts = facts(9);
    let changed = |what, function: &str, condition: Option<&str>, before: Option<&str>| {
        let mut step = step(what, function);
        step.condition = condition.map(str::to_owned);
        step.condition_before = before.map(str::to_owned);
        step
    };
    let mut moved = step(StepKind::Moved, "b_init");
    moved.stage_before = Some(Stage::Boot);
    let mut left = step(StepKind::Changed, "f_init");
    left.stage_before = Some(Stage::Stop);
    let mut first = step(StepKind::Added, "g_init");
    first.behind = None;
    facts.history[0].changes[0].steps = vec![
        changed(StepKind::Added, "a_init", Some("X && Y"), None),
        moved,
        changed(StepKind::Removed, "c_init", None, None),
        changed(StepKind::Changed, "d_init", Some("B"), Some("A")),
        changed(StepKind::Changed, "e_init", Some("B"), None),
        left,
        first,
    ];
    facts.history[0].changes[3].steps.clear();
    record(&app, &facts);
    build(&app, "stm32/PYBV10", 9);
    let html = page(&app, "/micropython/-/history/stm32");
    assert!(
        text(&html, ".answer").starts_with("The order of stm32 changed 3 times since 2023-11-16."),
        "{}",
        text(&html, ".answer")
    );
    assert_eq!(
        texts(&html, "tbody tr:first-child .steps li"),
        [
            "+ added a_init after mp_init in start if X && Y",
            "⇅ moved b_init after mp_init from boot to start",
            "− removed c_init after mp_init in start",
            "≠ changed d_init condition A → B",
            "≠ changed e_init condition none → B",
            "≠ changed f_init from stop to start",
            "+ added g_init as the first in start",
        ]
    );
    assert_eq!(texts(&html, "tbody tr:first-child details summary"), ["2 more steps"]);
    assert!(text(&html, "tbody tr:last-child").ends_with("brought the port"));
    assert_eq!(
        attributes(&html, "tbody tr:first-child td > .soft a", "href"),
        [format!("/micropython/stm32/PYBV10/{}", commit(9))]
    );
    let one = page(&app, "/micropython/-/history/stm32?function=d_init");
    assert_eq!(texts(&one, "tbody tr").len(), 1);
    assert_eq!(attributes(&one, "form.filter input", "value"), ["d_init"]);
    let none = page(&app, "/micropython/-/history/stm32?function=%3Cscript%3E");
    assert_eq!(
        text(&none, ".answer"),
        "<script>: no commit that was read changed it in the order of stm32."
    );
    assert_eq!(text(&one, ".answer"), "d_init: 1 commit changed it in the order of stm32.");
    let never = page(&app, "/micropython/-/history/unix");
    assert_eq!(text(&never, ".answer"), "The order of unix never changed since 2023-11-15.");
    assert_eq!(app.get("/micropython/-/history/rp2").status, 404);
    assert_eq!(app.get("/micropython/-/history/stm32?before=12").status, 400);
}

#[test]
fn a_long_history_is_read_page_by_page() {
    let app = TestApp::start();
    let numbers: Vec<u32> = (1..=95).rev().collect();
    record(
        &app,
        &TreeFacts { history: vec![history("stm32", &numbers, true)], ..trees::empty(99) },
    );
    let mut path = "/micropython/-/history/stm32".to_owned();
    let mut sizes = Vec::new();
    let mut seen = BTreeSet::new();
    loop {
        let html = page(&app, &path);
        assert!(text(&html, ".answer").contains("Some commits were not read"));
        sizes.push(texts(&html, "tbody tr").len());
        seen.extend(attributes(&html, "tbody tr", "id"));
        match attributes(&html, "a[rel=next]", "href").first() {
            Some(next) => path = format!("/micropython/-/history/stm32{next}"),
            None => break,
        }
    }
    assert_eq!(sizes, [40, 40, 15]);
    assert_eq!(seen.len(), 95);
}

#[test]
fn all_ports_have_one_history() {
    let app = with_tree();
    let html = page(&app, "/micropython/-/history");
    assert!(text(&html, ".answer").starts_with("3 changes of order in the text of 2 ports."));
    let rows = texts(&html, ".changes tbody td:nth-child(3)");
    assert_eq!(rows, ["stm32", "stm32", "stm32", "stm32", "unix"]);
    let empty = TestApp::start();
    assert!(text(&page(&empty, "/micropython/-/history"), ".answer").starts_with("No history"));
}

#[test]
fn the_catalog_filters_and_sorts_by_what_stands_in_the_address() {
    let app = with_tree();
    build(&app, "stm32/PYBV10", 9);
    let boards = |query: &str| {
        let html = page(&app, &format!("/micropython/-/catalog{query}"));
        texts(&html, "form + .wide tbody th")
    };
    let all = ["rp2/RPI_PICO", "stm32/PYBD-SF2", "stm32/PYBV10", "stm32/PYBV11"];
    assert_eq!(boards(""), all);
    assert_eq!(boards("?port=&mcu=&state=&script=")[..], all);
    assert_eq!(boards("?port=rp2"), ["rp2/RPI_PICO"]);
    assert_eq!(boards("?mcu=stm32f4&state=not+seen"), ["stm32/PYBD-SF2", "stm32/PYBV11"]);
    assert_eq!(boards("?state=built"), ["stm32/PYBV10"]);
    assert_eq!(boards("?script=made.ld"), ["stm32/PYBD-SF2"]);
    assert_eq!(boards("?script=ports/stm32/boards/common.ld").len(), 3, "included by each");
    let html = page(&app, "/micropython/-/catalog?port=stm32&sort=-board");
    assert!(
        text(&html, ".answer")
            .starts_with("3 boards of stm32, 1 of them built. 4 in all, 1 built. As listed at")
    );
    assert_eq!(texts(&html, "form + .wide tbody th")[0], "stm32/PYBV11");
    assert_eq!(attributes(&html, "th[aria-sort] a", "href"), ["?port=stm32&sort=board"]);
    let of_script = page(&app, "/micropython/-/catalog?mcu=stm32f4&script=made.ld");
    let twin = attributes(&of_script, "footer a", "href");
    assert_eq!(twin[0], "/api/v1/projects/micropython/catalog?mcu=stm32f4&script=made.ld");
    let boards = app.get(&twin[0]).json()["boards"].clone();
    assert_eq!(boards.as_array().unwrap().len(), 1);
    assert_eq!(boards[0]["board"], "stm32/PYBD-SF2");
    let scripts = texts(&html, "#scripts ~ .wide tbody tr");
    assert_eq!(scripts[0], "made.ld not in the tree1");
    assert_eq!(scripts.len(), 5);
    assert_eq!(app.get("/micropython/-/catalog?sort=colour").status, 400);
    assert_eq!(app.get("/micropython/-/catalog?port=nope").status, 404);
    let wrong = app.get("/micropython/-/catalog?state=foo");
    assert_eq!(wrong.status, 400);
    assert_eq!(
        text(&Html::parse_document(wrong.text()), ".answer"),
        "The parameter state is foo: expected built, not seen or retired."
    );
}

#[test]
fn search_leads_to_the_source_and_to_boards_that_were_not_seen() {
    let app = with_tree();
    let html = page(&app, "/micropython/-/search?q=network_init");
    assert_eq!(texts(&html, ".results li.function"), ["mod_network_init init stm32: text of main"]);
    assert_eq!(
        attributes(&html, ".results li.function a", "href"),
        ["/micropython/-/subsystem/network"]
    );
    let html = page(&app, "/micropython/-/search?q=pybd");
    assert_eq!(texts(&html, ".results li"), ["stm32/PYBD-SF2 not seen"]);
}

#[test]
fn every_link_on_the_pages_of_trees_leads_somewhere() {
    let app = with_tree();
    build(&app, "stm32/PYBV10", 9);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut ahead: VecDeque<String> = VecDeque::from(["/micropython".to_owned()]);
    while let Some(path) = ahead.pop_front() {
        let path = path.split('#').next().unwrap().to_owned();
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = app.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            let base = path.split('?').next().unwrap();
            for link in attributes(&Html::parse_document(answer.text()), "a", "href") {
                match link.as_bytes().first() {
                    Some(b'/') => ahead.push_back(link),
                    Some(b'?') => ahead.push_back(format!("{base}{link}")),
                    _ => {}
                }
            }
        }
    }
    assert!(seen.len() > 40, "{} pages", seen.len());
    assert!(seen.contains("/micropython/-/history/unix"), "{seen:?}");
}

#[test]
fn hostile_facts_are_inert() {
    let app = TestApp::start();
    let hostile = "\"><script>alert(1)</script>";
    let mut facts = facts(9);
    facts.tables[0].entries[2].function = Some(name(hostile));
    facts.tables[0].entries[2].condition = Some(hostile.to_owned());
    facts.tables[0].source.as_mut().unwrap().path = format!("javascript:{hostile}");
    facts.boards[1].mcu = Some(hostile.to_owned());
    facts.boards[1].linker_scripts[0].path = hostile.to_owned();
    facts.boards[1].linker_scripts[0].condition = Some(hostile.to_owned());
    facts.history[0].changes[0].subject = hostile.to_owned();
    facts.history[0].changes[0].steps[0].function = name(hostile);
    facts.history[0].changes[0].steps[0].condition = Some(hostile.to_owned());
    record(&app, &facts);
    for path in [
        "/micropython",
        "/micropython/stm32",
        "/micropython/stm32/PYBD-SF2",
        "/micropython/-/catalog",
        "/micropython/-/history",
        "/micropython/-/history/stm32?function=%22%3E%3Cscript%3E",
        "/micropython/-/search?q=alert",
    ] {
        let html = page(&app, path);
        assert_eq!(texts(&html, "main script"), Vec::<String>::new(), "{path}");
        let links = attributes(&html, "main a", "href");
        assert!(links.iter().all(|link| !link.starts_with("javascript:")), "{path}: {links:?}");
        assert!(!app.get(path).text().contains(" style="), "{path}");
    }
}

#[test]
fn findings_stand_with_their_evidence_and_their_waiver() {
    let app = TestApp::start();
    let html = page(&app, "/micropython/-/findings");
    assert!(text(&html, ".answer").starts_with("No source tree has been uploaded"));
    let main = |port: &str, stop: &str| {
        source(
            port,
            &[
                (Stage::Start, "mp_init", None),
                (Stage::Start, "usb<i>_init", None),
                (Stage::Stop, stop, None),
                (Stage::Stop, "mp_deinit", None),
            ],
        )
    };
    let tables = vec![
        main("alif", "usb<i>_deinit"),
        main("rp2", "usb<i>_deinit"),
        main("stm32", "pin_deinit"),
    ];
    record(&app, &TreeFacts { tables, ..listing(1, &["stm32/PYBV10"]) });

    let html = page(&app, "/micropython/-/findings");
    assert!(
        text(&html, ".answer")
            .starts_with("0 errors, 1 warning and 0 notes in the mains of 3 ports")
    );
    let found = text(&html, "section.group");
    assert!(found.contains("usb<i>_init starts usb<i> on every soft reset"), "{found}");
    assert!(found.contains("a call does on alif, rp2"), "{found}");
    assert_eq!(
        texts(&html, "section li a"),
        ["alif", "ports/alif/main.c:102", "rp2", "ports/rp2/main.c:102"]
    );
    assert_eq!(
        text(&html, ".waiver"),
        "[[waiver]] rule = \"IB301\" port = \"stm32\" subsystem = \"usb<i>\" reason = \"\""
    );
    assert_eq!(
        attributes(&html, "section h3 a.chip", "href"),
        ["/-/rules/IB301?project=micropython"]
    );
    let html = page(&app, "/micropython/-/findings?port=rp2&rule=IB301");
    assert!(text(&html, ".answer").starts_with(
        "0 errors, 0 warnings and 0 notes of IB301 on rp2, among 1 in the mains of 3 ports"
    ));
    assert_eq!(app.get("/micropython/-/findings?port=nope").status, 404);
    assert!(texts(&html, "section.group").is_empty());
    let twin = app.get("/api/v1/projects/micropython/findings").json();
    assert_eq!(twin["of"], "source");
    assert_eq!(twin["findings"][0]["rule"], "IB301");
    assert_eq!(twin["findings"][0]["of"], "stm32");
    assert_eq!(twin["findings"][0]["boards"], serde_json::json!([]));
    assert_eq!(twin["checked"].as_array().unwrap().len(), 3);
    let narrowed = "/api/v1/projects/micropython/findings?rule=missing-deinit&severity=note";
    assert_eq!(app.get(narrowed).json()["findings"], serde_json::json!([]));
    for (query, said) in [
        ("of=trees", "the parameter `of` is `trees`: expected source or builds"),
        ("rule=IB30", "there is no rule `IB30`: the nearest is IB301 (missing-deinit)"),
        (
            "since=yesterday",
            "the parameter `since` is `yesterday`: expected a day such as 2026-06-30, or the beginning of a commit",
        ),
    ] {
        let (status, _, message) =
            app.get(&format!("/api/v1/projects/micropython/findings?{query}")).error();
        assert_eq!((status, message.as_str()), (400, said));
    }
}
