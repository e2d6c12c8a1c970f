//! Boards and texts side by side: what stands on the page and in its JSON twin.

use std::path::Path;

use crate::support::app::TestApp;
use crate::support::html::{attributes, page, text, texts};
use crate::support::tables;
use crate::support::trees::{Call, commit, empty, listing, record, record_build, source};
use initboard::model::{EntryKind, InitTable, Origin, ProjectName, Sha256, Stage, TreeFacts};
use jiff::Timestamp;
use scraper::{Html, Selector};

use Stage::{Boot, Start, Stop};

/// What a build runs: calls of main with their stages.
fn built(app: &TestApp, project: &str, board: &str, number: u32, calls: &[(Stage, &str)]) {
    let calls: Vec<Call<'_>> = calls.iter().map(|&(stage, name)| (stage, name, None)).collect();
    let mut table = source("any", &calls);
    table.source = None;
    table.origins = vec![Origin::Calls];
    let registered = tables::table(&[]);
    (table.arch, table.bits, table.endian) = (registered.arch, registered.bits, registered.endian);
    for entry in &mut table.entries {
        entry.origin = Origin::Calls;
        if calls[entry.position as usize].1.starts_with("pyexec") {
            (entry.kind, entry.phase) = (EntryKind::Landmark, None);
        }
    }
    table.file.sha256 = Sha256::of(format!("{project} {board} {number}").as_bytes());
    record_build(app, project, board, number, &table);
}

/// Two boards of two ports, the older commit of one of them, and two texts.
fn filled() -> TestApp {
    let app = TestApp::start();
    let old = [(Boot, "led_init"), (Start, "mp_init"), (Start, "pin_init0")];
    built(&app, "micropython", "stm32/PYBV10", 1, &old);
    built(
        &app,
        "micropython",
        "stm32/PYBV10",
        2,
        &[
            (Boot, "led_init"),
            (Boot, "uart_init0"),
            (Start, "mp_init"),
            (Start, "pin_init0"),
            (Start, "usbd_init"),
            (Start, "pyexec_file"),
            (Stop, "soft_timer_deinit"),
            (Stop, "uart_deinit_all"),
            (Stop, "pin_deinit"),
            (Stop, "mp_deinit"),
        ],
    );
    built(
        &app,
        "micropython",
        "rp2/RPI_PICO",
        2,
        &[
            (Boot, "rp2_dma_init"),
            (Start, "mp_init"),
            (Start, "machine_uart_init"),
            (Start, "machine_pin_init"),
            (Start, "pyexec_file_if_exists"),
            (Start, "mp_usbd_init"),
            (Stop, "machine_uart_deinit_all"),
            (Stop, "machine_pin_deinit"),
            (Stop, "soft_timer_deinit"),
            (Stop, "mp_deinit"),
        ],
    );
    let text = source(
        "stm32",
        &[
            (Boot, "led_init", Some("MICROPY_HW_HAS_LED")),
            (Start, "mp_init", None),
            (Start, "pin_init0", None),
        ],
    );
    let other = source("esp32", &[(Start, "mp_init", None), (Start, "machine_pin_init", None)]);
    tree(&app, "micropython", vec![text, other]);
    app
}

fn tree(app: &TestApp, project: &str, tables: Vec<InitTable>) {
    let name: ProjectName = project.parse().unwrap();
    let facts = initboard::model::TreeFacts { tables, ..empty(9) };
    app.store
        .write(|writer| {
            let project = writer.reader().project(&name)?.unwrap();
            writer.record_tree(project.id, &facts, Timestamp::UNIX_EPOCH)
        })
        .unwrap();
}

/// Another project with a port of the same name.
fn fork(app: &TestApp) {
    let name = "openmv".parse().unwrap();
    app.store.write(|writer| writer.create_project(&name, None, Timestamp::UNIX_EPOCH)).unwrap();
    let calls = [(Start, "mp_init"), (Start, "fb_init"), (Start, "pin_init0")];
    built(app, "openmv", "stm32/OPENMV4", 5, &calls);
    let text = source("stm32", &[(Start, "mp_init", None), (Start, "pin_init0", None)]);
    tree(app, "openmv", vec![text]);
}

