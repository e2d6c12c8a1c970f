//! What a project says of its firmware: the order of its levels, and which function
//! is main.

use initboard::extract::{Conventions, extract, extract_with};
use initboard::model::{EntryKind, InitTable, Phase, Sha256, SymbolName};

use crate::files;

fn read(path: &str, conventions: &Conventions) -> InitTable {
    let bytes = std::fs::read(files::root().join(path)).unwrap();
    extract_with(&bytes[..], Sha256::of(&bytes), conventions).unwrap()
}

fn with_main(names: &[&str]) -> Conventions {
    let names = names.iter().map(|name| SymbolName::try_from((*name).to_owned()).unwrap());
    Conventions { main_functions: names.collect(), ..Conventions::default() }
}

/// The levels of registered functions in the order in which they run.
fn levels(table: &InitTable, phase: Phase) -> Vec<String> {
    let of_phase = table.entries.iter().filter(|entry| entry.phase == Some(phase));
    let mut levels: Vec<String> =
        of_phase.filter_map(|entry| entry.level.as_ref()).map(ToString::to_string).collect();
    levels.dedup();
    levels
}

#[test]
fn levels_that_main_is_not_seen_to_run_stand_in_the_declared_order() {
    let path = "data/fixtures/lto.elf";
    let plain = read(path, &Conventions::default());
    assert_eq!(levels(&plain, Phase::Init), ["early", "core", "driver"]);
    assert_eq!(levels(&plain, Phase::Deinit), ["driver", "core"]);
    let declared = ["driver", "core"].map(|name| name.parse().unwrap()).to_vec();
    let table = read(path, &Conventions { levels: declared, ..Conventions::default() });
    assert_eq!(levels(&table, Phase::Init), ["driver", "core", "early"]);
    assert_eq!(levels(&table, Phase::Deinit), ["core", "driver"]);
}

#[test]
fn a_declared_main_is_read_though_it_calls_no_landmark() {
    let path = "data/calls/lto-inlined-thumbv7m.elf";
    assert_eq!(read(path, &Conventions::default()).main, None);
    let table = read(path, &with_main(&["app_main", "_start"]));
    let main = table.main.unwrap();
    assert_eq!(main.function.as_str(), "_start");
    let called: Vec<String> = table
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Landmark)
        .map(|entry| entry.function.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(called, ["pyexec_file_if_exists", "pyexec_file_if_exists"]);
}

#[test]
fn a_declared_main_that_there_is_not_leaves_the_search_as_it_is() {
    let path = "data/calls/task-pointer-thumbv7m.elf";
    let bytes = std::fs::read(files::root().join(path)).unwrap();
    let plain = extract(&bytes[..], Sha256::of(&bytes)).unwrap();
    assert_eq!(read(path, &with_main(&["app_main"])), plain);
    assert_eq!(read(path, &with_main(&["mp_task"])), plain);
}
