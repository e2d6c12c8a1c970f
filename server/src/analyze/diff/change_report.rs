//! What a comparison of two commits says.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::excerpt::ExcerptLine;
use super::finding_change::FindingChange;
use super::table::{DeinitChange, OrderChange, OriginChange};

/// What changed between the builds of two commits. Boards are written as build
/// folders are, `stm32/PYBV10-DP_THREAD`, and listed by name.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChangeReport {
    /// Version of this format.
    pub schema: u32,
    /// The answer in a word.
    pub verdict: Verdict,
    /// What changed, with the boards that changed alike: first where the order is
    /// another one, then where only origins or levels are; the largest group first.
    pub groups: Vec<ChangeGroup>,
    /// Boards on which nothing changed.
    pub unchanged: Vec<String>,
    /// Boards that have a build at head and none at base, so that nothing can be
    /// said of them.
    pub missing_base: Vec<String>,
    /// Boards that have a build at base and none at head: not built, or not yet.
    pub missing_head: Vec<String>,
    /// Boards with a build on either side that could not be compared.
    pub not_compared: Vec<NotCompared>,
    /// Compared boards with entries that have no name (a stripped file): nothing
    /// tells whether these changed places among themselves.
    pub nameless: Vec<String>,
    /// Compared boards of which main, or some of it, could not be read in one build or
    /// in both: nothing tells whether what it calls by hand changed.
    pub unread: Vec<String>,
    /// Findings that are new or gone on boards that were compared: the new ones
    /// first, the gravest first.
    pub findings: Vec<FindingChange>,
}

/// The answer to what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The order changed on some board.
    Changed,
    /// The order is the same everywhere; findings came or went.
    Findings,
    /// The order is the same everywhere; entries are registered elsewhere than
    /// before.
    OrderKept,
    /// Nothing changed on any board.
    Unchanged,
    /// No board could be compared.
    NothingCompared,
}

impl Verdict {
    /// Whether there is something that a reviewer would want to be told.
    pub fn is_news(self) -> bool {
        matches!(self, Self::Changed | Self::Findings | Self::OrderKept)
    }
}

/// Boards that changed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeGroup {
    /// The boards, by name.
    pub boards: Vec<String>,
    /// Whether everything runs as before, and only origins or levels changed.
    pub keeps_order: bool,
    /// What happened to the order, as on the first board.
    pub changes: Vec<OrderChange>,
    /// Entries that were read elsewhere than before, such as calls that are
    /// registered now.
    pub origins: Vec<OriginChange>,
    /// Subsystems that lost or gained a deinit.
    pub deinits: Vec<DeinitChange>,
    /// Both orders of the first board as one listing, around what changed.
    pub excerpt: Vec<ExcerptLine>,
}

/// A board with a build that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct NotCompared {
    /// The board.
    pub board: String,
    /// Which of its builds is at fault.
    pub revision: Revision,
    /// What is wrong with it.
    pub why: String,
}

/// One of the two commits that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Revision {
    /// What the change starts from.
    Base,
    /// What the change leads to.
    Head,
}

impl Revision {
    /// The word for it: `base` or `head`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }
}

impl ChangeReport {
    /// How many boards were compared.
    pub fn compared(&self) -> usize {
        self.unchanged.len() + self.groups.iter().map(|group| group.boards.len()).sum::<usize>()
    }

    /// The groups in which something runs otherwise than before.
    pub fn reordered(&self) -> impl Iterator<Item = &ChangeGroup> {
        self.groups.iter().filter(|group| !group.keeps_order)
    }

    /// On how many boards the order changed.
    pub fn reordered_boards(&self) -> usize {
        self.reordered().map(|group| group.boards.len()).sum()
    }

    /// The subsystems that are no longer stopped, by name, each with the number of
    /// boards of which that holds.
    pub fn lost_deinits(&self) -> BTreeMap<&str, usize> {
        let mut lost = BTreeMap::new();
        for group in &self.groups {
            for deinit in group.deinits.iter().filter(|deinit| deinit.is_lost) {
                *lost.entry(deinit.subsystem.as_str()).or_default() += group.boards.len();
            }
        }
        lost
    }

    /// The findings that are new, or those that are gone.
    pub fn findings_that(&self, is_new: bool) -> impl Iterator<Item = &FindingChange> {
        self.findings.iter().filter(move |finding| finding.is_new == is_new)
    }

    /// Why it is not proven that every board of base runs the same as before, in
    /// the same order and stages; nothing where it is. Levels and origins may
    /// differ, and boards that are new at head have nothing to keep.
    pub fn obstacles_to_same_order(&self) -> Vec<String> {
        let mut obstacles = Vec::new();
        let mut because = |what: &str, boards: Vec<&String>| {
            let Some(first) = boards.first() else { return };
            let more = match boards.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            obstacles.push(format!("{what}: {first}{more}"));
        };
        let reordered = self.reordered().flat_map(|group| &group.boards).collect();
        because("the order is another one", reordered);
        because(
            "entries have no name, so nothing tells whether they changed places",
            self.nameless.iter().collect(),
        );
        because(
            "main could not be read in full, so nothing tells what it calls by hand",
            self.unread.iter().collect(),
        );
        let not_compared = self.not_compared.iter().map(|not| &not.board).collect();
        because("builds could not be compared", not_compared);
        because("boards of base have no build at head", self.missing_head.iter().collect());
        if self.compared() == 0 && obstacles.is_empty() {
            obstacles.push("no board has a build at base and at head".to_owned());
        }
        obstacles
    }
}
