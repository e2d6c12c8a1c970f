//! What the rules say of the mains of a project's source tree side by side, for
//! the page and the API alike.

use std::sync::LazyLock;

use jiff::Timestamp;

use crate::analyze::check::{Baseline, Report, Subject, check};
use crate::analyze::policy::Policy;
use crate::config::Config;
use crate::store::{ProjectId, Reader, StoreError};

/// The policy of projects, none of which has configured its own.
static POLICY: LazyLock<Policy> = LazyLock::new(|| Config::shipped().policy);

/// What a project says of its own names. There is one place where it comes from.
pub(super) fn policy() -> &'static Policy {
    &POLICY
}

/// Checks the newest source text of each port.
pub(super) fn report(
    reader: &Reader<'_>,
    project: ProjectId,
    now: Timestamp,
) -> Result<Report, StoreError> {
    let mut subjects = Vec::new();
    for summary in reader.sources(project)? {
        let Some(source) = reader.source_of_port(project, &summary.port)? else { continue };
        let label = summary.port.to_string();
        subjects.push(Subject { label, port: summary.port, board: None, table: source.table });
    }
    // Every time that a clock can show has a day.
    let today = now.strftime("%Y-%m-%d").to_string().parse().unwrap_or(jiff::civil::Date::MAX);
    Ok(check(&mut subjects, policy(), &Baseline::default(), today))
}
