//! The functions of an image: where each starts and ends, and what it is called.

use std::collections::HashMap;

use object::elf;
use object::read::ReadRef;

use super::memory::Memory;
use crate::extract::ExtractError;
use crate::extract::elf::{Image, c_string};
use crate::model::SymbolName;

/// Most functions that are indexed; a large image has 20,000.
const MAX_FUNCTIONS: usize = 500_000;

/// How many times the size of the file the names may have together. Names that
/// share the end of one another could have any number of times; real ones have
/// less than the file.
const MAX_NAMES: u64 = 4;
/// Most parts of one name that are taken for parts of one function.
const MAX_PARTS: usize = 8;

/// One function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// Address of its first instruction.
    pub(super) start: u64,
    /// Address after its last byte.
    pub(super) end: u64,
    /// The address as pointers hold it: bit 0 set for Thumb code.
    pub(super) pointer: u64,
    pub(super) name: SymbolName,
    /// Whether only its own source file can call it by name (`static`).
    pub(super) is_local: bool,
}

/// All functions of an image.
pub(super) struct Functions {
    /// By address.
    list: Vec<Function>,
    /// The parts that were moved away, by name.
    cold: HashMap<SymbolName, Vec<usize>>,
}

impl Functions {
    /// Indexes the function symbols. Of several names at one address one that
    /// is not local stands for all, then the first by name.
    pub(super) fn read<'data, R: ReadRef<'data>>(
        image: &Image<'data, R>,
        memory: &Memory<'_, 'data, R>,
    ) -> Result<Self, ExtractError> {
        let mut found: Vec<(u64, u8, &[u8], u64, u64)> = Vec::new();
        let mut room = image.file_size.saturating_mul(MAX_NAMES);
        image.for_each_symbol(|symbol| {
            let function = matches!(symbol.kind, elf::STT_FUNC | elf::STT_GNU_IFUNC);
            if function && !symbol.undefined && found.len() < MAX_FUNCTIONS && room > 0 {
                let rank = u8::from(symbol.bind == elf::STB_LOCAL);
                let start = image.code_address(symbol.value);
                let name = c_string(symbol.name);
                room = room.saturating_sub(name.len() as u64);
                found.push((start, rank, name, symbol.value, symbol.size));
            }
        })?;
        found.sort_unstable();
        found.dedup_by_key(|function| function.0);
        let starts: Vec<u64> = found.iter().map(|function| function.0).collect();
        let mut list = Vec::with_capacity(found.len());
        let mut cold: HashMap<SymbolName, Vec<usize>> = HashMap::new();
        for (index, (start, rank, whole, pointer, size)) in found.into_iter().enumerate() {
            let Some(name) = SymbolName::from_bytes(whole) else { continue };
            let is_cold = whole.windows(5).any(|part| part == b".cold");
            if is_cold {
                let parts = cold.entry(name.clone()).or_default();
                if parts.len() < MAX_PARTS {
                    parts.push(list.len());
                }
            }
            let next = starts.get(index + 1).copied().unwrap_or(u64::MAX);
            // Assembler often leaves the size out.
            let end = if size == 0 { next } else { start.saturating_add(size).min(next) };
            list.push(Function {
                start,
                end: end.min(memory.code_end(start)),
                pointer,
                name,
                is_local: rank > 0,
            });
        }
        Ok(Self { list, cold })
    }

    /// The function that starts at `start`.
    pub(super) fn at(&self, start: u64) -> Option<&Function> {
        let index = self.list.binary_search_by_key(&start, |function| function.start).ok()?;
        self.list.get(index)
    }

    /// All functions by address.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Function> {
        self.list.iter()
    }

    /// The parts of a function that the compiler moved away as unlikely
    /// (`main.cold`).
    pub(super) fn cold_parts(&self, function: &Function) -> impl Iterator<Item = &Function> {
        let parts = self.cold.get(&function.name).into_iter().flatten();
        parts.map(|&index| &self.list[index]).filter(|part| part.start != function.start)
    }
}
