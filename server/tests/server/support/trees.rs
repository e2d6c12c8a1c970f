//! Facts of source trees made by hand.

use initboard::model::{
    BoardId, CatalogBoard, CommitSha, Entry, EntryKind, FileFacts, InitTable, LinkerScript,
    Location, MainFunction, OrderStep, Origin, Phase, PortHistory, SCHEMA_VERSION, Sha256,
    SourceChange, SourceFile, Stage, StepKind, SymbolName, TreeFacts,
};
use initboard::store::{NewBuild, ReadBy, Reading};
use jiff::Timestamp;

use super::app::TestApp;
use super::tables;

/// A commit whose digits repeat its number.
pub(crate) fn commit(number: u32) -> CommitSha {
    format!("{number:08x}").repeat(5).parse().unwrap()
}

/// When commit `number` was made: one a day.
pub(crate) fn time(number: u32) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::from(number) * 86_400).unwrap()
}

/// Stores the facts of a tree of `micropython`.
pub(crate) fn record(app: &TestApp, facts: &TreeFacts) {
    let name = "micropython".parse().unwrap();
    app.store
        .write(|writer| {
            let project = writer.reader().project(&name)?.unwrap();
            writer.record_tree(project.id, facts, Timestamp::UNIX_EPOCH)
        })
        .unwrap();
}

/// Stores a build of a board at commit `number` of the branch `master`.
pub(crate) fn record_build(
    app: &TestApp,
    project: &str,
    board: &str,
    number: u32,
    table: &InitTable,
) {
    let name = project.parse().unwrap();
    app.store
        .write(|writer| {
            let new = NewBuild {
                project: writer.reader().project(&name)?.unwrap().id,
                board: board.parse().unwrap(),
                commit: commit(number),
                parents: vec![],
                branch: Some("master".to_owned()),
                committed_at: Some(time(number)),
                pull_request: None,
                base: None,
                received_at: time(number),
            };
            writer.record_build(&new, Reading::Extracted(table, ReadBy::version(1)))
        })
        .unwrap();
}

/// Facts of commit `number` without anything in them.
pub(crate) fn empty(number: u32) -> TreeFacts {
    TreeFacts {
        schema: SCHEMA_VERSION,
        commit: commit(number),
        committed_at: time(number),
        configuration: None,
        tables: vec![],
        boards: vec![],
        history: vec![],
    }
}

/// Facts of commit `number` that list boards, each `PORT/BOARD[-VARIANT]`.
pub(crate) fn listing(number: u32, boards: &[&str]) -> TreeFacts {
    TreeFacts { boards: boards.iter().map(|board| listed(board)).collect(), ..empty(number) }
}

/// A board of the catalog, with a linker script of its own.
pub(crate) fn listed(board: &str) -> CatalogBoard {
    let BoardId { port, board, variant } = board.parse().unwrap();
    CatalogBoard {
        mcu: Some(format!("{port}f4")),
        linker_scripts: vec![LinkerScript {
            path: format!("ports/{port}/boards/{board}.ld"),
            found: true,
            condition: None,
            without_main: false,
            includes: vec![format!("ports/{port}/boards/common.ld")],
            tables: None,
            unnamed_tables: None,
        }],
        port,
        board,
        variant,
    }
}

/// A call in the text of a main: `boot`, `start` or `stop`, the function, and
/// its condition.
pub(crate) type Call<'a> = (Stage, &'a str, Option<&'a str>);

/// The table of a port's main.
pub(crate) fn source(port: &str, calls: &[Call<'_>]) -> InitTable {
    let path = format!("ports/{port}/main.c");
    let text = format!("{calls:?}");
    InitTable {
        file: FileFacts {
            sha256: Sha256::of(text.as_bytes()),
            size: text.len() as u64,
            format: "c".to_owned(),
        },
        source: Some(SourceFile {
            port: port.parse().unwrap(),
            path: path.clone(),
            commit: None,
            drivers: vec![],
        }),
        arch: None,
        bits: None,
        endian: None,
        origins: vec![Origin::Source],
        levels: vec![],
        main: Some(MainFunction {
            function: name(&format!("{port}_main")),
            evidence: vec![name("mp_init")],
            folded: 7,
        }),
        entries: (0..).zip(calls).map(|(position, call)| entry(position, &path, *call)).collect(),
        ..tables::table(&[])
    }
}

fn entry(position: u32, path: &str, (stage, function, condition): Call<'_>) -> Entry {
    let landmark = matches!(function, "mp_init" | "mp_deinit" | "gc_init" | "gc_sweep_all");
    let phase = if function.contains("deinit") { Phase::Deinit } else { Phase::Init };
    Entry {
        phase: (!landmark).then_some(phase),
        kind: if landmark { EntryKind::Landmark } else { EntryKind::Entry },
        origin: Origin::Source,
        stage: Some(stage),
        level: None,
        slot: None,
        priority: None,
        address: None,
        conditional: false,
        condition: condition.map(str::to_owned),
        location: Some(Location { file: path.to_owned(), line: 100 + position }),
        ..tables::entry(position, function)
    }
}

/// A history whose changes are the commits `numbers`, newest first, each of
/// which adds a function named after it.
pub(crate) fn history(port: &str, numbers: &[u32], is_cut: bool) -> PortHistory {
    let changes = numbers.iter().map(|&number| change(number)).collect();
    PortHistory { port: port.parse().unwrap(), changes, is_cut }
}

/// A commit that adds `module<number>_init`.
pub(crate) fn change(number: u32) -> SourceChange {
    SourceChange {
        commit: commit(number),
        committed_at: time(number),
        subject: format!("main: Change {number}."),
        path: "ports/stm32/main.c".to_owned(),
        init_count: number,
        deinit_count: 1,
        steps: vec![step(StepKind::Added, &format!("module{number}_init"))],
    }
}

/// A step at the start, behind `mp_init`.
pub(crate) fn step(what: StepKind, function: &str) -> OrderStep {
    OrderStep {
        what,
        function: name(function),
        kind: EntryKind::Entry,
        phase: Some(Phase::Init),
        stage: Some(Stage::Start),
        condition: None,
        behind: Some(name("mp_init")),
        stage_before: None,
        condition_before: None,
    }
}

/// A symbol.
pub(crate) fn name(text: &str) -> SymbolName {
    SymbolName::try_from(text.to_owned()).unwrap()
}
