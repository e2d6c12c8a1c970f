//! Origin `registry`: the tables that the firmware's own runtime walks.
//!
//! The pointer words in a table say what runs. Symbols and section names only
//! add names, priorities and levels; where they are gone, the words are left.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use object::elf;
use object::read::ReadRef;

use super::ExtractError;
use super::elf::{Image, Symbol, c_string};
use super::names::{self, ABI_SYMBOL, Bound, EntryName, SectionName};
use super::relocations::{self, Relocations};
use crate::model::{
    Address, Anomaly, AnomalyKind, Entry, EntryKind, Level, MAX_ANOMALIES, MAX_ENTRIES, Origin,
    Phase, SymbolName, order_levels,
};

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

/// Where the table of one phase and level lies.
#[derive(Clone, Debug, Default)]
struct Table {
    start: Option<Edge>,
    end: Option<Edge>,
    /// Index of the output section named after the level.
    section: Option<usize>,
}

/// One bound of a table, as its symbol gives it.
#[derive(Clone, Copy, Debug)]
struct Edge {
    address: u64,
    section: Option<usize>,
}

/// A symbol that names an entry.
#[derive(Clone, Debug)]
struct EntrySymbol {
    phase: Phase,
    name: EntryName,
    address: u64,
    section: Option<usize>,
}

type Tables = BTreeMap<(Phase, Level), Table>;

/// The words of one table, relocated.
struct Words {
    phase: Phase,
    level: Level,
    /// Index of the section that holds the table; its address alone does not
    /// tell, because sections that are not loaded share addresses with others.
    section: Option<usize>,
    /// The address of the first word.
    start: u64,
    pointers: Vec<u64>,
    imports: HashMap<usize, SymbolName>,
}

/// Reads the registry of an image.
pub(super) fn read<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
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
    for (phase, name) in &orphans {
        anomalies.push(Anomaly {
            priority: Some(name.priority.clone()),
            function: Some(name.function.clone()),
            ..Anomaly::new(AnomalyKind::OrphanSection).of(*phase, &name.level)
        });
    }

    let mut extents = Vec::new();
    for ((phase, level), table) in &tables {
        if let Some(extent) = extent(image, &symbols, *phase, level, table, &mut anomalies) {
            extents.push((*phase, level.clone(), extent));
        }
    }
    let ranges: Vec<Range<u64>> =
        extents.iter().map(|(_, _, extent)| extent.range.clone()).collect();
    let relocations = relocations::read(image, &ranges)?;
    let words = extents
        .into_iter()
        .map(|(phase, level, extent)| {
            words(image, phase, level, &extent, &relocations, &mut anomalies)
        })
        .collect::<Result<Vec<Words>, ExtractError>>()?;

    let levels = levels(&words);
    // What stands in an orphan section is told of by that section already.
    symbols.entries.retain(|symbol| !orphans.contains(&(symbol.phase, symbol.name.clone())));
    let entries = entries(image, &symbols.entries, &levels, words, &mut anomalies)?;
    let origins = if tables.is_empty() { Vec::new() } else { vec![Origin::Registry] };
    Ok(Registry { origins, anomalies: anomalies.sorted(&levels), levels, entries })
}

/// The symbols of the symbol table that belong to the registry.
#[derive(Default)]
struct RegistrySymbols {
    /// Whether there are symbols at all; a stripped file has none.
    present: bool,
    abi: Option<u64>,
    bounds: Vec<(Phase, Level, Bound, Edge)>,
    entries: Vec<EntrySymbol>,
}

impl RegistrySymbols {
    fn read<'data, R: ReadRef<'data>>(image: &Image<'data, R>) -> Result<Self, ExtractError> {
        let mut found = Self::default();
        let mut candidates: Vec<(Phase, &'data [u8], Symbol<'data>)> = Vec::new();
        image.for_each_symbol(|symbol| {
            found.present = true;
            if !symbol.name.starts_with(b"__mp_") || symbol.undefined {
                return;
            }
            let name = c_string(symbol.name);
            if name == ABI_SYMBOL {
                found.abi = Some(symbol.value);
            } else if let Some((phase, rest)) = names::registry_symbol(name)
                && candidates.len() < 4 * MAX_ENTRIES
            {
                candidates.push((phase, rest, symbol));
            }
        })?;
        // Bounds first: the levels that they name tell where the priority
        // stands in the names of entries.
        candidates.retain(|&(phase, rest, symbol)| {
            // A linker script's symbols have no type; an entry is an object,
            // and may well be named `..._start`.
            let bound = names::bound(rest).filter(|_| symbol.kind == elf::STT_NOTYPE);
            let edge = Edge { address: symbol.value, section: symbol.section };
            bound.is_none_or(|(level, bound)| {
                found.bounds.push((phase, level, bound, edge));
                false
            })
        });
        let levels: Vec<Level> =
            found.bounds.iter().map(|(_, level, _, _)| level.clone()).collect();
        for (phase, rest, symbol) in candidates {
            if let Some(name) = names::entry(rest, &levels) {
                let (address, section) = (symbol.value, symbol.section);
                found.entries.push(EntrySymbol { phase, name, address, section });
            }
        }
        Ok(found)
    }
}

