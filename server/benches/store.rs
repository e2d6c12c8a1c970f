//! The store under load: a history with realistic churn, then what pages and
//! uploads ask of it.
//!
//! `INITBOARD_BENCH_COMMITS` sets the length of the history. Bytes per build are
//! printed first: of the build tables and their indexes, and of the whole file.

mod history;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use history::{BOARDS, History, Random, board, commit, commits, p50_p99, table};
use initboard::store::{CommitPrefix, NewBuild, ReadBy, Reader, Reading, StoreError};

fn print_p99(name: &str, ask: impl FnMut()) {
    let [p50, p99] = p50_p99(500, || {}, ask);
    println!("{name}: p50 {p50:?}, p99 {p99:?}");
}

/// Bytes per build of the tables that grow with every build, and of all.
fn print_sizes(history: &History, commits: u64) {
    let builds = commits * BOARDS;
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let sql = rusqlite::Connection::open(history.store.path()).unwrap();
    sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let tables: u64 = sql
        .query_row("SELECT count(*) FROM init_table", [], |row| row.get::<_, u32>(0))
        .unwrap()
        .into();
    let all = size(history.store.path());
    drop(sql);
    // The share of the build tables: what is left when they are gone.
    let copy = history.store.path().with_extension("copy");
    std::fs::copy(history.store.path(), &copy).unwrap();
    let sql = rusqlite::Connection::open(&copy).unwrap();
    sql.execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE build; DROP TABLE firmware; VACUUM;")
        .unwrap();
    drop(sql);
    let rest = size(&copy);
    std::fs::remove_file(&copy).unwrap();
    println!(
        "{builds} builds, {tables} orders: {} bytes a build in the build tables and their indexes, {} in the whole file",
        (all - rest) / builds,
        all / builds
    );
}

/// What a page asks, by the page's name; the number picks a board.
type Question<'a> = (&'static str, Box<dyn Fn(&Reader<'_>, u64) + 'a>);

fn queries(criterion: &mut Criterion) {
    let commits = commits();
    let start = Instant::now();
    let history = History::new(commits);
    let builds = u128::from(commits * BOARDS);
    println!("{} uploads a second, in bulk", builds * 1_000 / start.elapsed().as_millis().max(1));
    print_sizes(&history, commits);

    let (store, project) = (history.store.clone(), history.project);
    let port = "port04".parse().unwrap();
    let prefix: CommitPrefix = commit(commits / 2).as_str()[..10].parse().unwrap();
    let questions: Vec<Question<'_>> = vec![
        ("projects", Box::new(|reader, _| drop(black_box(reader.projects().unwrap())))),
        (
            "overview",
            Box::new(|reader, _| {
                black_box(reader.project_boards(project).unwrap());
                black_box(reader.recent_order_changes(project, 10).unwrap());
            }),
        ),
        (
            "port",
            Box::new(|reader, _| drop(black_box(reader.port_boards(project, &port).unwrap()))),
        ),
        (
            "board",
            Box::new(|reader, number| {
                let found = reader.board(project, &board(number)).unwrap().unwrap();
                black_box(reader.table_of(found.latest.reading).unwrap());
            }),
        ),
        (
            "build",
            Box::new(|reader, number| {
                let (row, _) = reader.board_row(project, &board(number)).unwrap().unwrap();
                black_box(reader.build(project, row, &prefix).unwrap().unwrap());
            }),
        ),
        (
            "search",
            Box::new(|reader, _| {
                drop(black_box(reader.searchable(project).unwrap().find("system1")));
            }),
        ),
    ];
    let mut group = criterion.benchmark_group("store");
    for (name, question) in &questions {
        let mut number = 0;
        let mut ask = || {
            number = (number + 7) % BOARDS;
            store
                .read(|reader| {
                    question(reader, number);
                    Ok::<_, StoreError>(())
                })
                .unwrap();
        };
        print_p99(name, &mut ask);
        group.bench_function(*name, |bencher| bencher.iter(&mut ask));
    }
    drop(questions);
    let (mut upload, mut random) = (0, Random(3));
    let mut send = || {
        upload += 1;
        let of = upload % BOARDS;
        let table = table(&mut random, &history.sources[usize::try_from(of).unwrap()]);
        let commit = commit(1_000_000 + upload);
        let build = NewBuild { commit, parents: vec![], ..history.new_build(commits, of) };
        store
            .write(|writer| {
                writer.record_build(&build, Reading::Extracted(&table, ReadBy::version(1)))
            })
            .unwrap();
    };
    print_p99("upload, one transaction each", &mut send);
    group.bench_function("upload", |bencher| bencher.iter(&mut send));
    group.finish();
}

criterion_group!(benches, queries);
criterion_main!(benches);
