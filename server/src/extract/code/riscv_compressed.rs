//! The compressed instructions of RV32 and RV64 (RISC-V unprivileged ISA manual,
//! chapter "C" Extension, tables of section "RVC Instruction Set Listings"), with
//! Zcb and Zcmp.

use super::bits::{bit, field, register, signed};
use super::riscv::{RA, Width, ZERO, add_word, effect};
use super::{ANY_REGISTER, Destination, Effect, Flow, Instruction, Register};

const SP: Register = 2;
/// The alternate link register.
const T0: Register = 5;

/// Decodes a halfword whose lowest two bits are not both set.
pub(super) fn decode(width: Width, address: u64, half: u32) -> Instruction {
    match half & 0b11 {
        0b00 => quadrant0(width, half),
        0b01 => quadrant1(width, address, half),
        _ => quadrant2(width, half),
    }
}

fn plain() -> Instruction {
    Instruction::new(2)
}

/// A three-bit register field, `rd'`, `rs1'` or `rs2'`: x8 to x15.
fn short(half: u32, high: u32, low: u32) -> Register {
    8 + register(half, high, low)
}

fn load(width: Width, to: Register, base: Register, offset: u32, bytes: u8) -> Instruction {
    let (base, offset) = (Some(base), u64::from(offset));
    effect(2, width, Effect::Load { to, base, index: None, offset, width: bytes, signed: true })
}

/// Loads and stores by a register.
fn quadrant0(width: Width, half: u32) -> Instruction {
    let (base, to) = (short(half, 9, 7), short(half, 4, 2));
    let word = (field(half, 12, 10) << 3) | (field(half, 6, 6) << 2) | (field(half, 5, 5) << 6);
    let double = (field(half, 12, 10) << 3) | (field(half, 6, 5) << 6);
    match field(half, 15, 13) {
        // All zeros is no instruction, by design.
        0b000 if field(half, 12, 5) == 0 => Instruction::stop(2),
        // C.ADDI4SPN
        0b000 => {
            let value = (field(half, 12, 11) << 4)
                | (field(half, 10, 7) << 6)
                | (field(half, 6, 6) << 2)
                | (field(half, 5, 5) << 3);
            effect(2, width, Effect::AddConstant { to, from: SP, value: u64::from(value) })
        }
        0b010 => load(width, to, base, word, 4),
        // C.LD, or on RV32 C.FLW and with Zclsd a pair
        0b011 if width == Width::Rv64 => load(width, to, base, double, 8),
        0b011 => plain().write(to).write(to + 1),
        // Zcb: C.LBU, C.LHU and C.LH, C.SB, C.SH
        0b100 if field(half, 12, 11) == 0 => plain().write(to),
        0b100 if field(half, 12, 11) == 1 => plain(),
        0b100 => Instruction::stop(2),
        // C.FLD, and the stores
        _ => plain(),
    }
}

/// The immediate `imm[5]` in bit 12, `imm[4:0]` in bits 6 to 2.
fn immediate6(half: u32) -> u64 {
    signed((field(half, 12, 12) << 5) | field(half, 6, 2), 6)
}

/// Control and arithmetic.
fn quadrant1(width: Width, address: u64, half: u32) -> Instruction {
    let to = register(half, 11, 7);
    let value = immediate6(half);
    match (field(half, 15, 13), width) {
        // C.NOP and C.ADDI
        (0b000, _) => effect(2, width, Effect::AddConstant { to, from: to, value }),
        (0b001, Width::Rv32) => {
            plain().write(RA).flow(Flow::Call(jump_target(width, address, half)))
        }
        (0b001, Width::Rv64) if to == ZERO => Instruction::stop(2),
        (0b001, Width::Rv64) => add_word(2, to, to, value),
        (0b010, _) => effect(2, width, Effect::Constant { to, value }),
        (0b011, _) if to == SP => {
            let value = (field(half, 12, 12) << 9)
                | (field(half, 6, 6) << 4)
                | (field(half, 5, 5) << 6)
                | (field(half, 4, 3) << 7)
                | (field(half, 2, 2) << 5);
            let value = signed(value, 10);
            effect(2, width, Effect::AddConstant { to: SP, from: SP, value })
        }
        // C.LUI
        (0b011, _) => effect(2, width, Effect::Constant { to, value: value << 12 }),
        (0b100, _) => arithmetic(width, half),
        (0b101, _) => plain().flow(Flow::Jump(jump_target(width, address, half))),
        // C.BEQZ and C.BNEZ
        _ => {
            let offset = (field(half, 12, 12) << 8)
                | (field(half, 11, 10) << 3)
                | (field(half, 6, 5) << 6)
                | (field(half, 4, 3) << 1)
                | (field(half, 2, 2) << 5);
            plain()
                .effect(Effect::Compare { register: short(half, 9, 7), value: 0 })
                .flow(Flow::Branch(width.add(address, signed(offset, 9))))
        }
    }
}

