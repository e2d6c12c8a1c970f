//! An ELF file as sections, segments, symbols and bytes, the same for both word
//! sizes and byte orders (System V gABI, chapters 4 and 5).
//!
//! Every range of the file is checked here, once, before anything reads it.

mod arch;
mod symbols;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use object::Endianness;
use object::elf;
use object::read::ReadRef;
use object::read::elf::{
    CompressionHeader as _, FileHeader, ProgramHeader as _, SectionHeader as _,
};

pub(super) use arch::Arch;
pub(super) use symbols::{Symbol, c_string};

use super::ExtractError;
use crate::model::Endian;

/// One section header, with its name.
#[derive(Clone, Debug)]
pub(super) struct Section<'data> {
    pub(super) name: &'data [u8],
    pub(super) kind: u32,
    pub(super) flags: u64,
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) link: u32,
}

/// One loadable segment.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    executable: bool,
    offset: u64,
    address: u64,
    file_size: u64,
}

/// A checked ELF file.
pub(super) struct Image<'data, R> {
    data: R,
    pub(super) file_size: u64,
    pub(super) arch: Arch,
    pub(super) bits: u8,
    endian: Endianness,
    pub(super) sections: Vec<Section<'data>>,
    pub(super) segments: Vec<Segment>,
    /// File range of the dynamic array, if there is one.
    pub(super) dynamic: Option<(u64, u64)>,
    /// Ranges read so far. A reader that caches holds each of them, so that
    /// their sum is what the file costs in memory.
    read: RefCell<HashSet<(u64, u64)>>,
    /// That sum.
    read_bytes: Cell<u64>,
}

