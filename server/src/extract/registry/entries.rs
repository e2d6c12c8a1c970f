//! Words to entries: what symbols and records say of each word of a table.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use object::elf;
use object::read::ReadRef;

use super::Anomalies;
use super::records::{Record, Records};
use super::symbols::{EntrySymbol, RegistrySymbols};
use super::tables::{Orphans, Words};
use crate::extract::ExtractError;
use crate::extract::elf::{Image, c_string};
use crate::extract::names::EntryName;
use crate::model::{
    Address, Anomaly, AnomalyKind, Entry, EntryKind, Level, MAX_LEVELS, Origin, Phase, SymbolName,
    order_levels,
};

/// What names the entries.
pub(super) struct Source<'a> {
    pub(super) symbols: &'a RegistrySymbols,
    pub(super) records: &'a Records,
    pub(super) orphans: &'a Orphans,
    /// The order of levels as the project says it.
    pub(super) declared_levels: &'a [Level],
}

/// The entries of each table in the order in which init would run them.
type ByTable = BTreeMap<(Phase, Level), Vec<Entry>>;

impl<'a> Source<'a> {
    /// Tables to entries in effective order: main is not read here, so init levels
    /// stand in their order, then deinit levels from last to first, each
    /// backwards. Levels that only records name are added to `levels`.
    pub(super) fn entries<'data, R: ReadRef<'data>>(
        &self,
        image: &Image<'data, R>,
        levels: &mut Vec<Level>,
        tables: Vec<Words>,
        anomalies: &mut Anomalies,
    ) -> Result<Vec<Entry>, ExtractError> {
        let mut unclaimed = Unclaimed::new(&self.records.list);
        for (phase, name) in self.orphans {
            unclaimed.claim(*phase, name);
        }
        let mut by_table = self.by_symbol(image, tables, &mut unclaimed, anomalies);
        for ((phase, level), entries) in &mut by_table {
            name_by_record(entries, &mut unclaimed.of(*phase, level));
        }
        self.tell_unrecorded(&by_table, anomalies);
        self.rest(unclaimed, levels, &mut by_table, anomalies);

        let mut entries = Vec::new();
        for level in levels.iter() {
            entries.extend(by_table.remove(&(Phase::Init, level.clone())).unwrap_or_default());
        }
        for level in levels.iter().rev() {
            let table = by_table.remove(&(Phase::Deinit, level.clone())).unwrap_or_default();
            entries.extend(table.into_iter().rev());
        }
        for (position, entry) in (0..).zip(&mut entries) {
            entry.position = position;
        }
        name_by_symbol(image, &mut entries)?;
        Ok(entries)
    }

    /// The entries of all tables, named by the symbols at their words, which take
    /// their records along.
    fn by_symbol<'data, R: ReadRef<'data>>(
        &self,
        image: &Image<'data, R>,
        tables: Vec<Words>,
        unclaimed: &mut Unclaimed<'a>,
        anomalies: &mut Anomalies,
    ) -> ByTable {
        let mut named: HashMap<(Phase, &Level, u64), Vec<&EntrySymbol>> = HashMap::new();
        for symbol in &self.symbols.entries {
            let key = (symbol.phase, &symbol.name.level, symbol.address);
            named.entry(key).or_default().push(symbol);
        }
        let mut used = HashSet::new();
        let mut by_table = ByTable::new();
        for table in tables {
            let mut list = Vec::with_capacity(table.pointers.len());
            for slot in table.in_run_order() {
                let word = table.pointers[slot];
                let place = table.place(slot);
                let symbol = named.get(&(table.phase, &table.level, place)).and_then(|symbols| {
                    symbols.iter().find(|symbol| same_section(symbol.section, table.section))
                });
                let import = table.imports.get(&slot);
                let mut entry = entry(table.phase, &table.level, slot);
                entry.address = Some(Address(word));
                entry.priority = table.priority(slot);
                entry.function = import.cloned();
                if let Some(symbol) = symbol {
                    used.insert((table.phase, table.level.clone(), place));
                    entry.priority = Some(symbol.name.priority.clone());
                    entry.function = Some(symbol.name.function.clone());
                    if let Some(record) = unclaimed.claim(table.phase, &symbol.name) {
                        describe(&mut entry, record, unclaimed.is_alone(record));
                    }
                }
                if import.is_none() && !image.is_code(image.code_address(word)) {
                    anomalies.push(Anomaly {
                        slot: entry.slot,
                        function: entry.function.clone(),
                        address: Some(Address(word)),
                        ..Anomaly::new(AnomalyKind::WildPointer).of(table.phase, &table.level)
                    });
                }
                list.push(entry);
            }
            by_table.insert((table.phase, table.level), list);
        }
        for symbol in &self.symbols.entries {
            let place = (symbol.phase, symbol.name.level.clone(), symbol.address);
            if !used.contains(&place) {
                let record = unclaimed.claim(symbol.phase, &symbol.name);
                anomalies.push(Anomaly {
                    address: Some(Address(symbol.address)),
                    location: record.and_then(|record| record.location.clone()),
                    ..of_name(AnomalyKind::LostEntry, symbol.phase, &symbol.name)
                });
            }
        }
        by_table
    }

