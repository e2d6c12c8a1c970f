//! Several tables side by side: one for each port (source text) or board
//! (firmware), and what each has of every subsystem.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use serde::Serialize;
use utoipa::ToSchema;

use super::consensus::{self, Item};
use super::policy::{Policy, Satisfied, matches};
use crate::model::{
    Driver, Entry, EntryKind, InitTable, Means, Phase, PortName, SatisfiedBy, SourceFile, Stage,
    SymbolName,
};

/// A table with what it is of.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    /// What to call it: `stm32` or `stm32/PYBV10`.
    pub label: &'a str,
    /// Its port.
    pub port: &'a PortName,
    /// Its table, with subsystems derived.
    pub table: &'a InitTable,
    /// How many boards it stands for, which all run this.
    pub boards: u32,
}

impl<'a> Unit<'a> {
    /// A table that stands for one board, or for a port.
    pub const fn new(label: &'a str, port: &'a PortName, table: &'a InitTable) -> Self {
        Self { label, port, table, boards: 1 }
    }
}

/// What a table has of each subsystem.
pub type Uses<'a> = BTreeMap<&'a str, Use>;

/// What a table has of one subsystem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Positions of the calls that start it.
    pub inits: Vec<u32>,
    /// Positions of the calls that stop it.
    pub deinits: Vec<u32>,
    /// How its deinit is satisfied where no call does it.
    pub satisfied: Option<Satisfaction>,
}

/// How a deinit that no call does is satisfied, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Satisfaction {
    /// How.
    pub by: Means,
    /// Why that is enough.
    pub reason: String,
    /// Who says so.
    pub declared: DeclaredIn,
}

/// Where it is declared that a deinit needs no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeclaredIn {
    /// In the project's configuration.
    Configuration,
    /// At the registration of the init, whose record in the firmware says it.
    Record,
}

/// Several tables, and what each has of every subsystem.
#[derive(Debug)]
pub struct Fleet<'a> {
    /// The tables.
    pub units: Vec<Unit<'a>>,
    /// For each table, what it has of each subsystem.
    pub uses: Vec<Rc<Uses<'a>>>,
    /// For each table, the drivers of its port that main need not call, by
    /// subsystem.
    pub drivers: Vec<Rc<Drivers<'a>>>,
    /// For each table, what it runs, each at its first position.
    pub items: Vec<Rc<Vec<(Item, u32)>>>,
    /// By subsystem, the ports that stop it: in the order of their first tables
    /// that do.
    stopping: HashMap<&'a str, Vec<Stopping<'a>>>,
    /// By subsystem, the ports whose finaliser stops it.
    finalising: HashMap<String, BTreeSet<&'a PortName>>,
}

/// A port that stops a subsystem.
#[derive(Clone, Copy, Debug)]
struct Stopping<'a> {
    port: &'a PortName,
    /// The first of its tables that does.
    first: usize,
    /// The first of them that starts it as well.
    starting: Option<usize>,
}

/// The drivers of a port that its main need not call, by subsystem.
pub type Drivers<'a> = BTreeMap<String, HasDriver<'a>>;

/// A driver of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasDriver<'a> {
    /// The driver.
    pub driver: &'a Driver,
    /// How its deinit is satisfied without a call, where that is declared.
    pub satisfied: Option<Means>,
}

impl<'a> Fleet<'a> {
    /// Puts tables side by side.
    pub fn new(units: Vec<Unit<'a>>, policy: &Policy) -> Self {
        let mut declared = Declared { policy, by_subsystem: HashMap::new() };
        let uses = units.iter().map(|unit| Rc::new(uses(unit, &mut declared))).collect();
        let drivers = units.iter().map(|unit| Rc::new(drivers(unit, policy))).collect();
        let items = units.iter().map(|unit| Rc::new(consensus::items(&unit.table.entries)));
        let items = items.collect();
        Self::indexed(units, uses, drivers, items)
    }

    fn indexed(
        units: Vec<Unit<'a>>,
        uses: Vec<Rc<Uses<'a>>>,
        drivers: Vec<Rc<Drivers<'a>>>,
        items: Vec<Rc<Vec<(Item, u32)>>>,
    ) -> Self {
        let stopping = stopping(&units, &uses);
        let finalising = finalising(&units, &uses, &drivers);
        Self { units, uses, drivers, items, stopping, finalising }
    }

