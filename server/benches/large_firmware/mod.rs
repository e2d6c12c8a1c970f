//! A firmware of 4.5 MB made up for measuring: as many units, functions, symbols
//! and lines as a real one of that size, a registry of 60 entries, and a main that
//! calls 75 functions.
//!
//! - [`code`]: the instructions of main and of all other functions

mod code;

use gimli::write::{Address, AttributeValue, EndianVec, LineProgram, LineString, Sections, Unit};
use gimli::{Encoding, Format, LineEncoding, LittleEndian};
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, Sym, Writer};
use object::{Endianness, elf};

const UNITS: u64 = 400;
const FUNCTIONS_PER_UNIT: u64 = 10;
const FUNCTION_BYTES: u64 = 200;
/// The unit that main stands in, in place of its first functions.
const MAIN_UNIT: u64 = 350;
const MAIN_FUNCTIONS: u64 = 6;
const ENTRIES: u64 = 60;
const TEXT: u64 = 0x0802_0000;

fn function_address(unit: u64, function: u64) -> u64 {
    TEXT + (unit * FUNCTIONS_PER_UNIT + function) * FUNCTION_BYTES
}

/// The functions of a unit that begin there, with their sizes.
fn functions(unit: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..FUNCTIONS_PER_UNIT)
        .map(move |function| match (unit, function) {
            (MAIN_UNIT, 0) => (function, MAIN_FUNCTIONS * FUNCTION_BYTES),
            _ => (function, FUNCTION_BYTES),
        })
        .filter(move |&(function, _)| unit != MAIN_UNIT || !(1..MAIN_FUNCTIONS).contains(&function))
}

fn function_name(unit: u64, function: u64) -> String {
    match (unit, function) {
        (MAIN_UNIT, 0) => "main".to_owned(),
        (MAIN_UNIT, 7) => "gc_init".to_owned(),
        (MAIN_UNIT, 8) => "mp_init".to_owned(),
        (MAIN_UNIT, 9) => "pyexec_friendly_repl".to_owned(),
        (_, code::INIT) => format!("driver_{unit}_init"),
        (_, code::DEINIT) => format!("driver_{unit}_deinit"),
        _ => format!("driver_{unit}_function_{function}"),
    }
}

/// The file.
pub(crate) fn build() -> Vec<u8> {
    let debug = debug_sections();
    let levels = ["early", "core", "driver", "service"];
    let symbols: Vec<(Vec<u8>, u64, elf::SymbolType)> =
        function_symbols().chain(table_symbols(&levels)).collect();

    let image = code_and_tables();

    let mut buffer = Vec::new();
    let mut writer = Writer::new(Endianness::Little, false, &mut buffer);
    writer.reserve_null_section_index();
    let text_name = writer.add_section_name(b".text");
    let text = writer.reserve_section_index();
    let debug_names: Vec<_> = debug
        .iter()
        .map(|(name, _)| {
            writer.reserve_section_index();
            writer.add_section_name(name.as_bytes())
        })
        .collect();
    writer.reserve_symtab_section_index();
    writer.reserve_strtab_section_index();
    writer.reserve_shstrtab_section_index();
    let names: Vec<_> = symbols.iter().map(|(name, ..)| writer.add_string(name)).collect();
    writer.reserve_null_symbol_index();
    for _ in &symbols {
        writer.reserve_symbol_index(Some(text));
    }
    writer.reserve_file_header();
    writer.reserve_program_headers(1);
    let start = writer.reserve(image.len() as u64, 4);
    let debug_offsets: Vec<u64> =
        debug.iter().map(|(_, bytes)| writer.reserve(bytes.len() as u64, 1)).collect();
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
            e_entry: TEXT,
            e_flags: elf::FileFlags(0),
        })
        .unwrap();
    writer.write_program_header(&ProgramHeader {
        p_type: elf::PT_LOAD,
        p_flags: elf::PF_R | elf::PF_X,
        p_offset: start,
        p_vaddr: TEXT,
        p_paddr: TEXT,
        p_filesz: image.len() as u64,
        p_memsz: image.len() as u64,
        p_align: 4,
    });
    writer.write_align(4);
    writer.write(&image);
    for (_, bytes) in &debug {
        writer.write(bytes);
    }
    writer.write_null_symbol();
    for ((_, st_value, kind), name) in symbols.iter().zip(names) {
        let st_name = writer.string_offset(Some(name));
        writer.write_symbol(&Sym {
            st_name,
            section: Some(text.0),
            st_info: elf::SymbolInfo::new(elf::STB_LOCAL, *kind),
            st_other: elf::SymbolOther(0),
            st_shndx: elf::SymbolSection(0),
            st_value: *st_value,
            st_size: 0,
        });
    }
    writer.write_strtab();
    writer.write_shstrtab();
    writer.write_null_section_header();
    let name = writer.section_name_offset(Some(text_name));
    let flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR;
    writer.write_section_header(&section(name, flags, TEXT, start, image.len() as u64));
    for (((_, bytes), name), offset) in debug.iter().zip(debug_names).zip(debug_offsets) {
        let name = writer.section_name_offset(Some(name));
        writer.write_section_header(&section(
            name,
            elf::SectionFlags(0),
            0,
            offset,
            bytes.len() as u64,
        ));
    }
    writer.write_symtab_section_header(1);
    writer.write_strtab_section_header();
    writer.write_shstrtab_section_header();
    buffer
}

