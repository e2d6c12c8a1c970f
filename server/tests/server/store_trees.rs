//! Source trees in a real database: what is stored comes back, and trees may
//! come in any order.

use crate::support::tables;
use crate::support::trees::{change, commit, empty, history, listed, listing, source, time};
use initboard::model::{BoardId, CommitSha, PortName, Stage, StepKind, TreeFacts};
use initboard::store::{
    HistoryPart, ListedBoard, NewBuild, ProjectId, ReadBy, Reading, RecordedTree, Store, TreeCommit,
};
use jiff::Timestamp;

/// A database in a folder that goes away with it.
struct Stored {
    store: Store,
    project: ProjectId,
    folder: tempfile::TempDir,
}

impl Stored {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("initboard.db")).unwrap();
        let name = "micropython".parse().unwrap();
        let project = store.write(|writer| writer.create_project(&name, None, time(0))).unwrap().id;
        Self { store, project, folder }
    }

    fn record(&self, facts: &TreeFacts) -> RecordedTree {
        self.store
            .write(|writer| writer.record_tree(self.project, facts, Timestamp::UNIX_EPOCH))
            .unwrap()
    }

    fn build(&self, board: &str, image: u8, functions: &[&str]) {
        let mut table = tables::table(functions);
        table.file.sha256 = initboard::model::Sha256([image; 32]);
        let new = NewBuild {
            project: self.project,
            board: board.parse().unwrap(),
            commit: commit(2),
            parents: vec![],
            branch: Some("master".to_owned()),
            committed_at: Some(time(2)),
            pull_request: None,
            base: None,
            received_at: time(3),
        };
        self.store
            .write(|writer| {
                writer.record_build(&new, Reading::Extracted(&table, ReadBy::version(1)))
            })
            .unwrap();
    }

    fn catalog(&self) -> Vec<ListedBoard> {
        self.store.read(|reader| reader.catalog(self.project)).unwrap()
    }

    /// Each board of the catalog with the numbers of the commits that listed it
    /// last and that retired it.
    fn listed(&self) -> Vec<String> {
        let number = |tree: &Option<TreeCommit>| {
            tree.as_ref().map_or("-".to_owned(), |tree| number(&tree.commit).to_string())
        };
        let row = |listed: &ListedBoard| {
            format!(
                "{} {} {}",
                listed.board.label(),
                number(&listed.listed),
                number(&listed.retired)
            )
        };
        self.catalog().iter().map(row).collect()
    }

    /// The numbers of the commits in the history of stm32, newest first, and
    /// whether it is cut.
    fn history(&self) -> (Vec<u32>, bool) {
        let (summary, changes) = self
            .store
            .read(|reader| {
                let summary = reader.history_summary(self.project, &stm32())?.unwrap();
                Ok::<_, initboard::store::StoreError>((
                    summary,
                    reader.history_of_port(self.project, &stm32(), &HistoryPart::default())?,
                ))
            })
            .unwrap();
        (changes.iter().map(|change| number(&change.commit)).collect(), summary.is_cut)
    }

    fn rows(&self, table: &str) -> u32 {
        let path = self.folder.path().join("initboard.db");
        let sql = rusqlite::Connection::open(path).unwrap();
        sql.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }
}

fn stm32() -> PortName {
    "stm32".parse().unwrap()
}

fn number(commit: &CommitSha) -> u32 {
    u32::from_str_radix(&commit.as_str()[..8], 16).unwrap()
}

fn ids(boards: &[BoardId]) -> Vec<String> {
    boards.iter().map(ToString::to_string).collect()
}

