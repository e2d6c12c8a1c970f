//! Files that somebody broke, or made to break us.

use initboard::extract::{ExtractError, extract};
use initboard::model::Sha256;
use object::elf;
use proptest::prelude::*;

use crate::files;
use crate::made::{File, Section, Symbol};

const DIGEST: Sha256 = Sha256([0; 32]);

fn sample() -> Vec<u8> {
    std::fs::read(files::root().join("data/firmware/2/ports/mps2/build-MPS2_NET/firmware.elf"))
        .unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(files::root().join(format!("data/fixtures/{name}.elf"))).unwrap()
}

fn message(bytes: &[u8]) -> String {
    extract(bytes, DIGEST).unwrap_err().to_string()
}

#[test]
fn what_is_no_firmware_is_named_for_what_it_is() {
    assert_eq!(message(b""), "the file is empty: expected an ELF file such as firmware.elf");
    assert_eq!(
        message(b"UF2\nWQ]\x9e"),
        "not an ELF file: it starts with 55 46 32 0a, expected 7f 45 4c 46; give the linker's output (firmware.elf), not the .bin, .hex, .dfu or .uf2 made from it"
    );
    let mut object_file = sample();
    object_file[16] = 1;
    assert_eq!(extract(&object_file[..], DIGEST), Err(ExtractError::ObjectFile));
    let mut core_dump = sample();
    core_dump[16] = 4;
    assert_eq!(extract(&core_dump[..], DIGEST), Err(ExtractError::CoreDump));
    let mut unknown = sample();
    unknown[16] = 9;
    assert_eq!(extract(&unknown[..], DIGEST), Err(ExtractError::UnknownType { found: 9 }));
}

#[test]
fn the_identification_is_checked_byte_by_byte() {
    for (offset, expected) in [
        (
            4,
            "byte 4 of the ELF header holds 9: expected 1 (32 bits) or 2 (64 bits); the file is damaged",
        ),
        (
            5,
            "byte 5 of the ELF header holds 9: expected 1 (little endian) or 2 (big endian); the file is damaged",
        ),
        (6, "byte 6 of the ELF header holds 9: expected 1 (the only version); the file is damaged"),
    ] {
        let mut bytes = sample();
        bytes[offset] = 9;
        assert_eq!(message(&bytes), expected);
    }
}

#[test]
fn a_file_cut_at_any_64th_byte_is_said_to_be_cut() {
    for (name, path) in files::committed() {
        let bytes = std::fs::read(path).unwrap();
        for size in (0..bytes.len()).step_by(64) {
            match extract(&bytes[..size], DIGEST) {
                Err(ExtractError::Truncated { file_size, .. }) => {
                    assert_eq!(file_size, size as u64, "{name}");
                }
                Err(ExtractError::Empty) => assert_eq!(size, 0),
                other => panic!("{name} cut at {size}: {other:?}"),
            }
        }
    }
}

#[test]
fn the_message_for_a_cut_file_says_where_and_what() {
    let bytes = fixture("arm-be");
    let half = &bytes[..1024];
    assert_eq!(
        message(half),
        format!(
            "the file ends at byte 1024, and the section header table needs 40 bytes from byte {} on: it is truncated or damaged; copy or upload it again",
            u32::from_be_bytes(bytes[32..36].try_into().unwrap())
        )
    );
}

/// Offsets of the header fields of a 32-bit ELF file that hold sizes, counts
/// and offsets (gABI, "ELF Header"), with their widths.
const HEADER_FIELDS: [(usize, usize); 8] =
    [(28, 4), (32, 4), (40, 2), (42, 2), (44, 2), (46, 2), (48, 2), (50, 2)];

