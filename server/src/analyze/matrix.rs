//! The matrix of subsystems and ports, or boards: who starts what, who stops it,
//! where, and which of them stand out.
//!
//! A mark is put only on what a person would want to look at, and only where the
//! others agree. To stop what most others do not stop is no mark: a deinit too
//! many harms nobody. Neither is to stop what nothing is seen to start: drivers
//! are often started by the scripts that use them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::consensus::{Consensus, Departure, Item, LEAST_SUPPORT, Share};
use super::fleet::{Fleet, Satisfaction, Uses};
use super::number::numbers;
use super::policy::Policy;
use super::rules::missing_deinit;
use crate::model::{InitTable, Level, Phase, PortName, Stage};

/// Least number of others that must have something before one is said to lack
/// it, or to have it at another stage or level.
const LEAST_PEERS: u32 = 4;
/// Least share of the others that have a subsystem for one to lack it.
const LEAST_PRESENCE: Share = Share::new(9, 10);
/// Least number of others that start a subsystem before a deinit is missed.
const LEAST_STARTERS: u32 = 2;

/// Every subsystem on every unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Matrix {
    /// What the columns are: `stm32` or `stm32/PYBV10`.
    pub units: Vec<String>,
    /// A row for each subsystem, in the order that most units run them.
    pub rows: Vec<Row>,
}

/// One subsystem on every unit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Row {
    /// Its name.
    pub subsystem: String,
    /// Number of units that start it.
    pub inits: u32,
    /// Number of units that stop it.
    pub deinits: u32,
    /// The stage at which most units start it, or stop it where none starts it.
    pub stage: Option<Stage>,
    /// The level at which most register what starts it; null where most do not.
    pub level: Option<Level>,
    /// What each unit has of it, in the order of `units`.
    pub cells: Vec<Cell>,
}

/// What one unit has of one subsystem.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Cell {
    /// Its calls in effective order; none where the unit lacks it.
    pub calls: Vec<Call>,
    /// How its deinit is satisfied where no call does it.
    pub satisfied: Option<Satisfaction>,
    /// What stands out.
    pub marks: Vec<Mark>,
}

/// One entry of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Call {
    /// Whether it starts or stops the subsystem.
    pub phase: Phase,
    /// Its place in the effective order, from 0.
    pub position: u32,
    /// Its place among the entries up to the last REPL, or on the way out, from
    /// 1, as drawings of a table number them.
    pub number: u32,
    /// Its stage; `null` where main is not seen to run it.
    pub stage: Option<Stage>,
    /// Its level, where it is registered.
    pub level: Option<Level>,
    /// The function, or its address.
    pub function: String,
    /// Whether a path through main leaves it out.
    pub conditional: bool,
    /// The preprocessor's condition under which it stands.
    pub condition: Option<String>,
}

/// Something that stands out, with those it stands out from.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Mark {
    /// Started at every soft reset and never stopped: among ports, where `IB301`
    /// says so; among boards of one port, where most of the others that start it
    /// stop it.
    MissingDeinit {
        /// Number of others that stop it.
        agree: u32,
        /// Number of others that have it.
        of: u32,
    },
    /// It runs elsewhere in the order than on most others.
    Order {
        /// Which half.
        phase: Phase,
        /// What it runs before, and most others before it.
        before: Vec<Item>,
        /// What it runs after, and most others after it.
        after: Vec<Item>,
        /// Least share of others that agree.
        support: f64,
        /// The number of ports that this is a share of; boards of one port share its
        /// vote.
        ports: f64,
    },
    /// It is started at another stage than on most others.
    Stage {
        /// The stage of most.
        usual: Stage,
        /// Number of others that start it there.
        agree: u32,
        /// Number of others that start it.
        of: u32,
    },
    /// It is registered at another level than on most others.
    Level {
        /// Which half.
        phase: Phase,
        /// The level of most.
        usual: Level,
        /// Number of others that register it there.
        agree: u32,
        /// Number of others that register it.
        of: u32,
    },
    /// The unit has nothing of what nearly all others have.
    Absent {
        /// Number of others that have it.
        agree: u32,
        /// Number of others.
        of: u32,
    },
}