    /// Tells of entries without a record, where others have one or the runtime is
    /// one that writes them.
    fn tell_unrecorded(&self, by_table: &ByTable, anomalies: &mut Anomalies) {
        if self.symbols.abi.is_none() && self.records.list.is_empty() {
            return;
        }
        let recorded: HashSet<(Phase, &EntryName)> =
            self.records.list.iter().map(|record| (record.phase, &record.name)).collect();
        let symbols = self.symbols.entries.iter();
        let unrecorded: Vec<&EntrySymbol> =
            symbols.filter(|symbol| !recorded.contains(&(symbol.phase, &symbol.name))).collect();
        let is_in_table = |symbol: &&&EntrySymbol| {
            by_table.contains_key(&(symbol.phase, symbol.name.level.clone()))
        };
        if let Some(first) = unrecorded.iter().find(is_in_table) {
            anomalies.push(Anomaly {
                value: Some(unrecorded.len() as u64),
                function: Some(first.name.function.clone()),
                ..Anomaly::new(AnomalyKind::EntryWithoutRecord)
            });
        }
    }

    /// What to make of records that no entry took: in a file with symbols the
    /// linker dropped their entries; in one without, nothing may tell any more
    /// where a table lies, and the records are all that is left of it.
    fn rest(
        &self,
        unclaimed: Unclaimed<'_>,
        levels: &mut Vec<Level>,
        by_table: &mut ByTable,
        anomalies: &mut Anomalies,
    ) {
        let mut untold: BTreeMap<(Phase, Level), Vec<&Record>> = BTreeMap::new();
        for record in unclaimed.into_rest() {
            if self.symbols.present {
                anomalies.push(Anomaly {
                    location: record.location.clone(),
                    ..of_name(AnomalyKind::RecordWithoutEntry, record.phase, &record.name)
                });
            } else {
                let table = (record.phase, record.name.level.clone());
                untold.entry(table).or_default().push(record);
            }
        }
        for ((phase, level), mut records) in untold {
            let is_known = levels.contains(&level);
            if by_table.contains_key(&(phase, level.clone()))
                || (!is_known && levels.len() >= MAX_LEVELS)
            {
                continue;
            }
            if !is_known {
                levels.push(level.clone());
            }
            anomalies.push(Anomaly::new(AnomalyKind::RecordsOnly).of(phase, &level));
            records.sort_by_key(|record| sort_key(record));
            let entries = records.into_iter().enumerate().map(|(slot, record)| {
                let mut entry = entry(phase, &level, slot);
                describe(&mut entry, record, true);
                entry
            });
            by_table.insert((phase, level.clone()), entries.collect());
        }
        order_levels(levels, self.declared_levels);
    }
}

/// The records that no entry has taken yet.
struct Unclaimed<'a> {
    by_name: HashMap<(Phase, &'a EntryName), VecDeque<&'a Record>>,
    /// How many records there are of a name.
    count: HashMap<(Phase, &'a EntryName), usize>,
}

impl<'a> Unclaimed<'a> {
    fn new(records: &'a [Record]) -> Self {
        let mut by_name: HashMap<_, VecDeque<_>> = HashMap::new();
        for record in records {
            by_name.entry((record.phase, &record.name)).or_default().push_back(record);
        }
        let count = by_name.iter().map(|(&name, records)| (name, records.len())).collect();
        Self { by_name, count }
    }

    /// The next record of that name.
    fn claim(&mut self, phase: Phase, name: &'a EntryName) -> Option<&'a Record> {
        self.by_name.get_mut(&(phase, name))?.pop_front()
    }

    /// Whether only one record has the name of this one. Of several, nothing
    /// tells which is whose.
    fn is_alone(&self, record: &Record) -> bool {
        self.count.get(&(record.phase, &record.name)) == Some(&1)
    }

    /// The records of one table, in the order in which the linker sorts.
    fn of(&mut self, phase: Phase, level: &Level) -> Vec<&mut VecDeque<&'a Record>> {
        let mut queues: Vec<_> = self
            .by_name
            .iter_mut()
            .filter(|((of, name), queue)| *of == phase && name.level == *level && !queue.is_empty())
            .map(|(_, queue)| queue)
            .collect();
        queues.sort_by_cached_key(|queue| queue.front().map(|record| sort_key(record)));
        queues
    }

    /// Those that are left, in an order that is the same every time.
    fn into_rest(self) -> Vec<&'a Record> {
        let mut rest: Vec<&Record> = self.by_name.into_values().flatten().collect();
        rest.sort_by_key(|record| (record.phase, record.name.level.clone(), sort_key(record)));
        rest
    }
}

