//! The decoders against objdump: every instruction of every committed image, its
//! bounds, where control goes, which registers change, and the addresses that
//! objdump computes in its comments.

mod arm;
mod riscv;
mod x86;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Decoder, Destination, Effect, Flow, Instruction, Isa};

/// Where control goes, as objdump's text tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    Next,
    /// With the address that the text shows: of the target, or of a pointer to it.
    Jump(Option<u64>),
    Branch(u64),
    Call(Option<u64>),
    Return,
    Table,
    Stop,
}

/// What the text of an instruction says.
struct Expected {
    goes: Goes,
    /// Registers that must be among those that change.
    writes: u64,
    /// Whether no others may.
    exact: bool,
    /// The address that the instruction computes, reads or goes to.
    address: Option<u64>,
}

/// One line of a listing.
struct Line<'a> {
    address: u64,
    bytes: Vec<u8>,
    /// Digits of the first group of bytes: they tell T32 from A32.
    digits: usize,
    mnemonic: &'a str,
    operands: &'a str,
    /// The address in a comment.
    comment: Option<u64>,
}

/// A disassembler and how to read what it prints.
struct Tool {
    program: &'static str,
    arguments: &'static [&'static str],
    isa: fn(&Line) -> Isa,
    /// What a line says, given the next one too; none for data.
    expected: fn(&Line, Option<&Line>) -> Option<Expected>,
}

