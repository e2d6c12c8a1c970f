//! The 16-bit instructions of T32 (Armv7-M ARM, A5.2; Armv8-M ARM, C2.2).

use super::bits::{add32, bit, field, register, signed};
use super::{ANY_REGISTER, Destination, Effect, Flow, Instruction, Register};

const SP: Register = 13;
const LR: Register = 14;
const PC: Register = 15;

/// Decodes `half`, which is no first half of a longer instruction.
pub(super) fn decode(address: u64, half: u32) -> Instruction {
    let pc = address.wrapping_add(4);
    match field(half, 15, 11) {
        0b00000..=0b00111 => immediate_arithmetic(half),
        0b01000 if !bit(half, 10) => data_processing(half),
        0b01000 => high_registers(pc, half),
        // LDR (literal): the base is aligned, A7.7.44.
        0b01001 => plain().effect(Effect::Load {
            to: register(half, 10, 8),
            base: None,
            index: None,
            offset: add32(pc & !3, u64::from(field(half, 7, 0)) * 4),
            width: 4,
            signed: false,
        }),
        0b01010 | 0b01011 => register_offset(half),
        0b01100..=0b10001 => immediate_offset(half),
        0b10010 => plain(),
        0b10011 => load(register(half, 10, 8), SP, field(half, 7, 0) * 4, 4),
        // ADR
        0b10100 => plain().effect(Effect::Constant {
            to: register(half, 10, 8),
            value: add32(pc & !3, u64::from(field(half, 7, 0)) * 4),
        }),
        0b10101 => add(register(half, 10, 8), SP, u64::from(field(half, 7, 0)) * 4),
        0b10110 | 0b10111 => miscellaneous(pc, half),
        0b11000 => plain().write(register(half, 10, 8)),
        // LDM: the base is written back or loaded.
        0b11001 => plain().write(register(half, 10, 8)).write_mask(u64::from(field(half, 7, 0))),
        0b11010 | 0b11011 => match field(half, 11, 8) {
            0b1110 => Instruction::stop(2),
            // SVC: what the handler does is its own affair.
            0b1111 => plain().write_mask(ANY_REGISTER),
            _ => plain().flow(Flow::Branch(add32(pc, signed(field(half, 7, 0) << 1, 9)))),
        },
        _ => {
            let target = add32(pc, signed(field(half, 10, 0) << 1, 12));
            plain().flow(Flow::Jump(Destination::Address(target | 1)))
        }
    }
}

fn plain() -> Instruction {
    Instruction::new(2)
}

fn add(to: Register, from: Register, value: u64) -> Instruction {
    plain().effect(Effect::AddConstant { to, from, value })
}

fn load(to: Register, base: Register, offset: u32, width: u8) -> Instruction {
    plain().effect(Effect::Load {
        to,
        base: Some(base),
        index: None,
        offset: u64::from(offset),
        width,
        signed: false,
    })
}

/// Shift, add, subtract, move and compare with an immediate (A5.2.1).
fn immediate_arithmetic(half: u32) -> Instruction {
    let low = register(half, 2, 0);
    let (from, other) = (register(half, 5, 3), register(half, 8, 6));
    let (target, value) = (register(half, 10, 8), u64::from(field(half, 7, 0)));
    match field(half, 13, 9) {
        // LSL by nothing is MOVS.
        0b00000..=0b00011 if field(half, 10, 6) == 0 => {
            plain().effect(Effect::Copy { to: low, from })
        }
        0b00000..=0b01011 | 0b01101 => plain().write(low),
        0b01100 => plain().effect(Effect::Add { to: low, a: from, b: other }),
        0b01110 => add(low, from, u64::from(other)),
        0b01111 => add(low, from, u64::from(other).wrapping_neg()),
        0b10000..=0b10011 => plain().effect(Effect::Constant { to: target, value }),
        0b10100..=0b10111 => plain().effect(Effect::Compare { register: target, value }),
        0b11000..=0b11011 => add(target, target, value),
        _ => add(target, target, value.wrapping_neg()),
    }
}

/// Register to register, low ones only (A5.2.2).
fn data_processing(half: u32) -> Instruction {
    let low = register(half, 2, 0);
    match field(half, 9, 6) {
        // TST and CMN
        0b1000 | 0b1011 => plain(),
        0b1010 => plain().effect(Effect::CompareRegisters { a: low, b: register(half, 5, 3) }),
        _ => plain().write(low),
    }
}