/// Facts of commit `number` with the main of stm32.
fn with_source(number: u32, calls: &[crate::support::trees::Call<'_>]) -> TreeFacts {
    TreeFacts { tables: vec![source("stm32", calls)], ..empty(number) }
}

fn with_history(number: u32, commits: &[u32], is_cut: bool) -> TreeFacts {
    TreeFacts { history: vec![history("stm32", commits, is_cut)], ..empty(number) }
}

#[test]
fn a_source_comes_back_as_it_was_extracted() {
    let stored = Stored::new();
    let facts = with_source(
        1,
        &[
            (Stage::Boot, "led_init", None),
            (Stage::Start, "mp_init", None),
            (Stage::Start, "mod_network_init", Some("MICROPY_PY_NETWORK && !X")),
            (Stage::Stop, "mod_network_deinit", Some("MICROPY_PY_NETWORK")),
        ],
    );
    stored.record(&facts);
    let read = |port: &str| {
        let port: PortName = port.parse().unwrap();
        stored.store.read(|reader| reader.source_of_port(stored.project, &port)).unwrap()
    };
    let found = read("stm32").unwrap();
    let mut expected = facts.tables[0].clone();
    expected.source.as_mut().unwrap().commit = Some(commit(1));
    assert_eq!(found.table, expected);
    assert_eq!((found.summary.init_count, found.summary.deinit_count), (2, 1));
    assert_eq!(found.summary.path, "ports/stm32/main.c");
    assert_eq!(read("rp2"), None);
}

#[test]
fn a_port_shows_its_newest_source_and_keeps_the_others() {
    let stored = Stored::new();
    for number in [2, 3, 1] {
        stored.record(&with_source(number, &[(Stage::Boot, &format!("f{number}_init"), None)]));
    }
    let found = stored
        .store
        .read(|reader| reader.source_of_port(stored.project, &stm32()))
        .unwrap()
        .unwrap();
    assert_eq!(found.summary.commit, commit(3));
    let at = |prefix: &str| {
        let prefix = prefix.parse().unwrap();
        stored.store.read(|reader| reader.source_at(stored.project, &stm32(), &prefix)).unwrap()
    };
    assert_eq!(at(&commit(1).as_str()[..9]).unwrap().table.entries[0].display_name(), "f1_init");
    assert_eq!(at("99999999"), None);
    let all = stored.store.read(|reader| reader.sources(stored.project)).unwrap();
    assert_eq!(all, [found.summary]);
}

#[test]
fn the_same_facts_again_change_nothing_and_others_take_their_place() {
    let stored = Stored::new();
    let facts = TreeFacts {
        history: vec![history("stm32", &[1], false)],
        tables: vec![source("stm32", &[(Stage::Boot, "led_init", None)]), source("rp2", &[])],
        ..listing(1, &["stm32/A", "stm32/TYPO"])
    };
    assert!(stored.record(&facts).created);
    let before = stored.catalog();
    assert!(!stored.record(&facts).created);
    assert_eq!(stored.catalog(), before);
    assert_eq!((stored.rows("tree"), stored.rows("source"), stored.rows("init_table")), (1, 2, 2));

    let better = TreeFacts {
        tables: vec![source("stm32", &[(Stage::Boot, "led_init", Some("HAS_LED"))])],
        ..listing(1, &["stm32/A"])
    };
    assert!(stored.record(&better).created);
    assert_eq!((stored.rows("tree"), stored.rows("source")), (1, 1));
    assert_eq!(stored.listed(), ["A 1 -"]);
}

#[test]
fn a_board_that_vanishes_is_retired_and_comes_back_when_it_is_listed_again() {
    let stored = Stored::new();
    stored.record(&listing(1, &["stm32/A", "stm32/B"]));
    let retiring = stored.record(&listing(2, &["stm32/A"]));
    assert_eq!(ids(&retiring.retired), ["stm32/B"]);
    assert_eq!(stored.listed(), ["A 2 -", "B 1 2"]);
    stored.record(&listing(3, &["stm32/A"]));
    assert_eq!(stored.listed(), ["A 3 -", "B 1 2"]);
    let back = stored.record(&listing(4, &["stm32/A", "stm32/B"]));
    assert!(back.retired.is_empty());
    assert_eq!(stored.listed(), ["A 4 -", "B 4 -"]);
}

#[test]
fn trees_say_the_same_in_whatever_order_they_come() {
    let trees = [
        listing(1, &["stm32/A", "stm32/B", "stm32/C"]),
        listing(2, &["stm32/A", "stm32/C"]),
        listing(3, &["stm32/A"]),
        listing(4, &["stm32/A", "stm32/C", "stm32/D"]),
    ];
    let mut newer = trees.clone();
    newer[3].boards[0].mcu = Some("stm32h7".to_owned());
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let stored = Stored::new();
        for index in order {
            stored.record(&newer[index]);
        }
        assert_eq!(stored.listed(), ["A 4 -", "B 1 2", "C 4 -", "D 4 -"], "{order:?}");
        assert_eq!(stored.catalog()[0].mcu.as_deref(), Some("stm32h7"), "{order:?}");
    }
}