/// The tool for an ELF file, by `e_machine` and `EI_CLASS`; none for relocatable
/// files and machines without decoder.
fn tool(file: &[u8]) -> Option<Tool> {
    let half = |at: usize| {
        let bytes = [*file.get(at)?, *file.get(at + 1)?];
        // EI_DATA: 2 is big-endian.
        Some(if file[5] == 2 { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let linked = file.starts_with(b"\x7fELF") && matches!(half(16)?, 2 | 3);
    match (linked, half(18)?, file[4]) {
        (true, 40, _) => Some(Tool {
            program: "arm-none-eabi-objdump",
            arguments: &["-d", "-w"],
            isa: |line| if line.digits == 8 { Isa::Arm } else { Isa::Thumb },
            expected: arm::expected,
        }),
        (true, 243, class) => Some(Tool {
            program: "riscv64-unknown-elf-objdump",
            arguments: &["-d", "-w", "-M", "no-aliases,numeric"],
            isa: if class == 2 { |_| Isa::Riscv { bits: 64 } } else { |_| Isa::Riscv { bits: 32 } },
            expected: riscv::expected,
        }),
        (true, 62, _) => Some(Tool {
            program: "objdump",
            arguments: &["-d", "-w"],
            isa: |_| Isa::X86 { bits: 64 },
            expected: x86::expected,
        }),
        _ => None,
    }
}

/// Parses `  4c:\tf000 f92e \tbl\t2ac <report_line>`.
fn line(text: &str) -> Option<Line<'_>> {
    let (address, rest) = text.split_once(":\t")?;
    let (bytes, rest) = rest.split_once('\t')?;
    let address = u64::from_str_radix(address.trim(), 16).ok()?;
    let groups: Vec<&str> = bytes.split_whitespace().collect();
    let (code, comment) = split_comment(rest);
    let (mnemonic, operands) = match code.split_once('\t') {
        Some((mnemonic, operands)) => (mnemonic, operands),
        None => code.split_once(' ').unwrap_or((code, "")),
    };
    Some(Line {
        address,
        bytes: groups.iter().flat_map(|group| little_endian(group)).collect(),
        digits: groups.first()?.len(),
        mnemonic: mnemonic.trim(),
        operands: operands.trim(),
        comment,
    })
}

/// Cuts `@ (cc <main+0x8c>)`, `# 80000400` and `; 0x44` off, and reads the address
/// that stands before a symbol in it.
fn split_comment(text: &str) -> (&str, Option<u64>) {
    let Some(at) = text.find(['@', '#', ';']).filter(|&at| {
        let marker = &text[at..];
        marker.starts_with("@ ") || marker.starts_with("# ") || marker.starts_with("; ")
    }) else {
        return (text, None);
    };
    let comment = text[at + 2..].trim_start_matches('(');
    let address = if comment.starts_with("0x") || !text[at..].contains('<') {
        None
    } else {
        leading_hex(comment)
    };
    (&text[..at], address)
}

fn little_endian(group: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..group.len() / 2)
        .filter_map(|index| u8::from_str_radix(group.get(2 * index..2 * index + 2)?, 16).ok())
        .collect();
    bytes.reverse();
    bytes
}

/// The hexadecimal number at the beginning of `text`.
fn leading_hex(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
    u64::from_str_radix(&digits[..end], 16).ok()
}

/// What was compared, and where the two disagree.
#[derive(Default)]
struct Report {
    instructions: usize,
    addresses: usize,
    disagreements: Vec<String>,
}

/// The values of registers, followed from one instruction to the next.
struct Values([Option<u64>; 64]);

impl Values {
    /// The address that the instruction computes, reads or goes to, if known.
    fn address(&self, isa: Isa, instruction: &Instruction) -> Option<u64> {
        match instruction.flow {
            Flow::Jump(to) | Flow::Call(to) => self.target(isa, to),
            _ => match instruction.effect {
                Effect::Load { base: None, index: None, offset, .. } => Some(offset),
                Effect::Load { base: Some(base), index: None, offset, .. } => {
                    Some(isa.truncate(self.0[usize::from(base)]?.wrapping_add(offset)))
                }
                effect => self.result(isa, effect).map(|(_, value)| value),
            },
        }
    }

    fn target(&self, isa: Isa, to: Destination) -> Option<u64> {
        match to {
            Destination::Address(address) | Destination::Memory(address) => Some(address),
            Destination::Register(register) => self.0[usize::from(register)],
            Destination::RegisterPlus { register, offset } => {
                Some(isa.truncate(self.0[usize::from(register)]?.wrapping_add(offset)))
            }
            Destination::Pointer { .. } | Destination::Unknown => None,
        }
    }

    fn result(&self, isa: Isa, effect: Effect) -> Option<(u8, u64)> {
        let (to, value) = match effect {
            Effect::Constant { to, value } => (to, value),
            Effect::Copy { to, from } => (to, self.0[usize::from(from)]?),
            Effect::AddConstant { to, from, value } => {
                (to, self.0[usize::from(from)]?.wrapping_add(value))
            }
            _ => return None,
        };
        Some((to, isa.truncate(value)))
    }

    fn step(&mut self, isa: Isa, instruction: &Instruction) {
        let result = self.result(isa, instruction.effect);
        for (index, value) in self.0.iter_mut().enumerate() {
            if instruction.writes >> index & 1 == 1 {
                *value = None;
            }
        }
        if let Some((to, value)) = result.filter(|_| !instruction.conditional) {
            self.0[usize::from(to)] = Some(value);
        }
        if !matches!(instruction.flow, Flow::Next) {
            self.0 = [None; 64];
        }
    }
}

/// Compares a whole listing.
fn compare(tool: &Tool, listing: &str, report: &mut Report) {
    let lines: Vec<Option<Line>> = listing.lines().map(line).collect();
    let mut values = Values([None; 64]);
    let mut at: Option<(Isa, Decoder)> = None;
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).and_then(|next| next.as_ref());
        let Some((line, expected)) =
            line.as_ref().and_then(|line| Some((line, (tool.expected)(line, next)?)))
        else {
            (at, values) = (None, Values([None; 64]));
            continue;
        };
        let isa = (tool.isa)(line);
        let decoder = match &mut at {
            Some((before, decoder)) if *before == isa => decoder,
            other => &mut other.insert((isa, Decoder::new(isa))).1,
        };
        let mut bytes = line.bytes.clone();
        bytes.extend(next.iter().flat_map(|next| &next.bytes));
        let found = decoder.decode(line.address, &bytes);
        report.instructions += 1;
        let mut wrong = differences(isa, line, &expected, &found);
        if let (Some(shown), Some(known)) = (expected.address, values.address(isa, &found)) {
            report.addresses += 1;
            if shown != known & !u64::from(isa == Isa::Thumb && shown & 1 == 0) {
                wrong.push("address");
            }
        }
        if !wrong.is_empty() {
            report.disagreements.push(format!(
                "{:x}: {} {}: {} in {found:x?}",
                line.address,
                line.mnemonic,
                line.operands,
                wrong.join(", ")
            ));
        }
        values.step(isa, &found);
    }
}

