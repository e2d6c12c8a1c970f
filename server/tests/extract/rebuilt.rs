//! The committed samples are what their source gives: the one command that
//! builds them, with the compilers of this machine, gives the same tables.

use std::process::Command;

use initboard::model::InitTable;

use crate::{files, tools};

/// What another compiler may not change: names, order, levels and what is odd.
/// Addresses may move, and so may the line that a compiler gives a function.
fn order(table: &InitTable) -> Vec<String> {
    let entries = table.entries.iter().map(|entry| {
        let priority = entry.priority.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = entry.function.as_ref().map(ToString::to_string).unwrap_or_default();
        let phase = entry.phase.map(|phase| phase.to_string()).unwrap_or_default();
        let level = entry.level.as_ref().map(ToString::to_string).unwrap_or_default();
        let file = entry.location.as_ref().map_or("", |location| location.file.as_str());
        format!("{phase} {level} {priority} {name} {file}")
    });
    let anomalies =
        table.anomalies.iter().map(|anomaly| format!("{:?} {:?}", anomaly.kind, anomaly.function));
    let levels = table.levels.iter().map(ToString::to_string);
    levels.chain(entries).chain(anomalies).collect()
}

#[test]
fn rebuilding_gives_the_same_tables() {
    let tools = [
        "make",
        "arm-none-eabi-gcc",
        "riscv64-unknown-elf-gcc",
        "xtensa-lx106-elf-gcc",
        "ld.lld-22",
        "rustc",
    ];
    if tools.into_iter().any(|tool| tools::need(tool).is_none())
        || tools::need_x86_64_linux().is_none()
    {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let variable =
        |name: &str| format!("{name}={}", scratch.path().join(name.to_lowercase()).display());
    let output = Command::new("make")
        .args(["-j2", "-C"])
        .arg(files::root().join("registry-rt/firmware"))
        .args([variable("BUILD"), variable("DATA")])
        .arg("install")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut compared = 0;
    for (name, path) in files::committed() {
        let committed = std::fs::read(&path).unwrap();
        let below = path.strip_prefix(files::root().join("data")).unwrap();
        let rebuilt = std::fs::read(scratch.path().join("data").join(below)).unwrap();
        assert_eq!(order(&files::extract(&rebuilt)), order(&files::extract(&committed)), "{name}");
        compared += 1;
    }
    assert!(compared > 40, "{compared} files");
}
