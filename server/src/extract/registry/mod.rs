//! Origin `registry`: the tables that the firmware's own runtime walks.
//!
//! The pointer words in a table say what runs. Symbols and section names only
//! add names, priorities and levels; where they are gone, the words are left.

mod symbols;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use object::elf;
use object::read::ReadRef;

use super::ExtractError;
use super::conventions::Conventions;
use super::elf::{Image, c_string};
use super::relocations;
use crate::model::{
    Address, Anomaly, AnomalyKind, Entry, EntryKind, Level, MAX_ANOMALIES, MAX_ENTRIES, Origin,
    Phase, RFC_LEVELS, SymbolName, order_levels,
};

use symbols::{EntrySymbol, RegistrySymbols};
use tables::{Extent, Tables, Words, extent, tables, words};

/// The version of the registry's ABI that this program reads. Firmware built
/// with the RFC's own macros states none and is read the same way.
const ABI_VERSION: u64 = 1;

/// What the registry of an image says.
#[derive(Debug, Default)]
pub(super) struct Registry {
    /// `[Registry]`, or empty where there is none.
    pub(super) origins: Vec<Origin>,
    /// The levels in the order in which init runs them.
    pub(super) levels: Vec<Level>,
    /// The entries in effective order, without their places in the source.
    pub(super) entries: Vec<Entry>,
    /// What is odd.
    pub(super) anomalies: Vec<Anomaly>,
}

/// Reads the registry of an image.
pub(super) fn read<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    conventions: &Conventions,
) -> Result<Registry, ExtractError> {
    let mut symbols = RegistrySymbols::read(image)?;
    let mut anomalies = Anomalies::default();
    if let Some(found) = symbols.abi.filter(|&version| version > ABI_VERSION) {
        anomalies.push(Anomaly { value: Some(found), ..Anomaly::new(AnomalyKind::NewerAbi) });
    }

    if !symbols.present {
        anomalies.push(Anomaly::new(AnomalyKind::Stripped));
    }

    let (tables, orphans) = tables(image, &symbols);
    // In the order of names, so that the answer is the same every time.
    let mut sorted: Vec<_> = orphans.iter().collect();
    sorted.sort();
    for (phase, name) in sorted {
        anomalies.push(Anomaly {
            priority: Some(name.priority.clone()),
            function: Some(name.function.clone()),
            ..Anomaly::new(AnomalyKind::OrphanSection).of(*phase, &name.level)
        });
    }

    let extents = extents(image, &symbols, &tables, &mut anomalies);
    let ranges: Vec<Range<u64>> =
        extents.iter().map(|(_, _, extent)| extent.range.clone()).collect();
    let relocations = relocations::read(image, &ranges)?;
    let words = extents
        .into_iter()
        .map(|(phase, level, extent)| words(image, phase, level, &extent, &relocations))
        .collect::<Result<Vec<Words>, ExtractError>>()?;

    let levels = levels(&words, conventions);
    // What stands in an orphan section is told of by that section already.
    symbols.entries.retain(|symbol| !orphans.contains(&(symbol.phase, symbol.name.clone())));
    let entries = entries(image, &symbols.entries, &levels, words, &mut anomalies)?;
    let origins = if tables.is_empty() { Vec::new() } else { vec![Origin::Registry] };
    Ok(Registry { origins, anomalies: anomalies.sorted(&levels), levels, entries })
}

/// Where the tables lie that can be read, at most [`MAX_ENTRIES`] words in all.
fn extents<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    symbols: &RegistrySymbols,
    tables: &Tables,
    anomalies: &mut Anomalies,
) -> Vec<(Phase, Level, Extent)> {
    let mut room = MAX_ENTRIES as u64;
    let mut extents = Vec::new();
    for ((phase, level), table) in tables {
        if let Some(extent) = extent(image, symbols, *phase, level, table, &mut room, anomalies) {
            extents.push((*phase, level.clone(), extent));
        }
    }
    extents
}

/// The levels in run order. Those of which nothing says it stand by the place of
/// their tables in memory.
fn levels(tables: &[Words], conventions: &Conventions) -> Vec<Level> {
    let mut by_place: Vec<&Words> = tables.iter().collect();
    by_place.sort_by_key(|table| (table.start, table.phase));
    let mut levels: Vec<Level> = Vec::new();
    for table in by_place {
        if !levels.contains(&table.level) {
            levels.push(table.level.clone());
        }
    }
    order_levels(&mut levels, &conventions.levels);
    levels
}