/// What of an instruction is not as the text says.
fn differences(
    isa: Isa,
    line: &Line,
    expected: &Expected,
    found: &Instruction,
) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    if usize::from(found.size) != line.bytes.len() {
        wrong.push("size");
    }
    let plain = |to: Destination| match to {
        Destination::Address(to) if matches!(isa, Isa::Thumb | Isa::Arm) => Some(to & !1),
        Destination::Address(to) | Destination::Memory(to) => Some(to),
        _ => None,
    };
    let goes = match found.flow {
        Flow::Next => Goes::Next,
        Flow::Jump(to) => Goes::Jump(plain(to)),
        Flow::Branch(to) => Goes::Branch(to),
        Flow::Call(to) => Goes::Call(plain(to)),
        Flow::Return => Goes::Return,
        Flow::ByteTable { .. } | Flow::BranchTable { .. } => Goes::Table,
        Flow::Stop => Goes::Stop,
    };
    if goes != expected.goes {
        wrong.push("flow");
    }
    if found.writes & expected.writes != expected.writes {
        wrong.push("register missing");
    }
    if !shows(line, found.effect) {
        wrong.push("number");
    }
    if expected.exact && found.writes != expected.writes {
        wrong.push("register too many");
    }
    wrong
}

/// Whether the text shows the number in the effect: as it is, negative, inverted,
/// in the upper bits, these added to the address, or in its comment.
fn shows(line: &Line, effect: Effect) -> bool {
    let number = match effect {
        Effect::Constant { value, .. }
        | Effect::AddConstant { value, .. }
        | Effect::AddWord { value, .. }
        | Effect::Compare { value, .. } => value,
        Effect::SetHigh { value, .. } => u64::from(value),
        Effect::Load { base: Some(_), offset, .. } => offset,
        _ => return true,
    };
    // What is zero may be left out, as may the sign above 32 bits.
    let low = |value: u64| value & 0xffff_ffff;
    let written = line.operands.split([',', '(', ')', '[', ']', ' ', '$', '#', '!']);
    let shown = written.filter_map(integer).chain(line.comment);
    number == 0
        || line.operands.contains("pc")
        || shown
            .flat_map(|value| {
                let upper = value << 12;
                [value, value.wrapping_neg(), !value, upper, upper.wrapping_add(line.address)]
            })
            .any(|value| low(value) == low(number))
}

/// A number in decimal, or in hexadecimal after `0x`, wrapped when negative.
fn integer(text: &str) -> Option<u64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if negative { value.wrapping_neg() } else { value })
}

/// All files below `folder`, by name.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeSet::new() };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .flat_map(|path| if path.is_dir() { files(&path) } else { BTreeSet::from([path]) })
        .collect()
}

fn say(text: &str) {
    // Straight to the terminal: the test harness keeps what `eprintln` prints.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Compares one file; nothing when it is none to compare or the tool is missing.
fn check(path: &Path) -> Option<Report> {
    let tool = tool(&std::fs::read(path).expect("a readable file"))?;
    let run = |arguments: &[&str]| Command::new(tool.program).args(arguments).arg(path).output();
    let Ok(symbols) = run(&["-t"]) else {
        assert!(
            std::env::var_os("INITBOARD_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
            "needs {}",
            tool.program
        );
        say(&format!("skipped: needs {}", tool.program));
        return None;
    };
    // Without symbols objdump cannot tell T32 from A32, nor code from data.
    if String::from_utf8_lossy(&symbols.stdout).contains("no symbols") {
        return None;
    }
    let listing = run(tool.arguments).expect("it ran before");
    assert!(listing.status.success(), "{} fails on {}", tool.program, path.display());
    let mut report = Report::default();
    compare(&tool, &String::from_utf8_lossy(&listing.stdout), &mut report);
    Some(report)
}

#[test]
fn decoders_agree_with_objdump_on_every_instruction() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let mut total = Report::default();
    let mut compared = 0;
    for path in [data.join("firmware/2"), data.join("fixtures")].iter().flat_map(|f| files(f)) {
        let Some(report) = check(&path) else { continue };
        compared += 1;
        total.instructions += report.instructions;
        total.addresses += report.addresses;
        let named = |text: String| format!("{}: {text}", path.display());
        total.disagreements.extend(report.disagreements.into_iter().map(named));
    }
    say(&format!(
        "{compared} files, {} instructions, {} computed addresses, {} disagreements",
        total.instructions,
        total.addresses,
        total.disagreements.len()
    ));
    assert!(
        total.disagreements.is_empty(),
        "{}",
        total.disagreements.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}
