//! The 32-bit instructions of T32 (Armv7-M ARM, A5.3; Armv8-M ARM, C2.3): which
//! group a word belongs to, branches and data processing. Loads and stores are
//! in [`super::thumb32_memory`].

use super::bits::{add32, bit, field, register, signed};
use super::thumb32_memory as memory;
use super::{ANY_REGISTER, Destination, Effect, Flow, Instruction, Register};

const LR: Register = 14;
const PC: Register = 15;

/// Decodes the two halves of an instruction (A5.3, table A5-9).
pub(super) fn decode(address: u64, first: u32, second: u32) -> Instruction {
    let pc = address.wrapping_add(4);
    match (field(first, 12, 11), field(first, 10, 4)) {
        (0b01, op) if op & 0b110_0100 == 0b000_0000 => memory::multiple(first, second),
        (0b01, op) if op & 0b110_0100 == 0b000_0100 => memory::dual(pc, first, second),
        (0b01, op) if op & 0b110_0000 == 0b010_0000 => shifted_register(pc, first, second),
        (0b10, op) if !bit(second, 15) => match op & 0b010_0000 {
            0 => modified_immediate(first, second),
            _ => plain_immediate(pc, first, second),
        },
        (0b10, _) => branch(pc, first, second),
        (0b11, op) if op & 0b111_0001 == 0b000_0000 => memory::store(first, second),
        (0b11, op) if op & 0b110_0111 == 0b000_0111 => Instruction::stop(4),
        (0b11, op) if op & 0b110_0001 == 0b000_0001 => memory::load(pc, first, second),
        // Advanced SIMD element and structure: the base may be written back.
        (0b11, op) if op & 0b111_0001 == 0b001_0000 => plain().write(register(first, 3, 0)),
        (0b11, op) if op & 0b111_0000 == 0b010_0000 => register_only(first, second),
        (0b11, op) if op & 0b111_1000 == 0b011_0000 => plain().write(register(second, 11, 8)),
        // Long multiply; the divisions among them have ones for the lower half.
        (0b11, op) if op & 0b111_1000 == 0b011_1000 => {
            plain().write(register(second, 11, 8)).write(register(second, 15, 12))
        }
        _ => coprocessor(first, second),
    }
}

pub(super) fn plain() -> Instruction {
    Instruction::new(4)
}

/// A result that nothing can be said about. The counter is no valid target: what
/// writes it anyway goes somewhere unknown.
fn result(to: Register) -> Instruction {
    match to {
        PC => plain().flow(Flow::Jump(Destination::Unknown)),
        _ => plain().write(to),
    }
}

fn computed(to: Register, effect: Effect) -> Instruction {
    if to == PC { result(to) } else { plain().effect(effect) }
}

/// `from + value`, where the counter is a known register.
fn add(pc: u64, to: Register, from: Register, value: u64) -> Instruction {
    match from {
        PC => computed(to, Effect::Constant { to, value: add32(pc & !3, value) }),
        _ => computed(to, Effect::AddConstant { to, from, value }),
    }
}

/// Data processing, shifted register (A5.3.11).
fn shifted_register(pc: u64, first: u32, second: u32) -> Instruction {
    let (from, to, other) =
        (register(first, 3, 0), register(second, 11, 8), register(second, 3, 0));
    let flags = bit(first, 4);
    let unshifted = field(second, 14, 12) == 0 && field(second, 7, 4) == 0;
    // Armv8.1-M keeps CSEL and its kind (bit 15), and the long shifts, which name
    // two registers in fields of their own, in the space of ORRS.
    let extension = bit(second, 15) || (flags && matches!(other, 13 | PC));
    match field(first, 8, 5) {
        0b0010 if extension => plain().write_mask(ANY_REGISTER),
        // TST, TEQ and CMN; CMP
        0b0000 | 0b0100 | 0b1000 if to == PC && flags => plain(),
        0b1101 if to == PC && flags => {
            plain().effect(Effect::CompareRegisters { a: from, b: other })
        }
        0b0010 if from == PC && unshifted => match (to, other) {
            (PC, LR) => plain().flow(Flow::Return),
            (PC, _) => plain().flow(Flow::Jump(Destination::Register(other))),
            (_, PC) => plain().effect(Effect::Constant { to, value: pc }),
            _ => plain().effect(Effect::Copy { to, from: other }),
        },
        0b1000 if from != PC && other != PC => computed(to, Effect::Add { to, a: from, b: other }),
        _ => result(to),
    }
}

