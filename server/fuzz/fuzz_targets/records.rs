//! Any bytes as the records of a firmware file whose tables, symbols and code are
//! real. The first byte chooses one with its names, or one that was stripped.

#![no_main]

use initboard::extract::extract;
use initboard::model::{InitTable, Sha256};
use initboard::report::json;
use libfuzzer_sys::fuzz_target;
use object::elf::FileHeader32;
use object::read::elf::ElfFile;
use object::{Endianness, Object as _, ObjectSection as _};

const NAMED: &[u8] =
    include_bytes!("../../../data/firmware/1/ports/mps2/build-MPS2_MINI/firmware.elf");
const STRIPPED: &[u8] = include_bytes!("../../../data/fixtures/stripped.elf");

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, records)) = bytes.split_first() else { return };
    let file = with_records(if choice % 2 == 0 { NAMED } else { STRIPPED }, records);
    let table = extract(&file[..], Sha256([0; 32])).expect("a whole file is no error");
    let text = json::value(&table);
    assert_eq!(
        InitTable::from_json(text.as_bytes()).expect("what was read may be uploaded"),
        table
    );
});

/// `file` with its section of records moved to the end, where these bytes are.
fn with_records(file: &[u8], records: &[u8]) -> Vec<u8> {
    let elf = ElfFile::<FileHeader32<Endianness>>::parse(file).expect("an ELF file of 32 bits");
    let section = elf.section_by_name(".mp_records").expect("firmware with records").index().0;
    let header = elf.elf_header().e_shoff.get(Endianness::Little) as usize + 40 * section;
    let mut made = file.to_vec();
    // Fields of `Elf32_Shdr`: sh_offset and sh_size.
    made[header + 16..header + 20].copy_from_slice(&(file.len() as u32).to_le_bytes());
    made[header + 20..header + 24].copy_from_slice(&(records.len() as u32).to_le_bytes());
    made.extend_from_slice(records);
    made
}
