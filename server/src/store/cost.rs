//! Tests that hold for any length of history: no query of a page, and no
//! upload, may cost more because there are more builds.
//!
//! SQLite counts the steps of its virtual machine. That says more than a query
//! plan: a plan may name an index and still walk all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    CommitPrefix, HistoryPart, NewBuild, NewConfiguration, ProjectId, ReadBy, Reading, Store,
};
use crate::model::{
    BoardId, CatalogBoard, CommitSha, InitTable, PortHistory, PortName, Sha256, SourceChange,
    SourceFile, TreeFacts,
};

const BOARDS: u32 = 6;

struct History {
    store: Store,
    project: ProjectId,
    commits: u32,
    _folder: tempfile::TempDir,
}

fn commit(number: u32) -> CommitSha {
    format!("{number:08x}").repeat(5).parse().unwrap()
}

fn board(number: u32) -> BoardId {
    format!("port{}/BOARD{number}", number % 3).parse().unwrap()
}

/// Every order is used for 100 commits, then comes the next.
fn table(image: u32, commit: u32) -> InitTable {
    let digest = format!("{image:08x}").repeat(8);
    let functions = ["pin_init0", "uart_init", &format!("module{}_init", commit / 100)];
    let entries: Vec<_> = (0..)
        .zip(functions)
        .map(|(position, function): (u32, _)| {
            serde_json::json!({
                "position": position, "phase": "init", "kind": "entry", "origin": "registry",
                "stage": null, "level": "driver", "slot": position, "priority": "00",
                "function": function, "subsystem": null, "address": "0x08000001",
                "call_address": null, "via": [], "conditional": false, "condition": null,
                "location": null, "after": []
            })
        })
        .collect();
    let table = serde_json::json!({
        "schema": 1, "file": {"sha256": digest, "size": 1000, "format": "elf32-littlearm"},
        "arch": "arm", "bits": 32, "endian": "little", "origins": ["registry"],
        "levels": ["driver"], "entries": entries
    });
    InitTable::from_json(table.to_string().as_bytes()).unwrap()
}

fn facts(number: u32) -> TreeFacts {
    let at = Timestamp::from_second(1_700_000_000 + i64::from(number)).unwrap();
    let tables = (0..3).map(|port| {
        let mut table = table(0, number);
        table.source = Some(SourceFile {
            port: format!("port{port}").parse().unwrap(),
            path: "main.c".to_owned(),
            commit: None,
            drivers: vec![],
        });
        table
    });
    let boards = (0..BOARDS + 2).filter(|board| board % BOARDS != number % BOARDS).map(|number| {
        let BoardId { port, board, variant } = board(number);
        CatalogBoard { port, board, variant, mcu: None, linker_scripts: vec![] }
    });
    let change = SourceChange {
        commit: commit(number),
        committed_at: at,
        subject: String::new(),
        path: "main.c".to_owned(),
        init_count: 1,
        deinit_count: 0,
        steps: vec![],
    };
    let history = PortHistory { port: board(number).port, changes: vec![change], is_cut: true };
    TreeFacts {
        schema: 1,
        commit: commit(number),
        committed_at: at,
        configuration: None,
        tables: tables.collect(),
        boards: boards.collect(),
        history: vec![history],
    }
}

