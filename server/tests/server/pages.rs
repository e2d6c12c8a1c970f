//! The pages, with the sample firmware uploaded over real HTTP: what stands on
//! them (found by CSS selector), and that each of them answers.

use std::collections::{BTreeSet, VecDeque};

use crate::support::app::TestApp;
use crate::support::elf::data;
use crate::support::html::{attributes, page, text, texts};
use crate::support::tables;
use crate::support::trees::record_build;
use initboard::model::{BoardId, EntryKind, InitTable, Means, Phase, SatisfiedBy, Sha256, Stage};
use scraper::Html;

/// The commits of the two states of the sample firmware.
const OLD: &str = "1a00000000000000000000000000000000000001";
const NEW: &str = "2b00000000000000000000000000000000000002";

/// The boards of one state of the sample firmware, with their files.
fn samples(state: &str) -> Vec<(BoardId, Vec<u8>)> {
    let mut samples = Vec::new();
    for port in std::fs::read_dir(data(&format!("firmware/{state}/ports"))).unwrap() {
        for build in std::fs::read_dir(port.unwrap().path()).unwrap() {
            let path = build.unwrap().path().join("firmware.elf");
            let board = initboard::tree::Layout::default().board_of_build(&path).unwrap();
            samples.push((board, std::fs::read(path).unwrap()));
        }
    }
    samples.sort();
    assert!(samples.len() > 12, "{} samples", samples.len());
    samples
}

fn upload(app: &TestApp, board: &BoardId, bytes: &[u8], commit: &str, time: &str) {
    let mut upload = app
        .upload()
        .with("port", None)
        .with("board", None)
        .with("commit", None)
        .with("commit_time", None);
    for (name, value) in [
        ("port", board.port.as_str()),
        ("board", board.board.as_str()),
        ("commit", commit),
        ("commit_time", time),
    ] {
        upload.query.push((name.to_owned(), value.to_owned()));
    }
    if commit == NEW {
        upload.query.push(("parents".to_owned(), OLD.to_owned()));
    }
    let answer = upload.send(bytes);
    assert_eq!(answer.status, 201, "{board}: {}", answer.text());
}

/// A server to which both states of all samples were sent.
fn with_samples() -> TestApp {
    let app = TestApp::start();
    for (state, commit, time) in
        [("1", OLD, "2026-08-03T09:12:00Z"), ("2", NEW, "2026-10-12T14:40:00Z")]
    {
        for (board, bytes) in samples(state) {
            upload(&app, &board, &bytes, commit, time);
        }
    }
    app
}

fn names(table: &InitTable, phase: Phase) -> Vec<String> {
    let of_phase = table
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Entry && entry.phase == Some(phase));
    of_phase.map(|entry| entry.function.as_ref().unwrap().to_string()).collect()
}

fn of_stages(table: &InitTable, stages: &[Stage]) -> Vec<String> {
    let here = table
        .entries
        .iter()
        .filter(|entry| entry.stage.is_some_and(|stage| stages.contains(&stage)));
    here.map(|entry| entry.function.as_ref().unwrap().to_string()).collect()
}

#[test]
fn every_board_shows_what_was_read_from_its_firmware() {
    let app = with_samples();
    for (board, bytes) in samples("2") {
        let table = initboard::extract::extract(&bytes[..], Sha256::of(&bytes)).unwrap();
        let html = page(&app, &format!("/micropython/{board}"));
        let (init, deinit) = table.counts();
        let left = texts(&html, ".run .inits .function");
        let right = texts(&html, ".run .deinits .function");
        let main = table.main.as_ref().unwrap();
        assert_eq!(left, of_stages(&table, &[Stage::Boot, Stage::Start]), "{board}");
        assert_eq!(right, of_stages(&table, &[Stage::Stop]), "{board}");
        assert_eq!(texts(&html, ".run .inits .heading b"), ["boot", "start"], "{board}");
        assert!(left.iter().any(|name| name == "mp_init"), "{board}: landmarks are shown");
        let answer = format!("{init} init, {deinit} deinit in {}", main.function);
        assert!(text(&html, ".answer").starts_with(&answer), "{board}");
        let rows = texts(&html, "table.entries tbody tr");
        assert_eq!(rows.len(), table.entries.len(), "{board}");
    }
}