/// Which part of a matrix to show; what is `None` is no filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only calls at this stage.
    pub stage: Option<Stage>,
    /// Only calls of this phase.
    pub phase: Option<Phase>,
    /// Only calls at this level.
    pub level: Option<Level>,
    /// Only rows in which something stands out.
    pub divergent: bool,
}

impl Matrix {
    /// The matrix of a fleet. `today` decides which waivers have run out.
    pub fn of(fleet: &Fleet<'_>, policy: &Policy, today: Date) -> Self {
        let votes = own_votes(fleet);
        let consensus = consensus(fleet, &votes);
        let calls: Vec<BTreeMap<&str, Vec<Call>>> =
            fleet.units.iter().map(|unit| calls(unit.table)).collect();
        let mut rows: Vec<Row> =
            fleet.subsystems().into_iter().map(|name| row(fleet, &calls, name)).collect();
        rows.retain(|row| row.cells.iter().any(|cell| !cell.calls.is_empty()));
        let order = consensus.order();
        let places = places(&order);
        // What no main is seen to run has no place in that order: it stands last.
        rows.sort_by_key(|row| {
            let place = places.get(row.subsystem.as_str()).copied();
            (place.is_none(), place, row.mean_position())
        });
        let missing = votes.is_empty().then(|| missing_deinit::missing(fleet, policy, today));
        for row in &mut rows {
            mark(row, missing.as_ref());
        }
        mark_order(&mut rows, fleet, &consensus);
        Self { units: fleet.units.iter().map(|unit| unit.label.to_owned()).collect(), rows }
    }

    /// The part that a filter leaves: cells keep the calls that pass it, and the
    /// marks that concern these. Rows without any are left out.
    #[must_use]
    pub fn filtered(mut self, filter: &Filter) -> Self {
        let placed = |call: &Call| {
            filter.stage.is_none_or(|stage| call.stage == Some(stage))
                && filter.level.as_ref().is_none_or(|level| call.level.as_ref() == Some(level))
        };
        let phase = |phase: Phase| filter.phase.is_none_or(|wanted| wanted == phase);
        let all = filter.stage.is_none() && filter.level.is_none() && filter.phase.is_none();
        for cell in self.rows.iter_mut().flat_map(|row| &mut row.cells) {
            let has =
                |wanted: Phase| cell.calls.iter().any(|call| call.phase == wanted && placed(call));
            cell.marks.retain(|mark| match mark {
                // It is about the init as much as about the deinit.
                Mark::MissingDeinit { .. } => has(Phase::Init),
                Mark::Order { phase: of, .. } | Mark::Level { phase: of, .. } => {
                    phase(*of) && has(*of)
                }
                Mark::Stage { .. } => phase(Phase::Init) && has(Phase::Init),
                Mark::Absent { .. } => all,
            });
            cell.calls.retain(|call| placed(call) && phase(call.phase));
        }
        self.rows.retain(|row| {
            let marked = row.is_divergent();
            marked || !filter.divergent && row.cells.iter().any(|cell| !cell.calls.is_empty())
        });
        self
    }

    /// The levels that anything is registered at, by name.
    pub fn levels(&self) -> BTreeSet<&Level> {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        cells.flat_map(|cell| &cell.calls).filter_map(|call| call.level.as_ref()).collect()
    }

    /// All marks, with their row and the unit's index.
    pub fn marks(&self) -> impl Iterator<Item = (&Row, usize, &Mark)> {
        self.rows.iter().flat_map(|row| {
            row.cells
                .iter()
                .enumerate()
                .flat_map(move |(unit, cell)| cell.marks.iter().map(move |mark| (row, unit, mark)))
        })
    }
}

impl Row {
    /// The mean of the positions at which units first have it, in thousandths.
    fn mean_position(&self) -> u64 {
        let first = self.cells.iter().filter_map(|cell| cell.calls.first());
        let (sum, count) = first.fold((0_u64, 0_u64), |(sum, count), call| {
            (sum + u64::from(call.position) * 1000, count + 1)
        });
        sum / count.max(1)
    }

    /// Whether something stands out in it.
    pub fn is_divergent(&self) -> bool {
        self.cells.iter().any(|cell| !cell.marks.is_empty())
    }

    /// Number of units that have it.
    pub fn present(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.calls.is_empty()).count()
    }
}

