//! What the firmware says it runs, against what was read from its file: each
//! image runs (in an emulator, or natively) and each function prints its own
//! name from its own body.

use std::path::Path;
use std::process::Command;

use initboard::model::{InitTable, Phase};

use crate::files;

/// The parts of main in which a registry's functions run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Executed {
    boot: Vec<String>,
    cycles: Vec<(Vec<String>, Vec<String>)>,
    off: Vec<String>,
}

#[test]
fn the_executed_order_is_the_extracted_one_entry_for_entry() {
    let mut checked = 0;
    for path in files::elf_files("data/firmware") {
        let table = files::extract(&std::fs::read(&path).unwrap());
        let Some(executed) = run(&path) else { continue };
        assert_eq!(executed.cycles.len(), 2, "{}: a soft reset was expected", path.display());
        assert_eq!(
            executed.cycles[0],
            executed.cycles[1],
            "{}: the soft reset differs",
            path.display()
        );
        if table.origins.is_empty() {
            // Calls by hand: nothing is registered, and the functions run.
            assert!(table.entries.is_empty());
            assert!(!executed.cycles[0].0.is_empty());
            continue;
        }
        let (start, stop) = &executed.cycles[0];
        let ran: Vec<&String> =
            executed.boot.iter().chain(start).chain(stop).chain(&executed.off).collect();
        let extracted: Vec<String> = table
            .entries
            .iter()
            .map(|entry| entry.function.as_ref().unwrap().to_string())
            .collect();
        assert_eq!(extracted.iter().collect::<Vec<_>>(), ran, "{}", path.display());
        assert_eq!(
            executed.boot.len() + start.len(),
            count(&table, Phase::Init),
            "{}",
            path.display()
        );
        checked += 1;
    }
    println!("{checked} images ran as extracted");
}

fn count(table: &InitTable, phase: Phase) -> usize {
    table.entries.iter().filter(|entry| entry.phase == Some(phase)).count()
}

/// Runs an image; `None`, and a note on standard error, where its emulator is
/// missing.
fn run(path: &Path) -> Option<Executed> {
    let port = path.iter().nth_back(2).unwrap().to_str().unwrap();
    match port {
        "virt" => crate::tools::need("qemu-system-riscv32")?,
        "linux" => crate::tools::need_x86_64_linux()?,
        _ => crate::tools::need("qemu-system-arm")?,
    }
    let output =
        Command::new(files::root().join("registry-rt/firmware/run")).arg(path).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}: {stderr}", path.display(), output.status);
    let mut executed = Executed::default();
    let mut lines: &mut Vec<String> = &mut Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        match line {
            "# boot" => lines = &mut executed.boot,
            "# start" => {
                executed.cycles.push(Default::default());
                lines = &mut executed.cycles.last_mut().unwrap().0;
            }
            "# stop" => lines = &mut executed.cycles.last_mut().unwrap().1,
            "# off" => lines = &mut executed.off,
            landmark if landmark.starts_with('#') => {}
            name => lines.push(name.to_owned()),
        }
    }
    Some(executed)
}
