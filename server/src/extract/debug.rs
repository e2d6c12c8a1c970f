//! The debug sections of an image, for readers of DWARF.

use std::borrow::Cow;
use std::collections::HashMap;

use gimli::{Dwarf, EndianSlice, RunTimeEndian, SectionId};
use object::read::ReadRef;

use super::ExtractError;
use super::elf::{Image, Section};

/// Bytes of a debug section, with their order.
pub(super) type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// Largest debug section that is unpacked, in bytes.
const MAX_UNPACKED: u64 = 256 << 20;
/// Most a packed section may grow: what deflate can reach.
const MAX_RATIO: u64 = 1032;

/// The debug sections of an image, unpacked where they are compressed.
pub(super) struct DebugSections<'data>(HashMap<&'static str, Cow<'data, [u8]>>);

impl<'data> DebugSections<'data> {
    pub(super) fn load<R: ReadRef<'data>>(image: &Image<'data, R>) -> Result<Self, ExtractError> {
        let ids = [
            SectionId::DebugAbbrev,
            SectionId::DebugAddr,
            SectionId::DebugAranges,
            SectionId::DebugInfo,
            SectionId::DebugLine,
            SectionId::DebugLineStr,
            SectionId::DebugRanges,
            SectionId::DebugRngLists,
            SectionId::DebugStr,
            SectionId::DebugStrOffsets,
        ];
        let mut sections = HashMap::new();
        for id in ids {
            if let Some(section) = image.section(id.name().as_bytes()) {
                sections.insert(id.name(), unpacked(image, section)?);
            }
        }
        Ok(Self(sections))
    }

    /// The sections as a reader of debug information takes them.
    pub(super) fn dwarf<R: ReadRef<'data>>(
        &self,
        image: &Image<'data, R>,
    ) -> Option<Dwarf<Slice<'_>>> {
        let little = image.is_little_endian();
        let endian = if little { RunTimeEndian::Little } else { RunTimeEndian::Big };
        let section = |id: SectionId| Ok::<_, gimli::Error>(Slice::new(self.bytes(id), endian));
        Dwarf::load(section).ok()
    }

    pub(super) fn bytes(&self, id: SectionId) -> &[u8] {
        self.0.get(id.name()).map_or(&[], |bytes| bytes)
    }

    pub(super) fn size(&self) -> usize {
        self.0.values().map(|bytes| bytes.len()).sum()
    }
}

/// The bytes of a section. One that cannot be unpacked counts as empty: places
/// are an addition, and the table is right without them.
fn unpacked<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    section: &Section<'data>,
) -> Result<Cow<'data, [u8]>, ExtractError> {
    let bytes = image.section_bytes(section)?;
    if !section.is_compressed() {
        return Ok(Cow::Borrowed(bytes));
    }
    let unpack = || {
        let (kind, uncompressed_size, data) = image.compressed(bytes)?;
        let format = match object::elf::CompressionType(kind) {
            object::elf::ELFCOMPRESS_ZLIB => object::CompressionFormat::Zlib,
            object::elf::ELFCOMPRESS_ZSTD => object::CompressionFormat::Zstandard,
            _ => return None,
        };
        let limit = MAX_UNPACKED.min((data.len() as u64).saturating_mul(MAX_RATIO));
        if uncompressed_size > limit {
            return None;
        }
        object::CompressedData { format, data, uncompressed_size }.decompress().ok()
    };
    Ok(unpack().unwrap_or_default())
}
