//! Builds in a real database: what is stored comes back, and every build stands
//! in its place.

use crate::support::tables::{entry, table};
use initboard::model::{Address, EntryKind, InitTable, Location, Sha256, Stage};
use initboard::store::{
    CommitPrefix, NewBuild, ProjectId, ReadBy, Reader, Reading, Store, StoreError, StoreOptions,
};
use jiff::Timestamp;

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn commit(number: u32) -> String {
    format!("{number:08x}").repeat(5)
}

/// A database in a folder that goes away with it.
struct Stored {
    store: Store,
    project: ProjectId,
    _folder: tempfile::TempDir,
}

impl Stored {
    fn new() -> Self {
        Self::with(&StoreOptions::default())
    }

    fn with(options: &StoreOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(&folder.path().join("initboard.db"), options).unwrap();
        let name = "micropython".parse().unwrap();
        let project = store.write(|writer| writer.create_project(&name, None, time(0))).unwrap().id;
        Self { store, project, _folder: folder }
    }

    fn build(&self, number: u32) -> NewBuild {
        NewBuild {
            project: self.project,
            board: "stm32/PYBV10".parse().unwrap(),
            commit: commit(number).parse().unwrap(),
            parents: vec![],
            branch: Some("master".to_owned()),
            committed_at: Some(time(number.into())),
            pull_request: None,
            base: None,
            received_at: time(1_000_000),
        }
    }

    fn record(&self, new: &NewBuild, table: &InitTable) -> initboard::store::RecordedBuild {
        self.store
            .write(|writer| writer.record_build(new, Reading::Extracted(table, ReadBy::version(1))))
            .unwrap()
    }

    /// The commits (by number) of the board's line, newest first, with a `*`
    /// where the table changed.
    fn line(&self) -> Vec<String> {
        let board = "stm32/PYBV10".parse().unwrap();
        let board = self.store.read(|reader| reader.board(self.project, &board)).unwrap().unwrap();
        board
            .recent
            .iter()
            .map(|build| {
                let number = u32::from_str_radix(&build.commit.as_str()[..8], 16).unwrap();
                format!("{number}{}", if build.changed || build.first { "*" } else { "" })
            })
            .collect()
    }

    fn latest(&self) -> String {
        let board = "stm32/PYBV10".parse().unwrap();
        let board = self.store.read(|reader| reader.board(self.project, &board)).unwrap().unwrap();
        board.latest.commit.to_string()
    }
}

/// A table of firmware number `image` with an order that `functions` make.
fn firmware(image: u32, functions: &[&str]) -> InitTable {
    let mut table = table(functions);
    table.file.sha256 = digest(image);
    table
}

fn digest(image: u32) -> Sha256 {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&image.to_be_bytes());
    Sha256(bytes)
}

#[test]
fn a_table_comes_back_as_it_was_extracted() {
    let stored = Stored::new();
    let mut original = firmware(1, &["pin_init0", "uart_init"]);
    original.entries.push(crate::support::tables::full_entry(2));
    original.anomalies = crate::support::tables::anomalies();
    stored.record(&stored.build(1), &original);

    let board = "stm32/PYBV10".parse().unwrap();
    let prefix: CommitPrefix = commit(1)[..7].parse().unwrap();
    let build = stored
        .store
        .read(|reader| {
            let (row, _) = reader.board_row(stored.project, &board)?.unwrap();
            reader.build(stored.project, row, &prefix)
        })
        .unwrap()
        .unwrap();
    assert_eq!(build.table, original);
    assert_eq!((build.summary.init_count, build.summary.deinit_count), original.counts());
    assert_eq!(build.summary.anomaly_count, 2);
}

#[test]
fn hostile_names_come_back_unchanged() {
    let stored = Stored::new();
    let names = crate::support::tables::hostile_names();
    let original = firmware(1, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let build = stored.record(&stored.build(1), &original);
    let read = |reader: &Reader<'_>| reader.table_of(reader.build_summary(build.id)?.reading);
    assert_eq!(stored.store.read(read).unwrap(), original);
}

#[test]
fn builds_with_the_same_order_share_one_table() {
    let stored = Stored::new();
    for number in 0..20 {
        let mut table = firmware(number, &["pin_init0", "uart_init"]);
        for entry in &mut table.entries {
            entry.address = Some(Address(0x0800_0001 + u64::from(number) * 64));
            entry.location = Some(Location { file: "main.c".to_owned(), line: number });
        }
        stored.record(&stored.build(number), &table);
    }
    let sql = rusqlite::Connection::open(stored.store.path()).unwrap();
    let count = |table: &str| -> u32 {
        sql.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("init_table"), count("entry"), count("build")), (1, 2, 20));
}

