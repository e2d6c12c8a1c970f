//! The order of calls in main against what the images of `data/calls` printed
//! when they ran: one shape of control flow each, made by real compilers.
//! `registry-rt/firmware/calls/README.md` says what each is for.

use std::collections::HashSet;
use std::path::Path;

use initboard::model::{AnomalyKind, EntryKind, InitTable, Stage};

use crate::files;

/// What an image printed, by the parts of main's life.
pub(crate) fn printed(elf: &Path) -> Vec<(Stage, Vec<String>)> {
    let text = std::fs::read_to_string(elf.with_extension("out")).unwrap();
    let mut parts: Vec<(Stage, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match line {
            "# boot" => parts.push((Stage::Boot, Vec::new())),
            "# start" => parts.push((Stage::Start, Vec::new())),
            "# stop" => parts.push((Stage::Stop, Vec::new())),
            name => parts.last_mut().unwrap().1.push(name.to_owned()),
        }
    }
    parts
}

/// The functions of one stage in order, with whether they are conditional.
pub(crate) fn of_stage(table: &InitTable, stage: Stage) -> Vec<(String, bool)> {
    let here = table.entries.iter().filter(|entry| entry.stage == Some(stage));
    here.filter(|entry| entry.kind != EntryKind::RunLevel)
        .map(|entry| (entry.function.as_ref().unwrap().to_string(), entry.conditional))
        .collect()
}

/// Why a printed sequence does not follow the extracted one, if it does not. A
/// function may be printed again, because it stands in a loop.
pub(crate) fn departs(printed: &[String], extracted: &[(String, bool)]) -> Option<String> {
    let mut next = 0;
    let mut seen: HashSet<&str> = HashSet::new();
    for name in printed {
        let ahead = extracted[next..].iter().position(|(function, _)| function == name);
        match ahead {
            Some(at) if seen.insert(name) => next += at + 1,
            Some(at) => next += at,
            None if seen.contains(name.as_str()) => {
                next = extracted.iter().position(|(function, _)| function == name)?;
            }
            None => {
                return Some(format!(
                    "{name} ran, and stands elsewhere or nowhere in {extracted:?}"
                ));
            }
        }
    }
    None
}

/// Shapes of which not everything that runs can be seen in main, and what that
/// is.
fn out_of_sight(name: &str) -> &'static [&'static str] {
    match name {
        // What runs before the task does is not called by main.
        name if name.starts_with("task-pointer") => &["system_clock_init", "uart_init0"],
        // Inlined, and nothing tells their names.
        "inlined-helper-thumbv7m"
        | "inlined-helper-thumbv7m-strip-g"
        | "inlined-helper-thumbv7m-g" => &["board_pins_init", "radio_init", "board_pins_deinit"],
        // A level that is not known where it is run.
        name if name.starts_with("run-levels") => &["mod_network_init", "mp_usbd_init"],
        _ => &[],
    }
}

#[test]
fn what_ran_follows_the_order_that_was_read() {
    let mut checked = 0;
    for path in files::elf_files("data/calls") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name.starts_with("lto-inlined") {
            continue;
        }
        let table = files::extract(&std::fs::read(&path).unwrap());
        assert!(table.main.is_some(), "{name}: {:?}", table.anomalies);
        for (stage, ran) in printed(&path) {
            let ran: Vec<String> = ran
                .into_iter()
                .filter(|function| !out_of_sight(name).contains(&function.as_str()))
                .collect();
            if shifted(name) {
                continue;
            }
            assert_eq!(departs(&ran, &of_stage(&table, stage)), None, "{name}, {stage:?}");
        }
        checked += 1;
    }
    assert!(checked > 50, "{checked} images");
}

/// The compiler made one call of the last one before the loop and the last one in
/// it, so that the loop now begins with that: it is in the same order, and at
/// another place in the stages.
fn shifted(name: &str) -> bool {
    matches!(name, "goto-reset-x86-64")
}

#[test]
fn what_always_runs_is_not_called_conditional_and_the_reverse() {
    for path in files::elf_files("data/calls") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name.starts_with("lto-inlined") || shifted(name) {
            continue;
        }
        let table = files::extract(&std::fs::read(&path).unwrap());
        let parts = printed(&path);
        for stage in [Stage::Boot, Stage::Start, Stage::Stop] {
            // The first cycle of all images gets as far as the REPL.
            let Some((_, ran)) = parts.iter().find(|(part, _)| *part == stage) else { continue };
            for (function, conditional) in of_stage(&table, stage) {
                assert!(
                    conditional || ran.contains(&function),
                    "{name}: {function} did not run in {stage:?}"
                );
            }
        }
    }
}