impl Cell {
    /// Its calls of one phase.
    pub fn of_phase(&self, phase: Phase) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| call.phase == phase)
    }

    /// Whether something starts it at every soft reset, as far as is seen.
    fn restarts(&self) -> bool {
        self.of_phase(Phase::Init).any(|call| call.stage == Some(Stage::Start))
    }

    fn stops(&self) -> bool {
        self.of_phase(Phase::Deinit).next().is_some()
    }

    fn stage(&self) -> Option<Stage> {
        self.of_phase(Phase::Init).find_map(|call| call.stage)
    }

    fn level(&self, phase: Phase) -> Option<&Level> {
        self.of_phase(phase).find_map(|call| call.level.as_ref())
    }
}

/// A name for each unit to vote under, where all are boards of one port: else
/// they would share that port's one vote, and never be enough to agree.
fn own_votes(fleet: &Fleet<'_>) -> Vec<PortName> {
    if fleet.ports().len() > 1 {
        return Vec::new();
    }
    (0..fleet.units.len()).filter_map(|number| format!("unit-{number}").parse().ok()).collect()
}

fn consensus(fleet: &Fleet<'_>, votes: &[PortName]) -> Consensus {
    if votes.len() != fleet.units.len() {
        return Consensus::of(fleet);
    }
    Consensus::of(&fleet.under(votes))
}

/// Where each subsystem first stands in the common order.
fn places(order: &[Vec<Item>]) -> HashMap<&str, usize> {
    let mut places = HashMap::new();
    let items = order.iter().flatten().filter(|item| item.phase.is_some());
    for (place, item) in items.enumerate() {
        places.entry(item.name.as_str()).or_insert(place);
    }
    places
}

/// The calls of a table by subsystem.
fn calls(table: &InitTable) -> BTreeMap<&str, Vec<Call>> {
    let mut calls: BTreeMap<&str, Vec<Call>> = BTreeMap::new();
    for (entry, number) in table.entries.iter().zip(numbers(table)) {
        let Some(number) = number else { continue };
        let (Some(subsystem), Some(phase)) = (entry.subsystem.as_deref(), entry.phase) else {
            continue;
        };
        calls.entry(subsystem).or_default().push(Call {
            phase,
            position: entry.position,
            number,
            stage: entry.stage,
            level: entry.level.clone(),
            function: entry.display_name(),
            conditional: entry.conditional,
            condition: entry.condition.clone(),
        });
    }
    calls
}

fn row(fleet: &Fleet<'_>, of_units: &[BTreeMap<&str, Vec<Call>>], subsystem: &str) -> Row {
    let cell = |(uses, calls): (&Rc<Uses<'_>>, &BTreeMap<&str, Vec<Call>>)| Cell {
        calls: calls.get(subsystem).cloned().unwrap_or_default(),
        satisfied: uses.get(subsystem).and_then(|found| found.satisfied.clone()),
        marks: Vec::new(),
    };
    let cells: Vec<Cell> = fleet.uses.iter().zip(of_units).map(cell).collect();
    let having = |phase| count(cells.iter().filter(|cell| cell.of_phase(phase).next().is_some()));
    let all = || cells.iter().flat_map(|cell| &cell.calls);
    // Of what starts it: what stops it runs at the same level, mostly, but calls it so
    // from the other end, and would outvote it. Where most start it by hand, there is
    // no usual level.
    let inits = || all().filter(|call| call.phase == Phase::Init);
    let at_a_level = inits().filter(|call| call.level.is_some()).count();
    let level = most_common(inits().filter_map(|call| call.level.as_ref())).cloned();
    let stage = most_common(cells.iter().filter_map(Cell::stage))
        .or_else(|| most_common(all().filter_map(|call| call.stage)));
    Row {
        subsystem: subsystem.to_owned(),
        inits: having(Phase::Init),
        deinits: having(Phase::Deinit),
        stage,
        level: level.filter(|_| at_a_level * 2 > inits().count()),
        cells,
    }
}

/// The most common of some values; the first of those that are equally common.
fn most_common<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(value, _)| value)
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// How many ports stop what a port does not, by unit and subsystem.
type Missing<'a> = HashMap<(usize, &'a str), usize>;

