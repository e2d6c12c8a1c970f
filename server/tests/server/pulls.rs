//! Pull requests on the server: what each changes, by page and API, while its
//! builds come.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use initboard::model::{InitTable, Sha256};
use initboard::store::{NewBuild, ReadBy, Reading};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::html::{attributes, page, text, texts};
use crate::support::tables::{hostile_names, table};
use crate::support::trees::{commit, record_build, time};

/// Sends a build of pull request 7: merge commit 9 of commits 1 and 8.
pub(crate) fn propose(app: &TestApp, board: &str, table: &InitTable) {
    let mut table = table.clone();
    table.file.sha256 = Sha256::of(format!("{board} proposed").as_bytes());
    let name = "micropython".parse().unwrap();
    app.store
        .write(|writer| {
            let new = NewBuild {
                project: writer.reader().project(&name)?.unwrap().id,
                board: board.parse().unwrap(),
                commit: commit(9),
                parents: vec![commit(1), commit(8)],
                branch: None,
                committed_at: Some(time(9)),
                pull_request: Some(7),
                base: None,
                received_at: time(9),
            };
            writer.record_build(&new, Reading::Extracted(&table, ReadBy::version(1)))
        })
        .unwrap();
}

fn build(app: &TestApp, board: &str, functions: &[&str]) {
    let mut table = table(functions);
    table.file.sha256 = Sha256::of(board.as_bytes());
    record_build(app, "micropython", board, 1, &table);
}

/// Three boards, two of which run `uart_init` before `spi_init` in the pull request.
fn moved(app: &TestApp) {
    for board in ["rp2/PICO", "stm32/A", "stm32/B"] {
        build(app, board, &["pin_init0", "spi_init", "uart_init"]);
    }
    for board in ["stm32/A", "stm32/B"] {
        propose(app, board, &table(&["pin_init0", "uart_init", "spi_init"]));
    }
    propose(app, "rp2/PICO", &table(&["pin_init0", "spi_init", "uart_init"]));
}

#[test]
fn the_page_says_what_changes_and_against_what() {
    let app = TestApp::start();
    moved(&app);
    let html = page(&app, "/micropython/-/pulls/7");
    assert_eq!(text(&html, "p.answer b"), "The order changes on 2 of 3 boards.");
    assert_eq!(
        text(&html, "p.answer + p"),
        "Head 0000000900: 3 boards so far; more may come. Base 0000000100, the first parent of the merge commit."
    );
    assert_eq!(texts(&html, "section.group h3"), ["stm32/A, stm32/B"]);
    let said = texts(&html, "section.group > ul li");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("moved"), "{said:?}");
    assert_eq!(
        attributes(&html, "section.group details a", "href")[0],
        "/micropython/-/compare?boards=stm32/A@0000000100,stm32/A@0000000900"
    );
    // It changes when there is news.
    assert_eq!(attributes(&html, "#report", "data-live"), ["/micropython/-/pulls/7/events"]);
    let project = app.store.read(|reader| reader.project(&"micropython".parse().unwrap()));
    let project = project.unwrap().unwrap().id;
    app.store.write(|writer| writer.finish(project, &commit(9), time(10))).unwrap();
    let html = page(&app, "/micropython/-/pulls/7");
    assert!(text(&html, "p.answer + p").contains("3 boards, all builds are there."));
}

#[test]
fn the_list_and_each_verdict_in_it() {
    let app = TestApp::start();
    let html = page(&app, "/micropython/-/pulls");
    assert!(text(&html, "p.answer").contains("No build of a pull request"));
    moved(&app);
    let html = page(&app, "/micropython/-/pulls");
    assert_eq!(texts(&html, "table.pulls tbody th"), ["#7"]);
    let fragment = attributes(&html, "table.pulls td", "hx-get");
    assert_eq!(fragment, ["/micropython/-/pulls/7/verdict"]);
    let verdict = app.get(&fragment[0]);
    assert_eq!(verdict.status, 200);
    assert!(verdict.text().contains("The order changes on 2 of 3 boards"), "{}", verdict.text());
    let listed = app.get("/api/v1/projects/micropython/pulls").json();
    assert_eq!(listed["pull_requests"][0]["number"], 7);
    assert_eq!(listed["pull_requests"][0]["head"]["boards"], 3);
    assert_eq!(app.get("/micropython/-/pulls/8").status, 404);
    assert_eq!(app.get("/micropython/-/pulls/seven").status, 404);
}