#[test]
fn offsets_and_counts_that_overflow_are_refused_or_harmless() {
    let bytes = sample();
    let sections = u32::from_le_bytes(bytes[32..36].try_into().unwrap()) as usize;
    let segments = u32::from_le_bytes(bytes[28..32].try_into().unwrap()) as usize;
    let section_count = usize::from(u16::from_le_bytes([bytes[48], bytes[49]]));
    let segment_count = usize::from(u16::from_le_bytes([bytes[44], bytes[45]]));
    let section_fields = (0..section_count * 10).map(|word| (sections + word * 4, 4));
    let segment_fields = (0..segment_count * 8).map(|word| (segments + word * 4, 4));
    for (offset, width) in HEADER_FIELDS.into_iter().chain(section_fields).chain(segment_fields) {
        for filler in [0xff, 0x7f, 0x80, 0x00] {
            let mut broken = bytes.clone();
            broken[offset..offset + width].fill(filler);
            // Any answer will do, as long as it is one.
            let _ = extract(&broken[..], DIGEST);
        }
    }
}

#[test]
fn sections_that_overlap_cannot_take_more_memory_than_twice_the_file() {
    let mut bytes = sample();
    let sections = u32::from_le_bytes(bytes[32..36].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes([bytes[48], bytes[49]]));
    let size = u32::try_from(bytes.len()).unwrap();
    for section in 1..count {
        // sh_offset and sh_size: each section starts a byte later and takes the
        // whole rest of the file.
        let at = sections + section * 40 + 16;
        let start = u32::try_from(section).unwrap();
        bytes[at..at + 4].copy_from_slice(&start.to_le_bytes());
        bytes[at + 4..at + 8].copy_from_slice(&(size - start).to_le_bytes());
    }
    assert!(matches!(extract(&bytes[..], DIGEST), Err(ExtractError::Overlap { .. })));
}

#[test]
fn hostile_names_come_out_as_they_are_and_end_somewhere() {
    for (name, expected) in [
        (&b"<script>alert(1)</script>"[..], "<script>alert(1)</script>".to_owned()),
        (b"](javascript:x)", "](javascript:x)".to_owned()),
        (b"\x1b[31mred", "\u{1b}[31mred".to_owned()),
        (b"\xff\xfe", "\u{fffd}\u{fffd}".to_owned()),
        (&[b'a'; 10_240], format!("{}…", "a".repeat(509))),
    ] {
        let table = files::extract(&named(name));
        assert_eq!(table.entries[0].function.as_ref().unwrap().as_str(), expected);
    }
}

/// An Arm image with one entry in the init table of level driver, whose symbol
/// ends with `name`. Made with a writer, because no compiler makes such names.
fn named(name: &[u8]) -> Vec<u8> {
    let symbol =
        |name: &[u8], value, kind| Symbol { name: name.to_vec(), section: 1, value, size: 0, kind };
    File {
        machine: elf::EM_ARM,
        bits: 32,
        sections: vec![
            // `bx lr; bx lr`
            Section {
                name: ".text",
                address: 0x1000,
                flags: elf::SHF_EXECINSTR,
                bytes: vec![0x70, 0x47, 0x70, 0x47],
            },
            // A pointer to the first, with the Thumb bit.
            Section {
                name: ".mp_init_driver",
                address: 0x1004,
                flags: elf::SectionFlags(0),
                bytes: vec![0x01, 0x10, 0x00, 0x00],
            },
        ],
        symbols: vec![
            symbol(&[b"__mp_init_driver_00_", name].concat(), 0x1004, elf::STT_OBJECT),
            symbol(b"__mp_init_driver_start", 0x1004, elf::STT_NOTYPE),
            symbol(b"__mp_init_driver_end", 0x1008, elf::STT_NOTYPE),
        ],
    }
    .build()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_bytes_makes_extraction_panic(
        fixture_index in 0_usize..64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..64),
    ) {
        let files = files::committed();
        let (_, path) = &files[fixture_index % files.len()];
        let mut bytes = std::fs::read(path).unwrap();
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        let _ = extract(&bytes[..], DIGEST);
    }
}
