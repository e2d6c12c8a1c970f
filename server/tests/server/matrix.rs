//! The matrix of subsystems, and the page of one, as pages, as JSON and from the
//! command line.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use crate::support::app::TestApp;
use crate::support::elf::data;
use crate::support::html::{attributes, page, text, texts};
use crate::support::tables::{self, hostile_names};
use crate::support::trees::{history, listing, name, record, record_build, source, step};
use initboard::model::{Entry, InitTable, Phase, Sha256, Stage, StepKind, TreeFacts};

const NETWORK: &str = "MICROPY_PY_NETWORK";

/// A port's main that starts and stops the network.
fn whole(port: &str) -> InitTable {
    source(
        port,
        &[
            (Stage::Boot, "led_init", None),
            (Stage::Start, "mod_network_init", Some(NETWORK)),
            (Stage::Stop, "mod_network_deinit", Some(NETWORK)),
        ],
    )
}

/// Facts of three ports: on the last one nothing stops the network.
fn facts() -> TreeFacts {
    let half = source(
        "stm32",
        &[
            (Stage::Boot, "system_init", None),
            (Stage::Boot, "led_init", None),
            (Stage::Start, "mod_network_init", Some(NETWORK)),
        ],
    );
    let mut history = history("stm32", &[9, 8], false);
    history.changes[0].steps.push(step(StepKind::Added, "mod_network_init"));
    TreeFacts {
        tables: vec![whole("esp32"), whole("rp2"), half, source("unix", &[])],
        history: vec![history],
        ..listing(9, &["stm32/PYBV10"])
    }
}

fn app_of(facts: &TreeFacts) -> TestApp {
    let app = TestApp::start();
    record(&app, facts);
    app
}

fn build(app: &TestApp, board: &str, table: &InitTable) {
    let mut table = table.clone();
    table.file.sha256 = Sha256::of(board.as_bytes());
    record_build(app, "micropython", board, 9, &table);
}

#[test]
fn the_matrix_says_what_stands_out_and_leads_to_the_evidence() {
    let app = app_of(&facts());
    let html = page(&app, "/micropython/-/matrix");
    assert_eq!(
        text(&html, ".answer"),
        "1 missing deinit in 3 subsystems on 4 ports. Most worth a look: network on stm32."
    );
    let headings = ["subsystem", "usually", "↑", "↓", "esp32", "rp2", "stm32"];
    assert_eq!(texts(&html, ".matrix thead th"), headings);
    assert_eq!(texts(&html, ".matrix tbody th"), ["led", "network"]);
    let row = |row: usize| texts(&html, &format!(".matrix tbody tr:nth-child({row}) td"));
    // Lights are declared to persist in the configuration that is shipped.
    assert_eq!(row(1), ["boot", "3", "", "↑1 persistent", "↑1 persistent", "↑2 persistent"]);
    assert_eq!(row(2), ["start", "3", "2", "↑2 ↓1", "↑2 ↓1", "↑3 ✕ no deinit"]);
    assert_eq!(texts(&html, ".alone dd"), ["system ↑1"]);
    assert!(text(&html, ".legend").ends_with("none of this on unix"));
    assert_eq!(
        texts(&html, ".marks tbody td"),
        ["✕ no deinit", "stm32", "nothing stops it; 2 of 2 others that have it stop it"]
    );
    let links = attributes(&html, "td.gap a", "href");
    assert_eq!(links, ["/micropython/stm32#e2"]);
    let port = page(&app, "/micropython/stm32");
    assert_eq!(texts(&port, "#e2 .function"), ["mod_network_init"]);
    let json = app.get("/api/v1/projects/micropython/matrix").json();
    assert_eq!(json["units"], serde_json::json!(["esp32", "rp2", "stm32", "unix"]));
    assert_eq!(
        json["rows"][2]["cells"][2]["marks"],
        serde_json::json!([{"kind": "missing-deinit", "agree": 2, "of": 2}])
    );
}

#[test]
fn the_address_filters_the_matrix() {
    let app = app_of(&facts());
    let names = |query: &str| {
        texts(&page(&app, &format!("/micropython/-/matrix{query}")), ".matrix tbody th")
    };
    assert_eq!(names("?only=divergent"), ["network"]);
    assert_eq!(names("?stage=boot"), ["led"]);
    assert_eq!(names("?phase=deinit&stage="), ["network"]);
    let html = page(&app, "/micropython/-/matrix?level=core&only=divergent");
    assert_eq!(
        text(&html, ".answer"),
        "Nothing stands out among what runs at level core on 4 ports."
    );
    let all = page(&app, "/micropython/-/matrix?level=core");
    assert_eq!(text(&all, ".answer"), "Nothing runs at level core on 4 ports.");
    assert_eq!(app.get("/micropython/-/matrix?port=nope").status, 404);
    assert_eq!(
        attributes(&html, "footer a", "href")[0],
        "/api/v1/projects/micropython/matrix?level=core&only=divergent"
    );
    let json = app.get("/api/v1/projects/micropython/matrix?stage=boot").json();
    assert_eq!(json["rows"].as_array().unwrap().len(), 2);
    for query in ["stage=begin", "phase=both", "level=a%20b", "only=all", "port=.."] {
        for path in ["/micropython/-/matrix", "/api/v1/projects/micropython/matrix"] {
            let status = app.get(&format!("{path}?{query}")).status;
            assert!(matches!(status, 400 | 404), "{path} {query}: {status}");
        }
    }
    assert_eq!(app.get("/nothing/-/matrix").status, 404);
}