impl<'data, R: ReadRef<'data>> Image<'data, R> {
    /// Reads and checks the headers.
    pub(super) fn parse(data: R) -> Result<Self, ExtractError> {
        let file_size = data.len().map_err(|()| ExtractError::Unreadable { offset: 0, size: 0 })?;
        if file_size == 0 {
            return Err(ExtractError::Empty);
        }
        let start = data
            .read_bytes_at(0, file_size.min(16))
            .map_err(|()| ExtractError::Unreadable { offset: 0, size: file_size.min(16) })?;
        if !start.starts_with(&elf::ELFMAG) {
            let found: Vec<String> =
                start.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            return Err(ExtractError::NotElf { found: found.join(" ") });
        }
        let byte = |at: usize| start.get(at).copied();
        let header_size = match byte(4) {
            Some(1) | None => 52,
            Some(2) => 64,
            Some(found) => {
                let expected = "1 (32 bits) or 2 (64 bits)";
                return Err(ExtractError::Identification { offset: 4, found, expected });
            }
        };
        if file_size < header_size {
            return Err(ExtractError::Truncated {
                what: "the ELF header".to_owned(),
                offset: 0,
                size: header_size,
                file_size,
            });
        }
        let endian = match byte(5) {
            Some(1) => Endianness::Little,
            Some(2) => Endianness::Big,
            found => {
                let expected = "1 (little endian) or 2 (big endian)";
                let found = found.unwrap_or_default();
                return Err(ExtractError::Identification { offset: 5, found, expected });
            }
        };
        if byte(6) != Some(1) {
            let found = byte(6).unwrap_or_default();
            return Err(ExtractError::Identification {
                offset: 6,
                found,
                expected: "1 (the only version)",
            });
        }
        if header_size == 52 {
            Self::parse_as::<elf::FileHeader32<Endianness>>(data, file_size, endian)
        } else {
            Self::parse_as::<elf::FileHeader64<Endianness>>(data, file_size, endian)
        }
    }

    fn parse_as<Elf: FileHeader<Endian = Endianness>>(
        data: R,
        file_size: u64,
        endian: Endianness,
    ) -> Result<Self, ExtractError> {
        let header = data
            .read_at::<Elf>(0)
            .map_err(|()| ExtractError::Unreadable { offset: 0, size: size_of::<Elf>() as u64 })?;
        match header.e_type(endian) {
            elf::ET_EXEC | elf::ET_DYN => {}
            elf::ET_REL => return Err(ExtractError::ObjectFile),
            elf::ET_CORE => return Err(ExtractError::CoreDump),
            other => return Err(ExtractError::UnknownType { found: other.0 }),
        }
        let bits: u8 = if Elf::is_type_64_sized() { 64 } else { 32 };
        let mut image = Self {
            data,
            file_size,
            arch: Arch::from_machine(header.e_machine(endian).0),
            bits,
            endian,
            sections: Vec::new(),
            segments: Vec::new(),
            dynamic: None,
            read: RefCell::default(),
            read_bytes: Cell::default(),
        };
        image.read_sections(header)?;
        image.read_segments(header)?;
        Ok(image)
    }

    fn read_sections<Elf: FileHeader<Endian = Endianness>>(
        &mut self,
        header: &Elf,
    ) -> Result<(), ExtractError> {
        let endian = self.endian;
        let start: u64 = header.e_shoff(endian).into();
        if start == 0 {
            return Ok(());
        }
        let entry = size_of::<Elf::SectionHeader>() as u64;
        self.check_entry_size(
            "e_shentsize",
            self.field(46, 58),
            header.e_shentsize(endian),
            entry,
        )?;
        let table = || "the section header table".to_owned();
        // More than 65,279 sections are counted in the first header (gABI,
        // "Sections", e_shnum), so that one is checked on its own.
        self.check(table, start, entry)?;
        let count = u64::from(
            header
                .shnum(endian, self.data)
                .map_err(|_| malformed("the number of sections", start, 0, "1 or more"))?,
        );
        self.check(table, start, count.saturating_mul(entry))?;
        let headers = header.section_headers(endian, self.data).map_err(|_| {
            malformed("the section header table", start, count, "headers that can be read")
        })?;
        let names = self.section_names(header, headers)?;
        self.sections = headers
            .iter()
            .map(|section| Section {
                name: c_string(names.get(section.sh_name(endian) as usize..).unwrap_or_default()),
                kind: section.sh_type(endian).0,
                flags: section.sh_flags(endian).0,
                address: section.sh_addr(endian).into(),
                offset: section.sh_offset(endian).into(),
                size: section.sh_size(endian).into(),
                link: section.sh_link(endian),
            })
            .collect();
        for section in &self.sections {
            if section.occupies_file() {
                let name = || {
                    format!("section `{}`", String::from_utf8_lossy(section.name).escape_debug())
                };
                self.check(name, section.offset, section.size)?;
            }
        }
        Ok(())
    }

    fn section_names<Elf: FileHeader<Endian = Endianness>>(
        &self,
        header: &Elf,
        headers: &[Elf::SectionHeader],
    ) -> Result<&'data [u8], ExtractError> {
        let Ok(index) = header.section_strings_index(self.endian, self.data) else {
            return Ok(&[]);
        };
        let section = headers.get(index.0).ok_or_else(|| {
            let expected = format!("less than the number of sections, {}", headers.len());
            malformed("e_shstrndx", self.field(50, 62), index.0 as u64, &expected)
        })?;
        self.bytes(
            || "the section of section names".to_owned(),
            section.sh_offset(self.endian).into(),
            section.sh_size(self.endian).into(),
        )
    }

    fn read_segments<Elf: FileHeader<Endian = Endianness>>(
        &mut self,
        header: &Elf,
    ) -> Result<(), ExtractError> {
        let endian = self.endian;
        let start: u64 = header.e_phoff(endian).into();
        let count = header.phnum(endian, self.data).map_err(|_| {
            malformed("e_phnum", self.field(44, 56), 0xffff, "a first section that holds the count")
        })?;
        if start == 0 || count == 0 {
            return Ok(());
        }
        let entry = size_of::<Elf::ProgramHeader>() as u64;
        self.check_entry_size(
            "e_phentsize",
            self.field(42, 54),
            header.e_phentsize(endian),
            entry,
        )?;
        self.check(
            || "the program header table".to_owned(),
            start,
            entry.saturating_mul(count.into()),
        )?;
        let headers = header.program_headers(endian, self.data).map_err(|_| {
            malformed("the program header table", start, count.into(), "headers that can be read")
        })?;
        for (index, segment) in headers.iter().enumerate() {
            let offset: u64 = segment.p_offset(endian).into();
            let file_size: u64 = segment.p_filesz(endian).into();
            match segment.p_type(endian) {
                elf::PT_LOAD => {
                    self.check(|| format!("loadable segment {index}"), offset, file_size)?;
                    self.segments.push(Segment {
                        executable: segment.p_flags(endian).contains(elf::PF_X),
                        offset,
                        address: segment.p_vaddr(endian).into(),
                        file_size,
                    });
                }
                elf::PT_DYNAMIC => {
                    self.check(|| "the dynamic segment".to_owned(), offset, file_size)?;
                    self.dynamic = Some((offset, file_size));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Offset of a field of the ELF header, which depends on the word size.
    fn field(&self, in_32_bits: u64, in_64_bits: u64) -> u64 {
        if self.bits == 64 { in_64_bits } else { in_32_bits }
    }

    fn check_entry_size(
        &self,
        what: &'static str,
        offset: u64,
        found: u16,
        expected: u64,
    ) -> Result<(), ExtractError> {
        if u64::from(found) == expected {
            return Ok(());
        }
        let expected = format!("{expected} in a {}-bit file", self.bits);
        Err(malformed(what, offset, found.into(), &expected))
    }

    fn check(
        &self,
        what: impl FnOnce() -> String,
        offset: u64,
        size: u64,
    ) -> Result<(), ExtractError> {
        match offset.checked_add(size) {
            Some(end) if end <= self.file_size => Ok(()),
            _ => Err(ExtractError::Truncated {
                what: what(),
                offset,
                size,
                file_size: self.file_size,
            }),
        }
    }

    /// The bytes of a range of the file.
    pub(super) fn bytes(
        &self,
        what: impl FnOnce() -> String,
        offset: u64,
        size: u64,
    ) -> Result<&'data [u8], ExtractError> {
        if size == 0 {
            return Ok(&[]);
        }
        let mut read = self.read.borrow_mut();
        if !read.contains(&(offset, size)) {
            let sum = self.read_bytes.get().saturating_add(size);
            // Sections of real files do not overlap; twice the size leaves room
            // for segments, which do overlap sections.
            if sum > self.file_size.saturating_mul(2) {
                return Err(ExtractError::Overlap { what: what(), offset });
            }
            self.check(what, offset, size)?;
            read.insert((offset, size));
            self.read_bytes.set(sum);
        }
        self.data
            .read_bytes_at(offset, size)
            .map_err(|()| ExtractError::Unreadable { offset, size })
    }

    /// The bytes of a section; empty where it has none in the file.
    pub(super) fn section_bytes(
        &self,
        section: &Section<'data>,
    ) -> Result<&'data [u8], ExtractError> {
        if !section.occupies_file() {
            return Ok(&[]);
        }
        let name = || format!("section `{}`", String::from_utf8_lossy(section.name).escape_debug());
        self.bytes(name, section.offset, section.size)
    }

    /// The section of that name.
    pub(super) fn section(&self, name: &[u8]) -> Option<&Section<'data>> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Offset in the file of `size` bytes at `address` in a loadable segment.
    pub(super) fn loaded_offset(&self, address: u64, size: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let within = address.checked_sub(segment.address)?;
            let fits = within.checked_add(size)? <= segment.file_size;
            fits.then(|| segment.offset + within)
        })
    }

    /// Whether `size` bytes at `offset` in the file are loaded at `address`.
    pub(super) fn is_loaded(&self, address: u64, offset: u64, size: u64) -> bool {
        self.segments.iter().any(|segment| {
            let within = address.checked_sub(segment.address);
            within.is_some_and(|within| {
                segment.offset.checked_add(within) == Some(offset)
                    && within.checked_add(size).is_some_and(|end| end <= segment.file_size)
            })
        })
    }

    /// The address of the instruction that a function pointer leads to: on Arm
    /// bit 0 says that the function is Thumb code (AAELF32, "Symbol values").
    pub(super) fn code_address(&self, pointer: u64) -> u64 {
        if self.arch == Arch::Arm { pointer & !1 } else { pointer }
    }

    /// Whether an instruction may stand at `address`.
    pub(super) fn is_code(&self, address: u64) -> bool {
        let covers = |start: u64, size: u64| address.checked_sub(start).is_some_and(|at| at < size);
        let code = elf::SHF_ALLOC.0 | elf::SHF_EXECINSTR.0;
        if self.sections.is_empty() {
            self.segments.iter().any(|s| s.executable && covers(s.address, s.file_size))
        } else {
            self.sections.iter().any(|s| s.flags & code == code && covers(s.address, s.size))
        }
    }

    /// Reads the pointer at the start of `bytes`.
    pub(super) fn pointer(&self, bytes: &[u8]) -> Option<u64> {
        match (self.bits, self.is_little_endian()) {
            (64, true) => bytes.first_chunk().map(|&bytes| u64::from_le_bytes(bytes)),
            (64, false) => bytes.first_chunk().map(|&bytes| u64::from_be_bytes(bytes)),
            (_, true) => bytes.first_chunk().map(|&bytes| u32::from_le_bytes(bytes).into()),
            (_, false) => bytes.first_chunk().map(|&bytes| u32::from_be_bytes(bytes).into()),
        }
    }

    /// The size of a pointer in bytes.
    pub(super) fn pointer_size(&self) -> u64 {
        u64::from(self.bits / 8)
    }

    /// The byte order, for readers of other formats.
    pub(super) fn is_little_endian(&self) -> bool {
        self.endian == Endianness::Little
    }

    /// The byte order.
    pub(super) fn endian(&self) -> Endian {
        if self.is_little_endian() { Endian::Little } else { Endian::Big }
    }

    /// The header of a compressed section and what follows it: the compression
    /// type, the size when unpacked, and the packed bytes.
    pub(super) fn compressed(&self, bytes: &'data [u8]) -> Option<(u32, u64, &'data [u8])> {
        if self.bits == 64 {
            self.compressed_as::<elf::FileHeader64<Endianness>>(bytes)
        } else {
            self.compressed_as::<elf::FileHeader32<Endianness>>(bytes)
        }
    }

    fn compressed_as<Elf: FileHeader<Endian = Endianness>>(
        &self,
        bytes: &'data [u8],
    ) -> Option<(u32, u64, &'data [u8])> {
        let (header, rest) = object::from_bytes::<Elf::CompressionHeader>(bytes).ok()?;
        Some((header.ch_type(self.endian).0, header.ch_size(self.endian).into(), rest))
    }
}

fn malformed(what: &'static str, offset: u64, found: u64, expected: &str) -> ExtractError {
    ExtractError::Malformed { what, offset, found, expected: expected.to_owned() }
}

impl Section<'_> {
    /// Whether the file holds the bytes of the section.
    pub(super) fn occupies_file(&self) -> bool {
        self.kind != elf::SHT_NOBITS.0 && self.kind != elf::SHT_NULL.0
    }

    pub(super) fn is_allocated(&self) -> bool {
        self.flags & elf::SHF_ALLOC.0 != 0
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.flags & elf::SHF_COMPRESSED.0 != 0
    }
}
