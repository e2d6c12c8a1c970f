//! Files that somebody broke, or made to break us.

use initboard::extract::{ExtractError, extract};
use initboard::model::Sha256;
use proptest::prelude::*;

use crate::files;

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
    use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, Sym, Writer};
    use object::{Endianness, elf};

    let symbol = [b"__mp_init_driver_00_", name].concat();
    let mut buffer = Vec::new();
    let mut writer = Writer::new(Endianness::Little, false, &mut buffer);
    writer.reserve_null_section_index();
    let text_name = writer.add_section_name(b".text");
    let table_name = writer.add_section_name(b".mp_init_driver");
    let (text, table) = (writer.reserve_section_index(), writer.reserve_section_index());
    writer.reserve_symtab_section_index();
    writer.reserve_strtab_section_index();
    writer.reserve_shstrtab_section_index();
    let names = [&symbol[..], b"__mp_init_driver_start", b"__mp_init_driver_end"]
        .map(|name| writer.add_string(name));
    writer.reserve_null_symbol_index();
    for _ in &names {
        writer.reserve_symbol_index(Some(table));
    }
    writer.reserve_file_header();
    writer.reserve_program_headers(1);
    let start = writer.reserve(8, 4);
    writer.reserve_symtab();
    writer.reserve_strtab().unwrap();
    writer.reserve_shstrtab().unwrap();
    writer.reserve_section_headers();

    writer
        .write_file_header(&FileHeader {
            os_abi: elf::OsAbi(0),
            abi_version: 0,
            e_type: elf::ET_EXEC,
            e_machine: elf::EM_ARM,
            e_entry: 0x1001,
            e_flags: elf::FileFlags(0),
        })
        .unwrap();
    writer.write_program_header(&ProgramHeader {
        p_type: elf::PT_LOAD,
        p_flags: elf::PF_R | elf::PF_X,
        p_offset: start,
        p_vaddr: 0x1000,
        p_paddr: 0x1000,
        p_filesz: 8,
        p_memsz: 8,
        p_align: 4,
    });
    writer.write_align(4);
    // `bx lr; bx lr`, then the table: a pointer to the first, with the Thumb bit.
    writer.write(&[0x70, 0x47, 0x70, 0x47, 0x01, 0x10, 0x00, 0x00]);
    writer.write_null_symbol();
    let symbols = [
        (names[0], 0x1004, elf::STT_OBJECT),
        (names[1], 0x1004, elf::STT_NOTYPE),
        (names[2], 0x1008, elf::STT_NOTYPE),
    ];
    for (name, st_value, kind) in symbols {
        let st_name = writer.string_offset(Some(name));
        writer.write_symbol(&Sym {
            st_name,
            section: Some(table.0),
            st_info: elf::SymbolInfo::new(elf::STB_LOCAL, kind),
            st_other: elf::SymbolOther(0),
            st_shndx: elf::SymbolSection(0),
            st_value,
            st_size: 0,
        });
    }
    writer.write_strtab();
    writer.write_shstrtab();
    writer.write_null_section_header();
    let flags = elf::SHF_ALLOC;
    for (index, name, sh_addr, sh_flags) in
        [(text, text_name, 0x1000, flags | elf::SHF_EXECINSTR), (table, table_name, 0x1004, flags)]
    {
        assert!(index.0 > 0);
        let sh_name = writer.section_name_offset(Some(name));
        writer.write_section_header(&SectionHeader {
            sh_name,
            sh_type: elf::SHT_PROGBITS,
            sh_flags,
            sh_addr,
            sh_offset: start + sh_addr - 0x1000,
            sh_size: 4,
            sh_link: 0,
            sh_info: 0,
            sh_addralign: 4,
            sh_entsize: 0,
        });
    }
    writer.write_symtab_section_header(4);
    writer.write_strtab_section_header();
    writer.write_shstrtab_section_header();
    buffer
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
