//! Several tables side by side: one for each port (source text) or board
//! (firmware), and what each has of every subsystem.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::{Means, Policy};
use crate::model::{Entry, EntryKind, InitTable, Phase, PortName};

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
    pub satisfied: Option<Means>,
}

/// Several tables, and what each has of every subsystem.
#[derive(Debug)]
pub struct Fleet<'a> {
    /// The tables.
    pub units: Vec<Unit<'a>>,
    /// For each table, what it has of each subsystem.
    pub uses: Vec<BTreeMap<&'a str, Use>>,
}

impl<'a> Fleet<'a> {
    /// Puts tables side by side.
    pub fn new(units: Vec<Unit<'a>>, policy: &Policy) -> Self {
        let uses = units.iter().map(|unit| uses(unit, policy)).collect();
        Self { units, uses }
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
    for (subsystem, of_subsystem) in &mut uses {
        if !of_subsystem.deinits.is_empty() {
            continue;
        }
        // Every init must be satisfied; the first one says how.
        let mut means = None;
        let all = of_subsystem.inits.iter().all(|&position| {
            let function = entry(table, position).and_then(|entry| entry.function.as_ref());
            let function = function.map(|name| name.as_str());
            let found = policy.satisfied(Some(unit.port), subsystem, function);
            means = means.or(found.map(|found| found.by));
            found.is_some()
        });
        of_subsystem.satisfied = means.filter(|_| all);
    }
    uses
}

/// The entry at a position.
pub fn entry(table: &InitTable, position: u32) -> Option<&Entry> {
    usize::try_from(position).ok().and_then(|index| table.entries.get(index))
}
