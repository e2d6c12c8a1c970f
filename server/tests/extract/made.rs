//! ELF files made with `object`'s writer: what no compiler makes.

use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, Sym, Writer};
use object::{Endianness, elf};

/// A section that is loaded.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) address: u64,
    /// Added to `SHF_ALLOC`.
    pub(crate) flags: elf::SectionFlags,
    pub(crate) bytes: Vec<u8>,
}

/// A symbol. `section` counts from 0.
pub(crate) struct Symbol {
    pub(crate) name: Vec<u8>,
    pub(crate) section: usize,
    pub(crate) value: u64,
    pub(crate) size: u64,
    pub(crate) kind: elf::SymbolType,
}

/// A linked file with one segment over all sections.
pub(crate) struct File {
    pub(crate) machine: elf::Machine,
    pub(crate) bits: u8,
    /// In the order of their addresses, which is how they stand in the file.
    pub(crate) sections: Vec<Section>,
    pub(crate) symbols: Vec<Symbol>,
}

impl File {
    /// The bytes of the file.
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut buffer = Vec::new();
        let mut writer = Writer::new(Endianness::Little, self.bits == 64, &mut buffer);
        writer.reserve_null_section_index();
        let sections: Vec<_> = self
            .sections
            .iter()
            .map(|section| {
                let name = writer.add_section_name(section.name.as_bytes());
                (name, writer.reserve_section_index())
            })
            .collect();
        writer.reserve_symtab_section_index();
        writer.reserve_strtab_section_index();
        writer.reserve_shstrtab_section_index();
        let names: Vec<_> =
            self.symbols.iter().map(|symbol| writer.add_string(&symbol.name)).collect();
        writer.reserve_null_symbol_index();
        for symbol in &self.symbols {
            writer.reserve_symbol_index(Some(sections[symbol.section].1));
        }
        writer.reserve_file_header();
        writer.reserve_program_headers(1);
        let first = &self.sections[0];
        let last = &self.sections[self.sections.len() - 1];
        let size = last.address + last.bytes.len() as u64 - first.address;
        let start = writer.reserve(size, 8);
        writer.reserve_symtab();
        writer.reserve_strtab().unwrap();
        writer.reserve_shstrtab().unwrap();
        writer.reserve_section_headers();

        writer
            .write_file_header(&FileHeader {
                os_abi: elf::OsAbi(0),
                abi_version: 0,
                e_type: elf::ET_EXEC,
                e_machine: self.machine,
                e_entry: first.address,
                e_flags: elf::FileFlags(0),
            })
            .unwrap();
        writer.write_program_header(&ProgramHeader {
            p_type: elf::PT_LOAD,
            p_flags: elf::PF_R | elf::PF_X,
            p_offset: start,
            p_vaddr: first.address,
            p_paddr: first.address,
            p_filesz: size,
            p_memsz: size,
            p_align: 4,
        });
        writer.write_align(8);
        let mut at = first.address;
        for section in &self.sections {
            let gap = usize::try_from(section.address - at).unwrap();
            writer.write(&vec![0; gap]);
            writer.write(&section.bytes);
            at = section.address + section.bytes.len() as u64;
        }
        writer.write_null_symbol();
        for (symbol, name) in self.symbols.iter().zip(names) {
            let st_name = writer.string_offset(Some(name));
            writer.write_symbol(&Sym {
                st_name,
                section: Some(sections[symbol.section].1.0),
                st_info: elf::SymbolInfo::new(elf::STB_LOCAL, symbol.kind),
                st_other: elf::SymbolOther(0),
                st_shndx: elf::SymbolSection(0),
                st_value: symbol.value,
                st_size: symbol.size,
            });
        }
        writer.write_strtab();
        writer.write_shstrtab();
        writer.write_null_section_header();
        for (section, (name, _)) in self.sections.iter().zip(&sections) {
            let sh_name = writer.section_name_offset(Some(*name));
            writer.write_section_header(&SectionHeader {
                sh_name,
                sh_type: elf::SHT_PROGBITS,
                sh_flags: elf::SHF_ALLOC | section.flags,
                sh_addr: section.address,
                sh_offset: start + section.address - first.address,
                sh_size: section.bytes.len() as u64,
                sh_link: 0,
                sh_info: 0,
                sh_addralign: 1,
                sh_entsize: 0,
            });
        }
        writer.write_symtab_section_header(1 + u32::try_from(self.symbols.len()).unwrap());
        writer.write_strtab_section_header();
        writer.write_shstrtab_section_header();
        buffer
    }
}
