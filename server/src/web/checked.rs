//! What the rules say of the mains of a project's source tree side by side, for
//! the page and the API alike.

use super::policies::Judge;
use crate::analyze::check::{Baseline, Report, Subject, check};
use crate::store::{ProjectId, Reader, StoreError};

/// Checks the newest source text of each port.
pub(super) fn report(
    reader: &Reader<'_>,
    project: ProjectId,
    judge: &Judge,
) -> Result<Report, StoreError> {
    let mut subjects = Vec::new();
    for summary in reader.sources(project)? {
        let Some(source) = reader.source_of_port(project, &summary.port)? else { continue };
        let label = summary.port.to_string();
        subjects.push(Subject { label, port: summary.port, board: None, table: source.table });
    }
    Ok(check(&mut subjects, judge.policy(), &Baseline::default(), judge.today()))
}
