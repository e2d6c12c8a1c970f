//! What the rules say of a project, by page and API: of its text and of its
//! builds, since when, and of one rule on all projects.

use serde_json::{Value, json};

use initboard::model::{Anomaly, AnomalyKind, InitTable, Sha256, Stage, TreeFacts};

use crate::support::app::TestApp;
use crate::support::html::{attributes, page, text, texts};
use crate::support::tables::table;
use crate::support::trees::{commit, empty, record, record_build, source, time};

/// Three mains that start a sensor at every soft reset; `forgetful` one never stops it.
fn mains(number: u32, forgetful: &str) -> TreeFacts {
    let main = |port: &str| {
        let stop = if port == forgetful { "pin_deinit" } else { "sensor_deinit" };
        source(
            port,
            &[
                (Stage::Start, "mp_init", None),
                (Stage::Start, "sensor_init", None),
                (Stage::Stop, stop, None),
                (Stage::Stop, "mp_deinit", None),
            ],
        )
    };
    TreeFacts { tables: ["alif", "rp2", "stm32"].map(main).to_vec(), ..empty(number) }
}

/// A table whose level lacks its bounds.
fn unbound() -> InitTable {
    let anomaly = Anomaly {
        level: Some("driver".parse().unwrap()),
        phase: Some(initboard::model::Phase::Init),
        ..Anomaly::new(AnomalyKind::MissingBounds)
    };
    InitTable { anomalies: vec![anomaly], ..table(&["pin_init0"]) }
}

fn build(app: &TestApp, board: &str, number: u32, table: &InitTable) {
    let mut table = table.clone();
    table.file.sha256 = Sha256::of(format!("{board} {number}").as_bytes());
    record_build(app, "micropython", board, number, &table);
}

/// The findings of a query: rule and place.
fn found(app: &TestApp, query: &str) -> Vec<String> {
    let listing = app.get(&format!("/api/v1/projects/micropython/findings?{query}")).json();
    let findings = listing["findings"].as_array().unwrap();
    findings.iter().map(|found| format!("{} {}", found["rule"], found["of"])).collect()
}