#[test]
fn a_board_whose_main_is_not_known_shows_its_tables_by_level() {
    let app = TestApp::start();
    let bytes = std::fs::read(data("fixtures/arm-be.elf")).unwrap();
    upload(&app, &"fixtures/BE".parse().unwrap(), &bytes, OLD, "2026-08-03T09:12:00Z");
    let table = initboard::extract::extract(&bytes[..], Sha256::of(&bytes)).unwrap();
    let html = page(&app, "/micropython/fixtures/BE");
    assert_eq!(texts(&html, ".run .inits .function"), names(&table, Phase::Init));
    assert_eq!(texts(&html, ".run .deinits .function"), names(&table, Phase::Deinit));
    assert_eq!(texts(&html, ".run .inits .level b"), ["early", "core", "driver", "service"]);
    assert_eq!(texts(&html, ".run .deinits .level b"), ["service", "driver", "core", "early"]);
    assert!(text(&html, ".answer").starts_with("4 init, 2 deinit in 4 levels."));
}

#[test]
fn a_board_links_each_function_to_its_line_at_the_commit() {
    let app = with_samples();
    let html = page(&app, "/micropython/mps2/MPS2_NET");
    let links = attributes(&html, ".run .inits a.place", "href");
    assert_eq!(
        links[0],
        format!(
            "https://example.org/micropython/blob/{NEW}/registry-rt/firmware/ports/mps2/clock.c#L8"
        )
    );
    let joined = texts(&html, ".run svg path.join title");
    assert!(
        joined.contains(&"mod_network_init is stopped by mod_network_deinit".to_owned()),
        "{joined:?}"
    );
    assert!(
        joined.contains(&"mp_bluetooth_hci_init is stopped by mp_bluetooth_deinit".to_owned()),
        "{joined:?}"
    );
    let alone = texts(&html, ".run svg path.alone title");
    assert!(alone.contains(&"pin_init0 has no deinit here".to_owned()), "{alone:?}");
}

#[test]
fn an_init_whose_registration_says_why_needs_no_deinit() {
    let app = TestApp::start();
    let mut table = tables::table(&["usb_init", "led_init"]);
    let reason = "the host would <b>see</b> it vanish".to_owned();
    table.entries[0].satisfied = SatisfiedBy::new(Means::Persistent, None, reason).ok();
    record_build(&app, "micropython", "stm32/PYBV10", 1, &table);

    let satisfied =
        "meant to persist: the host would <b>see</b> it vanish (declared by its registration)";
    let html = page(&app, "/micropython/stm32/PYBV10");
    assert_eq!(
        texts(&html, ".run svg path.alone title"),
        [
            format!("usb_init needs no deinit: {satisfied}"),
            "led_init has no deinit here".to_owned()
        ]
    );
    assert_eq!(texts(&html, ".run .note"), ["needs no deinit: meant to persist"]);
    assert_eq!(
        texts(&html, ".run .pair"),
        [format!("needs no deinit: {satisfied}"), "no deinit here".to_owned()]
    );

    let html = page(&app, "/micropython/-/subsystem/usb?port=stm32");
    let cells = texts(&html, "table.subsystem td");
    assert_eq!(cells[1], format!("needs no call: {satisfied}"));
    let json = app.get("/api/v1/projects/micropython/subsystems/usb?port=stm32").json();
    assert_eq!(
        json["units"][0]["satisfied"],
        serde_json::json!({
            "by": "persistent",
            "reason": "the host would <b>see</b> it vanish",
            "declared": "record",
        })
    );
}

