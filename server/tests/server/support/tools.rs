//! Programs that some tests need and not every machine has.

use std::io::Write as _;

/// Says that a test was skipped for want of something, and fails if
/// `INITBOARD_REQUIRE_TOOLS=1` says that it should be there.
pub(crate) fn skip(what: &str) {
    let required = std::env::var_os("INITBOARD_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "needs {what}");
    // Not `eprintln!`, which the test harness would keep to itself.
    let _ = writeln!(std::io::stderr(), "skipped: needs {what}");
}
