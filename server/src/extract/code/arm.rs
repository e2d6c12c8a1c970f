//! A32 (Armv7-A/R ARM, chapter A5): which group a word belongs to, branches and
//! data processing. Loads and stores are in [`super::arm_memory`].

use super::arm_memory as memory;
use super::bits::{add32, bit, field, left, register, signed, word};
use super::{ANY_REGISTER, Destination, Effect, Flow, Instruction, Register};

const LR: Register = 14;
pub(super) const PC: Register = 15;

/// Decodes the instruction at `address`.
pub(super) fn decode(address: u64, bytes: &[u8]) -> Instruction {
    const ALWAYS: u32 = 0b1110;
    let Some(word) = word(bytes) else {
        return Instruction::stop(left(bytes, 4));
    };
    let pc = address.wrapping_add(8);
    match field(word, 31, 28) {
        0b1111 => unconditional(pc, word),
        condition => conditional(pc, word).when(condition != ALWAYS),
    }
}

pub(super) fn plain() -> Instruction {
    Instruction::new(4)
}

/// A result that nothing can be said about.
fn result(to: Register) -> Instruction {
    match to {
        PC => plain().flow(Flow::Jump(Destination::Unknown)),
        _ => plain().write(to),
    }
}

fn computed(to: Register, effect: Effect) -> Instruction {
    if to == PC { result(to) } else { plain().effect(effect) }
}

/// Everything that has a condition (A5.1, table A5-1).
fn conditional(pc: u64, word: u32) -> Instruction {
    let target = || add32(pc, signed(field(word, 23, 0) << 2, 26));
    match field(word, 27, 25) {
        // Two ones there: multiplications, and loads of less or more than a word
        0b000 if bit(word, 7) && bit(word, 4) => memory::extra(word),
        0b000 if field(word, 24, 23) == 0b10 && !bit(word, 20) => miscellaneous(pc, word),
        0b000 => with_register(pc, word),
        0b001 => with_immediate(pc, word),
        0b011 if bit(word, 4) => media(word),
        0b010 | 0b011 => memory::single(pc, word),
        0b100 => memory::multiple(word),
        0b101 if bit(word, 24) => {
            plain().write(LR).flow(Flow::Call(Destination::Address(target())))
        }
        0b101 => plain().flow(Flow::Jump(Destination::Address(target()))),
        _ => coprocessor(word),
    }
}

/// The space of the condition that is none (A5.7).
fn unconditional(pc: u64, word: u32) -> Instruction {
    match field(word, 27, 25) {
        // BLX to Thumb code: bit 24 is the halfword.
        0b101 => {
            let offset = (field(word, 23, 0) << 2) | (field(word, 24, 24) << 1);
            let target = add32(pc, signed(offset, 26)) | 1;
            plain().write(LR).flow(Flow::Call(Destination::Address(target)))
        }
        // RFE
        0b100 if bit(word, 20) => plain().write(register(word, 19, 16)).flow(Flow::Return),
        0b110 | 0b111 => coprocessor(word),
        // Hints, barriers and vectors; SRS and vectors may write back their base.
        _ => plain().write(register(word, 19, 16)),
    }
}

/// Data processing, second operand a register (A5.2.1, A5.2.2).
fn with_register(pc: u64, word: u32) -> Instruction {
    let (from, to, other) = (register(word, 19, 16), register(word, 15, 12), register(word, 3, 0));
    let unshifted = field(word, 11, 4) == 0;
    let index = field(word, 11, 4) == 0b0001_0000;
    match (field(word, 24, 21), from, to, other) {
        (0b1010, ..) if unshifted => plain().effect(Effect::CompareRegisters { a: from, b: other }),
        // TST, TEQ and CMN; CMP of what is shifted
        (0b1000..=0b1011, ..) => plain(),
        // With the flags, an exception returns.
        (_, _, PC, _) if bit(word, 20) => plain().flow(Flow::Return),
        (0b1101, _, PC, LR) if unshifted => plain().flow(Flow::Return),
        (0b1101, _, PC, _) if unshifted => plain().flow(Flow::Jump(Destination::Register(other))),
        (0b1101, _, _, PC) if unshifted => plain().effect(Effect::Constant { to, value: pc }),
        (0b1101, ..) if unshifted => plain().effect(Effect::Copy { to, from: other }),
        // The classic jump table: one branch after the other.
        (0b0100, PC, PC, _) if index && other != PC => {
            plain().flow(Flow::BranchTable { first: pc, index: other })
        }
        (0b0100, PC, _, PC) => result(to),
        (0b0100, PC, PC, register) | (0b0100, register, PC, PC) if unshifted => {
            plain().flow(Flow::Jump(Destination::RegisterPlus { register, offset: pc }))
        }
        (0b0100, PC, _, from) | (0b0100, from, _, PC) if unshifted => {
            computed(to, Effect::AddConstant { to, from, value: pc })
        }
        (0b0100, a, _, b) if a != PC && b != PC => computed(to, Effect::Add { to, a, b }),
        _ => result(to),
    }
}