/// Tables to entries in effective order: main is not read here, so init levels
/// stand in their order, then deinit levels from last to first, each backwards.
fn entries<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    symbols: &[EntrySymbol],
    levels: &[Level],
    tables: Vec<Words>,
    anomalies: &mut Anomalies,
) -> Result<Vec<Entry>, ExtractError> {
    let mut named: HashMap<(Phase, &Level, u64), Vec<&EntrySymbol>> = HashMap::new();
    for symbol in symbols {
        named.entry((symbol.phase, &symbol.name.level, symbol.address)).or_default().push(symbol);
    }
    let mut used = HashSet::new();
    let mut by_level: HashMap<(Phase, Level), Vec<Entry>> = HashMap::new();
    let pointer = image.pointer_size();
    for table in tables {
        let mut list = Vec::with_capacity(table.pointers.len());
        for (slot, &word) in table.pointers.iter().enumerate() {
            let place = table.start + slot as u64 * pointer;
            let symbol = named.get(&(table.phase, &table.level, place)).and_then(|symbols| {
                symbols.iter().find(|symbol| same_section(symbol.section, table.section))
            });
            if symbol.is_some() {
                used.insert((table.phase, table.level.clone(), place));
            }
            let function = symbol
                .map(|symbol| symbol.name.function.clone())
                .or_else(|| table.imports.get(&slot).cloned());
            let slot = u32::try_from(slot).unwrap_or(u32::MAX);
            let imported = table.imports.contains_key(&(slot as usize));
            if !imported && !image.is_code(image.code_address(word)) {
                anomalies.push(Anomaly {
                    slot: Some(slot),
                    function: function.clone(),
                    address: Some(Address(word)),
                    ..Anomaly::new(AnomalyKind::WildPointer).of(table.phase, &table.level)
                });
            }
            list.push(Entry {
                position: 0,
                phase: Some(table.phase),
                kind: EntryKind::Entry,
                origin: Origin::Registry,
                stage: None,
                level: Some(table.level.clone()),
                slot: Some(slot),
                priority: symbol.map(|symbol| symbol.name.priority.clone()),
                function,
                subsystem: None,
                address: Some(Address(word)),
                call_address: None,
                via: Vec::new(),
                conditional: false,
                condition: None,
                location: None,
                after: Vec::new(),
            });
        }
        by_level.insert((table.phase, table.level), list);
    }
    for symbol in symbols {
        let place = (symbol.phase, symbol.name.level.clone(), symbol.address);
        if !used.contains(&place) {
            anomalies.push(Anomaly {
                priority: Some(symbol.name.priority.clone()),
                function: Some(symbol.name.function.clone()),
                address: Some(Address(symbol.address)),
                ..Anomaly::new(AnomalyKind::LostEntry).of(symbol.phase, &symbol.name.level)
            });
        }
    }

    let mut entries = Vec::new();
    for level in levels {
        entries.extend(by_level.remove(&(Phase::Init, level.clone())).unwrap_or_default());
    }
    for level in levels.iter().rev() {
        entries.extend(
            by_level.remove(&(Phase::Deinit, level.clone())).unwrap_or_default().into_iter().rev(),
        );
    }
    for (position, entry) in entries.iter_mut().enumerate() {
        entry.position = u32::try_from(position).unwrap_or(u32::MAX);
    }
    name_by_symbol(image, &mut entries)?;
    Ok(entries)
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

/// The anomalies found, at most [`MAX_ANOMALIES`] of them.
#[derive(Default)]
struct Anomalies(Vec<Anomaly>);

impl Anomalies {
    fn push(&mut self, anomaly: Anomaly) {
        if self.0.len() < MAX_ANOMALIES {
            self.0.push(anomaly);
        }
    }

    /// The anomalies by phase and level, in the order in which init runs them.
    fn sorted(mut self, levels: &[Level]) -> Vec<Anomaly> {
        let rank = |level: &Level| {
            let of_rfc = RFC_LEVELS.iter().position(|&known| known == level.as_str());
            let own = levels.iter().position(|known| known == level).unwrap_or(levels.len());
            of_rfc.unwrap_or(RFC_LEVELS.len() + own)
        };
        self.0.sort_by_key(|anomaly| (anomaly.phase, anomaly.level.as_ref().map(rank)));
        self.0
    }
}
