//! Thumb code of the shape that compilers give to calls in a row.

use super::{MAIN_UNIT, function_address};

/// The function of each unit that starts it.
pub(super) const INIT: u64 = 3;
/// The one that stops it.
pub(super) const DEINIT: u64 = 4;

/// Code from an address on.
pub(super) struct Code {
    at: u64,
    pub(super) bytes: Vec<u8>,
}

impl Code {
    fn new(at: u64) -> Self {
        Self { at, bytes: Vec::new() }
    }

    fn push(&mut self, halfword: u64) {
        self.bytes.extend(u16::try_from(halfword).unwrap().to_le_bytes());
    }

    fn here(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }

    /// `movs r0, #argument; bl to`.
    fn call(&mut self, argument: u64, to: u64) {
        self.push(0x2000 | argument & 0xff);
        // T1 of `bl`: S:I1:I2:imm10:imm11:0, where `J = not (I xor S)`.
        let offset = to.wrapping_sub(self.here() + 4);
        let sign = offset >> 24 & 1;
        let j = |bit: u32| (offset >> bit & 1) ^ sign ^ 1;
        self.push(0xf000 | sign << 10 | offset >> 12 & 0x3ff);
        self.push(0xd000 | j(23) << 13 | j(22) << 11 | offset >> 1 & 0x7ff);
    }

    /// `cmp r0, #0; beq` over one instruction, and that one: `adds r4, r0, #0`.
    fn test(&mut self) {
        for halfword in [0x2800, 0xd000, 0x1c04] {
            self.push(halfword);
        }
    }

    /// `b to`.
    fn jump(&mut self, to: u64) {
        let offset = to.wrapping_sub(self.here() + 4);
        self.push(0xe000 | offset >> 1 & 0x7ff);
    }

    /// Fills up with `nop`.
    pub(super) fn fill_up(&mut self, size: u64) {
        while (self.bytes.len() as u64) < size {
            self.push(0xbf00);
        }
        assert_eq!(self.bytes.len() as u64, size);
    }
}

/// 10 calls, and a loop of 65 around the runtime and the REPL, 40 of them followed
/// by a branch.
pub(super) fn main(at: u64) -> Code {
    let mut code = Code::new(at);
    let landmark = |function| function_address(MAIN_UNIT, function);
    // `push {r4, lr}`
    code.push(0xb510);
    (0..10).for_each(|unit| code.call(unit, function_address(unit, INIT)));
    let top = code.here();
    code.call(0, landmark(7));
    code.call(0, landmark(8));
    for unit in 10..50 {
        code.call(unit, function_address(unit, INIT));
        code.test();
    }
    code.call(0, landmark(9));
    (10..32).rev().for_each(|unit| code.call(unit, function_address(unit, DEINIT)));
    // `cmp r4, #0; beq` over the jump back; `pop {r4, pc}`
    code.push(0x2c00);
    code.push(0xd000);
    code.jump(top);
    code.push(0xbd10);
    code
}

/// The first functions of a unit, which call no others.
const LEAVES: u64 = 3;

/// 12 calls of leaves in other units, each followed by a branch and a load; in a
/// leaf itself loads instead of the calls.
pub(super) fn function(at: u64, unit: u64, function: u64) -> Code {
    let mut code = Code::new(at);
    // `push {r4, lr}`
    code.push(0xb510);
    for call in 0..12 {
        if function < LEAVES {
            // `ldr r3, [pc, #8]; adds r0, r3, #0; nop`
            for halfword in [0x4b02, 0x1c18, 0xbf00] {
                code.push(halfword);
            }
        } else {
            code.call(call, function_address((unit + call * 7) % MAIN_UNIT, call % LEAVES));
        }
        code.test();
        code.push(0x4b02);
        code.push(0xbf00);
    }
    // `pop {r4, pc}`
    code.push(0xbd10);
    code
}