    /// Some of these tables side by side, each given by its place here, with what to
    /// call it and how many boards it stands for.
    #[must_use]
    pub fn select(&self, members: &[(usize, &'a str, u32)]) -> Self {
        let places = || members.iter().map(|&(place, ..)| place);
        let unit = |&(place, label, boards): &(usize, &'a str, u32)| Unit {
            label,
            boards,
            ..self.units[place]
        };
        Self::indexed(
            members.iter().map(unit).collect(),
            places().map(|place| Rc::clone(&self.uses[place])).collect(),
            places().map(|place| Rc::clone(&self.drivers[place])).collect(),
            places().map(|place| Rc::clone(&self.items[place])).collect(),
        )
    }

    /// The same tables under the ports that are given for each, so that boards of
    /// one port vote each for itself.
    #[must_use]
    pub fn under(&self, ports: &'a [PortName]) -> Self {
        let units = self.units.iter().zip(ports).map(|(unit, port)| Unit { port, ..*unit });
        let (uses, drivers) = (self.uses.clone(), self.drivers.clone());
        Self::indexed(units.collect(), uses, drivers, self.items.clone())
    }

    /// All subsystems, by name.
    pub fn subsystems(&self) -> BTreeSet<&'a str> {
        self.uses.iter().flat_map(|uses| uses.keys().copied()).collect()
    }

    /// The tables of other ports that stop a subsystem, one for each port,
    /// with the position of the deinit.
    pub fn others_that_stop(&self, unit: usize, subsystem: &str) -> Vec<(usize, u32)> {
        let stopping = self.stopping.get(subsystem).into_iter().flatten();
        let others = stopping.filter(|stopping| stopping.port != self.units[unit].port);
        let deinit = |&Stopping { first, .. }: &Stopping<'_>| {
            Some((first, *self.uses[first].get(subsystem)?.deinits.first()?))
        };
        others.filter_map(deinit).collect()
    }

    /// The same, and of each port one that starts it as well, where it has any.
    pub fn others_that_stop_and_start(&self, unit: usize, subsystem: &str) -> Vec<usize> {
        let stopping = self.stopping.get(subsystem).into_iter().flatten();
        let others = stopping.filter(|stopping| stopping.port != self.units[unit].port);
        let mut units: Vec<usize> =
            others.map(|stopping| stopping.starting.unwrap_or(stopping.first)).collect();
        units.sort_unstable();
        units
    }

    /// The ports other than that of `unit` whose finaliser stops a subsystem, by
    /// name.
    pub fn others_that_finalise(&self, unit: usize, subsystem: &str) -> BTreeSet<&'a PortName> {
        let ports = self.finalising.get(subsystem).into_iter().flatten().copied();
        ports.filter(|&port| port != self.units[unit].port).collect()
    }

    /// Whether main comes back from its scripts to start anew: whether anything
    /// runs then, or before the loop that does it.
    pub fn resets(&self, unit: usize) -> bool {
        let entries = &self.units[unit].table.entries;
        entries.iter().any(|entry| matches!(entry.stage, Some(Stage::Stop | Stage::Boot)))
    }

    /// The ports, by name.
    pub fn ports(&self) -> BTreeSet<&'a PortName> {
        self.units.iter().map(|unit| unit.port).collect()
    }
}

/// By subsystem, the ports that stop it.
fn stopping<'a>(units: &[Unit<'a>], uses: &[Rc<Uses<'a>>]) -> HashMap<&'a str, Vec<Stopping<'a>>> {
    let mut stopping: HashMap<&'a str, Vec<Stopping<'a>>> = HashMap::new();
    for (place, (unit, uses)) in units.iter().zip(uses).enumerate() {
        for (&subsystem, of) in uses.iter().filter(|(_, of)| !of.deinits.is_empty()) {
            let starting = (!of.inits.is_empty()).then_some(place);
            let ports = stopping.entry(subsystem).or_default();
            match ports.iter_mut().find(|known| known.port == unit.port) {
                Some(known) => known.starting = known.starting.or(starting),
                None => ports.push(Stopping { port: unit.port, first: place, starting }),
            }
        }
    }
    stopping
}

/// By subsystem, the ports whose finaliser stops it.
fn finalising<'a>(
    units: &[Unit<'a>],
    uses: &[Rc<Uses<'a>>],
    drivers: &[Rc<Drivers<'a>>],
) -> HashMap<String, BTreeSet<&'a PortName>> {
    let mut finalising: HashMap<String, BTreeSet<&'a PortName>> = HashMap::new();
    for ((unit, uses), drivers) in units.iter().zip(uses).zip(drivers) {
        let of_uses = uses.iter().filter_map(|(&name, of)| Some((name, of.satisfied.as_ref()?.by)));
        let of_drivers = drivers.iter().filter_map(|(name, has)| {
            // What main itself starts says it better.
            let of_use = uses.get(name.as_str()).and_then(|of| of.satisfied.as_ref());
            Some((name.as_str(), has.satisfied.filter(|_| of_use.is_none())?))
        });
        for (name, _) in of_uses.chain(of_drivers).filter(|&(_, by)| by == Means::Finaliser) {
            finalising.entry(name.to_owned()).or_default().insert(unit.port);
        }
    }
    finalising
}

/// The declarations of a policy by what they may be about, since few are about any
/// one subsystem.
struct Declared<'p> {
    policy: &'p Policy,
    by_subsystem: HashMap<(PortName, String), Vec<&'p Satisfied>>,
}