#[test]
fn the_same_build_again_is_the_same_build() {
    let stored = Stored::new();
    let first = stored.record(&stored.build(1), &firmware(1, &["pin_init0"]));
    let again = stored.record(&stored.build(1), &firmware(1, &["pin_init0"]));
    assert!(first.created && !again.created);
    assert_eq!(first.id, again.id);
}

#[test]
fn other_firmware_for_the_same_commit_is_shown_and_the_first_is_kept() {
    let stored = Stored::new();
    let first = stored.record(&stored.build(1), &firmware(1, &["pin_init0"]));
    let second = stored.record(&stored.build(1), &firmware(2, &["uart_init"]));
    let board = "stm32/PYBV10".parse().unwrap();
    let build = stored
        .store
        .read(|reader| {
            let (row, _) = reader.board_row(stored.project, &board)?.unwrap();
            reader.build(stored.project, row, &commit(1).parse().unwrap())
        })
        .unwrap()
        .unwrap();
    assert_eq!(build.summary.id, second.id);
    assert_eq!(build.others.iter().map(|other| other.id).collect::<Vec<_>>(), [first.id]);
}

#[test]
fn a_change_is_marked_where_the_order_differs_from_the_build_before() {
    let stored = Stored::new();
    for (number, functions) in [(1, ["a", "b"]), (2, ["a", "b"]), (3, ["b", "a"]), (4, ["b", "a"])]
    {
        stored.record(&stored.build(number), &firmware(number, &functions));
    }
    assert_eq!(stored.line(), ["4", "3*", "2", "1*"]);
}

#[test]
fn a_build_that_comes_late_takes_its_place_in_time() {
    let stored = Stored::new();
    stored.record(&stored.build(1), &firmware(1, &["a", "b"]));
    stored.record(&stored.build(5), &firmware(5, &["a", "b"]));
    assert_eq!(stored.line(), ["5", "1*"]);
    stored.record(&stored.build(3), &firmware(3, &["b", "a"]));
    assert_eq!(stored.line(), ["5*", "3*", "1*"]);
    assert_eq!(stored.latest(), commit(5));
}

#[test]
fn branches_do_not_mark_each_others_changes() {
    let stored = Stored::new();
    stored.record(&stored.build(1), &firmware(1, &["a"]));
    let release = NewBuild { branch: Some("v1.28-release".to_owned()), ..stored.build(2) };
    stored.record(&release, &firmware(2, &["b"]));
    stored.record(&stored.build(3), &firmware(3, &["a"]));
    assert_eq!(stored.line(), ["3", "2*", "1*"]);
}

#[test]
fn a_pull_request_stands_outside_the_line_until_it_is_merged() {
    let stored = Stored::new();
    stored.record(&stored.build(1), &firmware(1, &["a"]));
    let proposed = NewBuild {
        pull_request: Some(18_424),
        base: Some(commit(1).parse().unwrap()),
        branch: None,
        ..stored.build(2)
    };
    stored.record(&proposed, &firmware(2, &["b"]));
    assert_eq!(stored.line(), ["1*"]);
    assert_eq!(stored.latest(), commit(1));

    let merged = stored.record(&stored.build(2), &firmware(2, &["b"]));
    assert!(!merged.created);
    assert_eq!(stored.line(), ["2*", "1*"]);
    assert_eq!(stored.latest(), commit(2));
}

#[test]
fn a_board_that_only_a_pull_request_has_is_shown() {
    let stored = Stored::new();
    for number in [2, 1] {
        let proposed = NewBuild { pull_request: Some(7), ..stored.build(number) };
        stored.record(&proposed, &firmware(number, &["a"]));
    }
    assert_eq!(stored.latest(), commit(2));
    stored.record(
        &NewBuild { committed_at: Some(time(-5)), ..stored.build(9) },
        &firmware(9, &["a"]),
    );
    assert_eq!(stored.latest(), commit(9));
}

#[test]
fn a_commit_is_ordered_by_its_own_time_once_somebody_states_it() {
    let stored = Stored::new();
    stored.record(&stored.build(2), &firmware(2, &["a"]));
    // No time: received long after.
    stored.record(&NewBuild { committed_at: None, ..stored.build(1) }, &firmware(1, &["b"]));
    assert_eq!(stored.line(), ["1*", "2*"]);
    stored.record(&stored.build(1), &firmware(1, &["b"]));
    assert_eq!(stored.line(), ["2*", "1*"]);
    assert_eq!(stored.latest(), commit(2));
}

