//! How the calls of a board become registrations: the part of its page with the code
//! to copy.

use super::counted;
use super::migration::compared;
use super::repository::Repository;
use super::run::Place;
use crate::analyze::migrate::by_hand::StaysByHand;
use crate::analyze::migrate::plan::{Plan, RunLevel};
use crate::analyze::migrate::state::State;
use crate::model::{BoardId, Entry, InitTable, ProjectName, Stage};
use crate::store::SourceSummary;
use crate::web::board_migration::{BoardMigration, CallToRemove};
use crate::web::migration::BoardProof;
use crate::web::migration_step::Step;

/// The part of a board's page.
pub(super) struct MigrationView {
    pub(super) step: Step,
    /// What the state means for this board: `12 calls could be registered, 5 stay in main`.
    pub(super) answer: String,
    /// The last build that called everything beside the first that was migrated.
    pub(super) proof: Option<Link>,
    /// Functions that run twice, and those that nothing runs.
    pub(super) twice: String,
    pub(super) idle: String,
    pub(super) runs: Vec<RunView>,
    pub(super) files: Vec<FileView>,
    pub(super) stays: Vec<StaysRow>,
    /// Lines of the text to remove.
    pub(super) remove: Vec<RemoveRow>,
    /// Whether no text of the port's main was uploaded.
    pub(super) has_no_text: bool,
}

pub(super) struct Link {
    pub(super) to: String,
    pub(super) text: String,
}

/// A call that main makes in place of others.
pub(super) struct RunView {
    pub(super) call: String,
    pub(super) place: String,
    pub(super) count: String,
}

/// A file to be added to the firmware.
pub(super) struct FileView {
    pub(super) language: &'static str,
    pub(super) name: String,
    pub(super) text: String,
}

/// A call that stays in main.
pub(super) struct StaysRow {
    pub(super) function: String,
    pub(super) stage: &'static str,
    pub(super) why: String,
}

/// A line to remove.
pub(super) struct RemoveRow {
    pub(super) function: String,
    pub(super) condition: String,
    pub(super) place: Place,
}

impl MigrationView {
    /// That of a board by the table of its latest build, unless nothing is known of its
    /// main and nothing is registered.
    pub(super) fn new(
        project: &ProjectName,
        board: &BoardId,
        table: &InitTable,
        source: Option<&SourceSummary>,
        repository: Option<&Repository<'_>>,
        board_migration: &BoardMigration,
    ) -> Option<Self> {
        let BoardMigration { migration, proof, plan, files, remove } = board_migration;
        if migration.state == State::NotSeen {
            return None;
        }
        let name = |position: &u32| {
            let entry = usize::try_from(*position).ok().and_then(|at| table.entries.get(at));
            entry.map(Entry::display_name)
        };
        let names = |positions: &mut dyn Iterator<Item = &u32>| {
            positions.filter_map(name).collect::<Vec<_>>().join(", ")
        };
        Some(Self {
            step: Step::reached(migration.state, migration.registered, true),
            answer: answer(board_migration),
            proof: proof.as_ref().map(|proof| link(project, board, proof)),
            twice: names(&mut migration.twice.iter().map(|twice| &twice.called)),
            idle: names(&mut migration.idle.iter()),
            runs: plan.as_ref().map(runs).unwrap_or_default(),
            files: ["C", "Rust"]
                .into_iter()
                .zip(files)
                .map(|(language, file)| FileView {
                    language,
                    name: file.name.clone(),
                    text: file.text.clone(),
                })
                .collect(),
            stays: stays(board_migration)
                .iter()
                .map(|stays| StaysRow {
                    function: name(&stays.position).unwrap_or_default(),
                    stage: stays.stage.map_or("", Stage::as_str),
                    why: stays.because.clone().unwrap_or_else(|| stays.reason.words().to_owned()),
                })
                .collect(),
            remove: source
                .map(|source| {
                    let row = |call: &CallToRemove| RemoveRow {
                        function: call.function.to_string(),
                        condition: call.condition.clone().unwrap_or_default(),
                        place: Place::new(&call.location, repository, &source.commit),
                    };
                    remove.iter().map(row).collect()
                })
                .unwrap_or_default(),
            has_no_text: source.is_none(),
        })
    }
}

/// The calls that stay in main. A plan knows more of them: what cannot be written, and
/// what no level could run at its place.
fn stays(BoardMigration { migration, plan, .. }: &BoardMigration) -> &[StaysByHand] {
    plan.as_ref().map_or(migration.by_hand.as_slice(), |plan| plan.by_hand.as_slice())
}

fn answer(of: &BoardMigration) -> String {
    let BoardMigration { migration, proof, plan, .. } = of;
    let stay = match stays(of).len() {
        0 => String::new(),
        1 => ", 1 call stays in main".to_owned(),
        count => format!(", {count} calls stay in main"),
    };
    let registered = usize::try_from(migration.registered).unwrap_or(usize::MAX);
    let registered = match registered {
        0 => "nothing is registered".to_owned(),
        1 => "1 function is registered".to_owned(),
        count => format!("{count} functions are registered"),
    };
    let rest = match (migration.state, proof) {
        (State::Verified, _) => ": its order is proven to be that of the calls before".to_owned(),
        (_, Some(proof)) if !proof.is_certain => {
            ": its order is not proven, since not everything has a name, or main could not be read in full"
                .to_owned()
        }
        (_, Some(proof)) => {
            format!(": its order has {} from that of the calls before", counted(proof.changed, "difference"))
        }
        (State::Migrated, None) if migration.registered > 0 => {
            ": no build of it called everything, so there is no order to hold it against".to_owned()
        }
        _ if !migration.is_main_read => {
            "; main could not be read, so nothing tells what it still calls".to_owned()
        }
        _ => match plan.as_ref().map_or(0, |plan| plan.registrations.len()) {
            0 => String::new(),
            1 => ", 1 call could be".to_owned(),
            count => format!(", {count} calls could be"),
        },
    };
    format!("{registered}{rest}{stay}.")
}

fn link(project: &ProjectName, board: &BoardId, proof: &BoardProof) -> Link {
    Link {
        to: compared(project, board, proof),
        text: format!(
            "{} called everything, {} is migrated: both side by side",
            proof.before.short(),
            proof.after.short()
        ),
    }
}

fn runs(plan: &Plan) -> Vec<RunView> {
    let view = |run: &RunLevel| RunView {
        call: run.call(),
        place: run.place(),
        count: match run.runs.len() {
            0 => String::new(),
            count => counted(count, "call"),
        },
    };
    plan.runs.iter().map(view).collect()
}
