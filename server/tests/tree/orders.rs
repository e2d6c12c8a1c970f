//! The mains of a tree and how their orders came to be, as `extract --tree` is run.

use std::path::Path;
use std::process::{Command, Output};

use gix::ObjectId;
use initboard::model::{InitTable, PortHistory, TreeFacts};
use tempfile::TempDir;

use crate::made;

fn run(arguments: &[&str], tree: &Path) -> Output {
    let program = env!("CARGO_BIN_EXE_initboard");
    Command::new(program).arg("extract").arg("--tree").arg(tree).args(arguments).output().unwrap()
}

fn out(output: &Output) -> &str {
    assert!(output.status.success(), "{}", error(output));
    str::from_utf8(&output.stdout).unwrap()
}

fn error(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

/// A main with these calls in its soft-reset loop.
fn main_of(calls: &str) -> String {
    format!(
        "void port_main(void) {{\n    clock_init();\n    for (;;) {{\n        mp_init();\n{calls}\n        pyexec_friendly_repl();\n        uart_deinit();\n    }}\n}}\n"
    )
}

/// Six commits: two ports, of which the second comes later; a move, a condition,
/// a change of layout, and one that changes nothing that runs.
fn history(git: &gix::Repository) -> Vec<ObjectId> {
    let states = [
        (main_of("        a_init();\n        b_init();\n        c_init();"), None, "bring a"),
        (main_of("        b_init();\n        c_init();\n        a_init();"), None, "a: move"),
        (main_of("        b_init();\n\n        c_init();\n        a_init();"), None, "a: tidy"),
        (
            main_of(
                "        b_init();\n        #if C\n        c_init();\n        #endif\n        a_init();",
            ),
            Some(main_of("        x_init();")),
            "a: guard c, and bring b",
        ),
        (
            main_of(
                "        b_init();\n        #if C\n        c_init();\n        #endif\n        a_init();",
            ),
            Some("int main(void) { /* }".to_owned()),
            "b: break",
        ),
        (
            main_of("        b_init();\n        a_init();"),
            Some(main_of("        x_init();\n        y_init();")),
            "a: drop c; b: mend",
        ),
    ];
    let mut commits: Vec<ObjectId> = Vec::new();
    for (index, (a, b, subject)) in states.iter().enumerate() {
        let mut files = vec![("ports/a/main.c", a.as_str())];
        files.extend(b.as_deref().map(|b| ("ports/b/main.c", b)));
        let seconds = i64::try_from(index).unwrap() * 86_400;
        let parents: Vec<ObjectId> = commits.last().copied().into_iter().collect();
        commits.push(made::commit(git, &files, subject, seconds, &parents));
    }
    commits
}

fn values<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    serde_json::Deserializer::from_str(text).into_iter().map(Result::unwrap).collect()
}

#[test]
fn the_mains_of_a_commit_are_read_without_a_checkout() {
    let folder = TempDir::new().unwrap();
    let commits = history(&gix::init_bare(folder.path()).unwrap());
    let output = run(&["--rev", &commits[3].to_string(), "--format", "json"], folder.path());
    let tables: Vec<InitTable> = values(out(&output));
    let ports: Vec<&str> =
        tables.iter().map(|table| table.source.as_ref().unwrap().port.as_str()).collect();
    assert_eq!(ports, ["a", "b"]);
    let source = tables[0].source.as_ref().unwrap();
    assert_eq!(source.commit.as_ref().unwrap().as_str(), commits[3].to_string());
    assert_eq!(tables[0].entries[3].condition.as_deref(), Some("C"));
    assert_eq!(tables[0].entries[3].location.as_ref().unwrap().line, 7);
    // The newest commit, of one port.
    let output = run(&["--port", "b"], folder.path());
    assert!(out(&output).contains("x_init"), "{}", out(&output));
    assert!(!out(&output).contains("c_init"));
}