#[test]
fn boards_of_a_port_stand_side_by_side_from_their_builds() {
    let app = app_of(&facts());
    let boards = ["PYBV10", "PYBV11", "NUCLEO_WB55", "PYBD-SF2", "PYBD-SF6"];
    for board in boards {
        let functions: &[&str] =
            if board == "PYBV11" { &["pin_init0"] } else { &["pin_init0", "i2s_init"] };
        build(&app, &format!("stm32/{board}"), &tables::table(functions));
    }
    let html = page(&app, "/micropython/-/matrix?port=stm32");
    assert_eq!(text(&html, ".answer b"), "1 departure");
    assert_eq!(texts(&html, ".matrix thead th").len(), 4 + boards.len());
    assert_eq!(texts(&html, "td.departs"), ["∅ absent"]);
    assert_eq!(
        texts(&html, ".marks tbody td"),
        ["∅ absent", "PYBV11", "absent; 4 of 4 others have it"]
    );
    let link = &attributes(&html, ".matrix tbody td a", "href")[0];
    assert_eq!(link, "/micropython/stm32/NUCLEO_WB55#e0");
    assert_eq!(
        texts(&page(&app, "/micropython/stm32/NUCLEO_WB55"), "#e0 .function"),
        ["pin_init0"]
    );
    let link = "/micropython/-/subsystem/i2s?port=stm32";
    assert!(attributes(&html, ".matrix tbody th a", "href").contains(&link.to_owned()));
    let of_boards = page(&app, link);
    assert_eq!(text(&of_boards, ".answer b"), "Started on 4 of 5 boards, stopped by none.");
    assert_eq!(
        texts(&of_boards, ".subsystem tbody th").len(),
        5,
        "it stands out where it is absent"
    );
    assert_eq!(app.get("/micropython/-/subsystem/i2s").status, 404, "no port's text has it");
    // A port without a text is shown by what most of its boards run.
    build(&app, "nrf/PCA10040", &tables::table(&["uart_init"]));
    let html = page(&app, "/micropython/-/matrix");
    let columns = texts(&html, ".matrix thead th");
    assert_eq!(columns[4..], ["esp32", "nrf", "rp2", "stm32"]);
    assert_eq!(texts(&html, ".alone dt"), ["nrf", "stm32"]);
    let html = page(&app, "/micropython/-/matrix?port=esp32");
    assert!(text(&html, ".answer").starts_with("Nothing could be read of any board of esp32"));
}

#[test]
fn a_subsystem_has_a_page_with_what_every_port_does_with_it() {
    let app = app_of(&facts());
    let html = page(&app, "/micropython/-/subsystem/network");
    assert_eq!(
        text(&html, ".answer"),
        "Started on 3 of 4 ports, stopped on 2. Most start it in stage start. One thing stands out. Which functions belong to it, the shipped configuration says, since the project sent none."
    );
    assert_eq!(texts(&html, ".subsystem tbody th"), ["esp32", "rp2", "stm32"]);
    let cells = texts(&html, ".subsystem tbody tr:nth-child(3) td");
    assert_eq!(
        cells[0],
        format!("↑3 mod_network_init start main.c:102#if {NETWORK} after led_init, as the last")
    );
    assert_eq!(cells[1], "nothing");
    assert_eq!(texts(&html, ".changes tbody tr td:nth-child(2)"), ["stm32"]);
    assert_eq!(texts(&html, ".changes .steps li").len(), 1);
    let json = app.get("/api/v1/projects/micropython/subsystems/network").json();
    assert_eq!(json["subsystem"], "network");
    assert_eq!(json["units"][2]["calls"][0]["before"], "led_init");
    assert_eq!(json["absent"], serde_json::json!(["unix"]));
    assert_eq!(json["changes"][0]["change"]["steps"].as_array().unwrap().len(), 1);
    assert_eq!(app.get("/micropython/-/subsystem/nothing").status, 404);
    assert_eq!(app.get("/api/v1/projects/micropython/subsystems/nothing").status, 404);
}

#[test]
fn pages_lead_to_the_matrix_and_to_subsystems() {
    let app = app_of(&facts());
    let leads = |path: &str, to: &str| {
        attributes(&page(&app, path), "main a", "href").contains(&to.to_owned())
    };
    let bar = attributes(&page(&app, "/micropython"), "header nav a", "href");
    assert!(bar.contains(&"/micropython/-/matrix".to_owned()), "{bar:?}");
    assert!(leads("/micropython/stm32", "/micropython/-/matrix"));
    assert!(leads("/micropython/-/search?q=network", "/micropython/-/subsystem/network"));
    assert!(leads("/micropython/-/matrix", "/micropython/-/subsystem/network"));
}