/// The tables that bounds or output sections tell of, and the input sections
/// that no script collected.
fn tables<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    symbols: &RegistrySymbols,
) -> (Tables, Vec<(Phase, EntryName)>) {
    let mut tables = Tables::new();
    for (phase, level, bound, edge) in &symbols.bounds {
        let table = tables.entry((*phase, level.clone())).or_default();
        match bound {
            Bound::Start => table.start = Some(*edge),
            Bound::End => table.end = Some(*edge),
        }
    }
    let mut orphans = Vec::new();
    for (index, section) in image.sections.iter().enumerate() {
        match names::section(section.name) {
            Some(SectionName::Table(phase, level)) => {
                tables.entry((phase, level)).or_default().section = Some(index);
            }
            Some(SectionName::Orphan(phase, name)) if section.is_allocated() => {
                orphans.push((phase, name));
            }
            _ => {}
        }
    }
    (tables, orphans)
}

/// The memory that a table takes, and where its bytes are.
struct Extent {
    range: Range<u64>,
    section: Option<usize>,
    /// Offset of the first word in the file; `None` where no part of the file
    /// holds it.
    offset: Option<u64>,
    /// Whether `range` ends with the section and may hold padding.
    padded: bool,
}

fn extent<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    symbols: &RegistrySymbols,
    phase: Phase,
    level: &Level,
    table: &Table,
    anomalies: &mut Anomalies,
) -> Option<Extent> {
    let own_section = table.section.and_then(|index| image.sections.get(index));
    let (range, index, padded) = if let (Some(start), Some(end)) = (table.start, table.end) {
        if end.address < start.address {
            let address = Some(Address(start.address));
            anomalies.push(Anomaly {
                address,
                ..Anomaly::new(AnomalyKind::MalformedTable).of(phase, level)
            });
            return None;
        }
        (start.address..end.address, start.section, false)
    } else {
        // Without symbols at all, the output section is what is left to go by.
        // With symbols, a table that nothing bounds is one that nobody can walk.
        if symbols.present && own_section.is_none_or(|section| section.size > 0) {
            anomalies.push(Anomaly::new(AnomalyKind::MissingBounds).of(phase, level));
        }
        let section = own_section?;
        (section.address..section.address.checked_add(section.size)?, table.section, true)
    };
    let size = range.end - range.start;
    let in_section = index.and_then(|index| image.sections.get(index)).filter(|section| {
        section.address <= range.start
            && range.end - section.address <= section.size
            && section.kind != elf::SHT_NOBITS.0
    });
    let offset = match in_section {
        Some(section) => Some(section.offset + (range.start - section.address)),
        None => image.loaded_offset(range.start, size),
    };
    let loaded = offset.is_some_and(|offset| image.is_loaded(range.start, offset, size));
    if size > 0 && !loaded {
        let address = Some(Address(range.start));
        anomalies.push(Anomaly {
            address,
            ..Anomaly::new(AnomalyKind::TableNotLoaded).of(phase, level)
        });
    }
    Some(Extent { range, section: index, offset, padded })
}

fn words<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    phase: Phase,
    level: Level,
    extent: &Extent,
    relocations: &Relocations,
    anomalies: &mut Anomalies,
) -> Result<Words, ExtractError> {
    let size = extent.range.end - extent.range.start;
    let pointer = image.pointer_size();
    if !size.is_multiple_of(pointer) && !extent.padded {
        let value = Some(size);
        anomalies
            .push(Anomaly { value, ..Anomaly::new(AnomalyKind::MalformedTable).of(phase, &level) });
    }
    let mut count = size / pointer;
    if count > MAX_ENTRIES as u64 {
        let value = Some(count);
        anomalies
            .push(Anomaly { value, ..Anomaly::new(AnomalyKind::TableTooLong).of(phase, &level) });
        count = MAX_ENTRIES as u64;
    }
    let bytes = match extent.offset {
        Some(offset) => image.bytes(
            || format!("the {phase} table of level {level}"),
            offset,
            count * pointer,
        )?,
        None => &[],
    };
    let mut words = Vec::new();
    let mut imports = HashMap::new();
    for (slot, bytes) in bytes.chunks_exact(usize::from(image.bits / 8)).enumerate() {
        let in_place = image.pointer(bytes).unwrap_or_default();
        let relocation = relocations.get(&(extent.range.start + slot as u64 * pointer));
        if let Some(import) = relocation.and_then(|relocation| relocation.import.clone()) {
            imports.insert(slot, import);
        }
        words
            .push(relocation.map_or(in_place, |relocation| relocation.apply(in_place, image.bits)));
    }
    if extent.padded {
        // The linker fills the end of a section with zeros.
        let filled = words.iter().rposition(|&word| word != 0).map_or(0, |last| last + 1);
        words.truncate(filled);
    }
    let (section, start) = (extent.section, extent.range.start);
    Ok(Words { phase, level, section, start, pointers: words, imports })
}

/// The levels in run order: the RFC's first, then a project's own by the place
/// of their tables in memory.
fn levels(tables: &[Words]) -> Vec<Level> {
    let mut by_place: Vec<&Words> = tables.iter().collect();
    by_place.sort_by_key(|table| (table.start, table.phase));
    let mut levels: Vec<Level> = Vec::new();
    for table in by_place {
        if !levels.contains(&table.level) {
            levels.push(table.level.clone());
        }
    }
    order_levels(&mut levels);
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
    if entries.len() > MAX_ENTRIES {
        let value = Some(entries.len() as u64);
        anomalies.push(Anomaly { value, ..Anomaly::new(AnomalyKind::TableTooLong) });
        entries.truncate(MAX_ENTRIES);
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

    /// The anomalies by phase and in the order of `levels`.
    fn sorted(mut self, levels: &[Level]) -> Vec<Anomaly> {
        self.0.sort_by_key(|anomaly| {
            let level = anomaly.level.as_ref();
            let rank = level.and_then(|level| levels.iter().position(|known| known == level));
            (anomaly.phase, level.is_some() && rank.is_none(), rank)
        });
        self.0
    }
}