/// Arms that exclude each other stand in the order of their addresses, so shapes
/// whose arms a compiler may put elsewhere are not among these.
#[test]
fn one_source_gives_one_order_however_it_was_compiled() {
    for (shape, variants) in [
        (
            "goto-exit-thumbv7m",
            &[
                "goto-exit-thumbv7m-O2",
                "goto-exit-thumbv7m-stc",
                "goto-exit-thumbv6m",
                "goto-exit-arm",
                "goto-exit-rv32",
                "goto-exit-rv32-O2",
                "goto-exit-rv32-stc",
                "goto-exit-x86-64",
                "goto-exit-x86-64-pie-stc",
            ][..],
        ),
        (
            "goto-reset-thumbv7m",
            &[
                "goto-reset-thumbv7m-O2",
                "goto-reset-thumbv7m-stc",
                "goto-reset-rv32",
                "above-2gib-arm",
            ],
        ),
        (
            "jump-table-thumbv7m",
            &["jump-table-rv32", "jump-table-rv64", "jump-table-x86-64", "jump-table-x86-64-pie"],
        ),
        ("long-call-thumbv7m", &["long-call-arm", "long-call-rv32", "long-call-rv64-backward"]),
        ("inlined-helper-thumbv7m", &["inlined-helper-thumbv7m-strip-g"]),
    ] {
        let read = |name: &str| {
            let path = files::root().join(format!("data/calls/{name}.elf"));
            let table = files::extract(&std::fs::read(path).unwrap());
            [Stage::Boot, Stage::Start, Stage::Stop].map(|stage| of_stage(&table, stage))
        };
        let expected = read(shape);
        for variant in variants {
            assert_eq!(read(variant), expected, "{variant} differs from {shape}");
        }
    }
}

#[test]
fn main_that_link_time_optimisation_took_apart_is_said_to_be_so() {
    let path = files::root().join("data/calls/lto-inlined-thumbv7m.elf");
    let table = files::extract(&std::fs::read(path).unwrap());
    assert_eq!(table.entries, []);
    assert_eq!(table.main, None);
    let kinds: Vec<AnomalyKind> = table.anomalies.iter().map(|anomaly| anomaly.kind).collect();
    assert_eq!(kinds, [AnomalyKind::MainInlined]);
}

#[test]
fn a_level_that_is_no_constant_is_said_to_be_unknown() {
    let path = files::root().join("data/calls/run-levels-thumbv7m.elf");
    let table = files::extract(&std::fs::read(path).unwrap());
    let kinds: Vec<AnomalyKind> = table.anomalies.iter().map(|anomaly| anomaly.kind).collect();
    assert_eq!(kinds, [AnomalyKind::LevelUnknown]);
    let unplaced: Vec<String> = table
        .entries
        .iter()
        .filter(|entry| entry.stage.is_none())
        .map(|entry| entry.function.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(unplaced, ["mod_network_init", "mp_usbd_init"]);
    let twice = table
        .entries
        .iter()
        .filter(|entry| entry.function.as_ref().unwrap().as_str() == "uart_init0");
    assert_eq!(twice.count(), 2, "registered, and called by hand");
}

#[test]
fn debug_information_names_what_was_inlined_and_where_calls_came_from() {
    let path = files::root().join("data/calls/inlined-helper-thumbv7m-g.elf");
    let table = files::extract(&std::fs::read(path).unwrap());
    let start: Vec<String> = table
        .entries
        .iter()
        .filter(|entry| entry.stage == Some(Stage::Start) && entry.kind == EntryKind::Entry)
        .map(|entry| {
            let via: Vec<&str> = entry.via.iter().map(|name| name.as_str()).collect();
            let inlined = if entry.address.is_none() { " inlined" } else { "" };
            format!("{}{inlined} {}", entry.function.as_ref().unwrap(), via.join(" "))
        })
        .collect();
    assert_eq!(
        start,
        [
            "board_pins_init inlined ",
            "uart_init0 ",
            "radio_init inlined ",
            "spi_init0 radio_init",
            "mod_network_init radio_init",
            "mp_usbd_init ",
        ]
    );
}

#[test]
fn landmarks_name_main_and_are_its_evidence() {
    let path = files::root().join("data/calls/task-pointer-thumbv7m.elf");
    let main = files::extract(&std::fs::read(path).unwrap()).main.unwrap();
    assert_eq!(main.function.as_str(), "mp_task");
    let evidence: Vec<&str> = main.evidence.iter().map(|name| name.as_str()).collect();
    assert_eq!(
        evidence,
        [
            "gc_init",
            "gc_sweep_all",
            "mp_deinit",
            "mp_init",
            "pyexec_file_if_exists",
            "pyexec_friendly_repl"
        ]
    );
}
