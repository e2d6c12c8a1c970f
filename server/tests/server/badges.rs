//! Badges: what they say of a project, a port, a board and a rule.

use initboard::model::{Anomaly, AnomalyKind, InitTable, Phase, Sha256, Stage, TreeFacts};

use crate::support::app::TestApp;
use crate::support::tables::table;
use crate::support::trees::{empty, record, record_build, source};

/// Three mains that start a sensor; that of `stm32` never stops it.
fn mains() -> TreeFacts {
    let main = |port: &str| {
        let stop = if port == "stm32" { "pin_deinit" } else { "sensor_deinit" };
        let calls = [
            (Stage::Start, "mp_init", None),
            (Stage::Start, "sensor_init", None),
            (Stage::Stop, stop, None),
            (Stage::Stop, "mp_deinit", None),
        ];
        source(port, &calls)
    };
    TreeFacts { tables: ["alif", "rp2", "stm32"].map(main).to_vec(), ..empty(1) }
}

fn build(app: &TestApp, board: &str, table: &InitTable) {
    let mut table = table.clone();
    table.file.sha256 = Sha256::of(board.as_bytes());
    record_build(app, "micropython", board, 1, &table);
}

/// The text of a badge, as who cannot see it is told.
fn said(app: &TestApp, query: &str) -> String {
    let answer = app.get(&format!("/micropython/-/badge.svg{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("image/svg+xml"));
    let svg = answer.text();
    let title = svg.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
    title.to_owned()
}

#[test]
fn a_badge_counts_what_is_open() {
    let app = TestApp::start();
    assert_eq!(said(&app, ""), "init order: not seen");
    record(&app, &mains());
    let anomaly = Anomaly {
        level: Some("driver".parse().unwrap()),
        phase: Some(Phase::Init),
        ..Anomaly::new(AnomalyKind::MissingBounds)
    };
    let unbound = InitTable { anomalies: vec![anomaly], ..table(&["pin_init0"]) };
    build(&app, "rp2/PICO", &unbound);
    build(&app, "rp2/PICO_W", &unbound);
    build(&app, "rp2/PICO2", &table(&["pin_init0"]));
    assert_eq!(said(&app, ""), "init order: 1 error");
    assert_eq!(said(&app, "?port=stm32"), "stm32 init order: 1 warning");
    assert_eq!(said(&app, "?port=alif"), "alif init order: no findings");
    assert_eq!(said(&app, "?port=nrf"), "nrf init order: not seen");
    assert_eq!(said(&app, "?board=rp2/PICO"), "rp2/PICO init order: 1 error");
    assert_eq!(said(&app, "?board=rp2/PICO2"), "rp2/PICO2 init order: no findings");
    assert_eq!(said(&app, "?rule=IB301"), "missing-deinit: 1 warning");
    assert_eq!(said(&app, "?rule=IB301&port=rp2"), "rp2 missing-deinit: no findings");
    // What is waived is not open.
    let waiver = "[[waiver]]\nrule = \"IB301\"\nport = \"stm32\"\nreason = \"meant\"\n";
    assert_eq!(app.configure(waiver).status, 201);
    assert_eq!(said(&app, "?port=stm32"), "stm32 init order: no findings");
}

#[test]
fn what_a_badge_cannot_be_about_is_refused_in_words() {
    let app = TestApp::start();
    for (query, status, part) in [
        ("?rule=IB999", 400, "no rule `IB999`"),
        ("?board=PICO", 400, "expected PORT/BOARD"),
        ("?port=a%20b", 400, "expected the name of a port"),
        ("?port=rp2&board=rp2/PICO", 400, "expected one of them"),
    ] {
        let answer = app.get(&format!("/micropython/-/badge.svg{query}"));
        let (found, _, message) = answer.error();
        assert_eq!(found, status);
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(app.get("/nothing/-/badge.svg").error().0, 404);
}
