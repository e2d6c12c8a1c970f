//! The functions of an image: where each starts and ends, and what it is called.

use std::collections::HashMap;

use object::elf;
use object::read::ReadRef;

use crate::extract::ExtractError;
use crate::extract::elf::{Image, c_string};
use crate::model::SymbolName;

/// Most functions that are indexed; a large image has 20,000.
const MAX_FUNCTIONS: usize = 500_000;

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
    /// Whether it is the part of a function that the compiler moved away as
    /// unlikely, not one that is called.
    pub(super) is_cold: bool,
    /// Whether only its own source file can call it by name (`static`).
    pub(super) is_local: bool,
}

/// All functions of an image, by address.
pub(super) struct Functions {
    list: Vec<Function>,
    by_start: HashMap<u64, usize>,
}

impl Functions {
    /// Indexes the function symbols. Of several names at one address one that
    /// is not local stands for all, then the first by name.
    pub(super) fn read<'data, R: ReadRef<'data>>(
        image: &Image<'data, R>,
    ) -> Result<Self, ExtractError> {
        let mut found: Vec<(u64, u8, &[u8], u64, u64)> = Vec::new();
        image.for_each_symbol(|symbol| {
            let function = matches!(symbol.kind, elf::STT_FUNC | elf::STT_GNU_IFUNC);
            if function && !symbol.undefined && found.len() < MAX_FUNCTIONS {
                let rank = u8::from(symbol.bind == elf::STB_LOCAL);
                let start = image.code_address(symbol.value);
                found.push((start, rank, symbol.name, symbol.value, symbol.size));
            }
        })?;
        // Compared without their names first, which run on to the end of the
        // string table.
        found.sort_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| c_string(a.2).cmp(c_string(b.2)))
        });
        found.dedup_by_key(|function| function.0);
        let starts: Vec<u64> = found.iter().map(|function| function.0).collect();
        let mut list = Vec::with_capacity(found.len());
        for (index, (start, rank, name, pointer, size)) in found.into_iter().enumerate() {
            let whole = c_string(name);
            let Some(name) = SymbolName::from_bytes(whole) else { continue };
            let is_cold = whole.windows(5).any(|part| part == b".cold");
            let next = starts.get(index + 1).copied().unwrap_or(u64::MAX);
            // Assembler often leaves the size out.
            let end = if size == 0 { next } else { start.saturating_add(size).min(next) };
            list.push(Function {
                start,
                end: end.min(image.section_end(start)),
                pointer,
                name,
                is_cold,
                is_local: rank > 0,
            });
        }
        let by_start =
            list.iter().enumerate().map(|(index, function)| (function.start, index)).collect();
        Ok(Self { list, by_start })
    }

    /// The function that starts at `start`.
    pub(super) fn at(&self, start: u64) -> Option<&Function> {
        self.by_start.get(&start).map(|&index| &self.list[index])
    }

    /// All functions by address.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Function> {
        self.list.iter()
    }

    /// The functions of that name.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Function> {
        self.list.iter().filter(move |function| function.name.as_str() == name)
    }
}