/// C.SRLI, C.SRAI, C.ANDI, C.SUB and so on.
fn arithmetic(width: Width, half: u32) -> Instruction {
    let to = short(half, 9, 7);
    match (field(half, 11, 10), bit(half, 12), field(half, 6, 2)) {
        // Zcb: C.ZEXT.B, C.SEXT.B, C.ZEXT.H, C.SEXT.H
        (0b11, true, kind @ 0b11000..=0b11011) => effect(
            2,
            width,
            Effect::Extend {
                to,
                from: to,
                width: if bit(kind, 1) { 2 } else { 1 },
                signed: bit(kind, 0),
            },
        ),
        _ => plain().write(to),
    }
}

/// The offset of C.J and C.JAL.
fn jump_target(width: Width, address: u64, half: u32) -> Destination {
    let offset = (field(half, 12, 12) << 11)
        | (field(half, 11, 11) << 4)
        | (field(half, 10, 9) << 8)
        | (field(half, 8, 8) << 10)
        | (field(half, 7, 7) << 6)
        | (field(half, 6, 6) << 7)
        | (field(half, 5, 3) << 1)
        | (field(half, 2, 2) << 5);
    Destination::Address(width.add(address, signed(offset, 12)))
}

/// Loads and stores by the stack pointer, jumps to registers, moves.
fn quadrant2(width: Width, half: u32) -> Instruction {
    let to = register(half, 11, 7);
    let high = field(half, 12, 12) << 5;
    match (field(half, 15, 13), width) {
        // C.SLLI
        (0b000, _) => plain().write_mask((1 << to) & !1),
        // C.LWSP
        (0b010, _) => {
            load(width, to, SP, high | (field(half, 6, 4) << 2) | (field(half, 3, 2) << 6), 4)
        }
        // C.LDSP, or on RV32 C.FLWSP and with Zclsd a pair
        (0b011, Width::Rv64) => {
            load(width, to, SP, high | (field(half, 6, 5) << 3) | (field(half, 4, 2) << 6), 8)
        }
        (0b011, Width::Rv32) => plain().write_mask((0b11 << to) & !1),
        (0b100, _) => jump_or_move(width, half),
        (0b101, Width::Rv32) => push_or_pop(half),
        // C.FLDSP, and the stores
        _ => plain(),
    }
}

/// C.JR, C.MV, C.EBREAK, C.JALR and C.ADD.
fn jump_or_move(width: Width, half: u32) -> Instruction {
    let (to, from) = (register(half, 11, 7), register(half, 6, 2));
    match (bit(half, 12), to, from) {
        (_, ZERO, ZERO) => Instruction::stop(2),
        (false, RA | T0, ZERO) => plain().flow(Flow::Return),
        (false, _, ZERO) => plain().flow(Flow::Jump(Destination::Register(to))),
        (true, _, ZERO) => plain().write(RA).flow(Flow::Call(Destination::Register(to))),
        (false, ..) => effect(2, width, Effect::Copy { to, from }),
        (true, ..) => effect(2, width, Effect::Add { to, a: to, b: from }),
    }
}

/// Zcmp, which lies over C.FSDSP: 32-bit cores that have compressed stores of
/// doubles cannot have it, and only few have them. Of Zcmt there is nothing, for
/// its codes are those of stores that such cores do use.
fn push_or_pop(half: u32) -> Instruction {
    match field(half, 12, 8) {
        // CM.PUSH
        0b11000 => plain().write(SP),
        // CM.POP loads ra and any of s0 to s11; CM.MVSA01 and CM.MVA01S.
        0b11010 | 0b01100..=0b01111 => plain().write_mask(ANY_REGISTER & !1),
        // CM.POPRETZ and CM.POPRET
        0b11100 | 0b11110 => plain().write_mask(ANY_REGISTER & !1).flow(Flow::Return),
        _ => plain(),
    }
}