impl<'p> Declared<'p> {
    /// Those that may be about a subsystem on a port.
    fn about(&mut self, port: &PortName, subsystem: &str) -> &[&'p Satisfied] {
        let all = &self.policy.satisfied;
        self.by_subsystem
            .entry((port.clone(), subsystem.to_owned()))
            .or_insert_with(|| all.iter().filter(|item| item.is_about(port, subsystem)).collect())
    }
}

fn uses<'a>(unit: &Unit<'a>, declared: &mut Declared<'_>) -> Uses<'a> {
    let table: &'a InitTable = unit.table;
    let mut uses: Uses<'a> = BTreeMap::new();
    for entry in table.entries.iter().filter(|entry| entry.kind == EntryKind::Entry) {
        let Some(subsystem) = entry.subsystem.as_deref() else { continue };
        let of_subsystem = uses.entry(subsystem).or_default();
        match entry.phase {
            Some(Phase::Init) => of_subsystem.inits.push(entry.position),
            Some(Phase::Deinit) => of_subsystem.deinits.push(entry.position),
            None => {}
        }
    }
    let stops = stops(table);
    for (subsystem, of_subsystem) in &mut uses {
        if !of_subsystem.deinits.is_empty() {
            continue;
        }
        let declared = declared.about(unit.port, subsystem);
        // Every init must be satisfied; the first one says how.
        let mut inits = of_subsystem.inits.iter().filter_map(|&position| entry(table, position));
        let of_init = |init: &Entry| satisfaction(init, declared, &stops);
        let first = inits.next().and_then(of_init);
        of_subsystem.satisfied = first.filter(|_| inits.all(|init| of_init(init).is_some()));
    }
    uses
}

/// How the deinit of what an entry starts is satisfied, where its registration or
/// one of the declarations about its subsystem says it. The registration stands
/// beside the code, and knows better.
fn satisfaction(init: &Entry, declared: &[&Satisfied], stops: &[&str]) -> Option<Satisfaction> {
    let holds = |of_record: &&SatisfiedBy| {
        let call = of_record.call().map(SymbolName::as_str);
        call.is_none_or(|call| stops.iter().any(|function| matches(call, function)))
    };
    if let Some(of_record) = init.satisfied.as_ref().filter(holds) {
        return Some(of_record.into());
    }
    let function = init.function.as_ref().map(SymbolName::as_str);
    let found = declared.iter().find(|item| item.holds(function, stops))?;
    Some(Satisfaction {
        by: found.by,
        reason: found.reason.clone(),
        declared: DeclaredIn::Configuration,
    })
}

impl From<&SatisfiedBy> for Satisfaction {
    fn from(of_record: &SatisfiedBy) -> Self {
        Self {
            by: of_record.by(),
            reason: of_record.reason().to_owned(),
            declared: DeclaredIn::Record,
        }
    }
}

fn drivers<'a>(unit: &Unit<'a>, policy: &Policy) -> Drivers<'a> {
    let source: Option<&'a SourceFile> = unit.table.source.as_ref();
    let stops = stops(unit.table);
    let has = |driver: &'a Driver| {
        let subsystem = policy.aliases.of_driver(driver, unit.port);
        let satisfied = policy.satisfied(unit.port, &subsystem, None, &stops);
        let satisfied = satisfied.map(|found| found.by);
        (subsystem, HasDriver { driver, satisfied })
    };
    source.into_iter().flat_map(|source| &source.drivers).map(has).collect()
}

/// The functions that main calls on its way out.
pub(super) fn stops(table: &InitTable) -> Vec<&str> {
    let entries = table.entries.iter().filter(|entry| entry.stage == Some(Stage::Stop));
    entries.filter_map(|entry| entry.function.as_ref()).map(SymbolName::as_str).collect()
}

/// The entry at a position.
pub fn entry(table: &InitTable, position: u32) -> Option<&Entry> {
    usize::try_from(position).ok().and_then(|index| table.entries.get(index))
}