#[test]
fn a_newer_extractor_corrects_the_table_and_the_line() {
    let stored = Stored::new();
    for number in 1..=3 {
        stored.record(&stored.build(number), &firmware(number, &["a"]));
    }
    let again = stored.store.write(|writer| {
        writer.record_build(
            &stored.build(2),
            Reading::Extracted(&firmware(2, &["b"]), ReadBy::version(2)),
        )
    });
    assert!(!again.unwrap().created);
    assert_eq!(stored.line(), ["3*", "2*", "1*"]);

    // What the server read itself is not replaced by what an upload states.
    let stated = stored.store.write(|writer| {
        writer.record_build(&stored.build(2), Reading::Stated(&firmware(2, &["a"])))
    });
    assert!(!stated.unwrap().created);
    assert_eq!(stored.line(), ["3*", "2*", "1*"]);
}

#[test]
fn a_stated_table_of_one_project_says_nothing_about_another() {
    let stored = Stored::new();
    let name = "openmv".parse().unwrap();
    let other = stored.store.write(|w| w.create_project(&name, None, time(0))).unwrap();
    stored
        .store
        .write(|w| w.record_build(&stored.build(1), Reading::Stated(&firmware(1, &["forged"]))))
        .unwrap();
    let known =
        |project| stored.store.read(|reader| reader.known_firmware(project, digest(1))).unwrap();
    assert_eq!(known(stored.project).unwrap().read_by, ReadBy::version(0));
    assert_eq!(known(other.id), None);
}

#[test]
fn an_abbreviated_commit_that_fits_two_names_both() {
    let stored = Stored::new();
    for digit in ['1', '2'] {
        let sha: String = "abcdef0".chars().chain([digit]).cycle().take(40).collect();
        let new = NewBuild { commit: sha.parse().unwrap(), ..stored.build(1) };
        stored.record(&new, &firmware(u32::from(digit), &["a"]));
    }
    let board = "stm32/PYBV10".parse().unwrap();
    let find = |prefix: &str| {
        stored.store.read(|reader| {
            let (row, _) = reader.board_row(stored.project, &board)?.unwrap();
            reader.build(stored.project, row, &prefix.parse().unwrap())
        })
    };
    assert!(matches!(find("abcdef0"), Err(StoreError::AmbiguousCommit { .. })));
    assert!(find("abcdef01").unwrap().is_some());
    assert!(find("abcdef03").unwrap().is_none());
}

#[test]
fn search_says_where_a_function_runs_now() {
    let stored = Stored::new();
    let on =
        |board: &str, number| NewBuild { board: board.parse().unwrap(), ..stored.build(number) };
    stored.record(&on("stm32/PYBV10", 1), &firmware(1, &["gone_init"]));
    stored.record(&on("stm32/PYBV10", 2), &firmware(2, &["pin_init0", "uart_init"]));
    stored.record(&on("stm32/PYBV10-DP", 2), &firmware(3, &["pin_init0"]));
    stored.record(&on("rp2/RPI_PICO", 2), &firmware(4, &["machine_pin_init"]));
    let search = |text: &str| {
        let hits = stored
            .store
            .read(|reader| reader.searchable(stored.project).map(|names| names.find(text)))
            .unwrap();
        let functions: Vec<String> = hits
            .functions
            .iter()
            .map(|hit| {
                let places: Vec<_> = hit
                    .places
                    .iter()
                    .map(|place| format!("{}: {}", place.port, place.boards.join(" ")))
                    .collect();
                format!("{} on {}", hit.function, places.join("; "))
            })
            .collect();
        let boards: Vec<String> =
            hits.boards.iter().map(|hit| format!("{}/{}", hit.port, hit.label)).collect();
        (functions, boards)
    };
    assert_eq!(
        search("PIN_I").0,
        ["pin_init0 on stm32: PYBV10 PYBV10-DP", "machine_pin_init on rp2: RPI_PICO"]
    );
    assert_eq!(search("gone"), (vec![], vec![]));
    assert_eq!(search("pico").1, ["rp2/RPI_PICO"]);
    assert_eq!(search("%"), (vec![], vec![]));
    assert_eq!(search("n_i").0.len(), 2);
    assert_eq!(search("  "), (vec![], vec![]));
}