#[test]
fn only_what_an_earlier_tree_did_not_have_is_new_since_then() {
    let app = TestApp::start();
    record(&app, &mains(1, ""));
    record(&app, &mains(3, "stm32"));
    record(&app, &TreeFacts { tables: vec![], ..empty(5) });
    let forgets = [r#""IB301" "stm32""#];
    assert_eq!(found(&app, ""), forgets);
    assert_eq!(found(&app, &format!("since={}", commit(1))), forgets);
    assert_eq!(found(&app, "since=0000000300"), [""; 0]);
    // Commit 5 has a tree without mains: the newest before it is commit 3.
    let listing =
        app.get(&format!("/api/v1/projects/micropython/findings?since={}", commit(5))).json();
    assert_eq!(
        listing["since"],
        json!({"asked": commit(5), "until": time(5).to_string(), "commit": commit(3), "unknown": []})
    );
    assert_eq!(listing["findings"], json!([]));

    let said = |since: &str| {
        let html = page(&app, &format!("/micropython/-/findings?since={since}"));
        (text(&html, "form + p"), texts(&html, "section.group").len())
    };
    assert_eq!(
        said("00000001"),
        (format!("Only what the source tree of {} did not have (2023-11-15).", commit(1)), 1)
    );
    assert_eq!(
        said(&time(2).strftime("%Y-%m-%d").to_string()),
        (
            format!(
                "Only what the newest source tree up to 2023-11-16 did not have: that of {}.",
                commit(1)
            ),
            1
        )
    );
    assert_eq!(
        said("2020-01-01"),
        (
            "No source tree of 2020-01-01 or before was uploaded, so nobody knows what was found then: all findings are listed.".to_owned(),
            1
        )
    );
    let unknown = app.get("/micropython/-/findings?since=feedfeed");
    assert_eq!(unknown.status, 404);
    assert!(
        unknown
            .text()
            .contains("Nothing of commit feedfeed was uploaded, so nobody knows when it was")
    );
}

#[test]
fn boards_of_a_port_share_a_finding_of_their_builds() {
    let app = TestApp::start();
    build(&app, "stm32/A", 1, &table(&["pin_init0"]));
    build(&app, "stm32/A", 2, &unbound());
    build(&app, "stm32/B", 1, &unbound());
    build(&app, "stm32/C", 2, &table(&["pin_init0"]));
    build(&app, "rp2/D", 2, &unbound());
    let listing = app.get("/api/v1/projects/micropython/findings").json();
    assert_eq!(listing["of"], "builds", "there is no source tree");
    assert_eq!(listing["checked"], json!(["rp2/D", "stm32/A", "stm32/B", "stm32/C"]));
    let boards = |listing: &Value| -> Vec<Value> {
        let findings = listing["findings"].as_array().unwrap();
        findings.iter().map(|found| json!([found["of"], found["boards"]])).collect()
    };
    assert_eq!(boards(&listing), [json!(["rp2", ["D"]]), json!(["stm32", ["A", "B"]])]);

    let html = page(&app, "/micropython/-/findings?of=builds");
    assert!(
        text(&html, ".answer")
            .starts_with("2 errors, 0 warnings and 0 notes in the latest builds of 4 boards")
    );
    assert_eq!(
        texts(&html, "section h3"),
        ["error IB103 rp2/D missing-bounds", "error IB103 on 2 boards of stm32 missing-bounds"]
    );
    assert_eq!(
        texts(&html, ".waiver"),
        [
            r#"[[waiver]] rule = "IB103" port = "rp2" board = "D" reason = """#,
            r#"[[waiver]] rule = "IB103" port = "stm32" reason = """#,
        ]
    );

    // B had it before, and of D nothing was known.
    let since = format!("/api/v1/projects/micropython/findings?since={}", commit(1));
    let listing = app.get(&since).json();
    assert_eq!(boards(&listing), [json!(["rp2", ["D"]]), json!(["stm32", ["A"]])]);
    assert_eq!(listing["since"]["unknown"], json!(["rp2/D", "stm32/C"]));
}

#[test]
fn many_findings_stand_on_several_pages() {
    let app = TestApp::start();
    for port in 1..=205 {
        build(&app, &format!("port{port:03}/A"), 1, &unbound());
    }
    let shown = |address: &str| {
        let html = page(&app, address);
        let headings = texts(&html, "section h3");
        let ends = [headings.first(), headings.last()].map(|heading| heading.unwrap().clone());
        let links = attributes(&html, ".pages a", "href");
        (headings.len(), ends, texts(&html, ".answer + .filter + p"), links)
    };
    let heading = |port: &str| format!("error IB103 {port}/A missing-bounds");
    let findings = "/micropython/-/findings";
    let expected = |number: usize, [first, last]: [&str; 2], part: &str, links: &[&str]| {
        let part = vec![part.to_owned()];
        let links = links.iter().map(|&link| link.to_owned()).collect::<Vec<_>>();
        (number, [heading(first), heading(last)], part, links)
    };
    assert_eq!(
        shown(findings),
        expected(
            100,
            ["port001", "port100"],
            "Number 1 to 100 of 205, what matters most first.",
            &["?page=2"]
        )
    );
    assert_eq!(
        shown(&format!("{findings}?severity=error&page=3")),
        expected(
            5,
            ["port201", "port205"],
            "Number 201 to 205 of 205, what matters most first.",
            &["?severity=error&page=2"]
        )
    );
    assert_eq!(shown(&format!("{findings}?port=port007")).2, [""; 0], "one page is enough");
    let answer = app.get(&format!("{findings}?page=4"));
    assert_eq!(answer.status, 404);
    let said = "There is no page 4: these findings are on 3 pages.";
    assert!(answer.text().contains(said), "{}", answer.text());
    let answer = app.get(&format!("{findings}?page=0"));
    assert_eq!(answer.status, 400);
    let json = app.get("/api/v1/projects/micropython/findings").json();
    assert_eq!(json["findings"].as_array().unwrap().len(), 205, "the JSON has all");
}

#[test]
fn a_rule_has_a_page_with_its_documentation_and_where_it_holds() {
    let app = TestApp::start();
    record(&app, &mains(1, "stm32"));
    build(&app, "stm32/A", 1, &unbound());
    let list = page(&app, "/-/rules");
    assert_eq!(attributes(&list, "tbody th a", "href")[0], "/-/rules/IB101?project=micropython");
    let summaries = app.get("/api/v1/rules").json();
    assert_eq!(summaries[0]["name"], "table-not-loaded");
    assert_eq!(summaries.as_array().unwrap().len(), texts(&list, "tbody tr").len());

    let html = page(&app, "/-/rules/IB301");
    assert_eq!(text(&html, "h1"), "IB301 missing-deinit warning");
    assert_eq!(
        texts(&html, ".doc h2"),
        ["What it finds", "Why it matters", "Example", "What to do"]
    );
    assert_eq!(texts(&html, "figcaption"), ["Found:", "Better:"]);
    assert_eq!(texts(&html, "main li"), ["micropython: 1 in the source tree, none in builds"]);
    assert_eq!(
        attributes(&html, "main li a", "href"),
        ["/micropython", "/micropython/-/findings?rule=IB301&of=source"]
    );
    let twin = app.get("/api/v1/rules/missing-bounds").json();
    assert_eq!((&twin["code"], &twin["severity"]), (&json!("IB103"), &json!("error")));
    assert!(twin["fix"].as_str().unwrap().starts_with("INCLUDE the registry's fragment"));
    assert_eq!(
        twin["projects"],
        json!([{"project": "micropython", "source": 0, "builds": 1, "waived": 0}])
    );

    let by_name = page(&app, "/-/rules/missing-deinit");
    assert_eq!(text(&by_name, "h1"), "IB301 missing-deinit warning");
    assert_eq!(app.get("/-/rules/IB999").status, 404);
    let (status, code, message) = app.get("/api/v1/rules/missing-deinits").error();
    assert_eq!((status, code.as_str()), (404, "no-such-rule"));
    assert_eq!(
        message,
        "there is no rule `missing-deinits`: the nearest is IB301 (missing-deinit)"
    );
}
