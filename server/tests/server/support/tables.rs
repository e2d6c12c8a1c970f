//! Tables made by hand.

use initboard::model::{
    Address, Anomaly, AnomalyKind, Endian, Entry, EntryKind, FileFacts, InitTable, Location, Means,
    Origin, Phase, SatisfiedBy, Sha256, Stage, SymbolName,
};

/// A table of init functions at level `driver`.
pub(crate) fn table(functions: &[&str]) -> InitTable {
    InitTable {
        schema: 1,
        file: FileFacts {
            sha256: Sha256([0xab; 32]),
            size: 5_382_220,
            format: "elf32-littlearm".to_owned(),
        },
        source: None,
        arch: Some("arm".to_owned()),
        bits: Some(32),
        endian: Some(Endian::Little),
        origins: vec![Origin::Registry],
        levels: vec!["driver".parse().unwrap()],
        main: None,
        entries: (0..).zip(functions).map(|(position, name)| entry(position, name)).collect(),
        anomalies: vec![],
        guards: vec![],
        findings: vec![],
    }
}

/// An entry as a plain registry has it.
pub(crate) fn entry(position: u32, function: &str) -> Entry {
    Entry {
        position,
        phase: Some(Phase::Init),
        kind: EntryKind::Entry,
        origin: Origin::Registry,
        stage: None,
        level: Some("driver".parse().unwrap()),
        slot: Some(position),
        priority: Some(format!("{position:02}").parse().unwrap()),
        function: Some(name(function)),
        subsystem: None,
        declared_subsystem: None,
        satisfied: None,
        address: Some(Address(0x0800_0001 + u64::from(position) * 4)),
        call_address: None,
        via: vec![],
        conditional: false,
        condition: None,
        location: Some(Location { file: "main.c".to_owned(), line: 10 + position }),
        after: vec![],
    }
}

/// An entry with a value in every field.
pub(crate) fn full_entry(position: u32) -> Entry {
    Entry {
        phase: Some(Phase::Deinit),
        kind: EntryKind::RunLevel,
        origin: Origin::Calls,
        stage: Some(Stage::Stop),
        subsystem: Some("pin".to_owned()),
        declared_subsystem: Some("pin".to_owned()),
        satisfied: SatisfiedBy::new(
            Means::Call,
            Some(name("gpio_deinit")),
            "gpio_deinit stops all \"pins\"".to_owned(),
        )
        .ok(),
        address: Some(Address(u64::MAX)),
        call_address: Some(Address(7)),
        via: vec![name("main_loop"), name("soft_reset")],
        conditional: true,
        condition: Some("MICROPY_PY_NETWORK && x < 3".to_owned()),
        after: vec!["uart".to_owned(), "\"quoted\"".to_owned()],
        ..entry(position, "pin_deinit")
    }
}

/// Two anomalies, one with every field.
pub(crate) fn anomalies() -> Vec<Anomaly> {
    let mut first = Anomaly::new(AnomalyKind::WildPointer);
    first.phase = Some(Phase::Init);
    first.level = Some("driver".parse().unwrap());
    first.slot = Some(3);
    first.priority = Some("05".parse().unwrap());
    first.function = Some(name("lost_init"));
    first.address = Some(Address(0x2000_0000));
    first.value = Some(12);
    vec![first, Anomaly::new(AnomalyKind::MissingBounds)]
}

/// Names that would do harm where somebody forgets to escape them.
pub(crate) fn hostile_names() -> Vec<String> {
    vec![
        "<script>alert(1)</script>".to_owned(),
        "'; DROP TABLE build; --".to_owned(),
        "**bold** `code` | cell | [x](javascript:1)".to_owned(),
        "\u{1b}[2J\u{7}\r\n\t\0".to_owned(),
        "\u{202e}txet desrever\u{2028}".to_owned(),
        "%s%n{{7*7}}${7*7}".to_owned(),
        "é".repeat(256),
    ]
}

fn name(text: &str) -> SymbolName {
    SymbolName::try_from(text.to_owned()).unwrap()
}
