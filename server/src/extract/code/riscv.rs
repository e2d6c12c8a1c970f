//! RV32 and RV64: the 32-bit instructions (RISC-V unprivileged ISA manual,
//! chapters 2 and 4 and the opcode map of chapter "RV32/64G Instruction Set
//! Listings"). Compressed ones are in [`super::riscv_compressed`].

use super::bits::{bit, field, half_word, left, register, signed, word};
use super::riscv_compressed as compressed;
use super::{ANY_REGISTER, Destination, Effect, Flow, Instruction, Register};

/// The width of the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Rv32,
    Rv64,
}

impl Width {
    /// The value as a register holds it.
    pub(super) fn truncate(self, value: u64) -> u64 {
        match self {
            Self::Rv32 => value & 0xffff_ffff,
            Self::Rv64 => value,
        }
    }

    /// `address + offset`.
    pub(super) fn add(self, address: u64, offset: u64) -> u64 {
        self.truncate(address.wrapping_add(offset))
    }
}

/// Always zero.
pub(super) const ZERO: Register = 0;
/// The return address.
pub(super) const RA: Register = 1;
/// The alternate link register, that of the `__riscv_save_N` routines: by the
/// hints of section 2.5.1 a jump through it returns, as one through `ra` does.
const T0: Register = 5;

/// Decodes the instruction at `address`.
pub(super) fn decode(width: Width, address: u64, bytes: &[u8]) -> Instruction {
    let Some(half) = half_word(bytes, 0) else {
        return Instruction::stop(left(bytes, 2));
    };
    // Section 1.5: the lowest bits tell the length, ones mean longer.
    match (half & 0b11, half & 0b1_1100) {
        (0b11, 0b1_1100) => Instruction::stop(left(bytes, 4)),
        (0b11, _) => match word(bytes) {
            Some(word) => long(width, address, word, bytes),
            None => Instruction::stop(left(bytes, 4)),
        },
        _ => compressed::decode(width, address, half),
    }
}

fn plain() -> Instruction {
    Instruction::new(4)
}

/// The effect with what `x0` means: it reads as zero, and writes to it are lost.
pub(super) fn effect(size: u8, width: Width, effect: Effect) -> Instruction {
    let normal = match effect {
        Effect::Copy { to, from: ZERO } | Effect::Extend { to, from: ZERO, .. } => {
            Effect::Constant { to, value: 0 }
        }
        Effect::AddConstant { to, from: ZERO, value } => {
            Effect::Constant { to, value: width.truncate(value) }
        }
        Effect::AddWord { to, from: ZERO, value, .. } => Effect::Constant { to, value },
        Effect::Add { to, a: ZERO, b: ZERO } => Effect::Constant { to, value: 0 },
        Effect::Load { to, base: Some(ZERO), index, offset, width: bytes, signed } => {
            let offset = width.truncate(offset);
            Effect::Load { to, base: None, index, offset, width: bytes, signed }
        }
        Effect::Constant { to, value } => Effect::Constant { to, value: width.truncate(value) },
        Effect::CompareRegisters { a: register, b: ZERO }
        | Effect::CompareRegisters { a: ZERO, b: register } => {
            Effect::Compare { register, value: 0 }
        }
        other => other,
    };
    lose_zero(Instruction::new(size).effect(normal))
}

/// Writes to `x0` are lost.
fn lose_zero(instruction: Instruction) -> Instruction {
    let writes = instruction.writes & !1;
    let effect = match instruction.effect {
        Effect::Compare { .. } | Effect::CompareRegisters { .. } => instruction.effect,
        other if instruction.writes & 1 == 0 => other,
        _ => Effect::Nothing,
    };
    Instruction { effect, writes, ..instruction }
}

/// A 32-bit instruction, by its major opcode.
fn long(width: Width, address: u64, word: u32, bytes: &[u8]) -> Instruction {
    let to = register(word, 11, 7);
    let upper = signed(word & 0xffff_f000, 32);
    match field(word, 6, 2) {
        0b00000 => load(width, word),
        0b00100 => immediate(width, word),
        0b00101 => effect(4, width, Effect::Constant { to, value: address.wrapping_add(upper) }),
        0b00110 => immediate_word(width, word),
        0b01100 | 0b01110 => registers(width, word),
        0b01101 => effect(4, width, Effect::Constant { to, value: upper }),
        0b11000 => branch(width, address, word),
        0b11001 => jump_register(width, word),
        0b11011 => jump(width, address, word),
        0b11100 => system(word, bytes),
        // LOAD-FP, MISC-MEM, STORE, STORE-FP
        0b00001 | 0b00011 | 0b01000 | 0b01001 => plain(),
        // AMO, floating point (Zfinx keeps it in these registers), vectors
        0b01011 | 0b10000..=0b10101 | 0b11101 => lose_zero(plain().write(to)),
        // Custom ones run too, whatever they do.
        0b00010 | 0b01010 | 0b10110 | 0b11110 => plain().write_mask(ANY_REGISTER & !1),
        _ => Instruction::stop(4),
    }
}

fn immediate12(word: u32) -> u64 {
    signed(field(word, 31, 20), 12)
}

/// LB, LH, LW, LD and the unsigned ones (section 2.6).
fn load(width: Width, word: u32) -> Instruction {
    let kind = field(word, 14, 12);
    if kind == 0b111 {
        return Instruction::stop(4);
    }
    effect(
        4,
        width,
        Effect::Load {
            to: register(word, 11, 7),
            base: Some(register(word, 19, 15)),
            index: None,
            offset: immediate12(word),
            width: 1 << (kind & 0b11),
            signed: !bit(kind, 2),
        },
    )
}