/// Puts the marks on a row that can be told from it, and from what ports fail to stop.
fn mark(row: &mut Row, missing: Option<&Missing<'_>>) {
    let marks: Vec<Vec<Mark>> =
        (0..row.cells.len()).map(|unit| marks_of(row, unit, missing)).collect();
    for (cell, marks) in row.cells.iter_mut().zip(marks) {
        cell.marks = marks;
    }
}

fn marks_of(row: &Row, unit: usize, missing: Option<&Missing<'_>>) -> Vec<Mark> {
    let cell = &row.cells[unit];
    let others = || {
        let others = row.cells.iter().enumerate().filter(move |(other, _)| *other != unit);
        others.map(|(_, cell)| cell)
    };
    if cell.calls.is_empty() {
        let (agree, of) = (count(others().filter(|cell| !cell.calls.is_empty())), count(others()));
        let lacks = of >= LEAST_PEERS && LEAST_PRESENCE.is_reached(agree.into(), of.into());
        return if lacks { vec![Mark::Absent { agree, of }] } else { Vec::new() };
    }
    let mut marks = Vec::new();
    match missing {
        // Of ports, the rule says it.
        Some(missing) => {
            if let Some(&ports) = missing.get(&(unit, row.subsystem.as_str())) {
                let agree = u32::try_from(ports).unwrap_or(u32::MAX);
                let of = count(others().filter(|cell| !cell.calls.is_empty()));
                marks.push(Mark::MissingDeinit { agree, of: of.max(agree) });
            }
        }
        None if cell.restarts() && !cell.stops() && cell.satisfied.is_none() => {
            let starters = || others().filter(|cell| cell.restarts() && cell.satisfied.is_none());
            let (agree, of) = (count(starters().filter(|cell| cell.stops())), count(starters()));
            if of >= LEAST_STARTERS && agree * 2 > of {
                marks.push(Mark::MissingDeinit { agree, of });
            }
        }
        None => {}
    }
    if let Some((usual, agree, of)) = departs(cell.stage(), others().filter_map(Cell::stage)) {
        marks.push(Mark::Stage { usual, agree, of });
    }
    for phase in [Phase::Init, Phase::Deinit] {
        let levels = others().filter_map(|cell| cell.level(phase));
        if let Some((usual, agree, of)) = departs(cell.level(phase), levels) {
            marks.push(Mark::Level { phase, usual: usual.clone(), agree, of });
        }
    }
    marks
}

/// What enough of the others have where one has something else: that, how many
/// have it, and how many have any.
fn departs<T: Ord + Copy>(
    own: Option<T>,
    others: impl Iterator<Item = T>,
) -> Option<(T, u32, u32)> {
    let own = own?;
    let others: Vec<T> = others.collect();
    let usual = most_common(others.iter().copied()).filter(|usual| *usual != own)?;
    let (agree, of) = (count(others.iter().filter(|other| **other == usual)), count(others.iter()));
    let enough = of >= LEAST_PEERS && LEAST_SUPPORT.is_reached(agree.into(), of.into());
    enough.then_some((usual, agree, of))
}

/// Puts the marks on the cells that depart from the common order.
fn mark_order(rows: &mut [Row], fleet: &Fleet<'_>, consensus: &Consensus) {
    let row_of: HashMap<String, usize> =
        rows.iter().enumerate().map(|(index, row)| (row.subsystem.clone(), index)).collect();
    // Boards often share a table, and finding departures is what costs most.
    let mut known: HashMap<*const InitTable, Vec<Departure>> = HashMap::new();
    for (unit, of_unit) in fleet.units.iter().enumerate() {
        let departures = known
            .entry(std::ptr::from_ref(of_unit.table))
            .or_insert_with(|| consensus.departures(&fleet.items[unit]));
        for departure in departures {
            let Some(phase) = departure.item.phase else { continue };
            let Some(&row) = row_of.get(&departure.item.name) else { continue };
            let marks = &mut rows[row].cells[unit].marks;
            // Another stage is another place in the order, and says it better.
            if phase == Phase::Init && marks.iter().any(|mark| matches!(mark, Mark::Stage { .. })) {
                continue;
            }
            marks.push(Mark::Order {
                phase,
                before: departure.behind.clone(),
                after: departure.ahead.clone(),
                support: departure.support,
                ports: departure.ports,
            });
        }
    }
}

#[cfg(test)]
mod tests;