fn section(
    sh_name: u32,
    sh_flags: elf::SectionFlags,
    sh_addr: u64,
    sh_offset: u64,
    sh_size: u64,
) -> SectionHeader {
    SectionHeader {
        sh_name,
        sh_type: elf::SHT_PROGBITS,
        sh_flags,
        sh_addr,
        sh_offset,
        sh_size,
        sh_link: 0,
        sh_info: 0,
        sh_addralign: 1,
        sh_entsize: 0,
    }
}

/// The code, and the words of the tables behind it.
fn code_and_tables() -> Vec<u8> {
    let mut image: Vec<u8> = (0..UNITS)
        .flat_map(|unit| functions(unit).map(move |(function, size)| (unit, function, size)))
        .flat_map(|(unit, function, size)| {
            let at = function_address(unit, function);
            let mut code = match (unit, function) {
                (MAIN_UNIT, 0) => code::main(at),
                _ => code::function(at, unit, function),
            };
            code.fill_up(size);
            code.bytes
        })
        .collect();
    for entry in 0..ENTRIES {
        let pointer = u32::try_from(function_address(entry * 5, 3) | 1).unwrap();
        image.extend(pointer.to_le_bytes());
    }
    image
}

fn function_symbols() -> impl Iterator<Item = (Vec<u8>, u64, elf::SymbolType)> {
    (0..UNITS).flat_map(|unit| {
        functions(unit).map(move |(function, _)| {
            let name = function_name(unit, function).into_bytes();
            (name, function_address(unit, function) | 1, elf::STT_FUNC)
        })
    })
}

/// The symbols of tables that stand one after another behind the code.
fn table_symbols(levels: &[&str]) -> Vec<(Vec<u8>, u64, elf::SymbolType)> {
    let table = TEXT + UNITS * FUNCTIONS_PER_UNIT * FUNCTION_BYTES;
    let per_level = ENTRIES / levels.len() as u64;
    let mut symbols = Vec::new();
    for (level, index) in levels.iter().zip(0..) {
        let start = table + index * per_level * 4;
        let mut add = |name: String, at, kind| symbols.push((name.into_bytes(), at, kind));
        add(format!("__mp_init_{level}_start"), start, elf::STT_NOTYPE);
        add(format!("__mp_init_{level}_end"), start + per_level * 4, elf::STT_NOTYPE);
        for entry in 0..per_level {
            let name =
                format!("__mp_init_{level}_{entry:02}_driver_{}_init", index * per_level + entry);
            add(name, start + entry * 4, elf::STT_OBJECT);
        }
    }
    symbols
}

/// Debug information as GCC makes it: a unit per source file, entries for
/// functions and what is in them, and a line table.
fn debug_sections() -> Vec<(&'static str, Vec<u8>)> {
    let encoding = Encoding { format: Format::Dwarf32, version: 5, address_size: 4 };
    let mut dwarf = gimli::write::Dwarf::new();
    for unit in 0..UNITS {
        let text = |text: String| LineString::String(text.into_bytes());
        let directory = text("/firmware/ports/stm32".to_owned());
        let file = text(format!("driver_{unit}.c"));
        let mut lines = LineProgram::new(
            encoding,
            LineEncoding::default(),
            directory.clone(),
            None,
            file.clone(),
            None,
        );
        let directory_id = lines.default_directory();
        let file_id = lines.add_file(file, directory_id, None);
        for (function, size) in functions(unit) {
            lines.begin_sequence(Some(Address::Constant(function_address(unit, function))));
            for row in 0..30 {
                lines.row().address_offset = row * 6;
                lines.row().file = file_id;
                lines.row().line = function * 50 + row + 1;
                lines.generate_row();
            }
            lines.end_sequence(size);
        }
        let mut unit_writer = Unit::new(encoding, lines);
        let root = unit_writer.root();
        let start = Address::Constant(function_address(unit, 0));
        let size = FUNCTIONS_PER_UNIT * FUNCTION_BYTES;
        let entry = unit_writer.get_mut(root);
        entry.set(gimli::DW_AT_comp_dir, AttributeValue::String(b"/firmware/ports/stm32".to_vec()));
        entry.set(gimli::DW_AT_low_pc, AttributeValue::Address(start));
        entry.set(gimli::DW_AT_high_pc, AttributeValue::Udata(size));
        for (function, function_size) in functions(unit) {
            let id = unit_writer.add(root, gimli::DW_TAG_subprogram);
            let entry = unit_writer.get_mut(id);
            let name = function_name(unit, function).into_bytes();
            entry.set(gimli::DW_AT_name, AttributeValue::String(name));
            entry.set(
                gimli::DW_AT_low_pc,
                AttributeValue::Address(Address::Constant(function_address(unit, function))),
            );
            entry.set(gimli::DW_AT_high_pc, AttributeValue::Udata(function_size));
            for variable in 0..36 {
                let id = unit_writer.add(id, gimli::DW_TAG_variable);
                let entry = unit_writer.get_mut(id);
                entry.set(
                    gimli::DW_AT_name,
                    AttributeValue::String(format!("a_local_variable_{variable}").into_bytes()),
                );
                entry.set(gimli::DW_AT_decl_line, AttributeValue::Udata(function * 50 + variable));
            }
        }
        dwarf.units.add(unit_writer);
    }
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).unwrap();
    let mut found = Vec::new();
    sections
        .for_each(|id, bytes| {
            if !bytes.slice().is_empty() {
                found.push((id.name(), bytes.slice().to_vec()));
            }
            Ok::<_, gimli::Error>(())
        })
        .unwrap();
    found
}
