//! `order` and `check --order`, as a program is run, on the committed firmware of
//! two commits.

use std::process::{Command, Output};

use tempfile::TempDir;

use crate::files;

fn run(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_initboard");
    Command::new(program).args(arguments).current_dir(files::root()).output().unwrap()
}

/// The exit code, and both outputs.
fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const BASE: &str = "data/firmware/1";
const HEAD: &str = "data/firmware/2";

/// An order file of the first commit, and its path.
fn order_file(folder: &TempDir) -> String {
    let path = folder.path().join("order.txt").to_str().unwrap().to_owned();
    let (code, out, error) = said(&["order", "--write", &path, BASE]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert_eq!(out, format!("{path}: 13 boards of 5 ports\n"));
    path
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_order_of_all_boards_is_one_text() {
    let (code, out, _) = said(&["order", BASE]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("order_file", out);
    let folder = TempDir::new().unwrap();
    assert_eq!(read(&order_file(&folder)), out);
}

#[test]
fn a_moved_entry_fails_until_it_is_accepted() {
    let folder = TempDir::new().unwrap();
    let path = order_file(&folder);
    let (code, out, error) = said(&["check", "--order", &path, BASE]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert_eq!(out, "No change of order on 13 boards\n");

    let (code, out, error) = said(&["check", "--order", &path, HEAD]);
    assert_eq!((code, error.as_str()), (Some(1), ""));
    insta::assert_snapshot!("order_check", out.replace(&path, "order.txt"));

    let command = out.lines().last().unwrap().trim();
    let words: Vec<&str> = command.strip_prefix("initboard ").unwrap().split(' ').collect();
    assert_eq!(run(&words).status.code(), Some(0));
    assert_eq!(said(&["check", "--order", &path, HEAD]).0, Some(0));
    assert_eq!(read(&path), said(&["order", HEAD]).1);
    assert_eq!(said(&["check", "--order", &path, BASE]).0, Some(1));
}

#[test]
fn reasons_survive_and_only_lines_of_what_moved_change() {
    let folder = TempDir::new().unwrap();
    let path = order_file(&folder);
    let remarked: String = read(&path)
        .lines()
        .map(|line| {
            if line.ends_with("_deinit") {
                format!("  # why it is here\n{line:46}# reason\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    std::fs::write(&path, &remarked).unwrap();
    let (code, _, error) = said(&["order", "--write", &path, HEAD]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let after = read(&path);
    for remark in ["# why it is here", "# reason"] {
        assert_eq!(after.matches(remark).count(), remarked.matches(remark).count());
    }
    let new: Vec<&str> =
        after.lines().filter(|line| !remarked.lines().any(|old| old == *line)).collect();
    assert_eq!(new, ["  deinit    dac_deinit_all                    on MPS2_CAN"]);
}

#[test]
fn boards_that_are_not_built_stay_unless_they_are_pruned() {
    let folder = TempDir::new().unwrap();
    let path = order_file(&folder);
    let all = read(&path);
    let build = "data/firmware/1/ports/mps2/build-MPS2_NET/firmware.elf";
    assert_eq!(said(&["order", "--write", &path, build]).0, Some(0));
    assert_eq!(read(&path), all);
    let (code, out, _) = said(&["check", "--order", &path, build, "--format", "markdown"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("12 boards of the order file not built: `linux` 3,"), "{out}");
    assert_eq!(said(&["order", "--prune", "--write", &path, build]).0, Some(0));
    assert_eq!(read(&path), said(&["order", build]).1);

    let (code, out, _) = said(&["check", "--order", &path, "data/firmware/1/ports/virt"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        out,
        format!(
            "3 boards not in the order file: virt/VIRT_CAN, virt/VIRT_MINI, virt/VIRT_NET\n\
             1 board of the order file not built: mps2/MPS2_NET\n\n\
             To accept it:\n  initboard order --write {path} data/firmware/1/ports/virt\n"
        )
    );
}

#[test]
fn what_is_no_order_file_is_never_written_over() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("main.c").to_str().unwrap().to_owned();
    std::fs::write(&path, "int main(void) {}\n").unwrap();
    let expected = format!(
        "initboard: {path}: line 1: found `int main(void) {{}}`, expected `initboard order, version 1`: name a file that `initboard order --write` wrote, or one that does not exist yet\n"
    );
    for arguments in [["order", "--write", &path, BASE], ["check", "--order", &path, BASE]] {
        assert_eq!(said(&arguments), (Some(2), String::new(), expected.clone()));
    }
    assert_eq!(read(&path), "int main(void) {}\n");
}

#[test]
fn a_build_that_cannot_be_read_leaves_the_file_and_is_told() {
    let folder = TempDir::new().unwrap();
    let path = order_file(&folder);
    let all = read(&path);
    let build = folder.path().join("ports/virt/build-VIRT_NET");
    std::fs::create_dir_all(&build).unwrap();
    let firmware = files::root().join("data/firmware/1/ports/virt/build-VIRT_NET/firmware.elf");
    std::fs::write(build.join("firmware.elf"), &std::fs::read(firmware).unwrap()[..80]).unwrap();
    let builds = folder.path().to_str().unwrap();
    let (code, out, error) = said(&["order", "--write", &path, builds]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(error.starts_with("initboard: virt/VIRT_NET: "), "{error}");
    assert_eq!(read(&path), all);
    let (code, out, error) = said(&["check", "--order", &path, builds, BASE]);
    assert_eq!(code, Some(2), "{out}");
    assert!(error.starts_with("initboard: virt/VIRT_NET: "), "{error}");
}

#[test]
fn findings_have_formats_that_orders_have_not() {
    let folder = TempDir::new().unwrap();
    let path = order_file(&folder);
    let (code, out, error) = said(&["check", "--order", &path, BASE, "--format", "sarif"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(
        error,
        "initboard: SARIF holds findings, and an order is none: expected --format terminal, json or markdown with --order\n"
    );
    let (code, out, _) = said(&["check", "--order", &path, HEAD, "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(1));
    assert_eq!(value["report"]["verdict"], "changed");
    assert_eq!(value["unlisted"], serde_json::json!([]));
}
