//! Functions that the compiler inlined into another one, from DWARF: their names
//! and the code that is theirs (DWARF 5, section 3.3.8.2).

use gimli::{AttributeValue, DebuggingInformationEntry, Dwarf, Unit};
use object::read::ReadRef;

use super::ExtractError;
use super::debug::{DebugSections, Slice};
use super::elf::Image;
use super::places::unit_of;
use crate::model::SymbolName;

/// How many entries may refer to one another before a name is found.
const MAX_HOPS: usize = 8;
/// Most inlined functions that are kept; a large main has 60.
const MAX_INLINED: usize = 1024;
/// Most pieces of code of one inlined function.
const MAX_RANGES: usize = 64;

/// One inlined function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inlined {
    pub(super) name: SymbolName,
    /// Where control enters its code.
    pub(super) entry: u64,
    /// Its code: first address, and the address after the last byte.
    ranges: Vec<(u64, u64)>,
}

impl Inlined {
    /// Whether the instruction at `address` is part of the function.
    pub(super) fn holds(&self, address: u64) -> bool {
        self.ranges.iter().any(|&(start, end)| (start..end).contains(&address))
    }
}

/// The functions inlined into the one at `start`, outer ones before inner ones.
/// None where the debug information does not cover it: many images hold that of
/// libgcc alone.
pub(super) fn find<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    start: u64,
) -> Result<Vec<Inlined>, ExtractError> {
    if image.section(b".debug_info").is_none() {
        return Ok(Vec::new());
    }
    let sections = DebugSections::load(image)?;
    let Some(dwarf) = sections.dwarf(image) else {
        return Ok(Vec::new());
    };
    let found = unit_of(&dwarf, &sections, start).and_then(|unit| read(&dwarf, &unit, start).ok());
    Ok(found.unwrap_or_default())
}

/// Walks through the entries of a unit, once.
fn read<'a>(
    dwarf: &Dwarf<Slice<'a>>,
    unit: &Unit<Slice<'a>>,
    start: u64,
) -> Result<Vec<Inlined>, gimli::Error> {
    let mut found = Vec::new();
    let mut entries = unit.entries();
    // The depth of the function, while inside it.
    let mut inside = None;
    while let Some(entry) = entries.next_dfs()? {
        if inside.is_some_and(|depth| entry.depth() <= depth) {
            break;
        }
        match entry.tag() {
            gimli::DW_TAG_subprogram if inside.is_none() => {
                let ranges = ranges(dwarf, unit, entry)?;
                if ranges.iter().any(|&(from, _)| from == start) {
                    inside = Some(entry.depth());
                }
            }
            gimli::DW_TAG_inlined_subroutine if inside.is_some() => {
                let ranges = ranges(dwarf, unit, entry)?;
                let name = name(dwarf, unit, entry)?;
                let entered = match entry.attr_value(gimli::DW_AT_entry_pc) {
                    Some(AttributeValue::Addr(address)) => Some(address),
                    // GCC counts from the first address of the function.
                    Some(AttributeValue::Udata(offset)) => {
                        ranges.first().map(|&(from, _)| from.wrapping_add(offset))
                    }
                    _ => ranges.first().map(|&(from, _)| from),
                };
                if let (Some(name), Some(entry)) = (name, entered) {
                    found.push(Inlined { name, entry, ranges });
                }
                if found.len() == MAX_INLINED {
                    break;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn ranges<'a>(
    dwarf: &Dwarf<Slice<'a>>,
    unit: &Unit<Slice<'a>>,
    entry: &DebuggingInformationEntry<Slice<'a>>,
) -> Result<Vec<(u64, u64)>, gimli::Error> {
    let mut found = Vec::new();
    let mut ranges = dwarf.die_ranges(unit, entry)?;
    while let Some(range) = ranges.next()? {
        if range.begin < range.end && found.len() < MAX_RANGES {
            found.push((range.begin, range.end));
        }
    }
    Ok(found)
}

/// The entry that another one was made from.
fn origin<'a>(entry: &DebuggingInformationEntry<Slice<'a>>) -> Option<AttributeValue<Slice<'a>>> {
    entry
        .attr_value(gimli::DW_AT_abstract_origin)
        .or_else(|| entry.attr_value(gimli::DW_AT_specification))
}

/// The name of a function, which may stand in the entry that another one was
/// made from.
fn name<'a>(
    dwarf: &Dwarf<Slice<'a>>,
    unit: &Unit<Slice<'a>>,
    entry: &DebuggingInformationEntry<Slice<'a>>,
) -> Result<Option<SymbolName>, gimli::Error> {
    let mut next = origin(entry);
    for _ in 0..MAX_HOPS {
        // Entries of other units only occur where link-time optimisation took
        // main apart, and main is not read then.
        let Some(AttributeValue::UnitRef(offset)) = next else {
            return Ok(None);
        };
        let entry = unit.entry(offset)?;
        if let Some(text) = entry.attr_value(gimli::DW_AT_name) {
            let text = dwarf.attr_string(unit, text)?;
            return Ok(SymbolName::from_bytes(text.slice()));
        }
        next = origin(&entry);
    }
    Ok(None)
}
