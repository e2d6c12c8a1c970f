//! The order file: what every board runs, as a text that is kept with the source
//! and reviewed like it.
//!
//! One line is one entry, with room for the reason why it stands there. Boards
//! with the same order share their lines, and where boards of a port differ, a
//! line says on which of them it holds. Levels, priorities, addresses and origins
//! are left out: the file says what runs when, and stays as it is when a port is
//! renumbered or migrated without another order. `docs/order-file.md` describes
//! the format.
//!
//! - `merge`: the orders of several boards as one list of lines
//! - `check`: builds against the file
//! - `words`: the words of the text, and names as words
//! - `write`, `read`: the file as text

mod check;
mod merge;
mod read;
mod words;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use super::check::Subject;
use crate::model::{Entry, EntryKind, Phase, PortName, Stage, SymbolName};

pub use check::OrderCheck;
pub use read::OrderFileError;

/// The orders of the boards of some ports, with what people wrote about them.
///
/// Its `Display` is the text of the file, which `FromStr` reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFile {
    ports: BTreeMap<PortName, PortOrder>,
}

/// The orders of the boards of a port, as one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct PortOrder {
    remarks: Remarks,
    /// The boards, each with its variant, as `BoardId::label` writes them.
    boards: BTreeMap<String, Board>,
    /// Read from top to bottom, the lines of each board are its order.
    lines: Vec<Line>,
}

/// A board of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Board {
    /// The board that stands for this one in `Line::on`: itself, or one that runs
    /// the same.
    like: String,
    remarks: Remarks,
}

/// An entry of some boards.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    call: Call,
    /// The boards that run it, each standing for those that are like it.
    on: BTreeSet<String>,
    remarks: Remarks,
}

/// What people wrote about a line, with all that stands behind each `#`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Remarks {
    above: Vec<String>,
    behind: Option<String>,
}

/// One entry of an order, as far as the file tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Call {
    stage: Option<Stage>,
    role: Role,
    is_conditional: bool,
    function: SymbolName,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Role {
    Init,
    Deinit,
    Landmark,
    /// Runs a level of init that is not known.
    RunInit,
    /// Runs a level of deinit that is not known.
    RunDeinit,
}

/// What becomes of the boards of a file that were not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbuilt {
    /// They stay as they are: not every job builds all boards.
    Keep,
    /// They are left out: there are no other boards.
    Drop,
}

/// An order file brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The file.
    pub file: OrderFile,
    /// Remarks whose lines are gone, each with what it was about.
    pub lost: Vec<String>,
    /// Builds of which nothing is known, so that the file says no more of their
    /// boards than before.
    pub left_out: Vec<NoOrder>,
}

/// Why the order of a build cannot be in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{label}: {why}")]
pub struct NoOrder {
    /// What the build is called.
    pub label: String,
    /// What is wrong with it.
    pub why: NoOrderReason,
}

/// What is wrong with a build whose order cannot be in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOrderReason {
    /// Its board is not known.
    #[error(
        "its path names no board: expected a build folder, such as ports/stm32/build-PYBV10/firmware.elf"
    )]
    Board,
    /// Neither a registry nor main could be read.
    #[error(
        "nothing is known of its order, because main could not be read and there is no registry: expected a build without -flto, or one that registers its functions"
    )]
    Unknown,
    /// Some of its entries have no name.
    #[error(
        "entries without a name, {count} of them, which nobody could review: expected firmware that is not stripped, or built with records"
    )]
    Nameless {
        /// How many there are.
        count: usize,
    },
}

