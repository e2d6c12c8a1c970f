//! What there is to say of one subsystem: what each port, or each board of one,
//! does with it, and the commits that changed that.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::AppError;
use super::derived::Derived;
use crate::analyze::fleet::{Satisfaction, entry};
use crate::analyze::matrix::{Call, Mark};
use crate::model::{BoardId, InitTable, Level, Location, PortName, Stage, SymbolName};
use crate::store::{HistoryPart, PortChange, Project, Reader};

/// Most changes that are given of all ports.
const CHANGES: usize = 40;

/// One subsystem on all ports, or on the boards of one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Subsystem {
    /// Its name.
    #[serde(rename = "subsystem")]
    pub(super) name: String,
    /// Number of those that start it.
    pub(super) inits: u32,
    /// Number of those that stop it.
    pub(super) deinits: u32,
    /// The stage at which most start it, or stop it where none starts it.
    pub(super) stage: Option<Stage>,
    /// The level at which most register what starts it; null where most do not.
    pub(super) level: Option<Level>,
    /// The ports or boards that have it, and those on which its absence stands
    /// out.
    pub(super) units: Vec<OnUnit>,
    /// The ports or boards that do not have it.
    pub(super) absent: Vec<String>,
    /// The newest commits that changed the order of its functions in the text of
    /// a port's main, newest first; of each only the steps about them.
    pub(super) changes: Vec<PortChange>,
}

/// What a port or board does with it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct OnUnit {
    /// Its name.
    pub(super) unit: String,
    /// The port.
    pub(super) port: PortName,
    /// The board whose build was read; null for the text of main.
    pub(super) board: Option<String>,
    /// Its calls in effective order.
    pub(super) calls: Vec<CallInOrder>,
    /// How its deinit is satisfied where no call does it.
    pub(super) satisfied: Option<Satisfaction>,
    /// What stands out.
    pub(super) marks: Vec<Mark>,
}

/// One call, with what runs around it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct CallInOrder {
    #[serde(flatten)]
    pub(super) call: Call,
    /// What runs right before it.
    pub(super) before: Option<String>,
    /// What runs right after it.
    pub(super) after: Option<String>,
    /// Where it is defined; in the text of main, where it is called.
    pub(super) location: Option<Location>,
}

impl Subsystem {
    /// The subsystem of that name on the ports, or on the boards of `port`, if any
    /// of these has it.
    pub(super) fn find(
        reader: &Reader<'_>,
        derived: &Derived,
        project: &Project,
        port: Option<&PortName>,
        name: &str,
    ) -> Result<Option<Self>, AppError> {
        let tables = derived.side_by_side(reader, project, port)?;
        let row = tables.matrix.rows.iter().find(|row| row.subsystem == name).cloned();
        let Some(row) = row else { return Ok(None) };
        let mut subsystem = Self {
            name: row.subsystem,
            inits: row.inits,
            deinits: row.deinits,
            stage: row.stage,
            level: row.level,
            units: Vec::new(),
            absent: Vec::new(),
            changes: Vec::new(),
        };
        let mut functions: BTreeMap<&PortName, BTreeSet<SymbolName>> = BTreeMap::new();
        let units = tables.read.iter().filter_map(|read| Some((read, tables.table(read)?)));
        for (cell, (read, table)) in row.cells.into_iter().zip(units) {
            if cell.calls.is_empty() {
                subsystem.absent.push(read.label.clone());
            }
            if cell.calls.is_empty() && cell.marks.is_empty() {
                continue;
            }
            let names = cell.calls.iter().map(|call| SymbolName::try_from(call.function.clone()));
            functions.entry(&read.port).or_default().extend(names.flatten());
            subsystem.units.push(OnUnit {
                unit: read.label.clone(),
                port: read.port.clone(),
                board: read.board.as_ref().map(BoardId::label),
                calls: cell.calls.into_iter().map(|call| in_order(table, call)).collect(),
                satisfied: cell.satisfied,
                marks: cell.marks,
            });
        }
        for (port, functions) in functions {
            subsystem.changes.extend(changes(reader, project, port, &functions)?);
        }
        subsystem.changes.sort_by(|one, other| {
            (other.change.committed_at, &one.port).cmp(&(one.change.committed_at, &other.port))
        });
        subsystem.changes.truncate(CHANGES);
        Ok(Some(subsystem))
    }
}

fn in_order(table: &InitTable, call: Call) -> CallInOrder {
    let name = |position: Option<u32>| {
        position.and_then(|position| entry(table, position)).map(|entry| entry.display_name())
    };
    CallInOrder {
        before: name(call.position.checked_sub(1)),
        after: name(call.position.checked_add(1)),
        location: entry(table, call.position).and_then(|entry| entry.location.clone()),
        call,
    }
}

/// The changes of a port that are about some functions.
fn changes(
    reader: &Reader<'_>,
    project: &Project,
    port: &PortName,
    functions: &BTreeSet<SymbolName>,
) -> Result<Vec<PortChange>, AppError> {
    let mut found: Vec<PortChange> = Vec::new();
    for function in functions {
        let function = Some(function.clone());
        let wanted = HistoryPart { function, limit: CHANGES, ..HistoryPart::default() };
        for mut change in reader.history_of_port(project.id, port, &wanted)? {
            // A commit that is about two of them comes twice.
            if found.iter().any(|known| known.change.commit == change.commit) {
                continue;
            }
            change.steps.retain(|step| functions.contains(&step.function));
            found.push(PortChange { port: port.clone(), change });
        }
    }
    Ok(found)
}