/// Data processing, modified immediate (A5.3.1).
fn modified_immediate(first: u32, second: u32) -> Instruction {
    let (from, to) = (register(first, 3, 0), register(second, 11, 8));
    let compares = to == PC && bit(first, 4);
    let value = u64::from(expand_immediate(immediate12(first, second)));
    match field(first, 8, 5) {
        0b0000 | 0b0100 if compares => plain(),
        0b0000 if value == 0xff => {
            computed(to, Effect::Extend { to, from, width: 1, signed: false })
        }
        0b0010 if from == PC => computed(to, Effect::Constant { to, value }),
        0b0011 if from == PC => computed(to, Effect::Constant { to, value: value ^ 0xffff_ffff }),
        // CMN: a comparison with the negative
        0b1000 if compares => plain()
            .effect(Effect::Compare { register: from, value: add32(0, value.wrapping_neg()) }),
        0b1101 if compares => plain().effect(Effect::Compare { register: from, value }),
        0b1000 => computed(to, Effect::AddConstant { to, from, value }),
        0b1101 => computed(to, Effect::AddConstant { to, from, value: value.wrapping_neg() }),
        _ => result(to),
    }
}

/// The field `i:imm3:imm8`.
fn immediate12(first: u32, second: u32) -> u32 {
    (field(first, 10, 10) << 11) | (field(second, 14, 12) << 8) | field(second, 7, 0)
}

/// `ThumbExpandImm` (A5.3.2).
fn expand_immediate(field12: u32) -> u32 {
    let byte = field(field12, 7, 0);
    match field(field12, 11, 8) {
        0b0000 => byte,
        0b0001 => (byte << 16) | byte,
        0b0010 => (byte << 24) | (byte << 8),
        0b0011 => (byte << 24) | (byte << 16) | (byte << 8) | byte,
        _ => (0x80 | field(field12, 6, 0)).rotate_right(field(field12, 11, 7)),
    }
}

/// Data processing, plain binary immediate (A5.3.3).
fn plain_immediate(pc: u64, first: u32, second: u32) -> Instruction {
    let (from, to) = (register(first, 3, 0), register(second, 11, 8));
    let value = immediate12(first, second);
    let half = (field(first, 3, 0) << 12) | value;
    match field(first, 8, 4) {
        0b00000 => add(pc, to, from, u64::from(value)),
        0b01010 => add(pc, to, from, u64::from(value).wrapping_neg()),
        0b00100 => computed(to, Effect::Constant { to, value: u64::from(half) }),
        // The field has 16 bits.
        0b01100 => computed(to, Effect::SetHigh { to, value: (half & 0xffff) as u16 }),
        _ => result(to),
    }
}

/// Branches and miscellaneous control (A5.3.4).
fn branch(pc: u64, first: u32, second: u32) -> Instruction {
    let sign = field(first, 10, 10);
    // I1 and I2: the bits J1 and J2 are inverted for positive offsets (A7.7.12).
    let inverted = |j: u32| u32::from(j == sign);
    let long = || {
        let high = (sign << 24)
            | (inverted(field(second, 13, 13)) << 23)
            | (inverted(field(second, 11, 11)) << 22);
        signed(high | (field(first, 9, 0) << 12) | (field(second, 10, 0) << 1), 25)
    };
    match (bit(second, 14), bit(second, 12)) {
        (false, true) => plain().flow(Flow::Jump(Destination::Address(add32(pc, long()) | 1))),
        (true, true) => {
            plain().write(LR).flow(Flow::Call(Destination::Address(add32(pc, long()) | 1)))
        }
        // BLX never sets bit 0 (H).
        (true, false) if bit(second, 0) => low_overhead(pc, first, second),
        (true, false) => {
            let target = add32(pc & !3, long()) & !3;
            plain().write(LR).flow(Flow::Call(Destination::Address(target)))
        }
        (false, false) if field(first, 9, 7) != 0b111 => {
            let offset = (sign << 20)
                | (field(second, 11, 11) << 19)
                | (field(second, 13, 13) << 18)
                | (field(first, 5, 0) << 12)
                | (field(second, 10, 0) << 1);
            plain().flow(Flow::Branch(add32(pc, signed(offset, 21))))
        }
        (false, false) => control(first, second),
    }
}

