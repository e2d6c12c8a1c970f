//! Source text against what is known of it otherwise: what images made from it
//! printed, what the files of their firmware say, and lists made by hand.

use std::collections::BTreeSet;
use std::path::Path;

use initboard::analyze::configuration::{Standing, compare};
use initboard::config::Config;
use initboard::extract::source;
use initboard::model::{Entry, EntryKind, InitTable, SourceFile, Stage};
use initboard::tree::{self, SourceTree, mains};

use crate::calls::{departs, of_stage, printed};
use crate::files;

/// The shapes of control flow whose images were made from one C file.
#[test]
fn what_ran_follows_the_order_that_was_read_from_the_text() {
    let folder = files::root().join("registry-rt/firmware/calls");
    let mut checked = BTreeSet::new();
    for elf in files::elf_files("data/calls") {
        let name = elf.file_stem().unwrap().to_str().unwrap();
        let Some(text) = source_of(&folder, name) else { continue };
        let table = read(&text);
        // Which functions a level runs is not said where it is run.
        if table.entries.iter().any(|entry| entry.kind == EntryKind::RunLevel) {
            continue;
        }
        for (stage, ran) in printed(&elf) {
            // What runs before the task does is not called by main.
            let is_outside = |function: &String| {
                name.starts_with("task-pointer") && function == "system_clock_init"
            };
            let ran: Vec<String> = ran.into_iter().filter(|name| !is_outside(name)).collect();
            let extracted = of_stage(&table, stage);
            assert_eq!(departs(&ran, &extracted), None, "{name}, {stage:?}");
        }
        // Images run through every stage with all that is not conditional.
        for stage in [Stage::Boot, Stage::Start, Stage::Stop] {
            let Some((_, ran)) = printed(&elf).into_iter().find(|(part, _)| *part == stage) else {
                continue;
            };
            for (function, conditional) in of_stage(&table, stage) {
                assert!(conditional || ran.contains(&function), "{name}: {function}");
            }
        }
        checked.insert(table.file.sha256);
    }
    assert!(checked.len() >= 13, "{} shapes", checked.len());
}

/// The text that an image was made from: `goto_exit.c` of `goto-exit-rv32-O2`.
fn source_of(folder: &Path, image: &str) -> Option<Vec<u8>> {
    let words: Vec<&str> = image.split('-').collect();
    let name = |count: usize| folder.join(format!("{}.c", words[..count].join("_")));
    let found = (1..=words.len()).rev().map(name).find(|path| path.is_file())?;
    Some(std::fs::read(found).unwrap())
}

fn read(text: &[u8]) -> InitTable {
    let path = "ports/demo/main.c".to_owned();
    let file = SourceFile { port: "demo".parse().unwrap(), path, commit: None, drivers: vec![] };
    source::read(text, file).unwrap().unwrap()
}

/// The tables of the sample firmware's source tree.
fn samples() -> Vec<InitTable> {
    let tree = tree::open(&files::root().join("registry-rt/firmware"), None).unwrap().tree;
    let config = Config::of_tree(&*tree).unwrap();
    let (ports, _) = config.tree.ports(&*tree as &dyn SourceTree).unwrap();
    mains::read(&*tree, &config.tree, &ports).unwrap().tables
}

#[test]
fn builds_have_what_the_text_of_their_main_has() {
    let mut checked = 0;
    for table in samples() {
        let port = table.source.as_ref().unwrap().port.to_string();
        // The second state of the source is the one that is in the tree.
        for elf in files::elf_files("data/firmware/2") {
            let piece = |back: usize| elf.iter().nth_back(back).unwrap().to_str().unwrap();
            if piece(2) != port {
                continue;
            }
            let build = files::extract(&std::fs::read(&elf).unwrap());
            let Some(configuration) = compare(&table, &build) else { continue };
            let board = piece(1);
            let mut before = None;
            for (entry, standing) in table.entries.iter().zip(&configuration.standings) {
                let name = entry.display_name();
                match standing {
                    Standing::Present { position } => {
                        assert!(before < Some(*position), "{board}: {name} stands elsewhere");
                        before = Some(*position);
                    }
                    Standing::CompiledOut => {}
                    Standing::Unseen | Standing::Unclear | Standing::Hook => assert!(
                        board == "build-NUCLEO_LTO" || is_empty_level(&build, entry),
                        "{board}: {name} is {standing:?}"
                    ),
                }
            }
            assert!(configuration.unexplained.is_empty(), "{board}: {configuration:?}");
            checked += 1;
        }
    }
    assert!(checked >= 8, "{checked} builds");
}

/// Whether a call runs a level at which the build registers nothing.
fn is_empty_level(build: &InitTable, call: &Entry) -> bool {
    let same = |entry: &&Entry| {
        entry.phase == call.phase && entry.level.is_some() && entry.level == call.level
    };
    call.level.is_some() && !build.entries.iter().any(|entry| same(&entry))
}