#[test]
fn a_tree_that_lists_no_boards_retires_none() {
    let stored = Stored::new();
    stored.record(&listing(1, &["stm32/A"]));
    let nothing = stored.record(&empty(2));
    assert!(nothing.retired.is_empty());
    assert_eq!(stored.listed(), ["A 1 -"]);
    let tree = stored.store.read(|reader| reader.catalog_tree(stored.project)).unwrap();
    assert_eq!(tree, Some(TreeCommit { committed_at: time(1), commit: commit(1) }));
}

#[test]
fn a_catalog_board_comes_back_with_its_scripts_and_its_build() {
    let stored = Stored::new();
    stored.record(&listing(1, &["stm32/PYBD-SF2", "stm32/PYBV10"]));
    stored.build("stm32/PYBV10", 1, &["pin_init0"]);
    stored.build("stm32/OWN", 2, &["pin_init0"]);
    assert_eq!(stored.listed(), ["OWN - -", "PYBD-SF2 1 -", "PYBV10 1 -"]);
    let id: BoardId = "stm32/PYBD-SF2".parse().unwrap();
    let board =
        stored.store.read(|reader| reader.catalog_of_board(stored.project, &id)).unwrap().unwrap();
    assert_eq!(board.linker_scripts, listed("stm32/PYBD-SF2").linker_scripts);
    assert_eq!((board.mcu.as_deref(), &board.build), (Some("stm32f4"), &None));
    let built = stored.catalog().into_iter().filter(|board| board.build.is_some()).count();
    assert_eq!(built, 2);
}

#[test]
fn the_overview_counts_what_the_catalog_lists_and_what_was_built() {
    let stored = Stored::new();
    stored.record(&listing(1, &["stm32/OLD", "stm32/OLD_BUILT", "stm32/NEW"]));
    stored.record(&listing(2, &["stm32/NEW", "stm32/BUILT", "rp2/RPI_PICO"]));
    stored.build("stm32/BUILT", 1, &["a_init"]);
    stored.build("stm32/OLD_BUILT", 2, &["b_init"]);
    stored.build("stm32/OWN", 3, &["b_init"]);
    let ports = stored.store.read(|reader| reader.ports(stored.project)).unwrap();
    let counts: Vec<_> = ports
        .iter()
        .map(|port| (port.name.as_str(), port.boards, port.built, port.retired, port.orders))
        .collect();
    assert_eq!(counts, [("rp2", 1, 0, 0, 0), ("stm32", 3, 2, 2, 2)]);
    let projects = stored.store.read(|reader| reader.projects()).unwrap();
    assert_eq!((projects[0].ports, projects[0].boards), (2, 4));
}

#[test]
fn a_tree_without_builds_leaves_what_is_about_builds_empty() {
    let stored = Stored::new();
    let facts = TreeFacts {
        tables: vec![source("stm32", &[(Stage::Boot, "led_init", None)])],
        ..listing(1, &["stm32/A"])
    };
    stored.record(&facts);
    let board: BoardId = "stm32/A".parse().unwrap();
    stored
        .store
        .read(|reader| {
            assert_eq!(reader.port_boards(stored.project, &stm32())?, []);
            assert_eq!(reader.project_boards(stored.project)?, []);
            assert_eq!(reader.board(stored.project, &board)?, None);
            assert_eq!(reader.board_row(stored.project, &board)?, None);
            assert_eq!(reader.recent_order_changes(stored.project, 9)?, []);
            Ok::<_, initboard::store::StoreError>(())
        })
        .unwrap();
}