fn compared(app: &TestApp, boards: &str) -> Html {
    page(app, &format!("/micropython/-/compare?boards={boards}"))
}

#[test]
fn two_boards_of_different_ports_are_aligned_by_what_they_start_and_stop() {
    let html = compared(&filled(), "stm32/PYBV10,rp2/RPI_PICO");
    assert_eq!(text(&html, "h1"), "PYBV10 and RPI_PICO");
    assert_eq!(
        text(&html, ".answer"),
        "PYBV10 and RPI_PICO share 4 of 6 subsystems; 3 stand elsewhere: soft_timer, uart and usbd; \
         before or after boot.py differs for usbd; the stage differs for uart."
    );
    assert_eq!(texts(&html, ".slope section h2"), ["PYBV10", "RPI_PICO"]);
    let of_first = texts(&html, ".slope section:first-child .function");
    assert_eq!(of_first[..3], ["led_init", "uart_init0", "mp_init"]);
    assert_eq!(texts(&html, ".slope .heading b").len(), 6);
    assert_eq!(
        texts(&html, ".slope section:last-child .places").len(),
        texts(&html, ".compared tbody tr").len()
    );
    assert_eq!(texts(&html, ".slope .note"), ["boot.py", "boot.py"]);
    let row = |number| texts(&html, &format!(".compared tbody tr:nth-child({number}) > *"));
    assert_eq!(
        row(1),
        [
            "⇅ 1 place",
            "uart",
            "init",
            "2 uart_init0",
            "2 machine_uart_init",
            "later: after mp_init; once per power-up → every soft reset"
        ]
    );
    assert_eq!(row(2)[5], "later: after boot.py; before boot.py → after it");
    assert_eq!(row(3)[5], "later: after uart and pin");
    assert_eq!(texts(&html, "h3"), ["Only on PYBV10", "Only on RPI_PICO"]);
    assert_eq!(texts(&html, ".only div"), ["boot1 led_init", "boot1 rp2_dma_init"]);
}

#[test]
fn lines_tell_what_stayed_what_moved_and_what_the_other_side_lacks() {
    let html = compared(&filled(), "stm32/PYBV10,rp2/RPI_PICO");
    let count = |class: &str| {
        let selector = Selector::parse(&format!(".slope svg path.{class}")).unwrap();
        html.select(&selector).count()
    };
    assert_eq!((count("stays"), count("steady"), count("moves"), count("lacks")), (3, 3, 3, 2));
    // Three stages and three landmarks go across, and their lines are level.
    assert_eq!((count("band"), count("rules")), (3, 3));
    let steady = attributes(&html, ".slope svg path.steady", "d");
    assert!(steady.iter().all(|path| path.ends_with("H260")), "{steady:?}");
    let rows = |side: &str| texts(&html, &format!(".slope section:{side}-child li")).len();
    assert_eq!(rows("first"), rows("last"));
}

#[test]
fn commits_of_one_board_are_compared_and_told_apart() {
    let app = filled();
    let (old, new) = (commit(1), commit(2));
    let html = compared(&app, &format!("stm32/PYBV10@{},stm32/PYBV10", &old.as_str()[..8]));
    assert_eq!(
        texts(&html, ".slope h2"),
        [format!("stm32/PYBV10@{}", old.short()), format!("stm32/PYBV10@{}", new.short())]
    );
    assert!(
        text(&html, ".answer").contains("share 2 of 5 subsystems; none of them stands elsewhere")
    );
    let pinned = attributes(&html, "main p a", "href");
    assert_eq!(
        pinned,
        [format!("/micropython/-/compare?boards=stm32/PYBV10@{old},stm32/PYBV10@{new}")]
    );
    let same = compared(&app, &format!("stm32/PYBV10,stm32/PYBV10@{new}"));
    assert!(text(&same, ".answer").contains("run the same: the same calls in the same order."));
    assert!(texts(&same, ".compared, .only").is_empty());
}

