//! The loads and stores of A32, the jumps among them, and the multiplications
//! that share their space (Armv7-A/R ARM, A5.2.5 to A5.2.10, A5.3, A5.5).

use super::arm::{PC, plain};
use super::bits::{add32, bit, field, register};
use super::{Destination, Effect, Flow, Instruction, Register};

const SP: Register = 13;

/// Whether a load or store changes its base: it is indexed after the access, or
/// asked to.
fn writes_back(word: u32) -> bool {
    !bit(word, 24) || bit(word, 21)
}

fn based(word: u32) -> Instruction {
    plain().write_if(writes_back(word), register(word, 19, 16))
}

/// Load and store word or unsigned byte (A5.3).
pub(super) fn single(pc: u64, word: u32) -> Instruction {
    let (base, to) = (register(word, 19, 16), register(word, 15, 12));
    let instruction = based(word);
    if !bit(word, 20) {
        return instruction;
    }
    let width = if bit(word, 22) { 1 } else { 4 };
    let after = !bit(word, 24);
    let (index, offset) = if bit(word, 25) {
        // A subtracted index is none that can be told.
        if !bit(word, 23) && !after {
            return unknown(instruction, to);
        }
        (Some(register(word, 3, 0)), 0)
    } else {
        let offset = u64::from(field(word, 11, 0));
        (None, if bit(word, 23) { offset } else { offset.wrapping_neg() })
    };
    let (index, offset) = if after { (None, 0) } else { (index, offset) };
    let (base, offset) = match base {
        PC => (None, add32(pc, offset)),
        _ => (Some(base), offset),
    };
    if to != PC {
        return instruction.effect(Effect::Load { to, base, index, offset, width, signed: false });
    }
    instruction.flow(match (base, index) {
        (Some(SP), None) if writes_back(word) => Flow::Return,
        (None, None) => Flow::Jump(Destination::Memory(offset)),
        _ => Flow::Jump(Destination::Pointer { base, index, offset, width }),
    })
}

/// A load that nothing can be said about.
fn unknown(instruction: Instruction, to: Register) -> Instruction {
    match to {
        PC => instruction.flow(Flow::Jump(Destination::Unknown)),
        _ => instruction.write(to),
    }
}

/// Multiplications, synchronisation, and loads and stores of halfwords, signed
/// bytes and pairs (A5.2.5, A5.2.8, A5.2.10).
pub(super) fn extra(word: u32) -> Instruction {
    let (base, to) = (register(word, 19, 16), register(word, 15, 12));
    let (loads, kind) = (bit(word, 20), field(word, 6, 5));
    match (kind, loads) {
        // MUL and its kind: the result is where the base is elsewhere.
        (0b00, _) if !bit(word, 24) => plain().write(base).write(to),
        // SWP, LDREX, STREX: the value or the status; LDREXD a pair
        (0b00, _) => plain().write(to).write(to | 1),
        // LDRD
        (0b10, false) => based(word).write(to).write(to | 1),
        (_, false) => based(word),
        _ => {
            let (width, signed) = match kind {
                0b01 => (2, false),
                0b10 => (1, true),
                _ => (2, true),
            };
            let offset = u64::from((field(word, 11, 8) << 4) | field(word, 3, 0));
            let offset = if bit(word, 23) { offset } else { offset.wrapping_neg() };
            // Only the plain form with an immediate is worth telling.
            if !bit(word, 22) || !bit(word, 24) || base == PC || to == PC {
                return unknown(based(word), to);
            }
            let base = Some(base);
            based(word).effect(Effect::Load { to, base, index: None, offset, width, signed })
        }
    }
}

/// Load and store multiple (A5.5).
pub(super) fn multiple(word: u32) -> Instruction {
    let instruction = plain().write_if(bit(word, 21), register(word, 19, 16));
    match (bit(word, 20), bit(word, 15)) {
        (false, _) => instruction,
        (true, leaves) => {
            let loaded = instruction.write_mask(u64::from(field(word, 15, 0)));
            // Whether from the stack or a saved context: out of this function.
            if leaves { loaded.flow(Flow::Return) } else { loaded }
        }
    }
}
