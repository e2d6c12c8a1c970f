//! T32: sizes, and the IT blocks that make the instructions in them conditional
//! (Armv7-M ARM, A5.1 and A7.3).

use super::bits::{field, half_word, left};
use super::{Instruction, thumb16, thumb32};

/// What is left of an IT block: `ITSTATE` (Armv7-M ARM, A7.3.3).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ItBlock(u8);

impl ItBlock {
    /// Enters the block of an IT instruction; others, hints, have no mask.
    fn enter(&mut self, half: u32) {
        if field(half, 15, 8) == 0xbf && field(half, 3, 0) != 0 {
            self.0 = half.to_le_bytes()[0];
        }
    }

    /// Whether the next instruction is conditional; steps to the one behind it.
    fn step(&mut self) -> bool {
        const ALWAYS: u8 = 0b111;
        let state = self.0;
        let last = state << 5 == 0;
        self.0 = if last { 0 } else { (state & 0xe0) | ((state << 1) & 0x1f) };
        state & 0b1111 != 0 && state >> 5 != ALWAYS
    }
}

/// Decodes the instruction at `address`.
pub(super) fn decode(block: &mut ItBlock, address: u64, bytes: &[u8]) -> Instruction {
    let conditional = block.step();
    let Some(first) = half_word(bytes, 0) else {
        return Instruction::stop(left(bytes, 2));
    };
    // A5.1: 0b11101, 0b11110 and 0b11111 begin a 32-bit instruction.
    if field(first, 15, 11) < 0b11101 {
        let instruction = thumb16::decode(address, first).when(conditional);
        block.enter(first);
        return instruction;
    }
    match half_word(bytes, 2) {
        Some(second) => thumb32::decode(address, first, second).when(conditional),
        None => Instruction::stop(left(bytes, 4)),
    }
}