#[test]
fn texts_stand_beside_builds_with_their_conditions() {
    let html = compared(&filled(), "stm32,stm32/PYBV10,esp32");
    assert_eq!(texts(&html, ".slope h2"), ["stm32", "PYBV10", "esp32"]);
    assert_eq!(texts(&html, ".side-heads .chip"), ["text of main", "text of main"]);
    assert!(text(&html, ".answer").starts_with("All 3 share 1 of"));
    assert_eq!(texts(&html, ".slope .maybe"), ["#if"]);
    assert_eq!(texts(&html, ".slope svg").len(), 2);
    assert_eq!(texts(&html, "main h2").len(), 3 + 2 + 1);
    // Columns change places and go by links alone.
    let links = attributes(&html, ".side-heads li:nth-child(2) a", "href");
    assert_eq!(links[1], "/micropython/-/compare?boards=stm32/PYBV10,stm32,esp32");
    assert_eq!(links[2], "/micropython/-/compare?boards=stm32,esp32");
}

#[test]
fn a_fork_is_compared_with_its_upstream() {
    let app = filled();
    fork(&app);
    let html = compared(&app, "stm32/PYBV10,openmv:stm32/OPENMV4,openmv:stm32");
    assert_eq!(texts(&html, ".side-heads .chip")[..2], ["openmv", "openmv"]);
    let link = format!("/openmv/stm32/OPENMV4/{}", commit(5));
    assert!(attributes(&html, ".side-heads a", "href").contains(&link));
    assert!(texts(&html, ".slope .function").contains(&"fb_init".to_owned()));
    // From the other project, the same names mean its own boards.
    let there = page(&app, "/openmv/-/compare?boards=stm32,micropython:stm32");
    assert_eq!(texts(&there, ".slope h2"), ["openmv:stm32", "micropython:stm32"]);
}

#[test]
fn what_is_not_there_is_named() {
    let app = filled();
    for (boards, status, expected) in [
        ("stm32/NOPE,rp2/RPI_PICO", 404, "`micropython` has no build of a board `stm32/NOPE`."),
        (
            "stm32/NOPE,nowhere:stm32",
            404,
            "`stm32/NOPE`; There is no project `nowhere`, which `nowhere:stm32` names.",
        ),
        ("stm32,zephyr", 404, "`micropython` has no source text of a port `zephyr`."),
        ("stm32,stm32/PYBV10@fffffff", 404, "`stm32/PYBV10` at commit fffffff."),
        ("stm32,stm32/PYBV10@0000000", 400, "0000000"),
        ("stm32,%3Cscript%3E", 400, "cannot read the side `<script>`"),
        ("a,b,c,d,e,f,g", 400, "7 to compare: expected 2 to 6"),
    ] {
        let answer = app.get(&format!("/micropython/-/compare?boards={boards}"));
        assert_eq!(answer.status, status, "{boards}");
        let html = Html::parse_document(answer.text());
        // Code stands in a font of its own, and what was typed in the form again.
        let said = text(&html, ".answer");
        let in_words = expected.replace('`', "").replacen("cannot", "Cannot", 1);
        assert!(said.contains(&in_words), "{boards}: {said}");
        let typed = attributes(&html, ".sides input", "value");
        assert!(status == 400 || typed[0] == boards.split(',').next().unwrap(), "{typed:?}");
        let json = app.get(&format!("/api/v1/projects/micropython/compare?boards={boards}"));
        let (json_status, _, message) = json.error();
        assert_eq!(json_status, status, "{boards}");
        assert!(message.contains(expected.trim_end_matches('.')), "{boards}: {message}");
    }
    assert_eq!(app.get("/nope/-/compare").status, 404);
    assert_eq!(app.get("/api/v1/projects/micropython/compare").error().1, "missing-parameter");
    assert_eq!(
        app.get("/api/v1/projects/micropython/compare?boards=stm32").error().2,
        "the parameter `boards`: 1 to compare: expected 2 to 6, separated by commas, for example stm32/PYBV10,rp2/RPI_PICO"
    );
}

