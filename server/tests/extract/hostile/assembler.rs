//! The few instructions that hostile control flow is made of.

use object::elf;

/// Instruction sets that have a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Thumb,
    Arm,
    Riscv32,
    Riscv64,
    X86_64,
}

pub(super) const SETS: [Set; 5] = [Set::Thumb, Set::Arm, Set::Riscv32, Set::Riscv64, Set::X86_64];

/// Bytes that each instruction takes, filled up with ones that do nothing, so
/// that places can be computed before anything is written.
pub(super) const UNIT: u64 = 8;

/// Code from an address on.
pub(super) struct Assembler {
    pub(super) set: Set,
    pub(super) base: u64,
    pub(super) bytes: Vec<u8>,
}

impl Set {
    pub(super) fn machine(self) -> (elf::Machine, u8) {
        match self {
            Self::Thumb | Self::Arm => (elf::EM_ARM, 32),
            Self::Riscv32 => (elf::EM_RISCV, 32),
            Self::Riscv64 => (elf::EM_RISCV, 64),
            Self::X86_64 => (elf::EM_X86_64, 64),
        }
    }

    /// The value of a function's symbol.
    pub(super) fn pointer(self, address: u64) -> u64 {
        if self == Self::Thumb { address | 1 } else { address }
    }

    fn nop(self) -> &'static [u8] {
        match self {
            Self::Thumb => &[0x00, 0xbf],
            Self::Arm => &[0x00, 0xf0, 0x20, 0xe3],
            Self::Riscv32 | Self::Riscv64 => &[0x13, 0x00, 0x00, 0x00],
            Self::X86_64 => &[0x90],
        }
    }
}

impl Assembler {
    /// The address of the next instruction.
    pub(super) fn at(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    pub(super) fn call(&mut self, to: u64) {
        let offset = self.offset(to);
        let bytes = match self.set {
            Set::Thumb => wide_thumb(offset - 4, 0xf000, 0xd000).to_vec(),
            Set::Arm => arm(0xeb00_0000, offset).to_vec(),
            Set::Riscv32 | Set::Riscv64 => (jal(offset) | 1 << 7).to_le_bytes().to_vec(),
            Set::X86_64 => [&[0xe8][..], &(offset - 5).to_le_bytes()].concat(),
        };
        self.unit(&bytes);
    }

    pub(super) fn jump(&mut self, to: u64) {
        let offset = self.offset(to);
        let bytes = match self.set {
            Set::Thumb => wide_thumb(offset - 4, 0xf000, 0x9000).to_vec(),
            Set::Arm => arm(0xea00_0000, offset).to_vec(),
            Set::Riscv32 | Set::Riscv64 => jal(offset).to_le_bytes().to_vec(),
            Set::X86_64 => [&[0xe9][..], &(offset - 5).to_le_bytes()].concat(),
        };
        self.unit(&bytes);
    }

    /// A conditional branch, or one to another place where the instruction does
    /// not reach as far.
    pub(super) fn branch(&mut self, to: u64) {
        let offset = self.offset(to);
        let bytes = match self.set {
            Set::Thumb => {
                // T3: S:J2:J1:imm6:imm11:0, `beq.w`.
                let offset = (offset - 4).clamp(-0x10_0000, 0xf_fffe).cast_unsigned();
                let high = 0xf000 | offset >> 10 & 0x400 | offset >> 12 & 0x3f;
                let low = 0x8000 | offset >> 5 & 0x2000 | offset >> 8 & 0x800 | offset >> 1 & 0x7ff;
                (low << 16 | high).to_le_bytes().to_vec()
            }
            Set::Arm => arm(0x0a00_0000, offset).to_vec(),
            Set::Riscv32 | Set::Riscv64 => {
                // `beq a0, a1`, 4 KiB either way.
                let offset = (offset % 4096).cast_unsigned();
                let high = (offset >> 12 & 1) << 31 | (offset >> 5 & 0x3f) << 25;
                let low = (offset >> 1 & 0xf) << 8 | (offset >> 11 & 1) << 7;
                (high | 11 << 20 | 10 << 15 | low | 0x63).to_le_bytes().to_vec()
            }
            Set::X86_64 => [&[0x0f, 0x84][..], &(offset - 6).to_le_bytes()].concat(),
        };
        self.unit(&bytes);
    }

    pub(super) fn ret(&mut self) {
        let bytes: &[u8] = match self.set {
            Set::Thumb => &[0x70, 0x47],
            Set::Arm => &[0x1e, 0xff, 0x2f, 0xe1],
            Set::Riscv32 | Set::Riscv64 => &[0x67, 0x80, 0x00, 0x00],
            Set::X86_64 => &[0xc3],
        };
        self.unit(bytes);
    }

    /// Writes one unit that begins with `bytes`.
    pub(super) fn unit(&mut self, bytes: &[u8]) {
        let end = self.at() + UNIT;
        self.bytes.extend(bytes);
        while self.at() < end {
            self.bytes.extend(self.set.nop());
        }
    }

    fn offset(&self, to: u64) -> i32 {
        i32::try_from(to.wrapping_sub(self.at()).cast_signed()).unwrap()
    }
}

/// T4 of `b` and T1 of `bl`: S:I1:I2:imm10:imm11:0, where `J = not (I xor S)`.
fn wide_thumb(offset: i32, high: u32, low: u32) -> [u8; 4] {
    let offset = offset.cast_unsigned();
    let sign = offset >> 24 & 1;
    let j = |bit: u32| (offset >> bit & 1) ^ sign ^ 1;
    let high = high | sign << 10 | offset >> 12 & 0x3ff;
    let low = low | j(23) << 13 | j(22) << 11 | offset >> 1 & 0x7ff;
    (low << 16 | high).to_le_bytes()
}

/// A branch of A32: the offset in words from two instructions further on.
fn arm(operation: u32, offset: i32) -> [u8; 4] {
    (operation | (offset - 8).cast_unsigned() >> 2 & 0xff_ffff).to_le_bytes()
}

/// `jal x0`, 1 MiB either way.
fn jal(offset: i32) -> u32 {
    let offset = offset.cast_unsigned();
    (offset >> 20 & 1) << 31
        | (offset >> 1 & 0x3ff) << 21
        | (offset >> 11 & 1) << 20
        | (offset >> 12 & 0xff) << 12
        | 0x6f
}
