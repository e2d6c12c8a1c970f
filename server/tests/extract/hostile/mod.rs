//! Code made to break the walk through it: each file ends in bounded time, with
//! an answer or an anomaly.
//!
//! The limit on the clock is for hangs: what is refused here takes hours or the
//! whole memory where nothing bounds it.

mod assembler;
mod records;

use std::time::{Duration, Instant};

use initboard::model::{AnomalyKind, EntryKind, InitTable, MAX_ENTRIES};
use object::elf;

use self::assembler::{Assembler, SETS, Set, UNIT};
use crate::files;
use crate::made::{File, Section, Symbol};

/// How long one file may take in a debug build on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);
const BASE: u64 = 0x0800_0000;
/// The units of a megabyte.
const MEGABYTE: u64 = (1 << 20) / UNIT;
/// More calls than a table has entries.
const MANY: u64 = 5000;

/// A firmware whose `mp_init` is the first unit, and whose main follows.
struct Firmware {
    code: Assembler,
    symbols: Vec<Symbol>,
    others: Vec<Section>,
    other_symbols: Vec<Symbol>,
}

impl Firmware {
    fn new(set: Set) -> Self {
        let code = Assembler { set, base: BASE, bytes: Vec::new() };
        let mut firmware =
            Self { code, symbols: Vec::new(), others: Vec::new(), other_symbols: Vec::new() };
        firmware.function("mp_init", |code| code.ret());
        firmware
    }

    /// Adds a function and tells its address.
    fn function(&mut self, name: &str, body: impl FnOnce(&mut Assembler)) -> u64 {
        let start = self.code.at();
        body(&mut self.code);
        self.symbol(name, start, self.code.at() - start);
        start
    }

    fn symbol(&mut self, name: &str, start: u64, size: u64) {
        self.symbols.push(function(self.code.set, name, 0, start, size));
    }

    /// Adds main, which calls `mp_init` first.
    fn main(&mut self, body: impl FnOnce(&mut Assembler)) {
        self.function("main", |code| {
            code.call(BASE);
            body(code);
            code.ret();
        });
    }

    fn build(self) -> Vec<u8> {
        let (machine, bits) = self.code.set.machine();
        let text = Section {
            name: ".text",
            address: BASE,
            flags: elf::SHF_EXECINSTR,
            bytes: self.code.bytes,
        };
        let sections = std::iter::once(text).chain(self.others).collect();
        let symbols = self.symbols.into_iter().chain(self.other_symbols).collect();
        File { machine, bits, sections, symbols }.build()
    }
}

fn function(set: Set, name: &str, section: usize, start: u64, size: u64) -> Symbol {
    let name = name.as_bytes().to_vec();
    Symbol { name, section, value: set.pointer(start), size, kind: elf::STT_FUNC }
}

/// Reads a file, and not for long.
fn read(what: &str, bytes: &[u8]) -> InitTable {
    let start = Instant::now();
    let table = files::extract(bytes);
    let took = start.elapsed();
    assert!(took < LIMIT, "{what} took {took:?}");
    if std::env::var_os("INITBOARD_PRINT_TIMES").is_some() {
        println!("{took:>12.1?} {what}");
    }
    assert!(table.entries.len() <= MAX_ENTRIES, "{what}: {} entries", table.entries.len());
    table
}

/// The same for one with main in it, which calls `mp_init` and what was asked
/// for, however little of the rest could be followed.
fn read_main(what: &str, firmware: Firmware) -> InitTable {
    let table = read(what, &firmware.build());
    let main = table.main.as_ref().unwrap_or_else(|| panic!("{what}: {:?}", table.anomalies));
    assert_eq!(main.function.as_str(), "main", "{what}");
    table
}

fn is_incomplete(table: &InitTable) -> bool {
    table.anomalies.iter().any(|anomaly| anomaly.kind == AnomalyKind::MainIncomplete)
}

/// Numbers that are the same in each run (splitmix64).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut number = *seed;
    number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

#[test]
fn a_megabyte_of_branches_to_themselves_or_their_neighbours_ends() {
    for set in SETS {
        for (to, distance) in [("themselves", 0), ("the next", 1), ("the one before", -1)] {
            let mut firmware = Firmware::new(set);
            firmware.main(|code| {
                for _ in 0..MEGABYTE {
                    code.branch(code.at().wrapping_add_signed(distance * UNIT.cast_signed()));
                }
            });
            let table = read_main(&format!("{set:?}: branches to {to}"), firmware);
            assert!(is_incomplete(&table), "{set:?}");
        }
    }
}

