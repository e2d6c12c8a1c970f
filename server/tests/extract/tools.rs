//! Programs that some tests need and not every machine has.

use std::io::Write as _;
use std::process::Command;

/// Whether `tool` is on the path. Where it is not, says so, and fails if
/// `INITBOARD_REQUIRE_TOOLS=1` says that it should be.
pub(crate) fn need(tool: &str) -> Option<()> {
    let found =
        Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if found { Some(()) } else { skip(tool) }
}

/// Whether the file is there, which comes with `package`.
pub(crate) fn need_file(path: &std::path::Path, package: &str) -> Option<()> {
    if path.exists() { Some(()) } else { skip(package) }
}

/// Whether this machine runs the images of the `linux` port itself.
pub(crate) fn need_x86_64_linux() -> Option<()> {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        Some(())
    } else {
        skip("x86-64 Linux")
    }
}

fn skip(what: &str) -> Option<()> {
    assert!(
        std::env::var_os("INITBOARD_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
        "needs {what}"
    );
    // Not `eprintln!`, which the test harness would keep to itself.
    let _ = writeln!(std::io::stderr(), "skipped: needs {what}");
    None
}
