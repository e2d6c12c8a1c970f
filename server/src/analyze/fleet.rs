//! Several tables side by side: one for each port (source text) or board
//! (firmware), and what each has of every subsystem.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::policy::{Policy, matches};
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
}

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
    pub uses: Vec<BTreeMap<&'a str, Use>>,
    /// For each table, the drivers of its port that main need not call, by
    /// subsystem.
    pub drivers: Vec<BTreeMap<String, HasDriver<'a>>>,
}

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
        let uses = units.iter().map(|unit| uses(unit, policy)).collect();
        let drivers = units.iter().map(|unit| drivers(unit, policy)).collect();
        Self { units, uses, drivers }
    }

    /// All subsystems, by name.
    pub fn subsystems(&self) -> BTreeSet<&'a str> {
        self.uses.iter().flat_map(|uses| uses.keys().copied()).collect()
    }

    /// The tables of other ports that stop a subsystem, one for each port,
    /// with the position of the deinit.
    pub fn others_that_stop(&self, unit: usize, subsystem: &str) -> Vec<(usize, u32)> {
        let mut ports = BTreeSet::from([self.units[unit].port]);
        let mut found = Vec::new();
        for (other, uses) in self.uses.iter().enumerate() {
            let deinit = uses.get(subsystem).and_then(|of| of.deinits.first().copied());
            if let Some(position) = deinit
                && ports.insert(self.units[other].port)
            {
                found.push((other, position));
            }
        }
        found
    }

    /// The ports other than that of `unit` whose finaliser stops a subsystem, by
    /// name.
    pub fn others_that_finalise(&self, unit: usize, subsystem: &str) -> BTreeSet<&'a PortName> {
        let finalises = |&other: &usize| {
            let of_use = self.uses[other].get(subsystem).and_then(|of| of.satisfied.as_ref());
            let of_use = of_use.map(|found| found.by);
            let of_driver = || self.drivers[other].get(subsystem).and_then(|has| has.satisfied);
            of_use.or_else(of_driver) == Some(Means::Finaliser)
        };
        let others = (0..self.units.len()).filter(finalises).map(|other| self.units[other].port);
        others.filter(|&port| port != self.units[unit].port).collect()
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

fn uses<'a>(unit: &Unit<'a>, policy: &Policy) -> BTreeMap<&'a str, Use> {
    let table: &'a InitTable = unit.table;
    let mut uses: BTreeMap<&'a str, Use> = BTreeMap::new();
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
        // Every init must be satisfied; the first one says how.
        let mut inits = of_subsystem.inits.iter().filter_map(|&position| entry(table, position));
        let of_init = |init: &Entry| satisfaction(unit, policy, subsystem, init, &stops);
        let first = inits.next().and_then(of_init);
        of_subsystem.satisfied = first.filter(|_| inits.all(|init| of_init(init).is_some()));
    }
    uses
}

/// How the deinit of what an entry starts is satisfied, where its registration or
/// the configuration says it. The registration stands beside the code, and knows
/// better.
fn satisfaction(
    unit: &Unit<'_>,
    policy: &Policy,
    subsystem: &str,
    init: &Entry,
    stops: &[&str],
) -> Option<Satisfaction> {
    let holds = |of_record: &&SatisfiedBy| {
        let call = of_record.call().map(SymbolName::as_str);
        call.is_none_or(|call| stops.iter().any(|function| matches(call, function)))
    };
    if let Some(of_record) = init.satisfied.as_ref().filter(holds) {
        return Some(of_record.into());
    }
    let function = init.function.as_ref().map(SymbolName::as_str);
    let found = policy.satisfied(Some(unit.port), subsystem, function, stops)?;
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

fn drivers<'a>(unit: &Unit<'a>, policy: &Policy) -> BTreeMap<String, HasDriver<'a>> {
    let source: Option<&'a SourceFile> = unit.table.source.as_ref();
    let stops = stops(unit.table);
    let has = |driver: &'a Driver| {
        let subsystem = policy.aliases.of_driver(driver, unit.port);
        let satisfied = policy.satisfied(Some(unit.port), &subsystem, None, &stops);
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
