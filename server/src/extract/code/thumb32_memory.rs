//! The 32-bit loads and stores of T32, and the jumps among them: `pop`, `ldr pc`,
//! table branches (Armv7-M ARM, A5.3.5 to A5.3.10).

use super::bits::{add32, bit, field, register};
use super::thumb32::plain;
use super::{Destination, Effect, Flow, Instruction, Register};

const SP: Register = 13;
const PC: Register = 15;

/// Load and store multiple (A5.3.5).
pub(super) fn multiple(first: u32, second: u32) -> Instruction {
    let (base, loads) = (register(first, 3, 0), bit(first, 4));
    let written_back = plain().write_if(bit(first, 5), base);
    match (field(first, 8, 7), loads) {
        (_, false) => written_back,
        // RFE of other profiles
        (0b00 | 0b11, true) => written_back.flow(Flow::Return),
        // Whether from the stack or a saved context: out of this function.
        (_, true) if bit(second, 15) => {
            written_back.write_mask(u64::from(second)).flow(Flow::Return)
        }
        (_, true) => written_back.write_mask(u64::from(second)),
    }
}

/// Load and store dual or exclusive, table branch (A5.3.6).
pub(super) fn dual(pc: u64, first: u32, second: u32) -> Instruction {
    let (base, index) = (register(first, 3, 0), register(second, 3, 0));
    let (loads, written_back) = (bit(first, 4), bit(first, 5));
    let (one, two) = (register(second, 15, 12), register(second, 11, 8));
    // SG marks an entry into the secure world (Armv8-M ARM, C2.4.190).
    if (first, second) == (0xe97f, 0xe97f) {
        return plain();
    }
    match (bit(first, 8) || written_back, bit(first, 7), field(second, 7, 4)) {
        // STRD and LDRD
        (true, ..) => {
            let instruction = plain().write_if(written_back, base);
            if loads { instruction.write(one).write(two) } else { instruction }
        }
        // TBB and TBH
        (false, true, op @ (0b0000 | 0b0001)) if loads => plain().flow(match base {
            PC => Flow::ByteTable { table: pc, width: if op == 0 { 1 } else { 2 }, index },
            _ => Flow::Jump(Destination::Unknown),
        }),
        (false, ..) if loads => plain().write(one).write(two),
        // STL and its kind
        (false, true, 0b1000..=0b1011) => plain(),
        // Their status; TT writes the same field as STREX.
        (false, false, _) => plain().write(two),
        (false, true, _) => plain().write(index),
    }
}

/// Store single data item (A5.3.10).
pub(super) fn store(first: u32, second: u32) -> Instruction {
    let base = register(first, 3, 0);
    if base == PC {
        return Instruction::stop(4);
    }
    plain().write_if(writes_back(first, second), base)
}

/// Whether an immediate form of a single load or store changes its base.
fn writes_back(first: u32, second: u32) -> bool {
    !bit(first, 7) && bit(second, 11) && bit(second, 8)
}

/// Load byte, halfword or word, and the hints among them (A5.3.7 to A5.3.9).
pub(super) fn load(pc: u64, first: u32, second: u32) -> Instruction {
    let (base, to) = (register(first, 3, 0), register(second, 15, 12));
    let (width, signed) = (1 << field(first, 6, 5), bit(first, 8));
    let written_back = base != PC && writes_back(first, second);
    let after = plain().write_if(written_back, base);
    let Some((base, index, offset)) = address(pc, first, second) else {
        return Instruction::stop(4);
    };
    if to != PC {
        return after.effect(Effect::Load { to, base, index, offset, width, signed });
    }
    // PLD and PLI
    if width != 4 {
        return after;
    }
    after.flow(match (base, index) {
        (Some(SP), None) if written_back => Flow::Return,
        (None, None) => Flow::Jump(Destination::Memory(offset)),
        _ => Flow::Jump(Destination::Pointer { base, index, offset, width }),
    })
}

/// Where a single load reads: base, index and offset.
fn address(pc: u64, first: u32, second: u32) -> Option<(Option<Register>, Option<Register>, u64)> {
    let base = register(first, 3, 0);
    let long = u64::from(field(second, 11, 0));
    let short = u64::from(field(second, 7, 0));
    let upwards = |up, offset: u64| if up { offset } else { offset.wrapping_neg() };
    Some(match (base, bit(first, 7), bit(second, 11)) {
        (PC, up, _) => (None, None, add32(pc & !3, upwards(up, long))),
        (_, true, _) => (Some(base), None, long),
        // Without bit 10 the base changes only after the access.
        (_, false, true) if !bit(second, 10) => (Some(base), None, 0),
        (_, false, true) => (Some(base), None, upwards(bit(second, 9), short)),
        (_, false, false) if field(second, 10, 6) == 0 => {
            (Some(base), Some(register(second, 3, 0)), 0)
        }
        _ => return None,
    })
}
