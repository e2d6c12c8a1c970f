//! The pages in a real browser, on the demo as people start it: that they fit,
//! that they can be read, and that search works with and without scripts; a large
//! project; and a report that follows its builds.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::pulls::propose;
use crate::support::app::TestApp;
use crate::support::fleet::record_fleet;
use crate::support::tables::table;
use crate::support::tools::skip;
use crate::support::trees::commit;

/// The demo, stopped when it goes out of scope.
struct Demo(Child);

impl Demo {
    fn start() -> (Self, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_initboard"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .find_map(|line| {
                line.unwrap().split_once("listening on ").map(|(_, url)| url.to_owned())
            })
            .expect("the demo prints its address");
        (Self(child), url)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // As Ctrl-C does, so that the demo clears up.
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// Runs a script in a browser against a server, and asserts that it found nothing.
/// Without the tools for that it says so.
fn drive(script: &str, variables: &[(&str, &str)], url: impl FnOnce() -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !Path::new(&chromium).exists() {
        return skip("Chromium, at /usr/bin/chromium or where CHROMIUM says");
    }
    if !folder.join("node_modules").exists() {
        return skip("playwright-core: npm ci --prefix server/tests/browser");
    }
    let output = Command::new("node")
        .arg(folder.join(script))
        .arg(url())
        .env("CHROMIUM", chromium)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), "ok");
}

#[test]
fn the_pages_work_in_a_browser() {
    let mut demo = None;
    drive("pages.mjs", &[], || {
        let (started, url) = Demo::start();
        demo = Some(started);
        url
    });
}

#[test]
fn a_project_of_250_boards_can_be_read_in_a_browser() {
    let app = TestApp::start();
    drive("fleet.mjs", &[], || {
        record_fleet(&app);
        app.url("")
    });
}

#[test]
fn a_report_follows_its_builds_in_a_browser() {
    let app = TestApp::start();
    propose(&app, "stm32/A", &table(&["pin_init0"]));
    let commit = commit(9);
    let variables = [("TOKEN", app.token.reveal()), ("COMMIT", commit.as_str())];
    drive("live.mjs", &variables, || app.url(""));
}
