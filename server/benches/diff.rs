//! The report of a pull request over 250 boards, from tables in memory.
//!
//! Twenty ports, each with a main of its own; each third board leaves out what its
//! configuration does not ask for, which makes more than 80 different orders. The
//! head moves an entry on one port, registers what main called on another, drops a
//! deinit on a third, and adds an entry to a quarter of all boards.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use initboard::analyze::check::Subject;
use initboard::analyze::diff::{Side, compare};
use initboard::config::Config;
use initboard::model::{
    Address, Endian, Entry, EntryKind, FileFacts, InitTable, MainFunction, Origin, Phase, Sha256,
    Stage, SymbolName,
};
use initboard::report::changes;

const PORTS: usize = 20;
const BOARDS: usize = 250;
/// Inits and deinits of one board, as the larger ports have.
const INITS: usize = 42;
const DEINITS: usize = 16;

fn name(text: &str) -> SymbolName {
    SymbolName::from_bytes(text.as_bytes()).unwrap()
}

fn entry(function: &str, phase: Option<Phase>, stage: Stage) -> Entry {
    Entry {
        position: 0,
        phase,
        kind: if phase.is_some() { EntryKind::Entry } else { EntryKind::Landmark },
        origin: Origin::Calls,
        stage: Some(stage),
        level: None,
        slot: None,
        priority: None,
        function: Some(name(function)),
        subsystem: None,
        declared_subsystem: None,
        satisfied: None,
        address: Some(Address(0x0800_0000)),
        call_address: None,
        via: vec![],
        conditional: false,
        condition: None,
        location: None,
        after: vec![],
    }
}

/// The order of a board before, or after the change.
fn entries(board: usize, is_head: bool) -> Vec<Entry> {
    let port = board % PORTS;
    let kind = if board.is_multiple_of(3) { board / PORTS } else { 0 };
    let init =
        |number: usize| entry(&format!("subsystem{number}_init0"), Some(Phase::Init), Stage::Start);
    let deinit = |number: usize| {
        entry(&format!("subsystem{number}_deinit"), Some(Phase::Deinit), Stage::Stop)
    };
    let landmark = |function, stage| entry(function, None, stage);
    // Of what is optional, each kind leaves out another set.
    let has = |number: usize| !number.is_multiple_of(7) || kind & (1 << (number / 7)) == 0;
    // Ports agree on most of it: each begins elsewhere in one half of the list.
    let turn = |number: usize| if number < 10 { (number + port) % 10 } else { number };
    let mut all = vec![landmark("gc_init", Stage::Start), landmark("mp_init", Stage::Start)];
    all.extend((0..INITS).map(turn).filter(|&number| has(number)).map(init));
    all.push(landmark("pyexec_file", Stage::Start));
    all.extend((0..DEINITS).map(turn).filter(|&number| has(number)).map(deinit));
    all.extend(["gc_sweep_all", "mp_deinit"].map(|function| landmark(function, Stage::Stop)));
    if is_head {
        match port {
            0 => {
                let moved = all.remove(20);
                all.insert(26, moved);
            }
            1 => all
                .iter_mut()
                .filter(|entry| entry.kind == EntryKind::Entry)
                .for_each(|entry| entry.origin = Origin::Registry),
            2 => all.retain(|entry| entry.function != Some(name("subsystem3_deinit"))),
            _ => {}
        }
        if board.is_multiple_of(4) {
            all.insert(12, entry("pwm_init", Some(Phase::Init), Stage::Start));
        }
    }
    for (position, entry) in (0..).zip(&mut all) {
        entry.position = position;
    }
    all
}

fn build(board: usize, is_head: bool) -> Subject {
    let port = format!("port{:02}", board % PORTS);
    let label = format!("BOARD_{board:03}");
    Subject {
        label: format!("{port}/{label}"),
        port: port.parse().unwrap(),
        board: Some(label),
        table: Arc::new(InitTable {
            schema: 1,
            file: FileFacts {
                sha256: Sha256([0; 32]),
                size: 1 << 20,
                format: "elf32-littlearm".to_owned(),
            },
            source: None,
            arch: Some("arm".to_owned()),
            bits: Some(32),
            endian: Some(Endian::Little),
            origins: vec![Origin::Registry, Origin::Calls],
            levels: vec![],
            main: Some(MainFunction { function: name("main"), evidence: vec![], folded: 0 }),
            entries: entries(board, is_head),
            anomalies: vec![],
            guards: vec![],
            findings: vec![],
        }),
    }
}

fn side(is_head: bool) -> Side {
    let builds = (0..BOARDS).map(|board| build(board, is_head)).collect();
    Side { builds, unreadable: vec![] }
}

fn report(criterion: &mut Criterion) {
    let policy = Config::shipped().policy;
    let today = jiff::civil::date(2026, 11, 23);
    let sides = (side(false), side(true));
    let functions = |build: &Subject| {
        let names = build.table.entries.iter().map(|entry| entry.display_name());
        names.collect::<Vec<_>>().join(" ")
    };
    let different: BTreeSet<String> = sides.0.builds.iter().map(functions).collect();
    let found = compare(sides.0.clone(), sides.1.clone(), &policy, today);
    println!(
        "{} different orders on {BOARDS} boards; the report has {} groups and {} findings in {} bytes",
        different.len(),
        found.groups.len(),
        found.findings.len(),
        changes::markdown(&found, &changes::Subject::default()).len()
    );
    criterion.bench_function("report over 250 boards", |bencher| {
        bencher.iter_batched(
            || sides.clone(),
            |(base, head)| {
                let report = compare(base, head, &policy, today);
                black_box(changes::markdown(&report, &changes::Subject::default()))
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = report
}
criterion_main!(benches);