#[test]
fn a_side_that_there_is_not_is_answered_with_what_was_probably_meant() {
    let app = filled();
    let tables = vec![source("stm32", &[(Start, "mp_init", None)])];
    record(&app, &TreeFacts { tables, ..listing(9, &["stm32/UNBUILT", "nrf/ALONE"]) });
    let meant = |boards: &str| {
        let answer = app.get(&format!("/micropython/-/compare?boards={boards}"));
        assert_eq!(answer.status, 404, "{boards}");
        attributes(&Html::parse_document(answer.text()), "form ~ p a, .answer + p a", "href")
    };
    let compare = |boards: &str| [format!("/micropython/-/compare?boards={boards}")];
    assert_eq!(meant("pybv10,rp2/RPI_PICO"), compare("stm32/PYBV10,rp2/RPI_PICO"));
    assert_eq!(meant("rp2/RPI_PICO,stm32/UNBUILT"), compare("rp2/RPI_PICO,stm32"));
    assert_eq!(meant("rp2/RPI_PICO,nrf/ALONE"), [""; 0]);
}

#[test]
fn without_sides_there_is_a_form_that_leads_to_one_address() {
    let app = filled();
    let html = page(&app, "/micropython/-/compare");
    let proposed = attributes(&html, "datalist option", "value");
    assert_eq!(proposed, ["esp32", "stm32", "rp2/RPI_PICO", "stm32/PYBV10"]);
    let suggested = attributes(&html, ".suggestions a", "href");
    assert!(suggested.contains(&"/micropython/-/compare?boards=stm32,stm32/PYBV10".to_owned()));
    for link in suggested {
        page(&app, &link);
    }
    let one = page(&app, "/micropython/-/compare?boards=stm32/PYBV10");
    assert_eq!(attributes(&one, ".sides input", "value"), ["stm32/PYBV10", "", "", "", "", ""]);
    // The fields of a form have one name, and an empty one is not meant.
    let query = "boards=stm32%2FPYBV10&boards=rp2%2FRPI_PICO&boards=";
    let sent = page(&app, &format!("/micropython/-/compare?{query}"));
    let twin = "/api/v1/projects/micropython/compare?boards=stm32/PYBV10,rp2/RPI_PICO";
    assert_eq!(attributes(&sent, "footer a", "href")[0], twin);
}

#[test]
fn the_json_twin_has_the_orders_and_how_each_differs_from_the_next() {
    let app = filled();
    let html = compared(&app, "stm32/PYBV10,rp2/RPI_PICO");
    let twin = attributes(&html, "footer a", "href");
    assert_eq!(twin[0], "/api/v1/projects/micropython/compare?boards=stm32/PYBV10,rp2/RPI_PICO");
    let json = app.get(&twin[0]).json();
    assert_eq!(json["project"], "micropython");
    assert_eq!(json["sides"][1]["side"], "rp2/RPI_PICO");
    assert_eq!(json["sides"][1]["commit"], commit(2).as_str());
    assert_eq!(json["sides"][1]["table"]["entries"][0]["subsystem"], "dma");
    assert_eq!(json["summary"]["subsystems"], 6);
    assert_eq!(json["summary"]["boot_py"], serde_json::json!(["usbd"]));
    let alignment = &json["alignments"][0];
    assert_eq!(alignment["only_left"], serde_json::json!([0]));
    let usbd = &alignment["pairs"][3];
    assert_eq!((&usbd["left"], &usbd["right"]), (&4.into(), &5.into()));
    assert_eq!(usbd["boot_py"], serde_json::json!(["before", "after"]));
    assert_eq!(usbd["moved"]["places"], 1);
}