#[test]
fn hostile_names_do_no_harm() {
    let mut facts = facts();
    let names = hostile_names();
    for table in &mut facts.tables[..2] {
        let hostile = (0..).zip(&names).map(|(index, function)| Entry {
            position: 3 + index,
            function: Some(name(function)),
            condition: Some(function.chars().take(80).collect()),
            phase: Some(Phase::Init),
            ..table.entries[1].clone()
        });
        let hostile: Vec<Entry> = hostile.collect();
        table.entries.extend(hostile);
    }
    let app = app_of(&facts);
    let html = page(&app, "/micropython/-/matrix");
    assert_eq!(texts(&html, "main script"), [""; 0]);
    let links: BTreeSet<String> =
        attributes(&html, ".matrix tbody th a", "href").into_iter().collect();
    assert!(links.len() >= names.len(), "{links:?}");
    for link in links {
        let of_one = page(&app, &link);
        assert_eq!(texts(&of_one, "main script"), [""; 0], "{link}");
        assert!(!texts(&of_one, ".subsystem tbody th").is_empty(), "{link}");
    }
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_initboard"));
    command.arg("matrix").args(arguments).output().unwrap()
}

fn out(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_command_finds_firmware_below_folders() {
    let folder = data("firmware/2");
    let folder = folder.to_str().unwrap();
    insta::assert_snapshot!("matrix_terminal", out(&[folder, "--port", "virt", "--port", "mps2"]));
    let json: serde_json::Value =
        serde_json::from_str(&out(&[folder, "--format", "json"])).unwrap();
    assert!(
        json["units"].as_array().unwrap().contains(&"virt/VIRT_NET".into()),
        "{}",
        json["units"]
    );
    let file = data("firmware/2/ports/virt/build-VIRT_MINI/firmware.elf");
    let csv = out(&[file.to_str().unwrap(), "--format", "csv"]);
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "subsystem,unit,init,deinit,init_stage,deinit_stage,level,conditional,condition,satisfied,marks"
    );
    assert_eq!(
        lines.next().unwrap(),
        "clock,virt/VIRT_MINI,1 machine_clock_init,7 machine_clock_deinit,boot,stop,,,,,"
    );
}

#[test]
fn the_command_reads_a_source_tree() {
    let tree = data("../registry-rt/firmware");
    let said = out(&["--tree", tree.to_str().unwrap()]);
    assert!(said.contains(" on 4 ports.\n"), "{said}");
    let html = out(&["--tree", tree.to_str().unwrap(), "--format", "html", "--port", "virt"]);
    for forbidden in ["<script", "<link", "src=", "href=", "url(", "@import"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    let html = scraper::Html::parse_document(&html);
    assert_eq!(text(&html, "h1"), "Subsystems on ports");
}

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    let error = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(
        error(&[path]),
        format!(
            "initboard: {path} has no firmware below it: expected files such as ports/stm32/build-PYBV10/firmware.elf; another layout is `tree.builds` of initboard.toml\n"
        )
    );
    assert!(error(&["x", "--rev", "HEAD"]).contains("--tree"));
    assert!(error(&[]).lines().count() == 1);
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_circles_are_not_followed_and_objects_are_no_firmware() {
    let folder = tempfile::tempdir().unwrap();
    let build = folder.path().join("ports/virt/build-VIRT_MINI");
    std::fs::create_dir_all(&build).unwrap();
    std::os::unix::fs::symlink(folder.path(), build.join("ports")).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
    let firmware = data("firmware/2/ports/virt/build-VIRT_MINI/firmware.elf");
    let bytes = std::fs::read(firmware).unwrap();
    std::fs::write(build.join("application.elf"), &bytes).unwrap();
    let mut object = bytes.clone();
    // e_type, little endian: 1 is an object file.
    object[16] = 1;
    object.extend([0; 64]);
    std::fs::write(build.join("main.o"), object).unwrap();
    let json = out(&[folder.path().to_str().unwrap(), "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["units"], serde_json::json!(["virt/VIRT_MINI"]));
}

#[test]
fn many_boards_that_run_the_same_share_a_column() {
    let app = TestApp::start();
    let (plain, more) = (["pin_init0", "usb_init"], ["pin_init0", "usb_init", "can_init"]);
    for number in 1..=12 {
        let functions = if number % 4 == 0 { &more[..] } else { &plain[..] };
        build(&app, &format!("stm32/B{number:02}"), &tables::table(functions));
    }
    let html = page(&app, "/micropython/-/matrix?port=stm32");
    assert_eq!(texts(&html, ".matrix thead th")[4..], ["B01 +8", "B04 +2"]);
    assert_eq!(
        texts(&html, ".shared dd"),
        ["and the same on B02, B03, B05, B06, B07, B09, B10, B11", "and the same on B08, B12"]
    );
    assert_eq!(attributes(&html, ".shared dd a", "href")[0], "/micropython/stm32/B02");
    // The counts are still of boards.
    assert_eq!(texts(&html, ".matrix tbody td.init")[..2], ["12", "12"]);
}
