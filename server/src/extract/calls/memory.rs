//! What stands at an address of the image: code, literal pools and jump tables.

use std::cell::OnceCell;

use object::elf;
use object::read::ReadRef;

use crate::extract::elf::{Image, Section};

/// The allocated sections of an image, by address.
pub(super) struct Memory<'image, 'data, R> {
    image: &'image Image<'data, R>,
    /// Sorted by address; sections that overlap are found by their start.
    sections: Vec<Part<'image, 'data>>,
}

/// A section, with its bytes once they were asked for.
struct Part<'image, 'data> {
    section: &'image Section<'data>,
    bytes: OnceCell<&'data [u8]>,
}

impl<'image, 'data, R: ReadRef<'data>> Memory<'image, 'data, R> {
    pub(super) fn new(image: &'image Image<'data, R>) -> Self {
        let mut sections: Vec<_> = image
            .sections
            .iter()
            .filter(|section| section.is_allocated() && section.occupies_file() && section.size > 0)
            .map(|section| Part { section, bytes: OnceCell::new() })
            .collect();
        sections.sort_by_key(|part| part.section.address);
        Self { image, sections }
    }

    fn part(&self, address: u64) -> Option<&Part<'image, 'data>> {
        let after = self.sections.partition_point(|part| part.section.address <= address);
        let part = self.sections.get(after.checked_sub(1)?)?;
        (address - part.section.address < part.section.size).then_some(part)
    }

    /// The bytes from `address` to the end of its section, if it holds code.
    pub(super) fn code(&self, address: u64) -> Option<&'data [u8]> {
        let part = self.part(address).filter(|part| part.is_code())?;
        self.bytes(part, address)
    }

    /// Address after the last byte of the section that holds code at `address`;
    /// `address` itself where there is none.
    pub(super) fn code_end(&self, address: u64) -> u64 {
        let part = self.part(address).filter(|part| part.is_code());
        part.map_or(address, |part| part.section.address.saturating_add(part.section.size))
    }

    /// A number that cannot change while the firmware runs.
    pub(super) fn constant(&self, address: u64, width: u8) -> Option<u64> {
        let part = self.part(address)?;
        if part.section.flags & elf::SHF_WRITE.0 != 0 {
            return None;
        }
        let bytes = self.bytes(part, address)?.get(..usize::from(width))?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.image.is_little_endian() {
            bytes.iter().rev().fold(0, fold)
        } else {
            bytes.iter().fold(0, fold)
        })
    }

    fn bytes(&self, part: &Part<'_, 'data>, address: u64) -> Option<&'data [u8]> {
        let read = || self.image.section_bytes(part.section).unwrap_or_default();
        part.bytes.get_or_init(read).get(usize::try_from(address - part.section.address).ok()?..)
    }
}

impl Part<'_, '_> {
    fn is_code(&self) -> bool {
        self.section.flags & elf::SHF_EXECINSTR.0 != 0
    }
}
