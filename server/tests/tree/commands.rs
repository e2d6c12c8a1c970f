//! `catalog`, as a program is run.

use std::path::Path;
use std::process::{Command, Output};

use crate::catalogs::TREE;
use crate::made;

fn run(arguments: &[&str], tree: &Path) -> Output {
    let program = env!("CARGO_BIN_EXE_initboard");
    Command::new(program).arg("catalog").arg("--tree").arg(tree).args(arguments).output().unwrap()
}

fn out(output: &Output) -> &str {
    assert!(output.status.success(), "{}", error(output));
    str::from_utf8(&output.stdout).unwrap()
}

fn error(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_person_reads_each_port_with_its_boards() {
    let folder = made::folder(TREE);
    let output = run(&["--port", "arm", "--port", "pico"], folder.path());
    insta::assert_snapshot!("terminal", out(&output));
}

#[test]
fn a_spreadsheet_gets_no_formulas() {
    let folder = made::folder(&[
        ("ports/p/Makefile", "include $(BOARD_DIR)/mpconfigboard.mk\n"),
        ("ports/p/boards/A/mpconfigboard.mk", "LD_FILES = =cmd|x.ld,\"\u{1b}[31m\n"),
        ("ports/p/boards/A/board.json", r#"{"mcu": "-1+1"}"#),
        ("ports/p/boards/B/mpconfigboard.mk", "ifeq ($(O),1)\nLD_FILES = a.ld\nendif\n"),
        ("ports/p/a.ld", "INCLUDE @b.ld"),
    ]);
    assert_eq!(
        out(&run(&["--format", "csv"], folder.path())),
        "port,board,variant,mcu,linker_scripts,included_scripts,registry\n\
         p,A,,'-1+1,\"'=cmd|x.ld,\"\"\\u{1b}[31m (not in the tree)\",,no-script\n\
         p,B,,,ports/p/a.ld if O = 1,'@b.ld,no-script\n"
    );
}

#[test]
fn a_program_gets_the_boards_of_any_commit() {
    let folder = tempfile::TempDir::new().unwrap();
    let git = gix::init(folder.path()).unwrap();
    let first = made::commit(&git, &[("ports/p/boards/A/mpconfigboard.h", "")], "x", 1, &[]);
    made::commit(&git, &[("ports/p/boards/B/mpconfigboard.h", "")], "y", 2, &[first]);
    let boards = |arguments: &[&str]| -> Vec<String> {
        let output = run(&[&["--format", "json"], arguments].concat(), folder.path());
        let boards: Vec<initboard::model::CatalogBoard> =
            serde_json::from_str(out(&output)).unwrap();
        boards.iter().map(|board| board.id().to_string()).collect()
    };
    assert_eq!(boards(&["--rev", "HEAD"]), ["p/B"]);
    assert_eq!(boards(&["--rev", "HEAD~1"]), ["p/A"]);
}

#[test]
fn another_configuration_takes_the_place_of_that_of_the_tree() {
    let folder = made::folder(&[
        ("initboard.toml", "[tree]\nmians = \"x\"\n"),
        ("other.toml", "[tree]\nboards = \"ports/{port}/{board}.board\"\n"),
        ("ports/p/X.board", ""),
    ]);
    let other = folder.path().join("other.toml");
    let output = run(&["--config", other.to_str().unwrap(), "--format", "csv"], folder.path());
    assert!(out(&output).ends_with("p,X,,,,,unknown\n"));
    let output = run(&[], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        error(&output),
        format!(
            "initboard: {}: there is no key `tree.mians`: expected `tree.mains`?\n",
            folder.path().join("initboard.toml").display()
        )
    );
}

#[test]
fn what_is_not_there_is_said_in_one_line() {
    let folder = made::folder(TREE);
    let path = folder.path().display();
    let said = |arguments: &[&str], tree: &Path| {
        let output = run(arguments, tree);
        assert_eq!(output.status.code(), Some(2));
        error(&output).to_owned()
    };
    assert_eq!(
        said(&["--port", "amr"], folder.path()),
        format!(
            "initboard: {path} has no port `amr`: expected one of arm, ble, cpp, flags, minimal, pico, unix, zephyr\n"
        )
    );
    let empty = tempfile::TempDir::new().unwrap();
    assert!(said(&[], empty.path()).contains("has no ports: expected the root"));
    assert!(said(&["--rev", "x"], empty.path()).contains("is not in a git repository"));
    assert_eq!(said(&["--rev", "x"], empty.path()).lines().count(), 1);
}

#[test]
fn names_that_none_can_have_are_said_and_left_out() {
    let folder = made::folder(&[("ports/p/boards/A/mpconfigboard.h", "")]);
    for index in 0..12 {
        let path = format!("ports/p/boards/-{index:02}/mpconfigboard.h");
        made::write(folder.path(), &[(&path, "")]);
    }
    let output = run(&["--format", "csv"], folder.path());
    assert_eq!(out(&output).lines().count(), 2);
    let said: Vec<&str> = error(&output).lines().collect();
    assert_eq!(said.len(), 11);
    assert_eq!(
        said[0],
        "initboard: skipped ports/p/boards/-00/mpconfigboard.h: its name can be none of a port, board or variant"
    );
    assert_eq!(said[10], "initboard: skipped 2 more of that kind");
}