#[test]
fn the_overview_counts_boards_and_orders() {
    let stored = Stored::new();
    for (board, image, function) in
        [("A", 1, "a_init"), ("B", 2, "a_init"), ("C", 3, "c_init"), ("D", 4, "c_init")]
    {
        let mut table = firmware(image, &[function]);
        if board == "D" {
            table.anomalies = crate::support::tables::anomalies();
        }
        let board = format!("stm32/{board}").parse().unwrap();
        stored.record(&NewBuild { board, ..stored.build(1) }, &table);
    }
    let ports = stored.store.read(|reader| reader.ports(stored.project)).unwrap();
    assert_eq!(ports.len(), 1);
    assert_eq!((ports[0].boards, ports[0].orders, ports[0].boards_with_anomalies), (4, 2, 1));
    assert_eq!(ports[0].last_committed_at, Some(time(1)));

    let boards = stored
        .store
        .read(|reader| reader.port_boards(stored.project, &"stm32".parse().unwrap()))
        .unwrap();
    assert_eq!(boards.len(), 4);
    assert_eq!(boards[0].latest.table, boards[1].latest.table);
    assert_ne!(boards[1].latest.table, boards[2].latest.table);

    let board = "stm32/A".parse().unwrap();
    let board = stored.store.read(|reader| reader.board(stored.project, &board)).unwrap().unwrap();
    assert_eq!(board.boards_with_same_order, 2);
    assert_eq!(board.last_change, Some(board.latest.clone()));

    let projects = stored.store.read(|reader| reader.projects()).unwrap();
    assert_eq!((projects[0].ports, projects[0].boards), (1, 4));
}

#[test]
fn renumbering_is_no_change_of_the_order() {
    let stored = Stored::new();
    let mut renumbered = firmware(2, &["a", "b"]);
    for entry in &mut renumbered.entries {
        entry.priority = Some("07".parse().unwrap());
        entry.slot = entry.slot.map(|slot| slot + 3);
    }
    renumbered.anomalies = crate::support::tables::anomalies();
    stored.record(&stored.build(1), &firmware(1, &["a", "b"]));
    stored.record(&stored.build(2), &renumbered);
    assert_eq!(stored.line(), ["2", "1*"]);

    // Both tables are kept, and count as one order.
    let other = NewBuild { board: "stm32/PYBD".parse().unwrap(), ..stored.build(1) };
    stored.record(&other, &firmware(3, &["a", "b"]));
    let boards = stored
        .store
        .read(|reader| reader.port_boards(stored.project, &"stm32".parse().unwrap()))
        .unwrap();
    assert_eq!(boards[0].latest.order, boards[1].latest.order);
    assert_ne!(boards[0].latest.table, boards[1].latest.table);
    let ports = stored.store.read(|reader| reader.ports(stored.project)).unwrap();
    assert_eq!(ports[0].orders, 1);
    let id = "stm32/PYBD".parse().unwrap();
    let board = stored.store.read(|reader| reader.board(stored.project, &id)).unwrap().unwrap();
    assert_eq!(board.boards_with_same_order, 2);
}

#[test]
fn another_stage_is_another_order_and_a_level_where_nothing_else_tells_when() {
    let stored = Stored::new();
    let mut levelled = firmware(2, &["a", "b"]);
    levelled.entries[1].level = Some("core".parse().unwrap());
    let mut staged = levelled.clone();
    staged.file.sha256 = digest(3);
    staged.entries[1].stage = Some(Stage::Boot);
    stored.record(&stored.build(1), &firmware(1, &["a", "b"]));
    stored.record(&stored.build(2), &levelled);
    stored.record(&stored.build(3), &staged);
    assert_eq!(stored.line(), ["3*", "2*", "1*"]);
}