#[test]
fn a_board_says_when_its_order_last_changed() {
    let app = with_samples();
    let changed = page(&app, "/micropython/mps2/MPS2_NET");
    assert!(text(&changed, ".answer").contains("The order last changed"));
    let link = format!("/micropython/mps2/MPS2_NET/{NEW}");
    assert_eq!(attributes(&changed, ".answer a", "href"), [link]);
    assert_eq!(texts(&changed, "h2 + .wide tbody td:nth-child(6)"), ["changed", "first"]);

    let same = page(&app, "/micropython/linux/LINUX_STANDARD");
    assert!(text(&same, ".answer").ends_with("Nothing has changed since the first build."));
    assert_eq!(texts(&same, "h2 + .wide tbody td:nth-child(6)"), ["as before", "first"]);
}

#[test]
fn a_build_shows_the_order_of_its_own_commit() {
    let app = with_samples();
    let stops = |commit: &str| {
        let html = page(&app, &format!("/micropython/mps2/MPS2_CAN/{commit}"));
        texts(&html, ".run .deinits .function")
    };
    assert!(!stops(OLD).contains(&"dac_deinit_all".to_owned()));
    assert!(stops(NEW).contains(&"dac_deinit_all".to_owned()));
    let facts = texts(&page(&app, &format!("/micropython/mps2/MPS2_CAN/{NEW}")), ".facts dd");
    assert!(facts.contains(&NEW.to_owned()), "{facts:?}");
    assert!(facts.contains(&OLD.to_owned()), "{facts:?}");
    assert!(facts.contains(&"master".to_owned()), "{facts:?}");
}

#[test]
fn an_abbreviated_commit_leads_to_the_whole_one() {
    let app = with_samples();
    let html = page(&app, "/micropython/mps2/MPS2_CAN/2b00000");
    assert!(text(&html, "h1").starts_with("MPS2_CAN at 2b00000000"));
    assert_eq!(app.get("/micropython/mps2/MPS2_CAN/3c00000").status, 404);
    assert_eq!(app.get("/micropython/mps2/MPS2_CAN/2b").status, 404);
}

#[test]
fn a_port_groups_the_boards_that_run_the_same() {
    let app = with_samples();
    // A fourth board with the firmware of another: their orders are one.
    let (_, bytes) =
        samples("2").into_iter().find(|(board, _)| board.label() == "MPS2_NET").unwrap();
    upload(&app, &"mps2/MPS2_TWIN".parse().unwrap(), &bytes, NEW, "2026-10-12T14:40:00Z");
    let html = page(&app, "/micropython/mps2");
    assert!(
        text(&html, ".answer").starts_with("4 boards, 3 orders. The largest group has 2 boards.")
    );
    assert_eq!(
        texts(&html, ".group h3"),
        ["Order 1 — 2 boards 1 note", "Order 2 — 1 board", "Order 3 — 1 board"]
    );
    assert_eq!(texts(&html, ".group:nth-of-type(1) li a"), ["MPS2_NET", "MPS2_TWIN"]);
    let other = &texts(&html, ".group p")[1];
    assert!(other.contains("compared with order 1: also pyb_can_init0, dac_init"), "{other}");
    assert!(other.contains("without mod_network_init, machine_i2s_init0"), "{other}");
}

#[test]
fn a_project_shows_its_ports_and_what_changed_lately() {
    let app = with_samples();
    let html = page(&app, "/micropython");
    assert!(
        text(&html, ".answer")
            .starts_with("13 boards on 5 ports run 13 different orders. 5 boards need attention.")
    );
    // Beside the other ports, and not by itself alone.
    assert_eq!(
        texts(&html, "ul.findings li")[1],
        "warning IB301 nucleo/NUCLEO_LTO: uart_init0 starts uart on every soft reset, and nothing stops it; a call does on linux, microbit, mps2, virt"
    );
    assert_eq!(
        texts(&html, "h2:nth-of-type(2) + .wide tbody th"),
        ["linux", "microbit", "mps2", "nucleo", "virt"]
    );
    let changes = texts(&html, "h2:nth-of-type(3) + .wide tbody tr");
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].ends_with("mps2/MPS2_CAN, mps2/MPS2_MINI, mps2/MPS2_NET"), "{changes:?}");
}