/// Special data instructions, branch and exchange (A5.2.3); BXNS and BLXNS of
/// Armv8-M differ in bit 2 only.
fn high_registers(pc: u64, half: u32) -> Instruction {
    let from = register(half, 6, 3);
    let to = register(half, 2, 0) | (register(half, 7, 7) << 3);
    match field(half, 9, 7) {
        0b000 | 0b001 => match (to, from) {
            (PC, PC) => plain().flow(Flow::Jump(Destination::Unknown)),
            (PC, _) => {
                plain().flow(Flow::Jump(Destination::RegisterPlus { register: from, offset: pc }))
            }
            (_, PC) => add(to, to, pc),
            _ => plain().effect(Effect::Add { to, a: to, b: from }),
        },
        0b010 | 0b011 => plain().effect(Effect::CompareRegisters { a: to, b: from }),
        0b100 | 0b101 => match (to, from) {
            (PC, LR) => plain().flow(Flow::Return),
            (PC, PC) => plain().flow(Flow::Jump(Destination::Address(pc | 1))),
            (PC, _) => plain().flow(Flow::Jump(Destination::Register(from))),
            (_, PC) => plain().effect(Effect::Constant { to, value: pc }),
            _ => plain().effect(Effect::Copy { to, from }),
        },
        0b110 => plain().flow(match from {
            LR => Flow::Return,
            // To A32 code that stands behind it, as in the linker's veneers.
            PC => Flow::Jump(Destination::Address(pc & !3)),
            _ => Flow::Jump(Destination::Register(from)),
        }),
        _ => plain().write(LR).flow(Flow::Call(Destination::Register(from))),
    }
}

/// Load and store, the address a sum of registers (A5.2.4).
fn register_offset(half: u32) -> Instruction {
    let (width, signed) = match field(half, 11, 9) {
        0b011 => (1, true),
        0b100 => (4, false),
        0b101 => (2, false),
        0b110 => (1, false),
        0b111 => (2, true),
        _ => return plain(),
    };
    plain().effect(Effect::Load {
        to: register(half, 2, 0),
        base: Some(register(half, 5, 3)),
        index: Some(register(half, 8, 6)),
        offset: 0,
        width,
        signed,
    })
}

/// Load and store with an immediate offset, scaled by the width (A5.2.4).
fn immediate_offset(half: u32) -> Instruction {
    let width = match field(half, 15, 11) {
        0b01101 => 4,
        0b01111 => 1,
        0b10001 => 2,
        _ => return plain(),
    };
    load(register(half, 2, 0), register(half, 5, 3), field(half, 10, 6) * u32::from(width), width)
}

/// Miscellaneous instructions (A5.2.5).
fn miscellaneous(pc: u64, half: u32) -> Instruction {
    /// The comment field of BKPT that asks a debugger for a semihosting service,
    /// which returns (Arm semihosting, "The semihosting interface").
    const SEMIHOSTING: u32 = 0xab;
    match field(half, 11, 8) {
        0b0000 => {
            let value = u64::from(field(half, 6, 0)) * 4;
            add(SP, SP, if bit(half, 7) { value.wrapping_neg() } else { value })
        }
        // CBZ and CBNZ
        0b0001 | 0b0011 | 0b1001 | 0b1011 => {
            let offset = (field(half, 9, 9) << 6) | (field(half, 7, 3) << 1);
            plain()
                .effect(Effect::Compare { register: register(half, 2, 0), value: 0 })
                .flow(Flow::Branch(add32(pc, u64::from(offset))))
        }
        // SXTH, SXTB, UXTH, UXTB
        0b0010 => plain().effect(Effect::Extend {
            to: register(half, 2, 0),
            from: register(half, 5, 3),
            width: if bit(half, 6) { 1 } else { 2 },
            signed: !bit(half, 7),
        }),
        0b0100 | 0b0101 => plain().write(SP),
        // REV, REV16, REVSH; HLT among them stops for a debugger.
        0b1010 if field(half, 7, 6) == 0b10 => Instruction::stop(2),
        0b1010 => plain().write(register(half, 2, 0)),
        0b1100 => plain().write(SP).write_mask(u64::from(field(half, 7, 0))),
        0b1101 => plain().write(SP).write_mask(u64::from(field(half, 7, 0))).flow(Flow::Return),
        0b1110 if field(half, 7, 0) == SEMIHOSTING => plain().write(0_u8),
        // CPS and SETEND; IT, which the block remembers, and hints
        0b0110 | 0b1111 => plain(),
        _ => Instruction::stop(2),
    }
}
