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

/// The relocations that apply to a table, by the address of the word.
pub(super) type Relocations = HashMap<u64, Relocation>;

/// One dynamic relocation of a whole pointer.
#[derive(Clone, Debug, Default)]
pub(super) struct Relocation {
    symbol: u32,
    /// The value of the symbol; 0 where the image's own address is the base.
    base: u64,
    /// `None` where the word in place is the addend (`REL`).
    addend: Option<u64>,
    /// The symbol's name, where another file defines it.
    pub(super) import: Option<SymbolName>,
}

impl Relocation {
    /// The value that the word has once the image is loaded at address 0.
    pub(super) fn apply(&self, in_place: u64, bits: u8) -> u64 {
        let value = self.base.wrapping_add(self.addend.unwrap_or(in_place));
        if bits == 32 { value & u64::from(u32::MAX) } else { value }
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

/// Collects the dynamic relocations of the words in `tables`.
pub(super) fn read<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    tables: &[Range<u64>],
) -> Result<Relocations, ExtractError> {
    let mut found = Relocations::new();
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
                found.insert(place, Relocation { symbol, addend, ..Relocation::default() });
            }
        }
    }
    if found.values().any(|relocation| relocation.symbol != 0) {
        resolve_symbols(image, &mut found)?;
    }
    Ok(found)
}

/// Looks up the symbols that relocations name, in one pass over the dynamic
/// symbol table.
fn resolve_symbols<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    relocations: &mut Relocations,
) -> Result<(), ExtractError> {
    let Some(table) = image.sections.iter().find(|section| section.kind == elf::SHT_DYNSYM.0)
    else {
        return Ok(());
    };
    let strings = match image.sections.get(table.link as usize) {
        Some(strings) => image.section_bytes(strings)?,
        None => &[],
    };
    let mut users: HashMap<u32, Vec<&mut Relocation>> = HashMap::new();
    for relocation in relocations.values_mut() {
        users.entry(relocation.symbol).or_default().push(relocation);
    }
    let mut index = 0;
    image.symbols_in(image.section_bytes(table)?, strings, |symbol| {
        index += 1;
        for relocation in users.get_mut(&index).into_iter().flatten() {
            relocation.base = symbol.value;
            if symbol.undefined {
                relocation.import = SymbolName::from_bytes(c_string(symbol.name));
            }
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