#[test]
fn the_api_answers_in_the_form_that_is_asked_for() {
    let app = TestApp::start();
    moved(&app);
    let path = "/api/v1/diff?project=micropython&pull_request=7";
    let found = app.get(path).json();
    assert_eq!(found["verdict"], "changed");
    assert_eq!(found["base"], json!({"commit": commit(1), "choice": "first-parent"}));
    assert_eq!(found["head"]["commit"], json!(commit(9)));
    assert_eq!(found["url"], "/micropython/-/pulls/7");
    assert_eq!(found["groups"][0]["boards"], json!(["stm32/A", "stm32/B"]));
    assert_eq!(found["unchanged"], json!(["rp2/PICO"]));
    // By commit, and against another base: itself.
    let same = format!("/api/v1/diff?project=micropython&head={}&base={}", commit(9), commit(9));
    let same = app.get(&same).json();
    assert_eq!((&same["verdict"], &same["base"]["choice"]), (&json!("unchanged"), &json!("asked")));

    let markdown = app.get_with(path, &[("accept", "text/markdown")]);
    assert_eq!(markdown.header("content-type"), Some("text/markdown; charset=utf-8"));
    assert!(markdown.text().contains("<!-- initboard"), "{}", markdown.text());
    assert!(
        markdown.text().contains("the first parent of the merge commit"),
        "{}",
        markdown.text()
    );
    let again = app.get_with(path, &[("accept", "text/markdown")]);
    assert_eq!(markdown.text(), again.text());
    let plain = app.get_with(path, &[("accept", "text/plain")]);
    assert!(plain.text().contains("The order changes on 2 of 3 boards"), "{}", plain.text());
}

#[test]
fn what_cannot_be_compared_is_refused_in_words() {
    let app = TestApp::start();
    moved(&app);
    let unknown = "f".repeat(40);
    for (query, status, part) in [
        ("project=micropython".to_owned(), 400, "either `head`"),
        (format!("project=micropython&pull_request=7&head={}", commit(9)), 400, "either `head`"),
        ("project=micropython&pull_request=8".to_owned(), 404, "pull request 8"),
        (format!("project=micropython&head={unknown}"), 404, "has no build of a commit"),
        (format!("project=micropython&head={}&base={unknown}", commit(9)), 404, "ffffff"),
        ("project=micropython&head=xyz".to_owned(), 400, "first 7 hexadecimal digits"),
        ("project=nothing&pull_request=7".to_owned(), 404, "nothing"),
        ("pull_request=7".to_owned(), 400, "`project`"),
    ] {
        let (found, _, message) = app.get(&format!("/api/v1/diff?{query}")).error();
        assert_eq!(found, status, "{query}: {message}");
        assert!(message.contains(part), "{query}: {message}");
    }
    let refused =
        app.get_with("/api/v1/diff?project=micropython&pull_request=7", &[("accept", "image/png")]);
    assert_eq!(refused.error().0, 406);
    assert_eq!(app.get("/micropython/-/diff").status, 400);
    assert_eq!(app.get("/micropython/-/diff?head=zz").status, 400);
}

#[test]
fn a_first_build_has_nothing_to_be_compared_with() {
    let app = TestApp::start();
    propose(&app, "stm32/A", &table(&["pin_init0"]));
    let found = app.get("/api/v1/diff?project=micropython&pull_request=7").json();
    assert_eq!((&found["verdict"], &found["base"]), (&json!("nothing-compared"), &json!(null)));
    let html = page(&app, "/micropython/-/pulls/7");
    assert!(text(&html, "p.answer + p").contains("Nothing was built before"));
}

#[test]
fn names_that_firmware_made_up_are_only_text() {
    let app = TestApp::start();
    let names = hostile_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    build(&app, "stm32/A", &["pin_init0"]);
    propose(&app, "stm32/A", &table(&names));
    let html = page(&app, "/micropython/-/pulls/7");
    assert_eq!(html.select(&scraper::Selector::parse("main script, main img").unwrap()).count(), 0);
    assert!(!app.get("/micropython/-/pulls/7").text().contains("<script>alert"));
}

/// Reads lines of a stream until one fits, for at most half a minute.
fn wait_for(lines: &mut impl Iterator<Item = std::io::Result<String>>, wanted: &str) -> bool {
    lines.map_while(Result::ok).any(|line| line == wanted)
}

#[test]
fn a_page_that_looks_on_is_told_when_a_build_comes() {
    let app = TestApp::start();
    let address = app.url("").trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET /micropython/-/pulls/7/events HTTP/1.1\r\nhost: {address}\r\n\r\n")
        .unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert!(wait_for(&mut lines, "content-type: text/event-stream"));
    let upload = app.upload().with("pull_request", "7").with("branch", None);
    assert_eq!(upload.send(&crate::support::elf::firmware()).status, 201);
    assert!(wait_for(&mut lines, "event: change"), "nothing was told");
    assert!(wait_for(&mut lines, "data: news"), "browsers pass on no event without data");
    // A server that stops does not wait for those who look on.
    let start = std::time::Instant::now();
    drop(app);
    assert!(!wait_for(&mut lines, "event: change"));
    assert!(start.elapsed() < Duration::from_secs(8), "took {:?}", start.elapsed());
}
