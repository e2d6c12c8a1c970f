//! Symbol tables (gABI, "Symbol Table").

use object::read::ReadRef;
use object::read::elf::{FileHeader, Sym as _};
use object::{Endianness, elf};

use super::Image;
use crate::extract::ExtractError;

/// Most bytes of a name that are looked at.
const MAX_NAME_BYTES: usize = 4096;

/// One symbol. The name runs to the end of the string table; [`c_string`] cuts
/// it.
#[derive(Clone, Copy, Debug)]
pub(in crate::extract) struct Symbol<'data> {
    pub(in crate::extract) name: &'data [u8],
    pub(in crate::extract) value: u64,
    pub(in crate::extract) size: u64,
    pub(in crate::extract) kind: elf::SymbolType,
    pub(in crate::extract) bind: elf::SymbolBind,
    /// Index of the section that the symbol is defined in; `None` for absolute,
    /// undefined and unknown ones.
    pub(in crate::extract) section: Option<usize>,
    pub(in crate::extract) undefined: bool,
}

impl<'data, R: ReadRef<'data>> Image<'data, R> {
    /// Calls `visit` for each symbol of the symbol table, in the file's order.
    /// Does nothing in a stripped file.
    pub(in crate::extract) fn for_each_symbol(
        &self,
        visit: impl FnMut(Symbol<'data>),
    ) -> Result<(), ExtractError> {
        let Some(table) = self.sections.iter().find(|section| section.kind == elf::SHT_SYMTAB.0)
        else {
            return Ok(());
        };
        let strings = match self.sections.get(table.link as usize) {
            Some(section) => self.section_bytes(section)?,
            None => &[],
        };
        let symbols = self.section_bytes(table)?;
        self.symbols_in(symbols, strings, visit);
        Ok(())
    }

    /// Calls `visit` for each symbol in the bytes of a symbol table.
    pub(in crate::extract) fn symbols_in(
        &self,
        symbols: &'data [u8],
        strings: &'data [u8],
        visit: impl FnMut(Symbol<'data>),
    ) {
        if self.bits == 64 {
            self.symbols_as::<elf::FileHeader64<Endianness>>(symbols, strings, visit);
        } else {
            self.symbols_as::<elf::FileHeader32<Endianness>>(symbols, strings, visit);
        }
    }

    fn symbols_as<Elf: FileHeader<Endian = Endianness>>(
        &self,
        symbols: &'data [u8],
        strings: &'data [u8],
        mut visit: impl FnMut(Symbol<'data>),
    ) {
        let endian = self.endian;
        let count = symbols.len() / size_of::<Elf::Sym>();
        let Ok((symbols, _)) = object::slice_from_bytes::<Elf::Sym>(symbols, count) else {
            return;
        };
        // The first symbol is the undefined one (gABI, "Symbol Table").
        for symbol in symbols.iter().skip(1) {
            let section = symbol.st_shndx(endian).0;
            visit(Symbol {
                name: strings.get(symbol.st_name(endian) as usize..).unwrap_or_default(),
                value: symbol.st_value(endian).into(),
                size: symbol.st_size(endian).into(),
                kind: symbol.st_type(),
                bind: symbol.st_bind(),
                section: (1..elf::SHN_LORESERVE).contains(&section).then_some(section.into()),
                undefined: section == elf::SHN_UNDEF.0,
            });
        }
    }
}

/// `bytes` up to the first NUL, at most [`MAX_NAME_BYTES`] of them, so that a
/// string table without an end cannot make reading names slow.
pub(in crate::extract) fn c_string(bytes: &[u8]) -> &[u8] {
    let bytes = &bytes[..bytes.len().min(MAX_NAME_BYTES)];
    &bytes[..bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len())]
}
