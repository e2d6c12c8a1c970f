//! Every page under load: the real server over real HTTP, one request after
//! another, on a database of 250 boards with a history and of the texts of
//! MicroPython's mains.
//!
//! Prints the median and the slowest of a hundred of each page, against the budget
//! of 10 ms. A page is asked for once before, as whoever came first did. What it
//! takes for whoever comes first after an upload is printed as well.
//! `INITBOARD_BENCH_COMMITS` sets the length of the history.

mod history;

use std::path::Path;

use history::{BOARDS, History, PORTS, Random, board, commit, commits, p50_p99, table};
use initboard::model::TreeFacts;
use initboard::store::{NewBuild, ReadBy, Reading, StoreError};
use initboard::web::{self, AppState, Config};
use jiff::Timestamp;

const PULL_REQUEST: u32 = 7;

fn main() {
    // Cargo asks every target with a `main` of its own to be a test, too.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let commits = commits();
    let mut history = History::new(commits);
    propose(&mut history, commits);
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/micropython/tree.json");
    let facts = TreeFacts::from_json(&std::fs::read(tree).unwrap()).unwrap();
    history
        .store
        .write(|writer| {
            writer.record_tree(history.project, &facts, Timestamp::now())?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let address = serve(&history);
    println!("{} builds, {BOARDS} boards", commits * BOARDS);

    let six: Vec<String> = (0..6).map(|number| board(number * 3).to_string()).collect();
    let pages = [
        String::new(),
        "/port04".to_owned(),
        format!("/{}", board(4)),
        format!("/{}/{}", board(4), commit(commits / 2)),
        "/stm32".to_owned(),
        "/-/catalog".to_owned(),
        "/-/matrix".to_owned(),
        "/-/matrix?port=port04".to_owned(),
        "/-/matrix?only=divergent&stage=stop".to_owned(),
        "/-/migration".to_owned(),
        "/-/subsystem/pin".to_owned(),
        "/-/findings?of=source".to_owned(),
        "/-/findings?of=builds".to_owned(),
        "/-/findings?since=2020-01-01".to_owned(),
        "/-/configuration".to_owned(),
        format!("/-/compare?boards={}", six.join(",")),
        "/-/compare?boards=stm32,rp2,esp32,samd,mimxrt,nrf".to_owned(),
        "/-/history".to_owned(),
        "/-/history/stm32".to_owned(),
        "/-/search?q=pin".to_owned(),
        "/-/pulls".to_owned(),
        format!("/-/pulls/{PULL_REQUEST}"),
    ];
    let pages = pages.iter().map(|page| format!("/micropython{page}"));
    let agent = ureq::agent();
    let (mut uploads, mut random) = (0, Random(9));
    for page in pages.chain(["/-/rules".to_owned(), "/-/rules/IB301".to_owned()]) {
        let mut size = 0;
        let mut get = || {
            let mut answer = agent.get(format!("http://{address}{page}")).call().unwrap();
            size = answer.body_mut().read_to_vec().unwrap().len();
        };
        get();
        let [p50, p99] = p50_p99(500, || {}, &mut get);
        let upload = || {
            uploads += 1;
            upload(&history, &mut random, commits + uploads);
        };
        let [first_p50, first_p99] = p50_p99(50, upload, get);
        println!(
            "{page} ({size} bytes): p50 {p50:?}, p99 {p99:?}; first after an upload: p50 {first_p50:?}, p99 {first_p99:?}"
        );
    }
}

/// Sends a build of one board at a commit of which no other is known yet.
fn upload(history: &History, random: &mut Random, commit: u64) {
    let table = table(random, &history.sources[0]);
    let build = history.new_build(commit, 0);
    let reading = Reading::Extracted(&table, ReadBy::version(1));
    history.store.write(|writer| writer.record_build(&build, reading)).unwrap();
}

/// Sends builds of a pull request that swaps two calls on every board of a port.
fn propose(history: &mut History, commits: u64) {
    for (of, source) in (0..).zip(&mut history.sources) {
        if of % PORTS == 4 {
            source.order.swap(3, 4);
        }
    }
    let mut random = Random(5);
    let parents = vec![commit(commits - 1), commit(7_000_000)];
    let build = |of| NewBuild {
        parents: parents.clone(),
        branch: None,
        pull_request: Some(PULL_REQUEST),
        ..history.new_build(commits, of)
    };
    history
        .store
        .write(|writer| {
            for (of, source) in (0..).zip(&history.sources) {
                let table = table(&mut random, source);
                writer.record_build(&build(of), Reading::Extracted(&table, ReadBy::version(1)))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// Starts the server on a port of its own, for as long as the program runs.
fn serve(history: &History) -> std::net::SocketAddr {
    let app = AppState::new(history.store.clone(), Config::for_store(&history.store)).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            web::serve(listener, app, std::future::pending()).await;
        });
    });
    address
}
