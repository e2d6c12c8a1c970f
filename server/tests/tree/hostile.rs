//! Trees that mean no good: nothing outside of them is read, and reading them
//! comes to an end.

use std::fmt::Write as _;

use initboard::model::MAX_LINKER_SCRIPTS;
use initboard::tree::{Folder, SourceTree, TreeError, catalog};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::made::{self, scripts};

const MAKEFILE: &str = "include $(BOARD_DIR)/mpconfigboard.mk\n";

/// The scripts of the only board of a port, whose files are given.
fn scripts_with(board: &str, others: made::Files<'_>) -> Vec<String> {
    let folder = made::folder(&[
        ("ports/p/Makefile", MAKEFILE),
        ("ports/p/boards/B/mpconfigboard.mk", board),
    ]);
    made::write(folder.path(), others);
    scripts(&made::boards(folder.path())[0])
}

#[test]
#[cfg(unix)]
fn symbolic_links_lead_nowhere() {
    let outside = made::folder(&[("secret", "x"), ("boards/B/mpconfigboard.mk", "")]);
    let folder =
        made::folder(&[("ports/p/Makefile", ""), ("ports/p/boards/A/mpconfigboard.h", "")]);
    let link = |to: &std::path::Path, at: &str| {
        std::os::unix::fs::symlink(to, folder.path().join(at)).unwrap();
    };
    link(outside.path(), "ports/q");
    link(&outside.path().join("secret"), "ports/p/secret");
    link(&folder.path().join("ports"), "ports/p/boards/loop");
    let tree = Folder::open(folder.path()).unwrap();
    assert_eq!(tree.read("ports/p/secret").unwrap(), None);
    assert_eq!(tree.read("ports/q/secret").unwrap(), None);
    assert!(tree.list("ports/q").unwrap().is_empty());
    assert!(tree.list("ports/p/boards/loop").unwrap().is_empty());
    let names: Vec<String> =
        made::boards_of(&tree).iter().map(|board| board.id().to_string()).collect();
    assert_eq!(names, ["p/A"]);
}

#[test]
#[cfg(target_os = "linux")]
fn names_that_are_no_text_are_skipped_and_said() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = made::folder(&[("ports/p/boards/A/mpconfigboard.mk", "")]);
    for name in [&b"B\xff"[..], b"-x", b"a b", b"\x1b[31m"] {
        let board = folder.path().join("ports/p/boards").join(std::ffi::OsStr::from_bytes(name));
        std::fs::create_dir(&board).unwrap();
        std::fs::write(board.join("mpconfigboard.mk"), "").unwrap();
    }
    std::fs::create_dir(folder.path().join("ports/_")).unwrap();
    let tree = Folder::open(folder.path()).unwrap();
    let found = catalog::catalog(&tree, &initboard::tree::Layout::default(), &[]).unwrap();
    assert_eq!(found.boards.len(), 1);
    assert_eq!(
        found.skipped,
        [
            "ports/_",
            "ports/p/boards/\u{1b}[31m/mpconfigboard.mk",
            "ports/p/boards/-x/mpconfigboard.mk",
            "ports/p/boards/a b/mpconfigboard.mk",
        ]
    );
}

#[test]
fn a_file_beyond_any_source_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = std::fs::File::create(folder.path().join("big.c")).unwrap();
    file.set_len(initboard::tree::MAX_FILE_BYTES + 1).unwrap();
    let error = Folder::open(folder.path()).unwrap().read("big.c").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`big.c` has 16777217 bytes: expected a source file of at most 16777216"
    );
}

#[test]
fn includes_that_go_round_come_to_an_end() {
    let board = "LD_FILES = a.ld\ninclude boards/B/mpconfigboard.mk\ninclude more.mk\n";
    let more = ("ports/p/more.mk", "include more.mk $(BOARD_DIR)/mpconfigboard.mk\n");
    let a = ("ports/p/a.ld", "INCLUDE b.ld");
    let b = ("ports/p/b.ld", "INCLUDE a.ld INCLUDE b.ld");
    assert_eq!(scripts_with("LD_FILES = a.ld", &[a, b]), ["ports/p/a.ld > ports/p/b.ld"]);
    // Two files that include each other twice would be read 65,536 times.
    let folder = made::folder(&[
        ("ports/p/Makefile", MAKEFILE),
        ("ports/p/boards/B/mpconfigboard.mk", board),
        more,
    ]);
    let tree = Folder::open(folder.path()).unwrap();
    let layout = initboard::tree::Layout::default();
    match catalog::catalog(&tree, &layout, &[]) {
        Ok(found) => assert_eq!(scripts(&found.boards[0]), ["a.ld (missing)"]),
        Err(error) => assert!(matches!(error, TreeError::EndlessMakefiles), "{error}"),
    }
}