/// Data processing, second operand an immediate, and what stands among it
/// (A5.2.3, A5.2.11).
fn with_immediate(pc: u64, word: u32) -> Instruction {
    let (from, to) = (register(word, 19, 16), register(word, 15, 12));
    // ARMExpandImm (A5.2.4): a byte, rotated by twice the number before it.
    let value = u64::from(field(word, 7, 0).rotate_right(2 * field(word, 11, 8)));
    let half = (field(word, 19, 16) << 12) | field(word, 11, 0);
    let sum = |value: u64| match from {
        PC => computed(to, Effect::Constant { to, value: add32(pc & !3, value) }),
        _ => computed(to, Effect::AddConstant { to, from, value }),
    };
    match (field(word, 24, 21), bit(word, 20)) {
        // MOVW and MOVT have 16 bits.
        (0b1000, false) => computed(to, Effect::Constant { to, value: u64::from(half) }),
        (0b1010, false) => computed(to, Effect::SetHigh { to, value: (half & 0xffff) as u16 }),
        // MSR and hints; TST and TEQ
        (0b1001 | 0b1011, false) | (0b1000 | 0b1001, true) => plain(),
        (0b1010, true) => plain().effect(Effect::Compare { register: from, value }),
        (0b1011, true) => {
            let value = add32(0, value.wrapping_neg());
            plain().effect(Effect::Compare { register: from, value })
        }
        (_, true) if to == PC => plain().flow(Flow::Return),
        (0b0000, _) if value == 0xff => {
            computed(to, Effect::Extend { to, from, width: 1, signed: false })
        }
        (0b0100, _) => sum(value),
        (0b0010, _) => sum(value.wrapping_neg()),
        (0b1101, _) => computed(to, Effect::Constant { to, value }),
        (0b1111, _) => computed(to, Effect::Constant { to, value: value ^ 0xffff_ffff }),
        _ => result(to),
    }
}

/// Branch and exchange, status registers, saturation, halfword multiplication
/// (A5.2.7, A5.2.12).
fn miscellaneous(pc: u64, word: u32) -> Instruction {
    let other = register(word, 3, 0);
    match (field(word, 7, 4), field(word, 22, 21)) {
        // MRS, and MSR which has bit 21
        (0b0000, op) if op & 1 == 1 => plain(),
        (0b0001, 0b01) => plain().flow(match other {
            LR => Flow::Return,
            PC => Flow::Jump(Destination::Address(pc)),
            _ => Flow::Jump(Destination::Register(other)),
        }),
        (0b0010, 0b01) => plain().flow(Flow::Jump(Destination::Register(other))),
        (0b0011, 0b01) => plain().write(LR).flow(Flow::Call(Destination::Register(other))),
        // ERET
        (0b0110, 0b11) => plain().flow(Flow::Return),
        // BKPT; HVC and SMC
        (0b0111, 0b01) => Instruction::stop(4),
        (0b0111, 0b10 | 0b11) => plain().write_mask(ANY_REGISTER),
        // SMLALxy writes both fields, the others one of them.
        (op, _) if op & 0b1001 == 0b1000 => {
            plain().write(register(word, 19, 16)).write(register(word, 15, 12))
        }
        (0b0000 | 0b0001 | 0b0100 | 0b0101, _) => plain().write(register(word, 15, 12)),
        _ => Instruction::stop(4),
    }
}

/// Media instructions (A5.4): parallel addition, extension, bit fields.
fn media(word: u32) -> Instruction {
    let (to, from) = (register(word, 15, 12), register(word, 3, 0));
    let extend = |width, signed| Effect::Extend { to, from, width, signed };
    match (field(word, 24, 20), field(word, 7, 5)) {
        // UDF
        (0b1_1111, 0b111) => Instruction::stop(4),
        _ if field(word, 19, 16) == 0b1111 && field(word, 11, 4) == 0b0000_0111 => {
            match field(word, 24, 20) {
                0b0_1010 => plain().effect(extend(1, true)),
                0b0_1011 => plain().effect(extend(2, true)),
                0b0_1110 => plain().effect(extend(1, false)),
                0b0_1111 => plain().effect(extend(2, false)),
                _ => plain().write(to),
            }
        }
        // Multiplications and divisions have the result in the other field, long
        // ones in both.
        (0b1_0000..=0b1_0111, _) | (0b1_1000, 0b000) => {
            plain().write(register(word, 19, 16)).write(to)
        }
        _ => plain().write(to),
    }
}

/// Coprocessors, floating point and supervisor calls (A5.6).
fn coprocessor(word: u32) -> Instruction {
    match field(word, 25, 20) {
        // SVC: what the handler does is its own affair.
        op if op & 0b11_0000 == 0b11_0000 => plain().write_mask(ANY_REGISTER),
        // MCRR and MRRC, VMOV between two registers and two
        0b00_0100 => plain(),
        0b00_0101 => plain().write(register(word, 19, 16)).write(register(word, 15, 12)),
        // Loads and stores: the base may be written back.
        op if op & 0b10_0000 == 0 => plain().write_if(bit(word, 21), register(word, 19, 16)),
        // MRC and VMOV to one register; the counter means the flags.
        _ => match register(word, 15, 12) {
            to if bit(word, 4) && bit(word, 20) && to != PC => plain().write(to),
            _ => plain(),
        },
    }
}