/// MSR, hints, barriers, MRS and the like (A5.3.4, tables A5-14 to A5-16).
fn control(first: u32, second: u32) -> Instruction {
    match field(first, 10, 4) {
        // MSR, hints and CPS, barriers
        0b011_1000..=0b011_1011 => plain(),
        // ERET and SUBS PC, LR of other profiles
        0b011_1101 => plain().flow(Flow::Return),
        // MRS
        0b011_1110 | 0b011_1111 => plain().write(register(second, 11, 8)),
        // SMC and HVC of other profiles; UDF has bit 13 as well.
        0b111_1110 | 0b111_1111 if !bit(second, 13) => plain().write_mask(ANY_REGISTER),
        _ => Instruction::stop(4),
    }
}

/// The loops and branch futures of Armv8.1-M (Armv8-M ARM, C2.3.5). A branch
/// future only predicts what a later branch does.
fn low_overhead(pc: u64, first: u32, second: u32) -> Instruction {
    if field(first, 10, 7) != 0 {
        return plain();
    }
    let offset = u64::from((field(second, 10, 1) << 2) | (field(second, 11, 11) << 1));
    let (count, backwards) = (register(first, 3, 0), !bit(first, 6) && register(first, 3, 0) == PC);
    match (bit(second, 13), backwards) {
        // DLS and LCTP: Rn is where the count comes from.
        (true, _) => plain().write(LR),
        // LE
        (false, true) => plain().write(LR).flow(Flow::Branch(add32(pc, offset.wrapping_neg()))),
        // WLS
        (false, false) => plain()
            .write(LR)
            .effect(Effect::Compare { register: count, value: 0 })
            .flow(Flow::Branch(add32(pc, offset))),
    }
}

/// Data processing, register (A5.3.12): shifts, extensions, parallel addition.
fn register_only(first: u32, second: u32) -> Instruction {
    let (to, from) = (register(second, 11, 8), register(second, 3, 0));
    let extends = field(first, 3, 0) == 0b1111 && bit(second, 7) && field(second, 5, 4) == 0;
    let (width, signed) = match field(first, 7, 4) {
        0b0000 => (2, true),
        0b0001 => (2, false),
        0b0100 => (1, true),
        0b0101 => (1, false),
        _ => return result(to),
    };
    if extends { computed(to, Effect::Extend { to, from, width, signed }) } else { result(to) }
}

/// Coprocessor, floating-point and vector instructions (A5.3.18, A6.4).
fn coprocessor(first: u32, second: u32) -> Instruction {
    let (floating_point, vector) = (matches!(field(second, 11, 8), 8..=11), bit(second, 11));
    let loads = bit(first, 4);
    match field(first, 9, 4) {
        // Armv8.1-M moves between vector lanes and registers here.
        0b00_0000 | 0b00_0001 => plain().write_mask(ANY_REGISTER),
        0b00_0100 if vector && !floating_point => plain().write_mask(ANY_REGISTER),
        // MCRR and MRRC, VMOV between two registers and two
        0b00_0100 => plain(),
        0b00_0101 => plain().write(register(first, 3, 0)).write(register(second, 15, 12)),
        // Loads and stores: the base may be written back.
        op if op < 0b10_0000 => plain().write_if(bit(first, 5), register(first, 3, 0)),
        // Floating-point data processing, and VMOV with one register
        op if op < 0b11_0000 && floating_point => match register(second, 15, 12) {
            // VMRS to the counter means the flags.
            to if bit(second, 4) && loads && to != PC => plain().write(to),
            _ => plain(),
        },
        // MCR
        op if op < 0b11_0000 && bit(second, 4) && !loads && !bit(first, 12) => plain(),
        // Vectors, custom data paths and what else there is
        _ => plain().write_mask(ANY_REGISTER),
    }
}
