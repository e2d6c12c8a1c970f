//! A history with realistic churn: 250 boards of 20 ports over many commits, with
//! some 80 different orders at any time.

use std::time::{Duration, Instant};

use initboard::model::{
    Address, BoardId, CommitSha, Endian, Entry, EntryKind, FileFacts, InitTable, Location, Origin,
    Phase, Sha256, SymbolName,
};
use initboard::store::{NewBuild, ProjectId, ReadBy, Reading, Store, StoreError};
use jiff::Timestamp;

pub(crate) const PORTS: u64 = 20;
pub(crate) const BOARDS: u64 = 250;

/// Inits and deinits of one board, as the larger ports have.
const INITS: u64 = 42;
const DEINITS: u64 = 16;

/// Random numbers that are the same on every run (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

pub(crate) fn commit(number: u64) -> CommitSha {
    let mut random = Random(number);
    format!("{:016x}{:016x}{:08x}", random.next(), random.next(), random.next() >> 32)
        .parse()
        .unwrap()
}

pub(crate) fn board(number: u64) -> BoardId {
    format!("port{:02}/BOARD_{number:03}", number % PORTS).parse().unwrap()
}

/// A board as its sources make it.
pub(crate) struct Source {
    /// Names of the functions in order.
    pub(crate) order: Vec<u64>,
    /// Line of each function, by its name.
    lines: Vec<u32>,
}

pub(crate) fn table(random: &mut Random, source: &Source) -> InitTable {
    let mut sha256 = [0; 32];
    for part in sha256.chunks_mut(8) {
        part.copy_from_slice(&random.next().to_le_bytes());
    }
    let size = 5_000_000 + random.below(10_000);
    let entries = (0_u32..).zip(&source.order).map(|(position, &function)| {
        let (phase, verb) =
            if function < INITS { (Phase::Init, "init0") } else { (Phase::Deinit, "deinit") };
        let name = format!("subsystem{}_{verb}", function % INITS);
        Entry {
            position,
            phase: Some(phase),
            kind: EntryKind::Entry,
            origin: Origin::Registry,
            stage: None,
            level: Some("driver".parse().unwrap()),
            slot: Some(position),
            priority: Some("05".parse().unwrap()),
            function: SymbolName::from_bytes(name.as_bytes()),
            subsystem: None,
            declared_subsystem: None,
            satisfied: None,
            // Code of 400 KB, as a firmware of a microcontroller has.
            address: Some(Address(0x0800_0001 + random.below(200_000) * 2)),
            call_address: None,
            via: vec![],
            conditional: false,
            condition: None,
            location: Some(Location {
                file: format!("ports/port/subsystem{}.c", function % INITS),
                line: source.lines[usize::try_from(function).unwrap()],
            }),
            after: vec![],
        }
    });
    InitTable {
        schema: 1,
        file: FileFacts { sha256: Sha256(sha256), size, format: "elf32-littlearm".to_owned() },
        source: None,
        arch: Some("arm".to_owned()),
        bits: Some(32),
        endian: Some(Endian::Little),
        origins: vec![Origin::Registry],
        levels: vec!["driver".parse().unwrap()],
        main: None,
        entries: entries.collect(),
        anomalies: vec![],
        guards: vec![],
        findings: vec![],
    }
}

pub(crate) struct History {
    pub(crate) store: Store,
    pub(crate) project: ProjectId,
    pub(crate) sources: Vec<Source>,
    random: Random,
    _folder: tempfile::TempDir,
}

/// Length of the history: `INITBOARD_BENCH_COMMITS`, or 300. The budget in DESIGN.md
/// is stated for 10,000.
pub(crate) fn commits() -> u64 {
    std::env::var("INITBOARD_BENCH_COMMITS")
        .map_or(300, |text| text.parse().expect("INITBOARD_BENCH_COMMITS is a number"))
}

impl History {
    pub(crate) fn new(commits: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("initboard.db")).unwrap();
        let name = "micropython".parse().unwrap();
        let project = store
            .write(|writer| writer.create_project(&name, None, Timestamp::UNIX_EPOCH))
            .unwrap()
            .id;
        let mut random = Random(1);
        // About 80 different orders: every third board has one of its own.
        let sources = (0..BOARDS)
            .map(|board| {
                let mut order: Vec<u64> = (0..INITS + DEINITS).collect();
                let kind = if board % 3 == 0 { board } else { board % PORTS };
                let mut shuffle = Random(kind);
                for _ in 0..6 {
                    let at = usize::try_from(shuffle.below(INITS - 1)).unwrap();
                    order.swap(at, at + 1);
                }
                Source { order, lines: vec![100; usize::try_from(INITS + DEINITS).unwrap()] }
            })
            .collect();
        let mut history = Self { store, project, sources, random: Random(2), _folder: folder };
        for number in 0..commits {
            history.churn(&mut random);
            history.record_commit(number);
        }
        history
    }

    /// What one commit edits: one in twenty moves lines of a file that all
    /// boards of a port compile, one in a hundred changes the order of a port.
    fn churn(&mut self, random: &mut Random) {
        let (port, what) = (random.below(PORTS), random.below(100));
        let function = usize::try_from(random.below(INITS - 1)).unwrap();
        for (board, source) in (0..).zip(&mut self.sources) {
            if board % PORTS == port && what < 5 {
                source.lines[function] += 1;
            }
            if board % PORTS == port && what == 99 {
                source.order.swap(function, function + 1);
            }
        }
    }

    pub(crate) fn new_build(&self, number: u64, of: u64) -> NewBuild {
        let at = i64::try_from(1_500_000_000 + number * 3_600).unwrap();
        let at = Timestamp::from_second(at).unwrap();
        NewBuild {
            project: self.project,
            board: board(of),
            commit: commit(number),
            parents: vec![commit(number.wrapping_sub(1))],
            branch: Some("master".to_owned()),
            committed_at: Some(at),
            pull_request: None,
            base: None,
            received_at: at,
        }
    }

    fn record_commit(&mut self, number: u64) {
        let random = &mut self.random;
        let tables: Vec<InitTable> =
            self.sources.iter().map(|source| table(random, source)).collect();
        let tables: Vec<(NewBuild, InitTable)> =
            (0..).zip(tables).map(|(of, table)| (self.new_build(number, of), table)).collect();
        self.store
            .write(|writer| {
                for (build, table) in &tables {
                    writer.record_build(build, Reading::Extracted(table, ReadBy::version(1)))?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}

/// The middle and the slowest of a hundred of so many times that `ask` took, each
/// after `prepare`, which does not count. Criterion tells the middle alone.
pub(crate) fn p50_p99(
    count: usize,
    mut prepare: impl FnMut(),
    mut ask: impl FnMut(),
) -> [Duration; 2] {
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            prepare();
            let start = Instant::now();
            ask();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    [times[count / 2], times[count - 1 - count / 100]]
}