#[test]
fn a_side_of_which_nothing_was_read_says_so() {
    let app = filled();
    let mut table = tables::table(&[]);
    table.origins = vec![];
    table.levels = vec![];
    record_build(&app, "micropython", "stm32/BARE", 3, &table);
    let html = compared(&app, "stm32/BARE,stm32/PYBV10");
    assert_eq!(texts(&html, ".side-heads .chip"), ["✕ nothing could be read"]);
    assert!(text(&html, ".answer").starts_with("BARE and PYBV10 share 0 of 5 subsystems"));
}

#[test]
fn hostile_names_stay_text() {
    let app = filled();
    let names = tables::hostile_names();
    let functions: Vec<&str> = names.iter().map(String::as_str).collect();
    record_build(&app, "micropython", "stm32/HOSTILE", 4, &tables::table(&functions));
    let html = compared(&app, "stm32/HOSTILE,stm32/PYBV10");
    assert!(texts(&html, "main script").is_empty());
    let shown = texts(&html, ".slope section:first-child .function");
    assert_eq!(shown[0], names[0]);
}

#[test]
fn boards_and_ports_lead_to_comparisons() {
    let app = filled();
    built(&app, "micropython", "stm32/PYBD-SF2", 2, &[(Start, "mp_init"), (Start, "wifi_init")]);
    let html = page(&app, "/micropython/stm32/PYBV10");
    let links: Vec<String> = attributes(&html, "main p a", "href")
        .into_iter()
        .filter(|link| link.contains("/-/compare"))
        .collect();
    assert_eq!(
        links,
        [
            "/micropython/-/compare?boards=stm32/PYBV10,stm32",
            "/micropython/-/compare?boards=stm32/PYBV10,stm32/PYBD-SF2"
        ]
    );
    let html = page(&app, "/micropython/stm32");
    let of_groups = attributes(&html, ".group p a", "href");
    assert_eq!(of_groups, ["/micropython/-/compare?boards=stm32/PYBD-SF2,stm32/PYBV10"]);
    for link in links.iter().chain(&of_groups) {
        page(&app, link);
    }
}

#[test]
fn real_orders_of_all_ports_are_compared_without_a_side_lost() {
    let app = TestApp::start();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/micropython/tree.json");
    let facts = std::fs::read(path).unwrap();
    let facts = initboard::model::TreeFacts::from_json(&facts).unwrap();
    let ports: Vec<String> =
        facts.tables.iter().map(|table| table.source.as_ref().unwrap().port.to_string()).collect();
    tree(&app, "micropython", facts.tables.clone());
    for ports in ports.chunks(6).filter(|ports| ports.len() > 1) {
        let html = compared(&app, &ports.join(","));
        assert_eq!(texts(&html, ".slope h2"), ports);
        let all: usize = facts
            .tables
            .iter()
            .filter(|table| ports.contains(&table.source.as_ref().unwrap().port.to_string()))
            .map(|table| table.entries.len())
            .sum();
        assert_eq!(texts(&html, ".slope .function").len(), all, "{ports:?}");
    }
}

#[test]
fn the_longest_orders_turned_round_are_compared_all_the_same() {
    let app = TestApp::start();
    let names: Vec<String> =
        (0..initboard::model::MAX_ENTRIES).map(|number| format!("a{number}_init")).collect();
    let mut functions: Vec<&str> = names.iter().map(String::as_str).collect();
    record_build(&app, "micropython", "stm32/ONE", 1, &tables::table(&functions));
    functions.reverse();
    let mut turned = tables::table(&functions);
    turned.file.sha256 = Sha256::of(b"turned");
    record_build(&app, "micropython", "stm32/TURNED", 1, &turned);
    let html = compared(&app, "stm32/ONE,stm32/TURNED");
    let all = names.len();
    assert_eq!(texts(&html, ".compared tbody tr").len(), all - 1);
    assert!(text(&html, ".answer").contains(&format!("share {all} of {all} subsystems")));
}
