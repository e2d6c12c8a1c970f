//! Compilers and other programs that a test runs, and what it says when one is not
//! installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder of this package.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder for the files of one test.
pub(crate) fn scratch(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the last run's files can be removed");
    }
    std::fs::create_dir_all(&folder).expect("the scratch folder can be made");
    folder
}

/// Whether every one of `tools` is installed. If not, says so and the test ends there,
/// unless the environment variable `INITBOARD_REQUIRE_TOOLS` is 1.
pub(crate) fn have(tools: &[&str]) -> bool {
    let missing: Vec<_> = tools
        .iter()
        .filter(|tool| Command::new(tool).arg("--version").output().is_err())
        .copied()
        .collect();
    missing.is_empty() || skip(&missing.join(", "))
}

/// Ends a test that needs `what`: false, after saying so.
pub(crate) fn skip(what: &str) -> bool {
    assert!(
        std::env::var_os("INITBOARD_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
        "this test needs {what}, and INITBOARD_REQUIRE_TOOLS=1 forbids skipping it"
    );
    println!("skipped: needs {what}");
    false
}

/// Whether the sections of this machine's programs can be placed by GNU ld: an x86-64
/// Linux whose C compiler links with it.
pub(crate) fn links_with_gnu_ld() -> bool {
    let linker = Command::new("cc").arg("-Wl,--version").output();
    let gnu = linker.is_ok_and(|output| text(&output.stdout).contains("GNU ld"));
    cfg!(all(target_os = "linux", target_arch = "x86_64")) && gnu
        || skip("a C compiler with GNU ld on x86-64 Linux")
}

/// Runs `command` to its end; a failure shows all that it printed.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().expect("the program can be started");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}

/// What a program printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
