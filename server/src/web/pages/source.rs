//! What the text of a port's main says, drawn as what a board runs is: the part
//! that the page of a port and that of a board without builds share.

use jiff::Timestamp;

use super::build::FindingView;
use super::counted;
use super::repository::Repository;
use super::run::{Place, Run};
use super::when::When;
use crate::store::Source;

/// The text of a main as a part of a page.
pub(super) struct SourceView {
    pub(super) path: String,
    /// The file in the repository.
    pub(super) link: Option<String>,
    pub(super) commit: String,
    pub(super) commit_link: Option<String>,
    pub(super) when: When,
    pub(super) counts: String,
    /// How many of the calls stand under a condition of the preprocessor.
    pub(super) under_condition: usize,
    pub(super) findings: Vec<FindingView>,
    /// `3 pairs whose conditions differ`
    pub(super) guards_title: String,
    pub(super) guards: Vec<GuardView>,
    pub(super) run: Option<Run>,
}

/// A pair whose init and deinit stand under different conditions.
pub(super) struct GuardView {
    pub(super) subsystem: String,
    /// The init and the deinit.
    pub(super) calls: [GuardedCall; 2],
    /// What follows from it.
    pub(super) meaning: &'static str,
}

pub(super) struct GuardedCall {
    pub(super) function: String,
    pub(super) condition: Option<String>,
    pub(super) place: Option<Place>,
}

impl SourceView {
    /// The text, whose table has what is derived from it.
    pub(super) fn new(source: Source, repository: Option<&Repository<'_>>, now: Timestamp) -> Self {
        let Source { summary, table } = source;
        let main = table.main.as_ref().map(|main| format!(" in {}", main.function));
        Self {
            link: repository.and_then(|repository| repository.file(&summary.commit, &summary.path)),
            commit: summary.commit.short().to_owned(),
            commit_link: repository.map(|repository| repository.commit(&summary.commit)),
            when: When::new(summary.committed_at, now),
            counts: format!(
                "{} init, {} deinit{}",
                summary.init_count,
                summary.deinit_count,
                main.unwrap_or_default()
            ),
            under_condition: table.entries.iter().filter(|entry| entry.condition.is_some()).count(),
            findings: table.findings.iter().map(FindingView::new).collect(),
            guards_title: counted(table.guards.len(), "pair"),
            guards: table
                .guards
                .iter()
                .filter_map(|guard| {
                    let call = |position: u32| {
                        let entry = table.entries.get(usize::try_from(position).ok()?)?;
                        let commit = &summary.commit;
                        Some(GuardedCall {
                            function: entry.display_name(),
                            condition: entry.condition.clone(),
                            place: entry
                                .location
                                .as_ref()
                                .map(|place| Place::new(place, repository, commit)),
                        })
                    };
                    Some(GuardView {
                        subsystem: guard.subsystem.clone(),
                        calls: [call(guard.init)?, call(guard.deinit)?],
                        meaning: guard.kind.as_str(),
                    })
                })
                .collect(),
            run: Run::new(&table, repository, &summary.commit),
            path: summary.path,
        }
    }

    /// `34 of its calls stand under a condition.`
    pub(super) fn conditions(&self) -> String {
        match self.under_condition {
            0 => "No call stands under a condition of the preprocessor.".to_owned(),
            1 => "1 call stands under a condition of the preprocessor.".to_owned(),
            count => {
                format!("{} stand under a condition of the preprocessor.", counted(count, "call"))
            }
        }
    }
}
