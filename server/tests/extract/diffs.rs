//! `diff`, as a program is run, on the committed firmware of two commits.

use std::path::Path;
use std::process::{Command, Output};

use initboard::model::{BoardTable, InitTable};
use tempfile::TempDir;

use crate::files;

fn run(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_initboard");
    Command::new(program)
        .args(arguments)
        .current_dir(files::root())
        .env_remove("INITBOARD_SERVER")
        .env_remove("INITBOARD_PROJECT")
        .output()
        .unwrap()
}

fn diff(base: &Path, head: &Path, more: &[&str]) -> Output {
    let paths = [base, head].map(|path| path.to_str().unwrap());
    run(&[&["diff", "--format", "text"], &paths[..], more].concat())
}

fn out(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn error(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

const NET: &str = "ports/mps2/build-MPS2_NET/firmware.elf";
const MINI: &str = "ports/virt/build-VIRT_MINI/firmware.elf";

/// The firmware of one of the two commits.
fn firmware(commit: &str, build: &str) -> std::path::PathBuf {
    files::root().join("data/firmware").join(commit).join(build)
}

/// A folder of builds with one firmware, from one of the two commits.
fn folder(builds: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, bytes) in builds {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn two_folders_of_builds_are_compared_board_by_board() {
    let output = diff(Path::new("data/firmware/1"), Path::new("data/firmware/2"), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    insta::assert_snapshot!("diff_of_folders", out(&output));
    for (forbidden, code) in [("order", 1), ("lost-deinit", 0), ("order,error", 1), ("error", 0)] {
        let paths = [Path::new("data/firmware/1"), Path::new("data/firmware/2")];
        let output = diff(paths[0], paths[1], &["--fail-on", forbidden]);
        assert_eq!(output.status.code(), Some(code), "{forbidden}");
    }
}

#[test]
fn a_verdict_is_the_same_when_nobody_reads_the_output() {
    let code = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_initboard"));
        let output = command.args(arguments).current_dir(files::root()).stdout(writer).output();
        let output = output.unwrap();
        (output.status.code(), error(&output).to_owned())
    };
    let silent = |code| (Some(code), String::new());
    let (base, head) = ("data/firmware/1", "data/firmware/2");
    assert_eq!(code(&["diff", base, head]), silent(0));
    assert_eq!(code(&["diff", base, head, "--fail-on", "order"]), silent(1));
    assert_eq!(code(&["diff", base, head, "--expect-same-order"]).0, Some(1));
    let file = "data/firmware/2/ports/mps2/build-MPS2_NET/firmware.elf";
    assert_eq!(code(&["check", file]), silent(0));
    let baseless = ["check", "--fail-on", "note", file];
    assert_eq!(Some(code(&baseless).0), Some(run(&baseless).status.code()));
    assert_eq!(code(&["extract", "no-such-file", file]).0, Some(2));
    assert_eq!(code(&["openapi"]), silent(0));
}

#[test]
fn extracted_tables_say_the_same_as_their_firmware() {
    let tables = TempDir::new().unwrap();
    let [base, head] = ["1", "2"].map(|commit| {
        let paths = [firmware(commit, NET), firmware(commit, MINI)];
        let paths = paths.iter().map(|path| path.to_str().unwrap());
        let arguments: Vec<&str> =
            ["extract", "--format", "json"].into_iter().chain(paths).collect();
        let file = tables.path().join(format!("{commit}.json"));
        std::fs::write(&file, run(&arguments).stdout).unwrap();
        file
    });
    let read = BoardTable::read_all(&std::fs::read(&base).unwrap()).unwrap();
    let boards: Vec<String> =
        read.iter().filter_map(|table| Some(table.board.as_ref()?.to_string())).collect();
    assert_eq!(boards, ["mps2/MPS2_NET", "virt/VIRT_MINI"]);
    let of_tables = diff(&base, &head, &[]);
    let [base, head] = ["1", "2"].map(|commit| {
        let bytes = [NET, MINI].map(|build| std::fs::read(firmware(commit, build)).unwrap());
        folder(&[(NET, &bytes[0]), (MINI, &bytes[1])])
    });
    let of_firmware = diff(base.path(), head.path(), &[]);
    assert_eq!(out(&of_tables), out(&of_firmware));
    assert!(out(&of_tables).starts_with("The order changes on 1 of 2 boards\n"));
}

#[test]
fn a_folder_may_hold_tables_beside_other_json() {
    let table = run(&["extract", "--format", "json", firmware("1", MINI).to_str().unwrap()]).stdout;
    let folder = folder(&[
        ("ports/virt/build-VIRT_MINI/a_compile_commands.json", b"[]"),
        ("ports/virt/build-VIRT_MINI/init.json", &table),
    ]);
    let output = diff(folder.path(), folder.path(), &["--expect-same-order"]);
    assert_eq!(out(&output), "No change of order on 1 board\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_broken_build_is_told_and_the_others_are_compared() {
    let good = std::fs::read(firmware("1", MINI)).unwrap();
    let base = folder(&[(MINI, &good), (NET, &good)]);
    let head = folder(&[(MINI, &good), (NET, &good[..80])]);
    let output = diff(base.path(), head.path(), &[]);
    let why = "mps2/MPS2_NET at head: ";
    assert!(out(&output).contains(&format!("not compared {why}")), "{}", out(&output));
    assert!(error(&output).starts_with(&format!("initboard: {why}")), "{}", error(&output));
    assert_eq!(output.status.code(), Some(2));
    let output = diff(base.path(), head.path(), &["--expect-same-order"]);
    assert_eq!(output.status.code(), Some(1));
    let said = "initboard: expected the same order: builds could not be compared: mps2/MPS2_NET\n";
    assert!(error(&output).ends_with(said), "{}", error(&output));
}

#[test]
fn two_files_are_compared_whatever_they_are_called() {
    let folder = folder(&[
        ("before.elf", &std::fs::read(firmware("1", NET)).unwrap()),
        ("after.elf", &std::fs::read(firmware("2", NET)).unwrap()),
    ]);
    let [before, after] = ["before.elf", "after.elf"].map(|name| folder.path().join(name));
    let output = diff(&before, &after, &["--expect-same-order"]);
    assert!(out(&output).starts_with("The order changes on the one board compared\n"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        error(&output),
        format!(
            "initboard: expected the same order: the order is another one: {}\n",
            after.display()
        )
    );
    assert_eq!(diff(&before, &before, &["--expect-same-order"]).status.code(), Some(0));
}

#[test]
fn firmware_is_not_compared_with_source_text() {
    let table: InitTable = files::extract(&std::fs::read(firmware("1", MINI)).unwrap());
    let mut text = serde_json::to_value(&table).unwrap();
    text["source"] = serde_json::json!({"port": "virt", "path": "main.c", "commit": null});
    let folder = folder(&[
        ("firmware.json", serde_json::to_string(&table).unwrap().as_bytes()),
        ("source.json", text.to_string().as_bytes()),
        ("empty.json", b"\n"),
    ]);
    let path = |name| folder.path().join(name);
    let output = diff(&path("firmware.json"), &path("source.json"), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        error(&output),
        "initboard: some tables are of firmware, others of source text: expected builds on both sides, or the tables of two trees\n"
    );
    let output = diff(&path("empty.json"), &path("source.json"), &[]);
    assert!(error(&output).ends_with(
        "empty.json is empty: expected what `initboard extract --format json` prints\n"
    ));
}

#[test]
fn a_comment_links_to_the_pages_of_a_server() {
    let output = run(&[
        "diff",
        firmware("1", NET).to_str().unwrap(),
        firmware("2", NET).to_str().unwrap(),
        "--format",
        "markdown",
        "--server",
        "https://initboard.example/",
        "--project",
        "sample",
        "--head-commit",
        "89abcdef0123456789abcdef0123456789abcdef",
    ]);
    assert!(out(&output).starts_with("<!-- initboard: order of sample -->\n### "));
    assert!(out(&output).contains(
        "[`mps2/MPS2_NET`](https://initboard.example/sample/mps2/MPS2_NET/89abcdef0123456789abcdef0123456789abcdef)"
    ));
}