#[test]
fn a_jump_to_itself_is_an_end() {
    for set in SETS {
        let mut firmware = Firmware::new(set);
        firmware.main(|code| code.jump(code.at()));
        let table = read_main(&format!("{set:?}: a jump to itself"), firmware);
        assert_eq!(table.entries.len(), 1, "{set:?}");
        assert!(!is_incomplete(&table), "{set:?}");
    }
}

#[test]
fn branches_to_random_places_between_calls_end() {
    for set in SETS {
        // Many loops with several entries, and with nothing but landmarks in them.
        for (units, calls) in [(MEGABYTE, 0), (2000, 2), (MANY, 3)] {
            let mut firmware = Firmware::new(set);
            let repl = firmware.function("pyexec_friendly_repl", |code| code.ret());
            let init = firmware.function("uart_init0", |code| code.ret());
            let mut seed = 1;
            firmware.main(|code| {
                let start = code.at();
                for _ in 0..units {
                    match random(&mut seed) % 4 {
                        kind if kind >= calls => {
                            code.branch(start + random(&mut seed) % units * UNIT);
                        }
                        0 => code.call(BASE),
                        1 => code.call(repl),
                        _ => code.call(init),
                    }
                }
            });
            read_main(&format!("{set:?}: {units} random branches, {calls} calls in 4"), firmware);
        }
    }
}

#[test]
fn bytes_that_are_no_code_end() {
    for set in SETS {
        for seed in 1..4 {
            let mut firmware = Firmware::new(set);
            let mut state = seed;
            firmware.main(|code| {
                for _ in 0..MEGABYTE / 8 {
                    code.bytes.extend(random(&mut state).to_le_bytes());
                }
            });
            read_main(&format!("{set:?}: bytes from seed {seed}"), firmware);
        }
    }
}

/// Entered behind its first byte, `mov eax, 0x90909090` is four instructions and
/// goes on in what follows, which is thus part of many blocks.
#[test]
fn instructions_inside_instructions_are_read_once() {
    let mut firmware = Firmware::new(Set::X86_64);
    let init = firmware.function("uart_init0", |code| code.ret());
    firmware.main(|code| {
        let count = 1000;
        let tail = code.at() + count * UNIT;
        for index in 0..count {
            code.branch(tail + index * 5 + 1);
        }
        for _ in 0..count {
            code.bytes.extend([0xb8, 0x90, 0x90, 0x90, 0x90]);
        }
        code.call(init);
    });
    let table = read_main("x86-64: instructions inside instructions", firmware);
    let calls = table.entries.iter().filter(|entry| entry.kind == EntryKind::Entry).count();
    assert_eq!(calls, 1);
    assert!(!is_incomplete(&table));
}

#[test]
fn loops_one_after_another_and_inside_each_other_end() {
    for set in SETS {
        let mut firmware = Firmware::new(set);
        firmware.main(|code| {
            for _ in 0..20_000 {
                code.unit(&[]);
                code.branch(code.at() - UNIT);
            }
        });
        read_main(&format!("{set:?}: 20,000 loops"), firmware);
        for depth in [500, 10_000] {
            let mut firmware = Firmware::new(set);
            let init = firmware.function("uart_init0", |code| code.ret());
            firmware.main(|code| {
                let start = code.at();
                (0..depth).for_each(|_| code.call(init));
                (0..depth).rev().for_each(|index| code.branch(start + index * UNIT));
            });
            read_main(&format!("{set:?}: loops nested {depth} deep"), firmware);
        }
    }
}

#[test]
fn calls_that_are_all_the_same_in_arms_that_exclude_each_other_end() {
    for set in SETS {
        let mut firmware = Firmware::new(set);
        let inits = [0, 1, 2]
            .map(|index| firmware.function(&format!("uart_init{index}"), |code| code.ret()));
        firmware.main(|code| {
            let end = code.at() + 500 * 4 * UNIT;
            for index in (0..3).cycle().take(500) {
                code.branch(code.at() + 4 * UNIT);
                code.call(inits[index]);
                code.call(inits[(index + 1) % 3]);
                code.jump(end);
            }
        });
        read_main(&format!("{set:?}: 500 arms"), firmware);
    }
}

