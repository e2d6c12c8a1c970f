//! Any bytes as the code of main: its calls in an order, or an anomaly. The
//! first byte chooses the instruction set.

#![no_main]

#[path = "../../tests/extract/made.rs"]
mod made;

use initboard::extract::extract;
use initboard::model::Sha256;
use libfuzzer_sys::fuzz_target;
use object::elf;

use made::{File, Section, Symbol};

const BASE: u64 = 0x8000;
/// Functions in front of main, 16 bytes each, that do nothing.
const CALLEES: [&str; 6] =
    ["mp_init", "pyexec_friendly_repl", "uart_init0", "mp_init_run_level", "pin_deinit", "memset"];

fuzz_target!(|bytes: &[u8]| {
    let Some((&set, code)) = bytes.split_first() else { return };
    // What comes back, and a call of `mp_init`, which stands 96 bytes before.
    let (machine, bits, thumb, back, call): (_, _, _, &[u8], &[u8]) = match set % 6 {
        0 => (elf::EM_ARM, 32, 1, &[0x70, 0x47], &[0xff, 0xf7, 0xce, 0xff]),
        1 => (elf::EM_ARM, 32, 0, &[0x1e, 0xff, 0x2f, 0xe1], &[0xe6, 0xff, 0xff, 0xeb]),
        2 => (elf::EM_RISCV, 32, 0, &[0x67, 0x80, 0, 0], &[0xef, 0xf0, 0x1f, 0xfa]),
        3 => (elf::EM_RISCV, 64, 0, &[0x67, 0x80, 0, 0], &[0xef, 0xf0, 0x1f, 0xfa]),
        4 => (elf::EM_386, 32, 0, &[0xc3], &[0xe8, 0x9b, 0xff, 0xff, 0xff]),
        _ => (elf::EM_X86_64, 64, 0, &[0xc3], &[0xe8, 0x9b, 0xff, 0xff, 0xff]),
    };
    let mut text = Vec::new();
    let mut symbols = Vec::new();
    let mut symbol = |name: &str, value: usize, size: usize| {
        symbols.push(Symbol {
            name: name.as_bytes().to_vec(),
            section: 0,
            value: BASE + value as u64 + thumb,
            size: size as u64,
            kind: elf::STT_FUNC,
        });
    };
    for name in CALLEES {
        symbol(name, text.len(), 16);
        text.extend_from_slice(back);
        text.resize(text.len().next_multiple_of(16), 0);
    }
    symbol("main", text.len(), call.len() + code.len());
    text.extend_from_slice(call);
    text.extend_from_slice(code);
    let sections =
        vec![Section { name: ".text", address: BASE, flags: elf::SHF_EXECINSTR, bytes: text }];
    let file = File { machine, bits, sections, symbols }.build();
    let table = extract(&file[..], Sha256([0; 32])).expect("a whole file is no error");
    assert!(table.main.is_some(), "main calls mp_init: {:?}", table.anomalies);
});