#[test]
fn variables_that_grow_without_end_are_kept_as_they_are_written() {
    let mut board = "LD_FILES = a.ld $(V0)\n".to_owned();
    for index in 0..40 {
        writeln!(board, "V{index} = $(V{0})$(V{0})", index + 1).unwrap();
    }
    assert_eq!(scripts_with(&board, &[])[0], "a.ld (missing)");
    assert_eq!(scripts_with("LD_FILES = a.ld $(LD_FILES)", &[])[0], "a.ld (missing)");
}

#[test]
fn long_lines_and_deep_nesting_are_read_in_time() {
    let line = format!("X = {}\nLD_FILES = a.ld\n", "x".repeat(1 << 20));
    assert_eq!(scripts_with(&line, &[]), ["a.ld (missing)"]);
    let open = format!("X = {}\nLD_FILES = a.ld $(X)\n", "$(".repeat(1 << 19));
    assert_eq!(scripts_with(&open, &[])[0], "a.ld (missing)");
    let deep = format!("{}LD_FILES = b.ld\n", "ifeq ($(A),1)\nelse\n".repeat(10_000));
    scripts_with(&deep, &[]);
    let many: String = (0..40).fold(String::new(), |mut text, index| {
        writeln!(text, "ifeq ($(O{index}),1)\nLD_FILES += {index}.ld\nendif").unwrap();
        text
    });
    // 2^40 ways to build it.
    scripts_with(&format!("LD_FILES = a.ld\n{many}"), &[]);
}

/// The scripts of the only board of a port that is built with CMake.
fn scripts_with_cmake(text: &str) -> Vec<String> {
    let folder = made::folder(&[("ports/p/boards/B/mpconfigboard.cmake", text)]);
    scripts(&made::boards(folder.path())[0])
}

#[test]
fn a_condition_of_cmake_is_read_however_often_it_is_negated() {
    let script = |count: usize| {
        let nots = "NOT ".repeat(count);
        scripts_with_cmake(&format!("if({nots}MICROPY_UNSET)\nset(LD_FILE a.ld)\nendif()\n"))
    };
    assert_eq!(script(1_000_001), ["a.ld (missing)"]);
    assert_eq!(script(1_000_000), [""; 0]);
}

#[test]
fn arms_of_cmake_without_end_are_read_in_time_and_room() {
    let arm = "elseif(CHIP STREQUAL x)\nset(LD_FILE a.ld)\nset(V ${LD_FILE})\n";
    let text = format!("if(CHIP STREQUAL a)\n{}endif()\n", arm.repeat(50_000));
    let found = scripts_with_cmake(&text);
    assert_eq!(found.len(), MAX_LINKER_SCRIPTS);
    let long = "x".repeat(4000);
    let values: String = (0..100_000).fold(format!("set(A {long})\n"), |mut text, index| {
        writeln!(text, "set(V{index} ${{A}})").unwrap();
        text
    });
    let found = scripts_with_cmake(&format!("set(LD_FILE a.ld)\n{values}"));
    assert_eq!(found, ["a.ld (missing)"]);
}

#[test]
fn scripts_outside_of_the_tree_are_not_found() {
    let board = "LD_FILES = ../../../x.ld /etc/passwd boards/B/in.ld\n";
    let inside = ("ports/p/boards/B/in.ld", "INCLUDE ../../../../../etc/passwd\n");
    assert_eq!(
        scripts_with(board, &[inside]),
        [
            "../../../x.ld (missing)",
            "/etc/passwd (missing)",
            "ports/p/boards/B/in.ld > ../../../../../etc/passwd",
        ]
    );
}

/// Lines of which makefiles are made, and some of which they are not.
fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["A", "B", "LD_FILES", "LDFLAGS", "$(A)", ""]);
    let value = prop_oneof![
        "[a-z$(){} ,:=%/.#-]{0,20}",
        prop::sample::select(vec![
            "$(A) $(B)",
            "$(if $(A),x.ld,y.ld)",
            "$(addprefix -T,$(A))",
            "$(A:%=%.ld)",
            "-T x.ld -L",
            "$(shell echo $(A) | tr a-z A-Z)",
            "\u{fffd}ß",
        ])
        .prop_map(str::to_owned),
    ];
    (0..9, name, value).prop_map(|(kind, name, value)| match kind {
        0 => format!("{name} = {value}"),
        1 => format!("{name} := {value}"),
        2 => format!("{name} ?= {value}"),
        3 => format!("{name} += {value}\\"),
        4 => format!("ifeq ($({name}),{value})"),
        5 => format!("ifdef {name}"),
        6 => "else".to_owned(),
        7 => "endif".to_owned(),
        _ => format!("include {value}"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_text_makes_the_reader_of_makefiles_fail(
        lines in prop::collection::vec(line(), 0..30),
        rest in "\\PC{0,200}",
    ) {
        let text = format!("{}\n{rest}", lines.join("\n"));
        let files = [("x.ld", rest.as_str()), ("boards/B/mpconfigboard.cmake", rest.as_str())];
        scripts_with(&text, &files);
    }
}