/// `tbh [pc, r0]`, `jmp *table(,%rax,8)`, `addls pc, pc, r0, lsl #2`: each leads
/// to each of the others.
#[test]
fn jump_tables_that_lead_everywhere_end() {
    let mut thumb = Firmware::new(Set::Thumb);
    thumb.main(|code| {
        for _ in 0..4000 {
            // Entries that are instructions as well: `lsls r4, r0, #n`.
            code.bytes.extend([0xdf, 0xe8, 0x10, 0xf0, 0x04, 0x00, 0x44, 0x00]);
        }
    });
    read_main("tables of Thumb", thumb);
    let mut arm = Firmware::new(Set::Arm);
    arm.main(|code| {
        for _ in 0..MEGABYTE {
            // `cmp r0, #0x3fc; addls pc, pc, r0, lsl #2`
            code.unit(&[0xff, 0x0f, 0x50, 0xe3, 0x00, 0xf1, 0x8f, 0x90]);
        }
    });
    read_main("tables of Arm", arm);
    let mut x86 = Firmware::new(Set::X86_64);
    let jumps = 4000;
    x86.main(|code| {
        let start = code.at();
        // The tables overlap, and hold each jump.
        let table = start + jumps * 16;
        for index in 0..jumps {
            let table = u32::try_from(table + index % 512 * 8).unwrap().to_le_bytes();
            // `cmp $0x1ff, %eax`
            code.bytes.extend([0x3d, 0xff, 0x01, 0x00, 0x00]);
            code.bytes.extend([&[0xff, 0x24, 0xc5][..], &table].concat());
            code.bytes.extend([0x90; 4]);
        }
        for index in 0..1024 {
            code.bytes.extend((start + index * 7 % jumps * 16).to_le_bytes());
        }
    });
    read_main("tables of x86-64", x86);
}

#[test]
fn functions_that_claim_the_whole_section_end_where_the_next_begins() {
    for set in SETS {
        let mut firmware = Firmware::new(set);
        firmware.main(|code| {
            let first = code.at() + 2 * MANY * UNIT;
            for index in 0..MANY {
                code.call(first + index % 100_000 * UNIT);
                code.unit(&[]);
            }
        });
        for index in 0..100_000 {
            let start = firmware.code.at();
            firmware.code.jump(start + UNIT);
            firmware.symbol(&format!("f{index}"), start, u64::from(u32::MAX));
        }
        read_main(&format!("{set:?}: functions that overlap"), firmware);
    }
}

#[test]
fn calls_in_a_cycle_100_000_functions_deep_end() {
    for set in SETS {
        let mut firmware = Firmware::new(set);
        firmware.main(|code| {
            let first = code.at() + (MANY + 1) * UNIT;
            (0..MANY).for_each(|index| code.call(first + index * UNIT * 2));
        });
        let first = firmware.code.at();
        for index in 0..100_000_u64 {
            firmware.function("f", |code| {
                // The last one calls one that is within reach.
                let next = if index % 40_000 == 39_999 { first } else { code.at() + 2 * UNIT };
                let next = if code.at() - first > 900_000 { code.at() } else { next };
                code.call(next);
                code.jump(next);
            });
        }
        read_main(&format!("{set:?}: calls in a cycle"), firmware);
    }
}

#[test]
fn veneers_in_a_cycle_lead_nowhere() {
    for set in SETS {
        let mut firmware = Firmware::new(set);
        let first = firmware.code.at();
        for index in 0..1000 {
            firmware.function("f_veneer", |code| code.jump(first + (index + 1) % 1000 * UNIT));
        }
        firmware.main(|code| {
            for index in 0..MANY {
                code.call(first + index % 1000 * UNIT);
            }
        });
        read_main(&format!("{set:?}: veneers in a cycle"), firmware);
    }
}

#[test]
fn half_a_million_functions_named_mp_init_end() {
    let set = Set::Thumb;
    for (what, callee) in [("one another", 0), ("something else", UNIT)] {
        let mut firmware = Firmware::new(set);
        firmware.function("f", |code| code.ret());
        for _ in 0..250_000 {
            let start = firmware.code.at();
            firmware.code.call(BASE + callee);
            firmware.symbol("mp_init", start, 4);
            firmware.symbol("mp_init", start + 4, 4);
        }
        let what = format!("functions named mp_init that call {what}");
        let table = read(&what, &firmware.build());
        assert_ne!(table.anomalies, [], "{what}");
    }
}

