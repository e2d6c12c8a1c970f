//! The symbols of the registry: bounds, entries and the version.

use object::elf;
use object::read::ReadRef;

use crate::extract::ExtractError;
use crate::extract::elf::{Image, Symbol, c_string};
use crate::extract::names::{self, ABI_SYMBOL, Bound, EntryName};
use crate::model::{Level, MAX_ENTRIES, Phase};

/// The symbols of the symbol table that belong to the registry.
#[derive(Default)]
pub(super) struct RegistrySymbols {
    /// Whether there are symbols at all; a stripped file has none.
    pub(super) present: bool,
    pub(super) abi: Option<u64>,
    pub(super) bounds: Vec<(Phase, Level, Bound, Edge)>,
    pub(super) entries: Vec<EntrySymbol>,
}

/// One bound of a table, as its symbol gives it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) address: u64,
    pub(super) section: Option<usize>,
    /// Whether the linker made it, for a section that has a C identifier's name.
    pub(super) is_of_linker: bool,
}

/// A symbol that names an entry.
#[derive(Clone, Debug)]
pub(super) struct EntrySymbol {
    pub(super) phase: Phase,
    pub(super) name: EntryName,
    pub(super) address: u64,
    pub(super) section: Option<usize>,
}

impl RegistrySymbols {
    pub(super) fn read<'data, R: ReadRef<'data>>(
        image: &Image<'data, R>,
    ) -> Result<Self, ExtractError> {
        let mut found = Self::default();
        let mut candidates: Vec<(Phase, &'data [u8], Symbol<'data>)> = Vec::new();
        image.for_each_symbol(|symbol| {
            found.present = true;
            if symbol.name.starts_with(b"__st") {
                let bound = names::linker_bound(c_string(symbol.name));
                if let Some((phase, level, bound)) = bound.filter(|_| !symbol.undefined) {
                    let (address, section) = (symbol.value, symbol.section);
                    let edge = Edge { address, section, is_of_linker: true };
                    if found.bounds.len() < 4 * MAX_ENTRIES {
                        found.bounds.push((phase, level, bound, edge));
                    }
                }
            }
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
            let (address, section) = (symbol.value, symbol.section);
            let edge = Edge { address, section, is_of_linker: false };
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