#[test]
fn a_project_names_the_boards_that_need_attention_worst_first() {
    let app = TestApp::start();
    let board: BoardId = "fixtures/WILD".parse().unwrap();
    upload(
        &app,
        &board,
        &std::fs::read(data("fixtures/wild-pointer.elf")).unwrap(),
        OLD,
        "2026-08-03T09:12:00Z",
    );
    let empty: BoardId = "fixtures/EMPTY".parse().unwrap();
    upload(
        &app,
        &empty,
        &std::fs::read(data("fixtures/no-keep.elf")).unwrap(),
        OLD,
        "2026-08-03T09:12:00Z",
    );
    let html = page(&app, "/micropython");
    let attention = texts(&html, ".findings li");
    assert_eq!(attention.len(), 9, "{attention:?}");
    assert!(
        attention[0].starts_with(
            "error IB104 fixtures/WILD: modem_init in the init table of level driver holds 0x00000000"
        ),
        "{attention:?}"
    );
    assert!(
        attention[2].starts_with(
            "error IB117 fixtures/EMPTY: clock_init is registered at fixtures/fixture.c:44"
        ),
        "{attention:?}"
    );
    assert!(
        attention[8].starts_with("warning IB110 fixtures/EMPTY: the tables are there"),
        "{attention:?}"
    );
    let html = page(&app, "/micropython/fixtures/WILD");
    assert_eq!(texts(&html, ".run .wrong .function"), ["modem_init", "rom_init"]);
    assert_eq!(texts(&html, "h1 .chip.bad"), ["✕ 2 errors"]);
}

#[test]
fn what_no_soft_reset_stops_ends_in_a_cross_on_the_page_of_its_board() {
    let app = with_samples();
    let html = page(&app, "/micropython/nucleo/NUCLEO_LTO");
    assert_eq!(texts(&html, ".run svg path.missing title"), ["uart_init0 is never stopped"]);
    let row = &texts(&html, ".run li.starts.wrong")[0];
    assert!(row.contains("uart_init0") && row.contains("✕ never stopped"), "{row}");
    let json = app.get("/api/v1/projects/micropython/ports/nucleo/boards/NUCLEO_LTO").json();
    let rules: Vec<&str> = json["table"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["IB301", "IB501"]);
}

#[test]
fn tables_sort_by_the_column_in_the_address() {
    let app = with_samples();
    let ports = |query: &str| {
        texts(&page(&app, &format!("/micropython{query}")), "h2:nth-of-type(2) + .wide tbody th")
    };
    assert_eq!(ports("?sort=-port"), ["virt", "nucleo", "mps2", "microbit", "linux"]);
    assert_eq!(ports("?sort=deinit")[0], "microbit");
    let html = page(&app, "/micropython?sort=-boards");
    assert_eq!(attributes(&html, "th[aria-sort=descending] a", "href"), ["?sort=boards"]);
    let refused = app.get("/micropython/mps2?sort=colour");
    assert_eq!(refused.status, 400);
    assert!(
        text(&Html::parse_document(refused.text()), ".answer")
            .starts_with("There is no column “colour” to sort by")
    );
}

#[test]
fn parameters_of_others_are_ignored() {
    let app = with_samples();
    let plain = page(&app, "/micropython?sort=-boards").html();
    assert_eq!(page(&app, "/micropython?utm_source=mail&sort=-boards&fbclid=1").html(), plain);
    assert_eq!(app.get("/micropython/-/search?q=pin&utm_source=mail").status, 200);
}

#[test]
fn an_address_with_a_slash_too_many_leads_to_the_one_without() {
    let app = with_samples();
    for path in ["/micropython", "/micropython/mps2", "/micropython/mps2/MPS2_NET"] {
        let html = page(&app, &format!("{path}/")).html();
        assert_eq!(html, page(&app, path).html(), "{path}");
    }
    assert_eq!(app.get("/micropython//").status, 404);
}