#[test]
fn what_is_registered_and_runs_where_it_was_called_is_the_same_order() {
    let stored = Stored::new();
    let staged = |number, functions: &[&str]| {
        let mut table = firmware(number, functions);
        for entry in &mut table.entries {
            entry.stage = Some(Stage::Start);
            entry.level = None;
        }
        table
    };
    let called = staged(1, &["a", "b"]);
    let mut registered = staged(2, &["run", "a", "b"]);
    registered.entries[0].kind = EntryKind::RunLevel;
    for entry in &mut registered.entries {
        entry.level = Some("driver".parse().unwrap());
    }
    let mut swapped = registered.clone();
    swapped.file.sha256 = digest(3);
    swapped.entries.swap(1, 2);
    stored.record(&stored.build(1), &called);
    stored.record(&stored.build(2), &registered);
    stored.record(&stored.build(3), &swapped);
    assert_eq!(stored.line(), ["3*", "2", "1*"]);
    // Its line tells when it was registered all the same.
    let lines = stored.store.read(|reader| reader.lines(stored.project)).unwrap();
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_board_that_runs_nothing_has_no_order() {
    let stored = Stored::new();
    stored.record(&stored.build(1), &firmware(1, &[]));
    let ports = stored.store.read(|reader| reader.ports(stored.project)).unwrap();
    assert_eq!((ports[0].boards, ports[0].orders), (1, 0));
    let id = "stm32/PYBV10".parse().unwrap();
    let board = stored.store.read(|reader| reader.board(stored.project, &id)).unwrap().unwrap();
    assert_eq!((board.latest.order, board.boards_with_same_order), (None, 1));
}

#[test]
fn a_board_is_shown_of_the_default_branch() {
    let stored = Stored::new();
    let on =
        |branch: &str, number| NewBuild { branch: Some(branch.to_owned()), ..stored.build(number) };
    let proposed = NewBuild { pull_request: Some(7), ..on("feature", 1) };
    stored.record(&proposed, &firmware(1, &["a"]));
    // The first that is not proposed decides, and newer ones do not take over.
    stored.record(&on("master", 2), &firmware(2, &["a"]));
    stored.record(&on("v1.28-release", 3), &firmware(3, &["b"]));
    let board = || {
        let id = "stm32/PYBV10".parse().unwrap();
        stored.store.read(|reader| reader.board(stored.project, &id)).unwrap().unwrap()
    };
    assert_eq!(stored.latest(), commit(2));
    assert_eq!(board().branch.as_deref(), Some("master"));
    assert_eq!(board().last_change, Some(board().latest));

    // A board without builds of that branch is shown all the same.
    let other = NewBuild { board: "stm32/PYBD".parse().unwrap(), ..on("v1.28-release", 3) };
    stored.record(&other, &firmware(4, &["b"]));
    let id = "stm32/PYBD".parse().unwrap();
    let found = stored.store.read(|reader| reader.board(stored.project, &id)).unwrap().unwrap();
    assert_eq!(found.branch.as_deref(), Some("v1.28-release"));

    let branch = "v1.28-release".parse().unwrap();
    stored.store.write(|writer| writer.set_default_branch(stored.project, &branch)).unwrap();
    assert_eq!(stored.latest(), commit(3));
    assert_eq!(board().branch.as_deref(), Some("v1.28-release"));
}

#[test]
fn a_full_database_stores_nothing_of_the_build() {
    let stored = Stored::with(&StoreOptions { max_pages: Some(45), ..StoreOptions::default() });
    let functions: Vec<String> = (0..2_000).map(|n| format!("function_number_{n}_init")).collect();
    let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
    let result = stored.store.write(|writer| {
        writer.record_build(
            &stored.build(1),
            Reading::Extracted(&firmware(1, &functions), ReadBy::version(1)),
        )
    });
    assert!(matches!(result, Err(StoreError::Full)), "{result:?}");
    assert_eq!(stored.store.read(|reader| reader.ports(stored.project)).unwrap(), []);
    // A smaller one still fits: the failure left nothing in the way.
    stored.record(&stored.build(1), &firmware(1, &["a"]));
}

#[test]
fn a_read_only_database_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("initboard.db");
    drop(Store::open(&path).unwrap());
    let options = StoreOptions { read_only: true, ..StoreOptions::default() };
    let store = Store::open_with(&path, &options).unwrap();
    let result = store.write(|writer| writer.create_project(&"x".parse().unwrap(), None, time(0)));
    assert!(matches!(result, Err(StoreError::ReadOnly)), "{result:?}");
    assert_eq!(store.read(|reader| reader.projects()).unwrap(), []);
}

#[test]
fn two_writers_at_once_wait_for_each_other() {
    let stored = Stored::new();
    std::thread::scope(|scope| {
        for writer in 0..4_u32 {
            let stored = &stored;
            scope.spawn(move || {
                for number in 0..10 {
                    let number = writer * 10 + number;
                    stored.record(&stored.build(number), &firmware(number, &["a"]));
                }
            });
        }
    });
    assert_eq!(stored.line().iter().filter(|build| build.ends_with('*')).count(), 0);
    let sql = rusqlite::Connection::open(stored.store.path()).unwrap();
    let changes = "SELECT count(*) FROM build WHERE changed > 0";
    assert_eq!(sql.query_row(changes, [], |row| row.get::<_, u32>(0)).unwrap(), 1);
    assert_eq!(entry(0, "a").position, 0);
}
