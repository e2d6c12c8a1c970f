//! The tables: where they lie, and the words in them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use object::read::ReadRef;

use super::Anomalies;
use super::symbols::{Edge, RegistrySymbols};
use crate::extract::ExtractError;
use crate::extract::elf::Image;
use crate::extract::names::{self, Bound, EntryName, SectionName};
use crate::extract::relocations::Relocations;
use crate::model::{Address, Anomaly, AnomalyKind, Level, MAX_LEVELS, Phase, Priority, SymbolName};

/// Where the table of one phase and level lies.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) start: Option<Edge>,
    pub(super) end: Option<Edge>,
    /// Index of the output section named after the level.
    pub(super) section: Option<usize>,
    /// Whether each entry is followed by its priority, because the linker bounds
    /// the section and does not sort it.
    pub(super) is_keyed: bool,
}

/// The tables by phase and level.
pub(super) type Tables = BTreeMap<(Phase, Level), Table>;

/// Entries in sections that no linker script collected.
pub(super) type Orphans = HashSet<(Phase, EntryName)>;

/// The words of one table, relocated.
pub(super) struct Words {
    pub(super) phase: Phase,
    pub(super) level: Level,
    /// Index of the section that holds the table; its address alone does not
    /// tell, because sections that are not loaded share addresses with others.
    pub(super) section: Option<usize>,
    /// The address of the first word.
    pub(super) start: u64,
    pub(super) pointers: Vec<u64>,
    /// The priority behind each pointer; empty where the linker sorted them.
    keys: Vec<u64>,
    pub(super) imports: HashMap<usize, SymbolName>,
    /// How many bytes an entry takes.
    stride: u64,
}

impl Words {
    /// The address of an entry.
    pub(super) fn place(&self, slot: usize) -> u64 {
        self.start + slot as u64 * self.stride
    }

    /// The places of the entries in the order in which init runs them.
    pub(super) fn in_run_order(&self) -> Vec<usize> {
        let mut slots: Vec<usize> = (0..self.pointers.len()).collect();
        slots.sort_by_key(|&slot| self.keys.get(slot));
        slots
    }

    /// The priority that an entry carries.
    pub(super) fn priority(&self, slot: usize) -> Option<Priority> {
        format!("{:02}", self.keys.get(slot)?).parse().ok()
    }
}

/// The tables that bounds or output sections tell of, and the input sections
/// that no script collected. A file that names more than [`MAX_LEVELS`] levels
/// is no firmware; the first ones are kept.
pub(super) fn tables<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    symbols: &RegistrySymbols,
) -> (Tables, Orphans) {
    let mut tables = Tables::new();
    let mut orphans = Orphans::new();
    let mut levels: BTreeSet<Level> = BTreeSet::new();
    let mut known = |level: &Level| {
        levels.contains(level) || (levels.len() < MAX_LEVELS && levels.insert(level.clone()))
    };
    for (phase, level, bound, edge) in &symbols.bounds {
        if known(level) {
            let table = tables.entry((*phase, level.clone())).or_default();
            table.is_keyed = edge.is_of_linker;
            match bound {
                Bound::Start => table.start = Some(*edge),
                Bound::End => table.end = Some(*edge),
            }
        }
    }
    for (index, section) in image.sections.iter().enumerate() {
        match names::section(section.name) {
            Some(SectionName::Table(phase, level)) if known(&level) => {
                tables.entry((phase, level)).or_default().section = Some(index);
            }
            Some(SectionName::KeyedTable(phase, level)) if known(&level) => {
                let table = tables.entry((phase, level)).or_default();
                table.section = Some(index);
                table.is_keyed = true;
            }
            Some(SectionName::Orphan(phase, name)) if section.is_allocated() => {
                orphans.insert((phase, name));
            }
            _ => {}
        }
    }
    (tables, orphans)
}

/// The memory that a table takes, and where its bytes are.
pub(super) struct Extent {
    /// Whole words, all of which are read.
    pub(super) range: Range<u64>,
    pub(super) section: Option<usize>,
    /// Offset of the first word in the file; `None` where no part of the file
    /// holds it.
    pub(super) offset: Option<u64>,
    /// Whether `range` ends with the section and may hold padding.
    pub(super) padded: bool,
    /// Whether each pointer is followed by its priority.
    pub(super) is_keyed: bool,
}

/// Finds where a table lies, and says what is odd about that. `room` is how many
/// words may still be read: bounds are symbols, and may be as far apart as their
/// author likes.
pub(super) fn extent<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    symbols: &RegistrySymbols,
    phase: Phase,
    level: &Level,
    table: &Table,
    room: &mut u64,
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
            && section.occupies_file()
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
    let pointer = image.pointer_size() * if table.is_keyed { 2 } else { 1 };
    if !size.is_multiple_of(pointer) && !padded {
        let value = Some(size);
        anomalies
            .push(Anomaly { value, ..Anomaly::new(AnomalyKind::MalformedTable).of(phase, level) });
    }
    let count = size / pointer;
    if count > *room {
        let value = Some(count);
        anomalies
            .push(Anomaly { value, ..Anomaly::new(AnomalyKind::TableTooLong).of(phase, level) });
    }
    let count = count.min(*room);
    *room -= count;
    let range = range.start..range.start + count * pointer;
    Some(Extent { range, section: index, offset, padded, is_keyed: table.is_keyed })
}

/// Reads the words of a table.
pub(super) fn words<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    phase: Phase,
    level: Level,
    extent: &Extent,
    relocations: &Relocations,
) -> Result<Words, ExtractError> {
    let size = extent.range.end - extent.range.start;
    let bytes = match extent.offset {
        Some(offset) => {
            image.bytes(|| format!("the {phase} table of level {level}"), offset, size)?
        }
        None => &[],
    };
    let mut pointers = Vec::new();
    let mut keys = Vec::new();
    let mut imports = HashMap::new();
    let stride = image.pointer_size() * if extent.is_keyed { 2 } else { 1 };
    let entries = bytes.chunks_exact(usize::try_from(stride).unwrap_or(usize::MAX));
    for (slot, bytes) in entries.enumerate() {
        let place = extent.range.start + slot as u64 * stride;
        if let Some(import) = relocations.import(place) {
            imports.insert(slot, import.clone());
        }
        let in_place = image.pointer(bytes).unwrap_or_default();
        pointers.push(relocations.apply(place, in_place, image.bits));
        if extent.is_keyed {
            let key = &bytes[usize::from(image.bits / 8)..];
            keys.push(image.pointer(key).unwrap_or_default());
        }
    }
    if extent.padded && !extent.is_keyed {
        // The linker fills the end of a section with zeros.
        let filled = pointers.iter().rposition(|&word| word != 0).map_or(0, |last| last + 1);
        pointers.truncate(filled);
    }
    let (section, start) = (extent.section, extent.range.start);
    Ok(Words { phase, level, section, start, pointers, keys, imports, stride })
}