#[test]
fn search_finds_what_only_the_source_and_the_catalog_know() {
    let stored = Stored::new();
    let facts = TreeFacts {
        tables: vec![
            source("stm32", &[(Stage::Start, "pin_init0", None)]),
            source("rp2", &[(Stage::Start, "pin_init0", None), (Stage::Stop, "pin_deinit", None)]),
        ],
        ..listing(1, &["stm32/PYBV10", "stm32/PYBD", "rp2/RPI_PICO"])
    };
    stored.record(&facts);
    stored.build("stm32/PYBV10", 1, &["pin_init0"]);
    let hits = stored
        .store
        .read(|reader| reader.searchable(stored.project).map(|names| names.find("pin_")))
        .unwrap();
    let found: Vec<String> = hits
        .functions
        .iter()
        .flat_map(|hit| {
            hit.places.iter().map(|place| {
                let level = hit.level.as_ref().map(ToString::to_string).unwrap_or_default();
                let source = if place.in_source { "source" } else { "" };
                format!("{} {level}: {} {:?} {source}", hit.function, place.port, place.boards)
            })
        })
        .collect();
    assert_eq!(
        found,
        [
            "pin_deinit : rp2 [] source",
            "pin_init0 : rp2 [] source",
            "pin_init0 : stm32 [] source",
            "pin_init0 driver: stm32 [\"PYBV10\"] ",
        ]
    );
    let hits = stored
        .store
        .read(|reader| reader.searchable(stored.project).map(|names| names.find("pyb")))
        .unwrap();
    let boards: Vec<_> = hits.boards.iter().map(|hit| (hit.label.as_str(), hit.built)).collect();
    assert_eq!(boards, [("PYBD", false), ("PYBV10", true)]);
}

#[test]
fn a_whole_history_takes_the_place_of_the_one_before() {
    let stored = Stored::new();
    stored.record(&with_history(5, &[5, 3, 2], false));
    assert_eq!(stored.history(), (vec![5, 3, 2], false));
    stored.record(&with_history(6, &[6, 4, 2], false));
    assert_eq!(stored.history(), (vec![6, 4, 2], false));
    stored.record(&with_history(4, &[4, 2], false));
    assert_eq!(stored.history(), (vec![6, 4, 2], false), "an older tree has nothing to say");
    let summary = stored
        .store
        .read(|reader| reader.history_summary(stored.project, &stm32()))
        .unwrap()
        .unwrap();
    assert_eq!((summary.changes, summary.last_commit), (2, Some(commit(6))));
    assert_eq!(summary.first_committed_at, Some(time(2)));
}

#[test]
fn a_history_that_is_cut_adds_to_what_is_known() {
    let stored = Stored::new();
    stored.record(&with_history(5, &[5, 3, 2], false));
    stored.record(&with_history(8, &[8, 6, 5], true));
    assert_eq!(stored.history(), (vec![8, 6, 5, 3, 2], false), "it meets what was known");
    stored.record(&with_history(9, &[], true));
    assert_eq!(stored.history(), (vec![8, 6, 5, 3, 2], false), "nothing new");
    stored.record(&with_history(12, &[12, 11], true));
    assert_eq!(stored.history(), (vec![12, 11, 8, 6, 5, 3, 2], true), "some may be missing");
    stored.record(&with_history(13, &[12, 11, 10, 8, 2], false));
    assert_eq!(stored.history(), (vec![12, 11, 10, 8, 2], false));
}

#[test]
fn commits_of_one_second_stay_in_their_order() {
    let stored = Stored::new();
    let mut facts = with_history(9, &[9, 4, 7, 5], false);
    for change in &mut facts.history[0].changes {
        change.committed_at = time(9);
    }
    stored.record(&facts);
    assert_eq!(stored.history().0, [9, 4, 7, 5]);
    // Whoever names a commit twice gets it once.
    stored.record(&with_history(10, &[9, 4, 4, 5], false));
    assert_eq!(stored.history().0, [9, 4, 5]);
}