#[test]
fn each_commit_that_changed_an_order_is_told_with_what_it_did() {
    let folder = TempDir::new().unwrap();
    let git = gix::init_bare(folder.path()).unwrap();
    let commits = history(&git);
    let output = run(&["--history"], folder.path());
    let short = |index: usize| commits[index].to_string()[..10].to_owned();
    assert_eq!(
        out(&output),
        format!(
            "a  4 changes of the order from 1970-01-01 to 1970-01-06

1970-01-06 {} a: drop c; b: mend  3 init, 1 deinit
  - removed c_init from behind b_init in start if C

1970-01-04 {} a: guard c, and bring b  4 init, 1 deinit
  ~ changed c_init in start: if C, it was always

1970-01-02 {} a: move  4 init, 1 deinit
  ~ moved a_init behind c_init in start

1970-01-01 {} bring a  4 init, 1 deinit
    the port begins here

b  2 changes of the order from 1970-01-04 to 1970-01-06

1970-01-06 {} a: drop c; b: mend  3 init, 1 deinit
    the port begins here

1970-01-04 {} a: guard c, and bring b  2 init, 1 deinit
    the port begins here
",
            short(5),
            short(3),
            short(1),
            short(0),
            short(5),
            short(3)
        )
    );
}

#[test]
fn a_history_that_is_cut_begins_with_what_it_knows() {
    let folder = TempDir::new().unwrap();
    let commits = history(&gix::init_bare(folder.path()).unwrap());
    let histories = |arguments: &[&str]| -> Vec<PortHistory> {
        values(out(&run(&[&["--history", "--format", "json"], arguments].concat(), folder.path())))
    };
    let since = histories(&["--since", "1970-01-03", "--port", "a"]);
    assert!(since[0].is_cut);
    let subjects: Vec<&str> =
        since[0].changes.iter().map(|change| change.subject.as_str()).collect();
    assert_eq!(subjects, ["a: drop c; b: mend", "a: guard c, and bring b"]);
    // A port that came later is whole.
    assert!(!histories(&["--since", "1970-01-03", "--port", "b"])[0].is_cut);
    // The clone does not have what was before the third commit.
    std::fs::write(folder.path().join("shallow"), format!("{}\n", commits[2])).unwrap();
    let shallow = histories(&["--port", "a"]);
    assert!(shallow[0].is_cut);
    assert_eq!(shallow[0].changes.len(), 2);
}

#[test]
fn facts_are_one_value_that_reads_back() {
    let folder = TempDir::new().unwrap();
    let commits = history(&gix::init_bare(folder.path()).unwrap());
    let output = run(&["--rev", "HEAD", "--facts"], folder.path());
    let facts = TreeFacts::from_json(out(&output).as_bytes()).unwrap();
    assert_eq!(facts.commit.as_str(), commits[5].to_string());
    assert_eq!((facts.tables.len(), facts.history.len()), (2, 2));
    assert_eq!(facts.history[0].changes.len(), 4);
    // One entry on a line.
    let line = out(&output).lines().find(|line| line.contains("clock_init")).unwrap();
    assert!(line.trim().starts_with("{\"position\":0,"), "{line}");
}

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    let empty = made::folder(&[("x", "")]);
    let plain = made::folder(&[("ports/a/main.c", "int main(void) { return 0; }")]);
    let program = env!("CARGO_BIN_EXE_initboard");
    let unknown = Command::new(program).args(["extract", "--rev", "x", "y"]).output().unwrap();
    for (output, expected) in [
        (run(&[], empty.path()), "has no ports: expected the root of a firmware's source tree"),
        (run(&["--rev", "HEAD"], plain.path()), "is not in a git repository"),
        (run(&["--history"], plain.path()), "the tree is in no git repository"),
        (run(&["--facts"], plain.path()), "give --rev, such as --rev HEAD"),
        (run(&["--port", "b"], plain.path()), "has no port `b`: expected one of a"),
        (
            run(&[], plain.path()),
            "port a has no main: no function of ports/a/main.c, ports/a/mptask.c, ports/a/port/embed_util.c calls `mp_init`",
        ),
        (run(&["--history", "--since", "yesterday"], plain.path()), "invalid value 'yesterday'"),
        (run(&["firmware.elf"], plain.path()), "cannot be used with"),
        (unknown, "expected --tree PATH in place of files"),
    ] {
        assert_eq!(output.status.code(), Some(2), "{expected}");
        assert!(error(&output).contains(expected), "{}", error(&output));
        assert_eq!(error(&output).lines().count(), 1, "{}", error(&output));
    }
}