#[test]
fn what_pages_refuse_is_a_page() {
    let app = with_samples();
    for (answer, status) in [
        (app.get("/%ff"), 404),
        (app.get("/micropython/%ff/X"), 404),
        (app.get("/-/static/zz.css"), 404),
        (app.get("/-/static/%ff"), 404),
        (app.get("/no//where"), 404),
        (app.delete("/micropython"), 405),
        (app.delete("/-/static/initboard.css"), 405),
    ] {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(!text(&Html::parse_document(answer.text()), "h1").is_empty());
    }
    assert_eq!(app.delete("/micropython").header("allow"), Some("GET,HEAD"));
}

#[test]
fn boards_and_functions_are_found_as_a_page_and_as_a_fragment() {
    let app = with_samples();
    let html = page(&app, "/micropython/-/search?q=NETWORK_init");
    assert_eq!(text(&html, "h1"), "Search");
    let functions = texts(&html, ".results li.function");
    assert_eq!(
        functions,
        [
            "mod_network_init init nucleo: NUCLEO_NET; virt: VIRT_NET",
            "mod_network_init init driver linux: LINUX_COVERAGE, LINUX_STANDARD; mps2: MPS2_NET",
            "mod_network_init init service microbit: MICROBIT_RADIO"
        ]
    );
    let fragment = app.get_with("/micropython/-/search?q=linux", &[("HX-Request", "true")]);
    assert_eq!(fragment.status, 200);
    assert!(fragment.header("vary").unwrap().to_lowercase().contains("hx-request"));
    assert!(!fragment.text().contains("<html"), "{}", fragment.text());
    let boards = texts(&Html::parse_fragment(fragment.text()), "a");
    assert_eq!(
        boards,
        ["linux", "linux/LINUX_COVERAGE", "linux/LINUX_MINIMAL", "linux/LINUX_STANDARD"]
    );
    let nothing = page(&app, "/micropython/-/search?q=%25_%00");
    assert!(text(&nothing, ".results").contains("Nothing is named like"));
}

#[test]
fn a_server_with_one_project_opens_on_it() {
    let app = TestApp::start();
    assert_eq!(text(&page(&app, "/"), "h1"), "micropython");
    app.project("openmv");
    assert_eq!(texts(&page(&app, "/"), "tbody th"), ["micropython", "openmv"]);
}

#[test]
fn every_link_on_every_page_leads_somewhere() {
    let app = with_samples();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut ahead: VecDeque<String> = VecDeque::from(["/".to_owned()]);
    while let Some(path) = ahead.pop_front() {
        let path = path.split('#').next().unwrap().to_owned();
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = app.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        if answer.header("content-type").is_none_or(|kind| !kind.starts_with("text/html")) {
            continue;
        }
        let html = Html::parse_document(answer.text());
        let base = path.split('?').next().unwrap();
        for (selector, attribute) in [("a", "href"), ("link", "href"), ("script", "src")] {
            for link in attributes(&html, selector, attribute) {
                if link.starts_with('/') {
                    ahead.push_back(link);
                } else if link.starts_with('?') {
                    ahead.push_back(format!("{base}{link}"));
                } else {
                    assert!(
                        link.starts_with("https://example.org/") || link.starts_with('#'),
                        "{path}: {link}"
                    );
                }
            }
        }
    }
    // 13 boards with 2 builds each, and what leads to them.
    assert!(seen.len() > 60, "{} pages", seen.len());
}

