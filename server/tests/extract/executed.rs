//! What the firmware says it runs, against what was read from its file: each
//! image runs (in an emulator, or natively) and each function prints its own
//! name from its own body.

use std::path::Path;
use std::process::Command;

use initboard::model::{Entry, EntryKind, Stage};

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
    let mut with_main = 0;
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
        let (start, stop) = &executed.cycles[0];
        let names = |wanted: &dyn Fn(&Entry) -> bool| -> Vec<String> {
            let entries = table.entries.iter().filter(|entry| entry.kind == EntryKind::Entry);
            entries
                .filter(|entry| wanted(entry))
                .map(|entry| entry.function.as_ref().unwrap().to_string())
                .collect()
        };
        let read = names(&|_| true);
        let hidden = out_of_sight(&path);
        for function in hidden {
            assert!(
                !read.iter().any(|name| name == function),
                "{function} is seen now: remove it from out_of_sight"
            );
        }
        let seen = |ran: &[String]| -> Vec<String> {
            ran.iter().filter(|name| !hidden.contains(&name.as_str())).cloned().collect()
        };
        let (boot, start, stop, off) =
            (seen(&executed.boot), seen(start), seen(stop), seen(&executed.off));
        assert_eq!(read, [&boot[..], &start, &stop, &off].concat(), "{}", path.display());
        if table.main.is_some() {
            let of = |stage: Stage| names(&|entry| entry.stage == Some(stage));
            assert_eq!(of(Stage::Boot), boot, "{}", path.display());
            assert_eq!(of(Stage::Start), start, "{}", path.display());
            assert_eq!(of(Stage::Stop), [&stop[..], &off].concat(), "{}", path.display());
            with_main += 1;
        }
        checked += 1;
    }
    println!("{checked} images ran as extracted, {with_main} with their stages");
}

/// What an image runs and its code does not name: calls that link-time
/// optimisation inlined into main, of which only debug information tells.
fn out_of_sight(path: &Path) -> &'static [&'static str] {
    if path.iter().any(|part| part == "build-NUCLEO_LTO") {
        &[
            "led_init",
            "rtc_init",
            "readline_init0",
            "soft_timer_init",
            "soft_timer_deinit",
            "uart_deinit_all",
        ]
    } else {
        &[]
    }
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
