//! Which boards of a migration are shown, and in which order: what the address of the
//! page says, and that of its CSV.

use serde::Deserialize;

use super::api::parameters::unexpected;
use super::migration::BoardProgress;
use super::migration_step::Step;
use super::pages::encoded;
use super::pages::sort::{Chosen, SortQuery, Sortable};

/// The parameters; empty for no matter which.
#[derive(Debug, Default, Deserialize)]
pub(super) struct MigrationQuery {
    #[serde(default)]
    pub(super) port: String,
    #[serde(default)]
    pub(super) state: String,
    pub(super) sort: Option<String>,
}

/// What a query means.
#[derive(Debug)]
pub(super) struct MigrationFilter {
    /// The port as it is given; empty for all.
    pub(super) port: String,
    pub(super) step: Option<Step>,
    /// The order of the boards, where it was chosen.
    pub(super) sort: Option<String>,
    pub(super) chosen: Chosen,
}

/// What the boards can be sorted by.
pub(super) const COLUMNS: [Sortable; 6] = [
    Sortable { key: "board", numeric: false },
    Sortable { key: "state", numeric: false },
    Sortable { key: "registered", numeric: true },
    Sortable { key: "calls left", numeric: true },
    Sortable { key: "stay by hand", numeric: true },
    Sortable { key: "linker scripts", numeric: false },
];

impl MigrationQuery {
    /// What it means.
    ///
    /// # Errors
    /// With a sentence for the reader, when there is no such state or column.
    pub(super) fn filter(self) -> Result<MigrationFilter, String> {
        let Self { port, state, sort } = self;
        let step = Step::ALL.into_iter().find(|of| of.as_str() == state);
        if step.is_none() && !state.is_empty() {
            let expected =
                "not-seen, unread, calls, partial, nothing-to-register, migrated or verified";
            return Err(unexpected("state", &state, expected));
        }
        let chosen = SortQuery::new(sort.clone()).choose(&COLUMNS)?;
        Ok(MigrationFilter { port, step, sort, chosen })
    }
}

impl MigrationFilter {
    /// Whether boards may be left out.
    pub(super) fn is_filtered(&self) -> bool {
        self.step.is_some() || !self.port.is_empty()
    }

    /// The boards that are meant, in the order that is.
    pub(super) fn shown<'a>(&self, boards: &'a [BoardProgress]) -> Vec<&'a BoardProgress> {
        let is_shown = |board: &&BoardProgress| {
            self.step.is_none_or(|step| Step::of(board) == step)
                && (self.port.is_empty() || board.board.port.as_str() == self.port)
        };
        let mut shown: Vec<&BoardProgress> = boards.iter().filter(is_shown).collect();
        self.chosen.apply(&mut shown, |column, board| {
            let (mut name, mut state, mut count, mut scripts) = (None, None, 0, None);
            match column {
                1 => state = Some(Step::of(board)),
                2 => count = usize::try_from(board.registered).unwrap_or(usize::MAX),
                3 => count = board.left.len(),
                4 => count = board.by_hand,
                5 => scripts = Some(board.scripts),
                _ => name = Some(board.board.clone()),
            }
            (name, state, count, scripts)
        });
        shown
    }

    /// What of an address leaves the same boards, with an `&` at its end where there
    /// is any.
    pub(super) fn kept(&self) -> String {
        let state = self.step.map_or("", Step::as_str);
        let given = [("port", self.port.as_str()), ("state", state)];
        let given = given.iter().filter(|(_, value)| !value.is_empty());
        let given: Vec<String> =
            given.map(|(name, value)| format!("{name}={}&", encoded(value))).collect();
        given.concat()
    }

    /// The query that shows the same in the same order, with its `?`.
    pub(super) fn address(&self) -> String {
        let sort = self.sort.as_deref().map(|sort| format!("sort={}", encoded(sort)));
        let query = self.kept() + &sort.unwrap_or_default();
        let query = query.trim_end_matches('&');
        if query.is_empty() { String::new() } else { format!("?{query}") }
    }
}