/// OP-IMM (section 2.4.1).
fn immediate(width: Width, word: u32) -> Instruction {
    let (to, from) = (register(word, 11, 7), register(word, 19, 15));
    match (field(word, 14, 12), immediate12(word)) {
        (0b000, 0) => effect(4, width, Effect::Copy { to, from }),
        (0b000, value) => effect(4, width, Effect::AddConstant { to, from, value }),
        (0b111, 0xff) => effect(4, width, Effect::Extend { to, from, width: 1, signed: false }),
        _ => lose_zero(plain().write(to)),
    }
}

/// OP-IMM-32 of RV64 (section 4.2.1).
fn immediate_word(width: Width, word: u32) -> Instruction {
    let (to, from) = (register(word, 11, 7), register(word, 19, 15));
    match (width, field(word, 14, 12)) {
        (Width::Rv32, _) => Instruction::stop(4),
        (Width::Rv64, 0b000) => add_word(4, to, from, immediate12(word)),
        _ => lose_zero(plain().write(to)),
    }
}

/// ADDIW and its compressed form: adding nothing extends the sign.
pub(super) fn add_word(size: u8, to: Register, from: Register, value: u64) -> Instruction {
    let sum = match (from, value) {
        (_, 0) => Effect::Extend { to, from, width: 4, signed: true },
        _ => Effect::AddWord { to, from, value, signed: true },
    };
    effect(size, Width::Rv64, sum)
}

/// OP and OP-32, Zba's shifted additions among them.
fn registers(width: Width, word: u32) -> Instruction {
    let to = register(word, 11, 7);
    let (a, b) = (register(word, 19, 15), register(word, 24, 20));
    if width == Width::Rv32 && bit(word, 3) {
        return Instruction::stop(4);
    }
    let full = !bit(word, 3);
    match (field(word, 31, 25), field(word, 14, 12)) {
        (0, 0b000) if full && b == ZERO => effect(4, width, Effect::Copy { to, from: a }),
        (0, 0b000) if full && a == ZERO => effect(4, width, Effect::Copy { to, from: b }),
        (0, 0b000) if full => effect(4, width, Effect::Add { to, a, b }),
        // SH1ADD, SH2ADD, SH3ADD, those of unsigned words, and ADD.UW
        (0b001_0000, 0b010 | 0b100 | 0b110) | (0b000_0100, 0b000) if a != ZERO && b != ZERO => {
            effect(4, width, Effect::Add { to, a, b })
        }
        _ => lose_zero(plain().write(to)),
    }
}

/// BEQ, BNE, BLT, BGE, BLTU, BGEU (section 2.5.2).
fn branch(width: Width, address: u64, word: u32) -> Instruction {
    if matches!(field(word, 14, 12), 0b010 | 0b011) {
        return Instruction::stop(4);
    }
    let offset = (field(word, 31, 31) << 12)
        | (field(word, 7, 7) << 11)
        | (field(word, 30, 25) << 5)
        | (field(word, 11, 8) << 1);
    let (a, b) = (register(word, 19, 15), register(word, 24, 20));
    effect(4, width, Effect::CompareRegisters { a, b })
        .flow(Flow::Branch(width.add(address, signed(offset, 13))))
}

/// JAL (section 2.5.1).
fn jump(width: Width, address: u64, word: u32) -> Instruction {
    let offset = (field(word, 31, 31) << 20)
        | (field(word, 19, 12) << 12)
        | (field(word, 20, 20) << 11)
        | (field(word, 30, 21) << 1);
    let target = Destination::Address(width.add(address, signed(offset, 21)));
    match register(word, 11, 7) {
        ZERO => plain().flow(Flow::Jump(target)),
        link => plain().write(link).flow(Flow::Call(target)),
    }
}

/// JALR (section 2.5.1).
fn jump_register(width: Width, word: u32) -> Instruction {
    if field(word, 14, 12) != 0 {
        return Instruction::stop(4);
    }
    let offset = immediate12(word);
    let target = match register(word, 19, 15) {
        ZERO => Destination::Address(width.truncate(offset) & !1),
        register if offset == 0 => Destination::Register(register),
        register => Destination::RegisterPlus { register, offset },
    };
    match (register(word, 11, 7), target) {
        (ZERO, Destination::Register(RA | T0)) => plain().flow(Flow::Return),
        (ZERO, _) => plain().flow(Flow::Jump(target)),
        (link, _) => plain().write(link).flow(Flow::Call(target)),
    }
}

/// SYSTEM: environment calls, returns from traps and status registers (section
/// 2.8, Zicsr, and the privileged manual's SRET, MRET and WFI).
fn system(word: u32, bytes: &[u8]) -> Instruction {
    /// `srai x0, x0, 7` behind an EBREAK: a semihosting call, which returns
    /// (RISC-V semihosting specification, section 1.1).
    const SEMIHOSTING: [u8; 4] = [0x13, 0x50, 0x70, 0x40];
    if field(word, 14, 12) != 0 {
        return lose_zero(plain().write(register(word, 11, 7)));
    }
    match field(word, 31, 20) {
        // ECALL
        0x000 => plain().write_mask(ANY_REGISTER & !1),
        // EBREAK
        0x001 if bytes.get(4..).is_some_and(|next| next.starts_with(&SEMIHOSTING)) => {
            plain().write(10_u8)
        }
        0x001 => Instruction::stop(4),
        // URET, SRET, MRET, DRET
        0x002 | 0x102 | 0x302 | 0x7b2 => plain().flow(Flow::Return),
        // WFI, fences and what hypervisors have
        _ => plain(),
    }
}
