//! Boards that run the same: their tables, each once.
//!
//! Most boards of a port share its main, so that what is derived from a table holds
//! for all of them, and an edit leaves most of them as they were.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::check::Subject;
use super::fleet::{Fleet, Unit};
use super::policy::Policy;
use crate::model::{Address, Entry, InitTable, MainFunction, PortName};

/// Tables that differ in something that is looked at, with subsystems and findings
/// derived.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    pub(super) tables: Vec<(PortName, InitTable)>,
}

/// A table with its port, equal to those that say the same of a board: only the
/// file and where its code lies are another one.
struct Said<'a> {
    port: &'a PortName,
    table: &'a InitTable,
    /// The entries that hold a function at the address at which an earlier one
    /// holds it.
    again: Vec<usize>,
}

impl Distinct {
    /// The tables of several lists of subjects, and for each list the place of the
    /// table of each of its subjects.
    pub(super) fn of<const N: usize>(
        lists: [&[Subject]; N],
        policy: &Policy,
    ) -> (Self, [Vec<usize>; N]) {
        let mut distinct = Self::default();
        let mut known: HashMap<Said<'_>, usize> = HashMap::new();
        // Whoever knows that boards share a table says so by sharing it.
        let mut shared: HashMap<(*const InitTable, &PortName), usize> = HashMap::new();
        let places = lists.map(|subjects| {
            let place = |subject| {
                let Subject { port, table, .. }: &Subject = subject;
                *shared.entry((Arc::as_ptr(table), port)).or_insert_with(|| {
                    *known.entry(Said::new(port, table)).or_insert_with(|| {
                        let mut derived = InitTable::clone(table);
                        super::derive_with(&mut derived, policy, Some(port));
                        distinct.tables.push((port.clone(), derived));
                        distinct.tables.len() - 1
                    })
                })
            };
            subjects.iter().map(place).collect()
        });
        (distinct, places)
    }

    /// These tables side by side, without labels.
    pub(super) fn fleet(&self, policy: &Policy) -> Fleet<'_> {
        let units = self.tables.iter().map(|(port, table)| Unit::new("", port, table));
        Fleet::new(units.collect(), policy)
    }
}

impl<'a> Said<'a> {
    fn new(port: &'a PortName, table: &'a InitTable) -> Self {
        let mut seen = HashMap::new();
        let is_again = |(place, entry): (usize, &'a Entry)| {
            let first = *seen.entry((entry.function.as_ref()?, entry.address?)).or_insert(place);
            (first != place).then_some(place)
        };
        let again = table.entries.iter().enumerate().filter_map(is_again).collect();
        Self { port, table, again }
    }
}

impl Hash for Said<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.port.hash(state);
        for entry in &self.table.entries {
            (&entry.function, entry.phase, entry.stage).hash(state);
        }
    }
}

impl PartialEq for Said<'_> {
    fn eq(&self, other: &Self) -> bool {
        // Each field is named, so that none that comes is forgotten.
        let InitTable {
            schema: _,
            file: _,
            source,
            arch,
            bits,
            endian,
            origins,
            levels,
            main,
            entries,
            anomalies,
            guards: _,
            findings: _,
        } = self.table;
        let there = other.table;
        self.port == other.port
            && (arch, bits, endian) == (&there.arch, &there.bits, &there.endian)
            && (source, origins, levels) == (&there.source, &there.origins, &there.levels)
            && is_same_main(main.as_ref(), there.main.as_ref())
            && anomalies == &there.anomalies
            && self.again == other.again
            && entries.len() == there.entries.len()
            && entries.iter().zip(&there.entries).all(|(one, other)| is_same(one, other))
    }
}

impl Eq for Said<'_> {}

/// How much else main calls says nothing of the order.
fn is_same_main(one: Option<&MainFunction>, other: Option<&MainFunction>) -> bool {
    let said = |main: &MainFunction| {
        let MainFunction { function, evidence, folded: _ } = main;
        (function.clone(), evidence.clone())
    };
    one.map(said) == other.map(said)
}

fn is_same(one: &Entry, other: &Entry) -> bool {
    let Entry {
        position,
        phase,
        kind,
        origin,
        stage,
        level,
        slot,
        priority,
        function,
        subsystem: _,
        declared_subsystem,
        satisfied,
        address: _,
        call_address: _,
        via,
        conditional,
        condition,
        location,
        after,
    } = one;
    // What has no name is called by its address.
    let name =
        |entry: &Entry| -> Option<Address> { entry.address.filter(|_| entry.function.is_none()) };
    (position, phase, kind, origin, stage)
        == (&other.position, &other.phase, &other.kind, &other.origin, &other.stage)
        && (level, slot, priority) == (&other.level, &other.slot, &other.priority)
        && (function, conditional) == (&other.function, &other.conditional)
        && name(one) == name(other)
        && (declared_subsystem, satisfied) == (&other.declared_subsystem, &other.satisfied)
        && (via, condition) == (&other.via, &other.condition)
        && (location, after) == (&other.location, &other.after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::diff::made;

    fn places(subjects: &[Subject]) -> Vec<usize> {
        let (distinct, [places]) = Distinct::of([subjects], &Policy::default());
        let all: std::collections::BTreeSet<usize> = places.iter().copied().collect();
        assert_eq!(all, (0..distinct.tables.len()).collect());
        places
    }

    fn edited(board: &str, edit: impl Fn(&mut InitTable)) -> Subject {
        let mut build = made::build(board, "start: a_init b_init a_init");
        edit(Arc::make_mut(&mut build.table));
        build
    }

    #[test]
    fn the_file_and_where_its_code_lies_make_no_difference() {
        let same = |_: &mut InitTable| {};
        assert_eq!(
            places(&[
                edited("stm32/A", same),
                edited("stm32/B", |table| table.file.size = 7),
                edited("stm32/C", |table| table.main.as_mut().unwrap().folded = 7),
                edited("stm32/D", |table| {
                    table.entries.iter_mut().for_each(|entry| {
                        entry.address = entry.address.map(|Address(at)| Address(at + 4096));
                    });
                }),
                edited("rp2/A", same),
            ]),
            [0, 0, 0, 0, 1]
        );
    }

    #[test]
    fn what_a_rule_could_tell_makes_a_difference() {
        let edits: [fn(&mut InitTable); 6] = [
            |_| {},
            |table| table.entries[1].conditional = true,
            |table| table.entries[1].after = vec!["a".to_owned()],
            // The same function a second time, or another one of that name.
            |table| table.entries[2].address = table.entries[0].address,
            |table| table.entries[1].function = None,
            |table| {
                table.entries[1].function = None;
                table.entries[1].address = None;
            },
        ];
        let subjects: Vec<Subject> = edits.iter().map(|edit| edited("stm32/A", edit)).collect();
        assert_eq!(places(&subjects), [0, 1, 2, 3, 4, 5]);
    }
}
