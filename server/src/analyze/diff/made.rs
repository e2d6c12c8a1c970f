//! Tables written in words, for tests: `start: gc_init pin_init0 @core/uart_init
//! stop: ?uart_deinit_all gc_sweep_all`. A word with a colon begins a stage,
//! `@LEVEL/` is a registered entry, `?` a call that some path leaves out, `-` an
//! entry without a name.

use std::sync::Arc;

use crate::analyze::check::Subject;
use crate::analyze::policy::Policy;
use crate::config::Config;
use crate::model::{
    Address, Endian, Entry, EntryKind, FileFacts, InitTable, MainFunction, Origin, Phase, Sha256,
    Stage, SymbolName,
};

const LANDMARKS: [&str; 5] = ["gc_init", "mp_init", "pyexec_file", "gc_sweep_all", "mp_deinit"];

pub(crate) fn table(words: &str) -> InitTable {
    let mut stage = None;
    let mut entries = Vec::new();
    let mut levels = Vec::new();
    for word in words.split_whitespace() {
        stage = match word {
            "boot:" => Some(Stage::Boot),
            "start:" => Some(Stage::Start),
            "stop:" => Some(Stage::Stop),
            _ => {
                let level = entry(word, stage, &mut entries);
                levels.extend(level.filter(|level| !levels.contains(level)));
                stage
            }
        };
    }
    InitTable {
        schema: 1,
        file: FileFacts { sha256: Sha256([0; 32]), size: 1, format: "elf32-littlearm".to_owned() },
        source: None,
        arch: Some("arm".to_owned()),
        bits: Some(32),
        endian: Some(Endian::Little),
        origins: vec![Origin::Registry, Origin::Calls],
        levels,
        main: Some(MainFunction {
            function: SymbolName::from_bytes(b"main").unwrap(),
            evidence: vec![],
            folded: 0,
        }),
        entries,
        anomalies: vec![],
        guards: vec![],
        findings: vec![],
    }
}

fn entry(
    word: &str,
    stage: Option<Stage>,
    entries: &mut Vec<Entry>,
) -> Option<crate::model::Level> {
    let conditional = word.starts_with('?');
    let word = word.trim_start_matches('?');
    let (level, name) = match word.strip_prefix('@').and_then(|rest| rest.split_once('/')) {
        Some((level, name)) => (Some(level.parse().unwrap()), name),
        None => (None, word),
    };
    let is_landmark = LANDMARKS.contains(&name);
    let phase = if name.contains("deinit") { Phase::Deinit } else { Phase::Init };
    let position = u32::try_from(entries.len()).unwrap();
    entries.push(Entry {
        position,
        phase: (!is_landmark).then_some(phase),
        kind: if is_landmark { EntryKind::Landmark } else { EntryKind::Entry },
        origin: if level.is_some() { Origin::Registry } else { Origin::Calls },
        stage,
        level: level.clone(),
        slot: None,
        // What changes with every edit, and is no change.
        priority: level.as_ref().map(|_| format!("{position:02}").parse().unwrap()),
        function: (name != "-").then(|| SymbolName::from_bytes(name.as_bytes()).unwrap()),
        subsystem: None,
        declared_subsystem: None,
        satisfied: None,
        address: Some(Address(0x0800_0000 + 4 * u64::from(position))),
        call_address: None,
        via: vec![],
        conditional,
        condition: None,
        location: None,
        after: vec![],
    });
    level
}

/// A build of `board`, written `stm32/PYBV10`.
pub(crate) fn build(board: &str, words: &str) -> Subject {
    let (port, name) = board.split_once('/').unwrap();
    Subject {
        label: board.to_owned(),
        port: port.parse().unwrap(),
        board: Some(name.to_owned()),
        table: Arc::new(table(words)),
    }
}

/// The shipped policy without rules, so that a test about orders is about orders.
pub(crate) fn policy() -> Policy {
    let rules = crate::analyze::rules::RULES.iter();
    let off = rules.map(|rule| (rule.code.to_owned(), None)).collect();
    Policy { severities: off, ..Config::shipped().policy }
}