impl History {
    fn of(commits: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("initboard.db")).unwrap();
        let name = "micropython".parse().unwrap();
        let project = store
            .write(|writer| writer.create_project(&name, None, Timestamp::UNIX_EPOCH))
            .unwrap()
            .id;
        let history = Self { store, project, commits, _folder: folder };
        history
            .store
            .write(|writer| {
                for (number, board) in
                    (0..commits).flat_map(|number| (0..BOARDS).map(move |board| (number, board)))
                {
                    let table = table(number * BOARDS + board, number);
                    let new = history.build(number, board);
                    writer.record_build(&new, Reading::Extracted(&table, ReadBy::version(1)))?;
                }
                Ok::<_, super::StoreError>(())
            })
            .unwrap();
        history.fill_trees();
        history.fill_configurations();
        history.fill_another_branch();
        history.fill_another_project();
        history
    }

    /// A tree of each commit: every board is listed but one, every port has a
    /// source of its own, and every commit changed the order of one port.
    fn fill_trees(&self) {
        self.store
            .write(|writer| {
                for number in 0..self.commits {
                    writer.record_tree(self.project, &facts(number), Timestamp::UNIX_EPOCH)?;
                }
                Ok::<_, super::StoreError>(())
            })
            .unwrap();
    }

    /// As many configurations as commits.
    fn fill_configurations(&self) {
        for number in 0..self.commits {
            self.steps_of_configuration(number);
        }
    }

    /// Steps of a configuration that is sent by itself, and of one that comes with
    /// the tree of a commit.
    fn steps_of_configuration(&self, number: u32) -> (u64, u64) {
        let commit = commit(number);
        let text = format!("# {number}\n");
        let new = NewConfiguration {
            project: self.project,
            text: &text,
            repository_url: None,
            commit: Some(&commit),
            token: None,
            received_at: Timestamp::UNIX_EPOCH,
        };
        self.store
            .write(|writer| {
                let alone = counted(writer.sql, &|| {
                    writer.record_configuration(&new).unwrap();
                });
                let with_tree = counted(writer.sql, &|| {
                    writer.record_configuration_of_tree(&commit, &new).unwrap();
                });
                Ok::<_, super::StoreError>((alone, with_tree))
            })
            .unwrap()
    }

    /// A branch whose order changes with every commit, and later than on the
    /// default branch.
    fn fill_another_branch(&self) {
        self.store
            .write(|writer| {
                for number in 0..self.commits {
                    let at = Timestamp::from_second(1_750_000_000 + i64::from(number)).unwrap();
                    let new = NewBuild {
                        branch: Some("next".to_owned()),
                        commit: commit(1_000_000 + number),
                        committed_at: Some(at),
                        ..self.build(number, 4)
                    };
                    let table = table(3_000_000 + number, number * 100);
                    writer.record_build(&new, Reading::Extracted(&table, ReadBy::version(1)))?;
                }
                Ok::<_, super::StoreError>(())
            })
            .unwrap();
    }

    /// A project beside this one whose order changes with every commit, and
    /// later than any of this one's.
    fn fill_another_project(&self) {
        let name = "openmv".parse().unwrap();
        self.store
            .write(|writer| {
                let other = writer.create_project(&name, None, Timestamp::UNIX_EPOCH)?;
                for number in 0..self.commits {
                    let at = Timestamp::from_second(1_800_000_000 + i64::from(number)).unwrap();
                    let committed_at = Some(at);
                    let new = NewBuild { project: other.id, committed_at, ..self.build(number, 0) };
                    let table = table(2_000_000 + number, number * 100);
                    writer.record_build(&new, Reading::Extracted(&table, ReadBy::version(1)))?;
                }
                Ok::<_, super::StoreError>(())
            })
            .unwrap();
    }

    fn build(&self, number: u32, of: u32) -> NewBuild {
        let at = Timestamp::from_second(1_700_000_000 + i64::from(number)).unwrap();
        NewBuild {
            project: self.project,
            board: board(of),
            commit: commit(number),
            parents: vec![],
            branch: Some("master".to_owned()),
            committed_at: Some(at),
            pull_request: None,
            base: None,
            received_at: at,
        }
    }

    /// Steps of each thing that pages and uploads do.
    fn steps(&self) -> Vec<(&'static str, u64)> {
        let (project, id) = (self.project, board(4));
        let port: PortName = id.port.clone();
        let last = self.commits - 1;
        let prefix: CommitPrefix = commit(last).as_str()[..12].parse().unwrap();
        let mut steps = self
            .store
            .read(|reader| {
                let (row, latest) = reader.board_row(project, &id)?.unwrap();
                let reading = reader.build_summary(latest)?.reading;
                let count = |name, question: &dyn Fn()| (name, counted(reader.sql, question));
                Ok::<_, super::StoreError>(vec![
                    count("project", &|| {
                        reader.project(&"micropython".parse().unwrap()).unwrap().unwrap();
                    }),
                    count("configuration that counts", &|| {
                        reader.configuration(project, None).unwrap().unwrap();
                    }),
                    count("configuration of a version", &|| {
                        reader.configuration(project, Some(3)).unwrap().unwrap();
                    }),
                    count("versions of the configuration", &|| {
                        drop(reader.configuration_versions(project, 20).unwrap());
                    }),
                    count("text of a configuration", &|| {
                        reader.configuration_text(Sha256::of(b"# 3\n")).unwrap().unwrap();
                    }),
                    count("projects", &|| drop(reader.projects().unwrap())),
                    count("ports", &|| drop(reader.ports(project).unwrap())),
                    count("port", &|| drop(reader.port_boards(project, &port).unwrap())),
                    count("boards", &|| drop(reader.project_boards(project).unwrap())),
                    count("board", &|| drop(reader.board(project, &id).unwrap().unwrap())),
                    count("last change", &|| drop(reader.last_change(row, latest).unwrap())),
                    count("build", &|| drop(reader.build(project, row, &prefix).unwrap())),
                    count("table", &|| drop(reader.table_of(reading).unwrap())),
                    count("changes", &|| drop(reader.recent_order_changes(project, 1).unwrap())),
                    count("search", &|| drop(reader.searchable(project).unwrap())),
                    count("sources", &|| drop(reader.sources(project).unwrap())),
                    count("source", &|| drop(reader.source_of_port(project, &port).unwrap())),
                    count("source at a commit", &|| {
                        reader.source_at(project, &port, &prefix).unwrap().unwrap();
                    }),
                    count("catalog", &|| drop(reader.catalog(project).unwrap())),
                    count("catalog of a port", &|| {
                        drop(reader.catalog_of_port(project, &port).unwrap());
                    }),
                    count("catalog of a board", &|| {
                        reader.catalog_of_board(project, &id).unwrap().unwrap();
                    }),
                    count("histories", &|| drop(reader.histories(project).unwrap())),
                    count("history", &|| {
                        let before = Some(commit(self.commits - 3));
                        let page = HistoryPart { before, limit: 20, function: None };
                        drop(reader.history_of_port(project, &port, &page).unwrap());
                    }),
                    count("project history", &|| {
                        drop(reader.project_history(project, Timestamp::MAX, 10).unwrap());
                    }),
                    count("builds of commits", &|| {
                        drop(reader.boards_built_at(project, &port, [&commit(last)]).unwrap());
                    }),
                    count("firmware", &|| {
                        reader.known_firmware(project, Sha256([7; 32])).unwrap();
                    }),
                ])
            })
            .unwrap();
        let upload = |number, image, branch: &str| {
            let table = table(image, number);
            let new = NewBuild { branch: Some(branch.to_owned()), ..self.build(number, 4) };
            self.store
                .write(|writer| {
                    let record = || {
                        writer
                            .record_build(&new, Reading::Extracted(&table, ReadBy::version(1)))
                            .unwrap();
                    };
                    Ok::<_, super::StoreError>(counted(writer.sql, &record))
                })
                .unwrap()
        };
        steps.push(("upload of the newest commit", upload(last, 1_000_000, "master")));
        steps.push(("upload of an old commit", upload(last / 2, 1_000_001, "master")));
        steps.push(("tree of a new commit", self.steps_of_tree(self.commits)));
        steps.push(("tree of an old commit", self.steps_of_tree(3)));
        let (alone, with_tree) = self.steps_of_configuration(self.commits);
        steps.push(("configuration", alone));
        steps.push(("configuration of a tree", with_tree));
        steps.push(("first upload of a branch", upload(last, 1_000_002, "release")));
        steps.push(("upload of an old commit of it", upload(0, 1_000_003, "release")));
        steps
    }
}

impl History {
    /// Steps of an upload of the facts of a tree, other ones than before.
    fn steps_of_tree(&self, number: u32) -> u64 {
        let mut facts = facts(number);
        facts.boards.pop();
        self.store
            .write(|writer| {
                let record = || {
                    writer.record_tree(self.project, &facts, Timestamp::UNIX_EPOCH).unwrap();
                };
                Ok::<_, super::StoreError>(counted(writer.sql, &record))
            })
            .unwrap()
    }
}

fn counted(sql: &Connection, work: &dyn Fn()) -> u64 {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    sql.progress_handler(
        1,
        Some(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            false
        }),
    )
    .unwrap();
    work();
    sql.progress_handler(0, None::<fn() -> bool>).unwrap();
    steps.load(Ordering::Relaxed)
}

#[test]
fn nothing_costs_more_on_a_longer_history() {
    // Both are longer than the list of recent builds.
    let (short, long) = (History::of(130).steps(), History::of(530).steps());
    for ((name, short), (_, long)) in short.into_iter().zip(long) {
        assert!(short > 0, "{name}: no step was counted");
        assert!(long <= short + short / 10 + 50, "{name}: {short} steps became {long}");
    }
}
