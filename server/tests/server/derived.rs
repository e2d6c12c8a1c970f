//! What the server keeps in memory is never older than what is in the database.

use initboard::model::{Sha256, Stage, TreeFacts};
use initboard::store::{NewBuild, ReadBy, Reading};

use crate::support::app::TestApp;
use crate::support::tables::table;
use crate::support::trees::{commit, empty, listing, record, record_build, source, time};

/// Addresses whose answers are derived from all of a project.
const ADDRESSES: [&str; 18] = [
    "/api/v1/projects/micropython/matrix",
    "/api/v1/projects/micropython/matrix?port=stm32",
    "/api/v1/projects/micropython/matrix?port=rp2",
    "/api/v1/projects/micropython/findings",
    "/api/v1/projects/micropython/findings?of=builds",
    "/api/v1/projects/micropython/findings?since=2023-11-16",
    "/api/v1/projects/micropython/findings?of=builds&since=2023-11-16",
    "/api/v1/rules/IB301",
    "/micropython/-/configuration",
    "/api/v1/projects/micropython/ports/stm32",
    "/api/v1/projects/micropython/ports/rp2",
    "/api/v1/projects/micropython/migration",
    "/micropython",
    "/api/v1/projects/micropython",
    "/api/v1/projects/micropython/catalog",
    "/api/v1/projects/micropython/search?q=p",
    "/micropython/-/compare",
    "/micropython/-/compare?boards=stm32,rp2",
];

fn answers(get: impl Fn(&str) -> String) -> Vec<String> {
    ADDRESSES.iter().map(|address| get(address)).collect()
}

/// Changes what a project holds, and asserts that a server that has answered before
/// says the same as one that has not, and says something else than before.
#[track_caller]
fn change(app: &TestApp, what: &str, change: impl FnOnce()) {
    let before = answers(|address| app.get(address).text().to_owned());
    change();
    let after = answers(|address| app.get(address).text().to_owned());
    let another = app.another();
    let anew = answers(|address| another.get(address).text().to_owned());
    for (index, address) in ADDRESSES.iter().enumerate() {
        assert!(after[index] == anew[index], "{address} is stale after {what}");
    }
    assert!(before != after, "{what} changed nothing, so that nothing could be stale");
}

/// Three mains that start a sensor; what the first of them calls on its way out.
fn tree(number: u32, stop: &str) -> TreeFacts {
    let main = |(port, stop): (&str, &str)| {
        let calls = [
            (Stage::Start, "sensor_init", None),
            (Stage::Stop, stop, None),
            (Stage::Stop, "mp_deinit", None),
        ];
        source(port, &calls)
    };
    let mains = [("alif", stop), ("esp32", "sensor_deinit"), ("samd", "sensor_deinit")];
    TreeFacts { tables: mains.map(main).to_vec(), ..empty(number) }
}

#[test]
fn whatever_changes_shows_at_once() {
    let app = TestApp::start();
    let read = |board: &str, number: u32, functions: &[&str]| {
        let mut table = table(functions);
        table.file.sha256 = Sha256::of(format!("{board} {number}").as_bytes());
        table
    };
    let build = |board: &str, number: u32, functions: &[&str]| {
        record_build(&app, "micropython", board, number, &read(board, number, functions));
    };
    let propose = |board: &str, number: u32, functions: &[&str]| {
        let name = "micropython".parse().unwrap();
        app.store
            .write(|writer| {
                let new = NewBuild {
                    project: writer.reader().project(&name)?.unwrap().id,
                    board: board.parse().unwrap(),
                    commit: commit(number),
                    parents: vec![],
                    branch: None,
                    committed_at: Some(time(number)),
                    pull_request: Some(7),
                    base: None,
                    received_at: time(number),
                };
                let table = read(board, number, functions);
                writer.record_build(&new, Reading::Extracted(&table, ReadBy::version(1)))
            })
            .unwrap();
    };
    change(&app, "the first build", || build("stm32/A", 4, &["pin_init0"]));
    change(&app, "a build of another board", || build("stm32/B", 4, &["pin_init0", "uart_init"]));
    change(&app, "a newer build", || build("stm32/A", 5, &["uart_init", "pin_init0"]));
    change(&app, "an older build", || build("stm32/A", 1, &["pin_init0"]));
    change(&app, "a board known from a pull request alone", || {
        propose("rp2/PICO", 5, &["pin_init0"]);
    });
    change(&app, "its next build", || propose("rp2/PICO", 6, &["uart_init"]));
    change(&app, "a newer reading of a file", || {
        let table = read("stm32/B", 4, &["spi_init"]);
        let name = "micropython".parse().unwrap();
        app.store
            .write(|writer| {
                let new = NewBuild {
                    project: writer.reader().project(&name)?.unwrap().id,
                    board: "stm32/B".parse().unwrap(),
                    commit: commit(4),
                    parents: vec![],
                    branch: Some("master".to_owned()),
                    committed_at: Some(time(4)),
                    pull_request: None,
                    base: None,
                    received_at: time(4),
                };
                writer.record_build(&new, Reading::Extracted(&table, ReadBy::version(2)))
            })
            .unwrap();
    });
    change(&app, "another branch", || {
        app.store
            .write(|writer| {
                let project = writer.reader().project(&"micropython".parse().unwrap())?.unwrap();
                writer.set_default_branch(project.id, &"stable".parse().unwrap())
            })
            .unwrap();
        build("stm32/A", 6, &["pin_init0", "spi_init"]);
    });
    change(&app, "the first tree", || record(&app, &tree(4, "sensor_deinit")));
    change(&app, "a newer tree", || record(&app, &tree(5, "pin_deinit")));
    change(&app, "an older tree", || record(&app, &tree(1, "pin_deinit")));
    change(&app, "other facts of the same commit", || record(&app, &tree(1, "sensor_deinit")));
    change(&app, "a tree that lists boards", || record(&app, &listing(6, &["nrf/MICROBIT"])));
    change(&app, "a tree that lists other boards", || record(&app, &listing(7, &["nrf/PCA10059"])));
    change(&app, "other boards of the same commit", || record(&app, &listing(7, &["nrf/WT51822"])));
    change(&app, "a tree that lists boards of before", || {
        record(&app, &listing(8, &["nrf/MICROBIT"]));
    });
    change(&app, "a configuration", || {
        let text = "[severities]\nIB301 = \"error\"\n";
        let answer = app.configure(text);
        assert_eq!(answer.status, 201, "{}", answer.text());
    });
}
