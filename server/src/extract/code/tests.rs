//! What single instructions decode to, their encodings taken from the manuals.

mod arm;
mod hostile;
mod riscv;
mod thumb;
mod x86;

use super::{Decoder, Effect, Flow, Instruction, Isa};

/// Decodes one instruction that stands alone.
fn decode(isa: Isa, address: u64, bytes: &[u8]) -> Instruction {
    let found = Decoder::new(isa).decode(address, bytes);
    assert_eq!(usize::from(found.size), bytes.len(), "size of {bytes:x?}");
    found
}

/// What the decoder says of an instruction, and that it changes nothing else.
fn is(found: Instruction, flow: Flow, effect: Effect, writes: u64) {
    let expected = Instruction { size: found.size, flow, conditional: false, effect, writes };
    assert_eq!(found, expected);
}

/// The flow of an instruction.
fn goes(found: Instruction, flow: Flow) {
    assert_eq!(found.flow, flow);
}

/// The effect of an instruction that steps on and changes only this register.
fn does(found: Instruction, to: u32, effect: Effect) {
    is(found, Flow::Next, effect, 1 << to);
}
