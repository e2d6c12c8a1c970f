//! Whole files whose records mean no good.

use std::fmt::Write as _;
use std::process::Command;

use initboard::extract::{ExtractError, extract};
use initboard::model::{
    AnomalyKind, InitTable, MAX_AFTER, MAX_ENTRIES, MAX_SYMBOL_BYTES, Sha256, SymbolName,
};
use object::elf;

use super::{BASE, read};
use crate::made::{File, Section, Symbol};

/// Arm firmware with an init table of level driver, whose words all call one function,
/// and these records.
fn firmware(words: usize, records: &str) -> Vec<u8> {
    let table = BASE + 16;
    let end = table + 4 * words as u64;
    let pointer = u32::try_from(BASE | 1).unwrap().to_le_bytes();
    let bound = |name: &str, value| Symbol {
        name: name.as_bytes().to_vec(),
        section: 1,
        value,
        size: 0,
        kind: elf::STT_NOTYPE,
    };
    let section = |name, address, flags, bytes| Section { name, address, flags, bytes };
    File {
        machine: elf::EM_ARM,
        bits: 32,
        sections: vec![
            // `bx lr`, and nothing.
            section(".text", BASE, elf::SHF_EXECINSTR, [0x70, 0x47].repeat(8)),
            section(".mp_init_driver", table, elf::SectionFlags(0), pointer.repeat(words)),
            section(".mp_records", end, elf::SectionFlags(0), records.as_bytes().to_vec()),
        ],
        symbols: vec![bound("__mp_init_driver_start", table), bound("__mp_init_driver_end", end)],
    }
    .build()
}

/// A record of level driver, with more strings.
fn record(function: &str, more: &str) -> String {
    format!("abi=1\0phase=init\0level=driver\0priority=10\0function={function}\0{more}\0")
}

fn name(number: usize) -> String {
    format!("f{number:04}_init")
}

fn names(table: &InitTable) -> Vec<&str> {
    table
        .entries
        .iter()
        .filter_map(|entry| entry.function.as_ref())
        .map(SymbolName::as_str)
        .collect()
}

#[test]
fn one_record_a_hundred_thousand_times_ends() {
    for words in [0, 1, MAX_ENTRIES, MAX_ENTRIES + 1] {
        let records = record("uart_init", "").repeat(100_000);
        let table = read(&format!("one record, {words} words"), &firmware(words, &records));
        assert!(table.anomalies.len() <= initboard::model::MAX_ANOMALIES);
    }
}

#[test]
fn sizes_that_reach_behind_the_file_are_refused() {
    let bytes = firmware(1, &record("uart_init", ""));
    let headers = u32::from_le_bytes(bytes[32..36].try_into().unwrap()) as usize;
    // The third section after the empty one; its size is the sixth word.
    let at = headers + 3 * 40 + 20;
    for size in [u32::MAX, 0x7fff_ffff, u32::try_from(bytes.len()).unwrap()] {
        let mut lying = bytes.clone();
        lying[at..at + 4].copy_from_slice(&size.to_le_bytes());
        let answer = extract(&lying[..], Sha256([0; 32]));
        assert!(matches!(answer, Err(ExtractError::Truncated { .. })), "{size:#x}: {answer:?}");
    }
}

#[test]
fn entries_that_all_wait_for_one_another_are_told_in_bounded_time() {
    for (what, waits_for) in [
        ("in a ring", [1].as_slice()),
        ("crosswise", &[1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597]),
    ] {
        let mut records = String::new();
        for number in 0..MAX_ENTRIES {
            let after: Vec<String> =
                waits_for.iter().map(|step| name((number + step) % MAX_ENTRIES)).collect();
            let after = format!("after={}\0", after.join(","));
            write!(records, "{}", record(&name(number), &after)).unwrap();
        }
        read_circles(what, &records);
    }
}

/// The first two wait for one another, and each of the rest for the sixteen before it:
/// all are stuck, and only two are part of the circle.
#[test]
fn a_long_tail_behind_a_circle_is_told_in_bounded_time() {
    let mut records = record(&name(0), &format!("after={}\0", name(1)));
    for number in 1..MAX_ENTRIES {
        let after: Vec<String> = (number.saturating_sub(16)..number).map(name).collect();
        let after = format!("after={}\0", after.join(","));
        write!(records, "{}", record(&name(number), &after)).unwrap();
    }
    read_circles("a long tail", &records);
}

/// Reads records that go round in circles.
fn read_circles(what: &str, records: &str) {
    let table = read(what, &firmware(MAX_ENTRIES, records));
    assert_eq!(names(&table).len(), MAX_ENTRIES, "{what}");
    assert!(table.findings.iter().any(|found| found.rule == "IB205"), "{what}");
    assert!(table.findings.len() < 2 * MAX_ENTRIES, "{what}: {}", table.findings.len());
}

#[test]
fn long_names_and_long_lists_are_cut() {
    let long = "n".repeat(10_000);
    let after = format!("after={}\0", format!("{long},").repeat(1000));
    let more = format!(
        "{after}subsystem={long}\0file={long}\0line=1\0satisfied=reinit\0satisfied-reason={long}\0"
    );
    let table = read("names of 10 kB", &firmware(1, &record(&long, &more)));
    let entry = &table.entries[0];
    assert_eq!(entry.display_name(), format!("{}…", "n".repeat(MAX_SYMBOL_BYTES - 3)));
    assert_eq!(entry.after.len(), MAX_AFTER);
    assert_eq!(entry.location, None);
    let json = serde_json::to_vec(&table).unwrap();
    assert!(json.len() < 100_000, "{} bytes", json.len());
    assert_eq!(InitTable::from_json(&json).unwrap().entries, table.entries);
}

#[test]
fn marks_that_turn_a_line_round_or_drive_a_terminal_are_not_printed() {
    let evil = "\u{202e}tini\u{2066}\u{1b}[2J\u{7}";
    let more = format!(
        "file={evil}\0line=1\0after={evil}\0subsystem={evil}\0satisfied=reinit\0satisfied-reason={evil}\0"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firmware.elf");
    std::fs::write(&path, firmware(1, &record(evil, &more))).unwrap();
    for command in [["extract"].as_slice(), &["check"], &["check", "--format", "markdown"]] {
        let mut initboard = Command::new(env!("CARGO_BIN_EXE_initboard"));
        let output = initboard.args(command).arg(&path).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(!printed.is_empty(), "{command:?}");
        let bad = printed.chars().find(|&found| evil.contains(found) && !found.is_ascii_graphic());
        assert_eq!(bad, None, "{command:?}: {printed:?}");
    }
}

#[test]
fn a_file_of_nothing_but_damaged_records_is_no_firmware_with_entries() {
    for rubbish in ["abi=1\0", "x\0", "abi=99999999999999999999999\0phase=\0", "=\0abi==\0"] {
        let table = read(rubbish, &firmware(1, &rubbish.repeat(200_000 / rubbish.len())));
        assert_eq!(table.entries.len(), 1, "{rubbish:?}");
        let malformed = |kind| kind == AnomalyKind::MalformedRecord;
        assert!(table.anomalies.iter().any(|anomaly| malformed(anomaly.kind)), "{rubbish:?}");
    }
}