#[test]
fn a_history_is_asked_for_one_function_by_its_whole_name() {
    let stored = Stored::new();
    let mut facts = with_history(30, &[30, 3, 2], false);
    // A subject and a condition that only look like it.
    facts.history[0].changes[2].subject = "add \"module3_init\"".to_owned();
    facts.history[0].changes[0].steps[0].what = StepKind::Changed;
    stored.record(&facts);
    let of = |name: &str| {
        let part = HistoryPart {
            function: Some(crate::support::trees::name(name)),
            ..HistoryPart::default()
        };
        let changes = stored
            .store
            .read(|reader| reader.history_of_port(stored.project, &stm32(), &part))
            .unwrap();
        changes.iter().map(|change| number(&change.commit)).collect::<Vec<_>>()
    };
    assert_eq!(of("module3_init"), [3]);
    assert_eq!(of("module30_init"), [30]);
    assert_eq!(of("module"), [] as [u32; 0]);
}

#[test]
fn a_history_is_read_in_parts() {
    let stored = Stored::new();
    stored.record(&with_history(9, &[9, 7, 5, 3, 1], false));
    let part = |before: Option<u32>, limit| {
        let part = HistoryPart { before: before.map(commit), limit, function: None };
        let changes = stored
            .store
            .read(|reader| reader.history_of_port(stored.project, &stm32(), &part))
            .unwrap();
        changes.iter().map(|change| number(&change.commit)).collect::<Vec<_>>()
    };
    assert_eq!(part(None, 2), [9, 7]);
    assert_eq!(part(Some(7), 2), [5, 3]);
    assert_eq!(part(Some(3), 2), [1]);
    assert_eq!(part(Some(8), 2), [] as [u32; 0], "no such commit, so nothing before it");
}

#[test]
fn a_project_lists_the_newest_changes_of_all_ports_by_commit() {
    let stored = Stored::new();
    let mut facts = with_history(9, &[9, 5], false);
    facts.history.push(history("rp2", &[9, 7], false));
    stored.record(&facts);
    stored.build("stm32/PYBV10", 1, &["pin_init0"]);
    let found = stored
        .store
        .read(|reader| reader.project_history(stored.project, Timestamp::MAX, 2))
        .unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|change| {
            let ports: Vec<_> = change.ports.iter().map(|port| port.port.to_string()).collect();
            (number(&change.commit), ports.join(" "))
        })
        .collect();
    assert_eq!(found, [(9, "rp2 stm32".to_owned()), (7, "rp2".to_owned())]);
    let built = stored
        .store
        .read(|reader| reader.boards_built_at(stored.project, &stm32(), [&commit(9), &commit(2)]))
        .unwrap();
    assert_eq!(built.len(), 1);
    assert_eq!(ids(&built[&commit(2)]), ["stm32/PYBV10"]);
    assert_eq!(change(9).steps.len(), 1);
}

#[test]
fn a_tree_of_one_project_says_nothing_about_another() {
    let stored = Stored::new();
    stored.record(&listing(1, &["stm32/A"]));
    let other = stored
        .store
        .write(|writer| writer.create_project(&"openmv".parse().unwrap(), None, time(0)))
        .unwrap()
        .id;
    let facts =
        TreeFacts { history: vec![history("stm32", &[3], false)], ..listing(2, &["stm32/B"]) };
    let recorded = stored
        .store
        .write(|writer| writer.record_tree(other, &facts, Timestamp::UNIX_EPOCH))
        .unwrap();
    assert!(recorded.retired.is_empty());
    assert_eq!(stored.listed(), ["A 1 -"]);
    let found = stored
        .store
        .read(|reader| reader.project_history(stored.project, Timestamp::MAX, 9))
        .unwrap();
    assert_eq!(found, []);
}