#[test]
fn every_page_leads_to_the_parts_of_its_project_and_marks_its_own() {
    let app = with_samples();
    let current = |path: &str| {
        let html = page(&app, path);
        assert_eq!(
            texts(&html, ".top nav a"),
            ["Overview", "Matrix", "Findings", "Compare", "Pull requests", "Migration", "History"]
        );
        let current = texts(&html, ".top nav [aria-current]");
        (current.join(" "), attributes(&html, ".top nav a", "aria-current").join(" "))
    };
    let marked = |title: &str, how: &str| (title.to_owned(), how.to_owned());
    assert_eq!(current("/micropython"), marked("Overview", "page"));
    assert_eq!(current("/micropython/mps2/MPS2_NET"), marked("Overview", "true"));
    assert_eq!(current("/micropython/-/matrix"), marked("Matrix", "page"));
    assert_eq!(current("/micropython/-/migration"), marked("Migration", "page"));
    assert_eq!(current("/micropython/-/search?q=pin"), marked("", ""));
    // What all projects share is seen from the only one, else from the one that is named.
    assert_eq!(current("/-/rules"), marked("Findings", "true"));
    app.project("openmv");
    assert_eq!(current("/-/rules/IB301?project=micropython"), marked("Findings", "true"));
    assert_eq!(texts(&page(&app, "/-/rules"), ".top nav a"), Vec::<String>::new());
}

#[test]
fn an_address_that_leads_nowhere_says_so_and_offers_a_way_back() {
    let app = TestApp::start();
    for path in [
        "/nope",
        "/micropython/nope",
        "/micropython/-/nothing",
        "/micropython/stm32/NOPE",
        "/micropython/stm32/NOPE/1111111",
        "/micropython/stm32/a%20b",
        "/a/b/c/d/e",
        "/-/static/nope.css",
        "/%3Cscript%3E",
    ] {
        let answer = app.get(path);
        assert_eq!(answer.status, 404, "{path}");
        if !path.starts_with("/-/static") {
            let html = Html::parse_document(answer.text());
            let is_project = path.starts_with("/micropython");
            let back = if is_project { "/micropython" } else { "/" };
            assert_eq!(attributes(&html, "main a", "href"), [back], "{path}");
            let tabs = if is_project { 7 } else { 0 };
            assert_eq!(texts(&html, ".top nav a").len(), tabs, "{path}");
            assert_eq!(texts(&html, "main script"), Vec::<String>::new());
        }
    }
}

#[test]
fn hostile_names_are_inert() {
    let app = TestApp::start();
    let names = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "](javascript:alert(1))",
        "\u{1b}[31mred\u{202e}",
        "a`b`c_init",
    ];
    let long = "l".repeat(512);
    let all: Vec<&str> = names.into_iter().chain([long.as_str()]).collect();
    let table = tables::table(&all);
    let answer = app
        .upload()
        .header("content-type", "application/json".to_owned())
        .send(&serde_json::to_vec(&table).unwrap());
    assert_eq!(answer.status, 201, "{}", answer.text());
    for path in [
        "/micropython/stm32/PYBV10",
        "/micropython/stm32",
        "/micropython",
        "/micropython/-/search?q=alert",
    ] {
        let answer = app.get(path);
        assert!(answer.header("content-security-policy").unwrap().contains("script-src 'self'"));
        let html = Html::parse_document(answer.text());
        assert_eq!(texts(&html, "main script, main img"), Vec::<String>::new(), "{path}");
        assert!(
            attributes(&html, "main a", "href").iter().all(|link| !link.contains("javascript:")),
            "{path}"
        );
    }
    let html = page(&app, "/micropython/stm32/PYBV10");
    let shown = attributes(&html, ".run .function", "title");
    assert_eq!(shown, all);
}

#[test]
fn scripts_and_styles_are_kept_by_browsers_and_asked_for_by_content() {
    let app = TestApp::start();
    let html = page(&app, "/micropython");
    let style = &attributes(&html, "link[rel=stylesheet]", "href")[0];
    let answer = app.get(style);
    assert_eq!(answer.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(app.get("/micropython").header("cache-control"), Some("no-cache"));
    assert!(
        !app.get("/micropython").text().contains(" style="),
        "the policy forbids inline styles"
    );
}