/// What the linker sorts by: the end of the input section's name.
fn sort_key(record: &Record) -> String {
    format!("{}.{}", record.name.priority, record.name.function)
}

/// Names the entries that no symbol names by the records that no entry took,
/// where there are as many of both: the linker sorted them by the same text.
fn name_by_record(entries: &mut [Entry], queues: &mut [&mut VecDeque<&Record>]) {
    let unnamed = entries.iter().filter(|entry| entry.function.is_none()).count();
    if unnamed == 0 || unnamed != queues.iter().map(|queue| queue.len()).sum::<usize>() {
        return;
    }
    let records: Vec<&Record> = queues.iter_mut().flat_map(|queue| queue.drain(..)).collect();
    // Entries that carry their priority stand in the order of their files within
    // one: which is which is not told.
    let told = |entry: &Entry, record: &Record| {
        entry.priority.is_none()
            || (entry.priority.as_ref() == Some(&record.name.priority)
                && records
                    .iter()
                    .filter(|other| other.name.priority == record.name.priority)
                    .count()
                    == 1)
    };
    let entries = entries.iter_mut().filter(|entry| entry.function.is_none());
    for (entry, record) in entries.zip(&records) {
        if told(entry, record) {
            describe(entry, record, true);
        }
    }
}

/// Puts what a record says into its entry; its place only where it is sure to be
/// the record of this one.
fn describe(entry: &mut Entry, record: &Record, is_sure: bool) {
    entry.priority = Some(record.name.priority.clone());
    entry.function = Some(record.name.function.clone());
    entry.location = record.location.clone().filter(|_| is_sure);
    entry.declared_subsystem.clone_from(&record.subsystem);
    entry.after.clone_from(&record.after);
    entry.satisfied.clone_from(&record.satisfied);
}

/// An anomaly about an entry of that name.
fn of_name(kind: AnomalyKind, phase: Phase, name: &EntryName) -> Anomaly {
    Anomaly {
        priority: Some(name.priority.clone()),
        function: Some(name.function.clone()),
        ..Anomaly::new(kind).of(phase, &name.level)
    }
}

/// An entry of which only its place is known.
fn entry(phase: Phase, level: &Level, slot: usize) -> Entry {
    Entry {
        position: 0,
        phase: Some(phase),
        kind: EntryKind::Entry,
        origin: Origin::Registry,
        stage: None,
        level: Some(level.clone()),
        slot: Some(u32::try_from(slot).unwrap_or(u32::MAX)),
        priority: None,
        function: None,
        subsystem: None,
        declared_subsystem: None,
        satisfied: None,
        address: None,
        call_address: None,
        via: Vec::new(),
        conditional: false,
        condition: None,
        location: None,
        after: Vec::new(),
    }
}

/// Whether a symbol of section `symbol` can stand in a table of section
/// `table`. Bounds of empty or absolute sections have none.
fn same_section(symbol: Option<usize>, table: Option<usize>) -> bool {
    symbol.is_none() || table.is_none() || symbol == table
}

/// Names the entries that no entry symbol names, by the function symbols at
/// their addresses.
fn name_by_symbol<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    entries: &mut [Entry],
) -> Result<(), ExtractError> {
    let mut wanted: HashMap<u64, Option<(u8, SymbolName)>> = entries
        .iter()
        .filter(|entry| entry.function.is_none())
        .filter_map(|entry| entry.address)
        .map(|address| (image.code_address(address.0), None))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    image.for_each_symbol(|symbol| {
        if !matches!(symbol.kind, elf::STT_FUNC | elf::STT_GNU_IFUNC | elf::STT_NOTYPE)
            || symbol.undefined
        {
            return;
        }
        let Some(best) = wanted.get_mut(&image.code_address(symbol.value)) else {
            return;
        };
        // `$t` and the like mark code for disassemblers (AAELF32, "Mapping
        // symbols").
        if symbol.name.first() == Some(&b'$') {
            return;
        }
        let rank = match (symbol.kind, symbol.bind) {
            (elf::STT_NOTYPE, _) => 3,
            (_, elf::STB_GLOBAL) => 0,
            (_, elf::STB_LOCAL) => 1,
            _ => 2,
        };
        if best.as_ref().is_none_or(|(so_far, _)| rank < *so_far)
            && let Some(name) = SymbolName::from_bytes(c_string(symbol.name))
        {
            *best = Some((rank, name));
        }
    })?;
    for entry in entries.iter_mut().filter(|entry| entry.function.is_none()) {
        let code = entry.address.map(|address| image.code_address(address.0));
        let found = code.and_then(|code| wanted.get(&code)).and_then(Option::as_ref);
        entry.function = found.map(|(_, name)| name.clone());
    }
    Ok(())
}