#[test]
fn half_a_million_functions_with_one_long_name_do_not_multiply_it() {
    let set = Set::Riscv32;
    let mut firmware = Firmware::new(set);
    let long = "init_".repeat(1000);
    firmware.main(|code| code.ret());
    for index in 0..500_000 {
        firmware.symbol(&long, BASE + index % 250_000 * 4, 4);
    }
    firmware.code.bytes.resize(1_000_100, 0);
    read("one long name", &firmware.build());
}

/// All of these are called, each is the caller of `mp_init`, and all share one
/// large part that was moved away.
#[test]
fn helpers_that_share_a_large_part_are_not_all_followed() {
    for set in SETS {
        let mut firmware = Firmware::new(set);
        let init = firmware.function("uart_init0", |code| code.ret());
        let helpers = firmware.code.at() + 100 * UNIT;
        let cold = helpers + MANY * 2 * UNIT;
        firmware.main(|code| {
            for index in 0..90 {
                code.call(helpers + index * 2 * UNIT);
            }
        });
        firmware.code.bytes.resize(usize::try_from(helpers - BASE).unwrap(), 0);
        for index in 0..MANY {
            firmware.function("helper", |code| {
                if index % 2 == 0 {
                    code.call(init);
                } else {
                    code.call(BASE);
                }
                code.jump(cold);
            });
        }
        firmware.function("helper.cold", |code| {
            for _ in 0..10_000 {
                code.branch(code.at() - UNIT);
                code.call(init);
            }
        });
        read(&format!("{set:?}: helpers"), &firmware.build());
    }
}

#[test]
fn parts_that_were_moved_away_200_000_times_end() {
    for set in [Set::Thumb, Set::X86_64] {
        let mut firmware = Firmware::new(set);
        firmware.main(|code| {
            for _ in 0..20_000 {
                code.branch(code.at() + 2 * UNIT);
            }
        });
        for _ in 0..200_000 {
            let start = firmware.code.at();
            firmware.code.bytes.extend([0xc3, 0x00]);
            firmware.symbol("main.cold", start, 2);
        }
        read_main(&format!("{set:?}: cold parts"), firmware);
    }
}

#[test]
fn levels_that_are_run_again_and_again_fill_no_memory() {
    let set = Set::Thumb;
    let mut firmware = Firmware::new(set);
    let run_level = firmware.function("mp_init_run_level", |code| code.ret());
    firmware.main(|code| {
        for _ in 0..2000 {
            // `movs r0, #2`, and the call.
            code.bytes.extend([0x02, 0x20, 0x00, 0xbf, 0x00, 0xbf, 0x00, 0xbf]);
            code.call(run_level);
        }
    });
    let table = BASE + firmware.code.bytes.len() as u64;
    let pointer = u32::try_from(set.pointer(run_level)).unwrap().to_le_bytes();
    firmware.others.push(Section {
        name: ".mp_init_driver",
        address: table,
        flags: elf::SectionFlags(0),
        bytes: pointer.repeat(MAX_ENTRIES),
    });
    for (name, value) in [("start", table), ("end", table + 4 * MAX_ENTRIES as u64)] {
        firmware.other_symbols.push(Symbol {
            name: format!("__mp_init_driver_{name}").into_bytes(),
            section: 1,
            value,
            size: 0,
            kind: elf::STT_NOTYPE,
        });
    }
    let table = read_main("run-level calls", firmware);
    assert_eq!(table.entries.len(), MAX_ENTRIES);
}

#[test]
fn functions_in_a_section_each_end() {
    let set = Set::X86_64;
    let mut firmware = Firmware::new(set);
    firmware.main(|code| code.ret());
    let first = firmware.code.at();
    for index in 0..50_000_u64 {
        let address = first + index * 4;
        firmware.others.push(Section {
            name: ".text",
            address,
            flags: elf::SHF_EXECINSTR,
            bytes: vec![0xc3; 4],
        });
        let section = firmware.others.len();
        firmware.other_symbols.push(function(set, "f", section, address, 4));
    }
    read_main("50,000 sections", firmware);
}
