//! What stands at an address of the image: code, literal pools and jump tables.

use object::elf;
use object::read::ReadRef;

use crate::extract::elf::{Image, Section};

/// The allocated sections of an image, by address.
pub(super) struct Memory<'image, 'data, R> {
    image: &'image Image<'data, R>,
    /// Sorted by address; sections that overlap are found by their start.
    sections: Vec<&'image Section<'data>>,
}

impl<'image, 'data, R: ReadRef<'data>> Memory<'image, 'data, R> {
    pub(super) fn new(image: &'image Image<'data, R>) -> Self {
        let mut sections: Vec<_> = image
            .sections
            .iter()
            .filter(|section| section.is_allocated() && section.occupies_file() && section.size > 0)
            .collect();
        sections.sort_by_key(|section| section.address);
        Self { image, sections }
    }

    fn section(&self, address: u64) -> Option<&'image Section<'data>> {
        let after = self.sections.partition_point(|section| section.address <= address);
        let section = *self.sections.get(after.checked_sub(1)?)?;
        (address - section.address < section.size).then_some(section)
    }

    /// The bytes from `address` to the end of its section, if it holds code.
    pub(super) fn code(&self, address: u64) -> Option<&'data [u8]> {
        let section = self.section(address)?;
        let code = section.flags & elf::SHF_EXECINSTR.0 != 0;
        code.then(|| self.bytes(section, address)).flatten()
    }

    /// A number that cannot change while the firmware runs.
    pub(super) fn constant(&self, address: u64, width: u8) -> Option<u64> {
        let section = self.section(address)?;
        if section.flags & elf::SHF_WRITE.0 != 0 {
            return None;
        }
        let bytes = self.bytes(section, address)?.get(..usize::from(width))?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.image.is_little_endian() {
            bytes.iter().rev().fold(0, fold)
        } else {
            bytes.iter().fold(0, fold)
        })
    }

    fn bytes(&self, section: &Section<'data>, address: u64) -> Option<&'data [u8]> {
        let bytes = self.image.section_bytes(section).ok()?;
        bytes.get(usize::try_from(address - section.address).ok()?..)
    }
}