impl OrderFile {
    /// The file with the orders of `builds`. What people wrote is kept, and so are
    /// the lines of all orders that are still the same.
    ///
    /// # Errors
    /// When the board of a build is not known, or one of its entries has no name.
    pub fn updated(&self, builds: &[Subject], unbuilt: Unbuilt) -> Result<Updated, NoOrder> {
        let mut orders: BTreeMap<PortName, BTreeMap<String, Vec<Call>>> = BTreeMap::new();
        if unbuilt == Unbuilt::Keep {
            for (port, order) in &self.ports {
                orders.insert(port.clone(), order.orders());
            }
        }
        let mut left_out = Vec::new();
        for build in builds {
            let error = |why| NoOrder { label: build.label.clone(), why };
            match order(build) {
                Ok((board, calls)) => {
                    let boards = orders.entry(build.port.clone()).or_default();
                    boards.insert(board.to_owned(), calls);
                }
                Err(why @ NoOrderReason::Unknown) => left_out.push(error(why)),
                Err(why) => return Err(error(why)),
            }
        }
        let gone = self.ports.iter().filter(|(port, _)| !orders.contains_key(*port));
        let mut lost: Vec<String> = gone.flat_map(|(port, order)| order.remarked(port)).collect();
        let mut ports = BTreeMap::new();
        for (port, orders) in orders {
            let none = PortOrder::default();
            let earlier = self.ports.get(&port).unwrap_or(&none);
            let (order, without) = merge::updated(earlier, orders);
            lost.extend(without.iter().map(|remark| format!("{port}: {remark}")));
            ports.insert(port, order);
        }
        Ok(Updated { file: Self { ports }, lost, left_out })
    }

    /// How many ports it has.
    pub fn ports(&self) -> usize {
        self.ports.len()
    }

    /// How many boards it has.
    pub fn boards(&self) -> usize {
        self.ports.values().map(|order| order.boards.len()).sum()
    }
}

impl PortOrder {
    /// What a board runs.
    fn calls(&self, board: &str) -> Option<Vec<Call>> {
        let like = &self.boards.get(board)?.like;
        let lines = self.lines.iter().filter(|line| line.on.contains(like));
        Some(lines.map(|line| line.call.clone()).collect())
    }

    /// What each board runs.
    fn orders(&self) -> BTreeMap<String, Vec<Call>> {
        let boards = self.boards.keys();
        boards.filter_map(|board| Some((board.clone(), self.calls(board)?))).collect()
    }

    /// Everything that people wrote, with what it is about.
    fn remarked(&self, port: &PortName) -> Vec<String> {
        let own = self.remarks.about(port.as_str());
        let boards = self.boards.iter().filter_map(|(name, board)| board.remarks.about(name));
        let lines = self.lines.iter();
        let lines = lines.filter_map(|line| line.remarks.about(line.call.function.as_str()));
        let all = own.into_iter().chain(boards).chain(lines);
        all.map(|remark| format!("{port}: {remark}")).collect()
    }
}

impl Remarks {
    fn is_empty(&self) -> bool {
        self.above.is_empty() && self.behind.is_none()
    }

    /// The remarks in one line, after what they are about; none where there is
    /// none.
    fn about(&self, what: &str) -> Option<String> {
        let remarks = self.above.iter().chain(&self.behind);
        let words: Vec<&str> = remarks.map(|remark| remark.trim()).collect();
        (!self.is_empty()).then(|| format!("{what}: {}", words.join(" ")))
    }
}

/// The board of a build, and what it runs.
fn order(build: &Subject) -> Result<(&str, Vec<Call>), NoOrderReason> {
    let board = build.board.as_deref().ok_or(NoOrderReason::Board)?;
    let entries = &build.table.entries;
    if entries.is_empty() && build.table.main.is_none() {
        return Err(NoOrderReason::Unknown);
    }
    let calls: Vec<Call> = entries.iter().filter_map(Call::of).collect();
    match entries.len() - calls.len() {
        0 => Ok((board, calls)),
        count => Err(NoOrderReason::Nameless { count }),
    }
}

impl Call {
    /// What the file tells of an entry; none where it has no name.
    fn of(entry: &Entry) -> Option<Self> {
        Some(Self {
            stage: entry.stage,
            role: match (entry.kind, entry.phase) {
                (EntryKind::Landmark, _) => Role::Landmark,
                (EntryKind::Entry, Some(Phase::Deinit)) => Role::Deinit,
                (EntryKind::Entry, _) => Role::Init,
                (EntryKind::RunLevel, Some(Phase::Deinit)) => Role::RunDeinit,
                (EntryKind::RunLevel, _) => Role::RunInit,
            },
            is_conditional: entry.conditional,
            function: entry.function.clone()?,
        })
    }
}

#[cfg(test)]
mod tests;
