//! What the loader would write into the words of a table.
//!
//! A position-independent executable is linked at address 0 and its pointers are
//! filled in at start. The value then stands in the relocation (`.rela.dyn`), in
//! the word itself (`.rel.dyn`, `.relr.dyn`), or in both; lld leaves zeros in the
//! word where GNU ld writes the addend. So the relocation, where there is one,
//! decides, and the word is right otherwise. For `.relr.dyn` that means that
//! nothing is to be done: the word holds the value (gABI, "RELR").

use std::collections::HashMap;
use std::ops::Range;

use object::elf;
use object::read::ReadRef;

use super::ExtractError;
use super::elf::{Arch, Image, c_string};
use crate::model::SymbolName;

/// The relocations that apply to some tables.
#[derive(Debug, Default)]
pub(super) struct Relocations {
    by_place: HashMap<u64, Relocation>,
    /// The symbols that they name.
    symbols: HashMap<u32, Named>,
}

/// One dynamic relocation of a whole pointer.
#[derive(Clone, Copy, Debug)]
struct Relocation {
    symbol: u32,
    /// `None` where the word in place is the addend (`REL`).
    addend: Option<u64>,
}

/// A symbol that relocations name, however many do.
#[derive(Debug, Default)]
struct Named {
    value: u64,
    /// Its name, where another file defines it.
    import: Option<SymbolName>,
}

impl Relocations {
    /// The value that the word at `place` has once the image is loaded at
    /// address 0, when the file holds `in_place`.
    pub(super) fn apply(&self, place: u64, in_place: u64, bits: u8) -> u64 {
        let Some(relocation) = self.by_place.get(&place) else {
            return in_place;
        };
        // Without a symbol, the image's own address is the base.
        let base = self.symbols.get(&relocation.symbol).map_or(0, |symbol| symbol.value);
        let value = base.wrapping_add(relocation.addend.unwrap_or(in_place));
        if bits == 32 { value & u64::from(u32::MAX) } else { value }
    }

    /// How many words are relocated, and how many symbols they name.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.by_place.len(), self.symbols.len())
    }

    /// The function of another file that the word at `place` will point to.
    pub(super) fn import(&self, place: u64) -> Option<&SymbolName> {
        self.symbols.get(&self.by_place.get(&place)?.symbol)?.import.as_ref()
    }
}

/// The parts of the dynamic array that say where relocations are
/// (gABI, "Dynamic Section").
#[derive(Default)]
struct Dynamic {
    rela: Option<u64>,
    rela_size: u64,
    rel: Option<u64>,
    rel_size: u64,
}

/// Collects the dynamic relocations of the words in `tables`: at most as many as
/// these have words.
pub(super) fn read<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    tables: &[Range<u64>],
) -> Result<Relocations, ExtractError> {
    let mut found = Relocations::default();
    if tables.is_empty() {
        return Ok(found);
    }
    let Some(dynamic) = dynamic(image)? else {
        return Ok(found);
    };
    let word = image.pointer_size();
    for (address, size, has_addend) in
        [(dynamic.rela, dynamic.rela_size, true), (dynamic.rel, dynamic.rel_size, false)]
    {
        let Some(offset) = address.and_then(|address| image.loaded_offset(address, size)) else {
            continue;
        };
        let bytes = image.bytes(|| "the dynamic relocations".to_owned(), offset, size)?;
        let words = if has_addend { 3 } else { 2 };
        // A table is a few pointers in an image with thousands of relocations.
        for entry in bytes.chunks_exact(usize::try_from(word * words).unwrap_or(usize::MAX)) {
            let mut fields = entry.chunks_exact(entry.len() / if has_addend { 3 } else { 2 });
            let mut field =
                || fields.next().and_then(|bytes| image.pointer(bytes)).unwrap_or_default();
            let (place, info) = (field(), field());
            if !tables.iter().any(|table| table.contains(&place)) {
                continue;
            }
            let (symbol, kind) = if image.bits == 64 {
                (u32::try_from(info >> 32).unwrap_or_default(), info & 0xffff_ffff)
            } else {
                (u32::try_from(info >> 8).unwrap_or_default(), info & 0xff)
            };
            if is_pointer(image.arch, kind) {
                let addend = has_addend.then(field);
                found.by_place.insert(place, Relocation { symbol, addend });
            }
        }
    }
    let symbols = found.by_place.values().map(|relocation| relocation.symbol);
    found.symbols =
        symbols.filter(|&symbol| symbol != 0).map(|symbol| (symbol, Named::default())).collect();
    if !found.symbols.is_empty() {
        resolve_symbols(image, &mut found.symbols)?;
    }
    Ok(found)
}

/// Looks up the symbols that relocations name, in one pass over the dynamic
/// symbol table.
fn resolve_symbols<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    named: &mut HashMap<u32, Named>,
) -> Result<(), ExtractError> {
    let Some(table) = image.sections.iter().find(|section| section.kind == elf::SHT_DYNSYM.0)
    else {
        return Ok(());
    };
    let strings = match image.sections.get(table.link as usize) {
        Some(strings) => image.section_bytes(strings)?,
        None => &[],
    };
    let mut index = 0;
    image.symbols_in(image.section_bytes(table)?, strings, |symbol| {
        index += 1;
        if let Some(named) = named.get_mut(&index) {
            named.value = symbol.value;
            named.import =
                symbol.undefined.then(|| SymbolName::from_bytes(c_string(symbol.name))).flatten();
        }
    });
    Ok(())
}

/// Whether a relocation of this type writes a whole pointer: the address of the
/// image, or of a symbol, plus the addend (each processor's psABI).
fn is_pointer(arch: Arch, kind: u64) -> bool {
    match arch {
        Arch::Arm => matches!(kind, 2 | 23),
        Arch::Aarch64 => matches!(kind, 257 | 1027),
        Arch::Riscv => matches!(kind, 1..=3),
        Arch::Xtensa => matches!(kind, 1 | 5),
        Arch::X86 | Arch::X86_64 => matches!(kind, 1 | 8),
        Arch::Machine(_) => false,
    }
}

fn dynamic<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
) -> Result<Option<Dynamic>, ExtractError> {
    let Some((offset, size)) = image.dynamic else {
        return Ok(None);
    };
    let bytes = image.bytes(|| "the dynamic segment".to_owned(), offset, size)?;
    let word = usize::from(image.bits / 8);
    let mut dynamic = Dynamic::default();
    for entry in bytes.chunks_exact(2 * word) {
        let (Some(tag), Some(value)) = (image.pointer(entry), image.pointer(&entry[word..])) else {
            break;
        };
        match i64::try_from(tag).map(elf::DynamicTag) {
            Ok(elf::DT_NULL) => break,
            Ok(elf::DT_RELA) => dynamic.rela = Some(value),
            Ok(elf::DT_RELASZ) => dynamic.rela_size = value,
            Ok(elf::DT_REL) => dynamic.rel = Some(value),
            Ok(elf::DT_RELSZ) => dynamic.rel_size = value,
            _ => {}
        }
    }
    Ok(Some(dynamic))
}
