//! Machine code as far as control flow needs it: where an instruction ends,
//! where control goes after it, and what it does to the registers that a target
//! or an argument is computed from.
//!
//! Firmware is hostile: any bytes decode to something, in constant time and
//! without allocation. What an instruction does to a register may be left out
//! ([`Effect::Nothing`]), that it writes one never is ([`Instruction::writes`]):
//! a stale constant would name a wrong callee.
//!
//! - [`thumb`]: Arm's T32 (Armv6-M to Armv8-M), with [`thumb16`], [`thumb32`] and
//!   [`thumb32_memory`]
//! - [`arm`]: Arm's A32, with [`arm_memory`]
//! - [`riscv`]: RV32 and RV64, with [`riscv_compressed`]
//! - [`x86`]: both word sizes, decoded by `iced-x86`
//! - [`bits`]: fields and signs
//!
//! Instructions are little-endian in all of them, also where data is not (Arm's
//! BE8). Tested against objdump, instruction by instruction.

mod arm;
mod arm_memory;
mod bits;
mod riscv;
mod riscv_compressed;
mod thumb;
mod thumb16;
mod thumb32;
mod thumb32_memory;
mod x86;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

/// The instructions that a function is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Isa {
    /// Arm's T32: all of Cortex-M, and functions with bit 0 of their address set.
    Thumb,
    /// Arm's A32.
    Arm,
    /// RISC-V with compressed instructions, `bits` 32 or 64.
    Riscv { bits: u8 },
    /// x86, `bits` 32 or 64.
    X86 { bits: u8 },
}

/// A general register: r0 to r15 on Arm, x0 to x31 on RISC-V, `rax` to `r15` in
/// the order of their encoding on x86.
pub(in crate::extract) type Register = u8;

/// Where a jump or a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Destination {
    /// A known address. On Arm it is written as function pointers are: bit 0 set
    /// for Thumb code, clear for A32.
    Address(u64),
    /// The address that a register holds (on Arm with the bit for Thumb).
    Register(Register),
    /// A register and a constant: `jalr ra, 8(t1)`, `add pc, r3`. On Arm the sum
    /// has no bit for Thumb: the instruction set stays.
    RegisterPlus { register: Register, offset: u64 },
    /// The pointer that stands at a known address: `ldr pc, [pc, #4]`,
    /// `jmp *8(%rip)`.
    Memory(u64),
    /// The pointer at `base + index * width + offset`, either register left out
    /// when there is none: `ldr pc, [r2, r3, lsl #2]`, `call *8(%rax)`. With an
    /// index this is a jump table.
    Pointer { base: Option<Register>, index: Option<Register>, offset: u64, width: u8 },
    /// What the decoder cannot say.
    Unknown,
}

/// Where control goes after an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Flow {
    /// To the next instruction.
    Next,
    /// Away, for good.
    Jump(Destination),
    /// To this address or to the next instruction. The instruction set stays, so
    /// the address never has Arm's bit for Thumb.
    Branch(u64),
    /// To a function, and back to the next instruction if it returns.
    Call(Destination),
    /// Back to the caller, or out of an exception.
    Return,
    /// To `table + 2 * entry`, the entry being the `index`th of `width` bytes (1
    /// or 2, unsigned) at `table`: `tbb`, `tbh`.
    ByteTable { table: u64, width: u8, index: Register },
    /// To the `index`th of the 4-byte instructions at `first`, each of which jumps
    /// on: `addls pc, pc, r3, lsl #2`.
    BranchTable { first: u64, index: Register },
    /// Nowhere: a trap, or bytes that are no instruction.
    Stop,
}

/// What an instruction does to the registers, as far as addresses, arguments and
/// the bounds of jump tables are computed from it.
///
/// All operands are read before anything is written. Values are as wide as the
/// registers: on 32-bit machines take sums [modulo](Isa::truncate) 2^32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Effect {
    /// None, or none that is worth knowing.
    Nothing,
    Constant {
        to: Register,
        value: u64,
    },
    /// `movt`: bits 16 to 31 become `value`, the lower ones stay.
    SetHigh {
        to: Register,
        value: u16,
    },
    Copy {
        to: Register,
        from: Register,
    },
    /// The lowest `width` bytes of `from`, extended with zeros or the sign.
    Extend {
        to: Register,
        from: Register,
        width: u8,
        signed: bool,
    },
    /// `from + value`, wrapping.
    AddConstant {
        to: Register,
        from: Register,
        value: u64,
    },
    /// The lowest 32 bits of `from + value`, extended: `addiw`, `add $1, %eax`.
    AddWord {
        to: Register,
        from: Register,
        value: u64,
        signed: bool,
    },
    /// The sum of two registers, either of which may be shifted: one that indexes
    /// a table, the other that points to it.
    Add {
        to: Register,
        a: Register,
        b: Register,
    },
    /// `width` bytes at `base + index * scale + offset`, either register left out
    /// when there is none; the scale of the index is not told.
    Load {
        to: Register,
        base: Option<Register>,
        index: Option<Register>,
        offset: u64,
        width: u8,
        signed: bool,
    },
    /// A comparison with a constant, for the branch that follows or is this very
    /// instruction.
    Compare {
        register: Register,
        value: u64,
    },
    /// A comparison of two registers, likewise.
    CompareRegisters {
        a: Register,
        b: Register,
    },
}

/// One decoded instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) struct Instruction {
    /// Its bytes: 1 or more, and never more than were given.
    pub(in crate::extract) size: u8,
    pub(in crate::extract) flow: Flow,
    /// Runs or not, by Arm's condition field or a Thumb IT block: neither effect
    /// nor flow need happen. Not set for [`Flow::Branch`], which says so itself.
    pub(in crate::extract) conditional: bool,
    pub(in crate::extract) effect: Effect,
    /// One bit for each register that may change, the target of the effect among
    /// them. What a callee changes is not listed: see [`caller_saved`].
    pub(in crate::extract) writes: u64,
}

/// [`Instruction::writes`] of one that may change any register.
const ANY_REGISTER: u64 = u64::MAX;

impl Instruction {
    /// One that only steps on.
    fn new(size: u8) -> Self {
        Self { size, flow: Flow::Next, conditional: false, effect: Effect::Nothing, writes: 0 }
    }

    /// One that cannot be executed.
    fn stop(size: u8) -> Self {
        Self::new(size).flow(Flow::Stop)
    }

    fn flow(self, flow: Flow) -> Self {
        Self { flow, ..self }
    }

    /// Adds a register to those that may change.
    fn write(self, register: impl Into<u32>) -> Self {
        self.write_mask(1 << (register.into() & 63))
    }

    /// Adds the base of a load or store, if it is written back.
    fn write_if(self, written_back: bool, base: Register) -> Self {
        if written_back { self.write(base) } else { self }
    }

    fn write_mask(self, mask: u64) -> Self {
        Self { writes: self.writes | mask, ..self }
    }

    /// Sets the effect, and with it the register that it changes.
    fn effect(self, effect: Effect) -> Self {
        let changed = Self { effect, ..self };
        match effect {
            Effect::Constant { to, .. }
            | Effect::SetHigh { to, .. }
            | Effect::Copy { to, .. }
            | Effect::Extend { to, .. }
            | Effect::AddConstant { to, .. }
            | Effect::AddWord { to, .. }
            | Effect::Add { to, .. }
            | Effect::Load { to, .. } => changed.write(to),
            Effect::Nothing | Effect::Compare { .. } | Effect::CompareRegisters { .. } => changed,
        }
    }

    /// The same, where a condition decides whether it runs.
    fn when(self, conditional: bool) -> Self {
        match self.flow {
            Flow::Jump(Destination::Address(address)) if conditional => {
                self.flow(Flow::Branch(address & !1))
            }
            Flow::Branch(_) => self,
            _ => Self { conditional, ..self },
        }
    }
}

impl Isa {
    /// The value as a register of this machine holds it.
    pub(in crate::extract) fn truncate(self, value: u64) -> u64 {
        match self {
            Self::Riscv { bits: 64 } | Self::X86 { bits: 64 } => value,
            _ => value & 0xffff_ffff,
        }
    }
}

/// Decodes one instruction after the other.
///
/// It remembers the IT block of Thumb code, so instructions go in as they stand
/// one after the other, with a [reset](Self::reset) before each jump elsewhere.
pub(in crate::extract) struct Decoder {
    machine: Machine,
}

enum Machine {
    Thumb(thumb::ItBlock),
    Arm,
    Riscv(riscv::Width),
    X86(Box<x86::Machine>),
}

impl Decoder {
    pub(in crate::extract) fn new(isa: Isa) -> Self {
        let machine = match isa {
            Isa::Thumb => Machine::Thumb(thumb::ItBlock::default()),
            Isa::Arm => Machine::Arm,
            Isa::Riscv { bits: 64 } => Machine::Riscv(riscv::Width::Rv64),
            Isa::Riscv { .. } => Machine::Riscv(riscv::Width::Rv32),
            Isa::X86 { bits } => Machine::X86(Box::new(x86::Machine::new(bits))),
        };
        Self { machine }
    }

    /// Decodes the instruction at `address`, where `bytes` begin; they may go on
    /// behind it. Truncated ones are a [`Flow::Stop`] of what is left, and so are
    /// none at all, the only case of size 0.
    pub(in crate::extract) fn decode(&mut self, address: u64, bytes: &[u8]) -> Instruction {
        match &mut self.machine {
            Machine::Thumb(block) => thumb::decode(block, address, bytes),
            Machine::Arm => arm::decode(address, bytes),
            Machine::Riscv(width) => riscv::decode(*width, address, bytes),
            Machine::X86(machine) => machine.decode(address, bytes),
        }
    }

    /// Forgets the instructions before: the next one begins a block.
    pub(in crate::extract) fn reset(&mut self) {
        if let Machine::Thumb(block) = &mut self.machine {
            *block = thumb::ItBlock::default();
        }
    }
}

/// The registers that a call may change, one bit for each: AAPCS32 section 6.1.1,
/// the RISC-V psABI's integer register convention, the System V ABIs for x86.
pub(in crate::extract) fn caller_saved(isa: Isa) -> u64 {
    match isa {
        // r0-r3, r12 (ip), r14 (lr)
        Isa::Thumb | Isa::Arm => 0x500f,
        // ra, t0-t2, a0-a7, t3-t6
        Isa::Riscv { .. } => 0xf003_fce2,
        // rax, rcx, rdx, rsi, rdi, r8-r11
        Isa::X86 { bits: 64 } => 0x0fc7,
        // eax, ecx, edx
        Isa::X86 { .. } => 0x0007,
    }
}

/// Where the first integer argument stands; on 32-bit x86 it is on the stack.
pub(in crate::extract) fn argument(isa: Isa) -> Option<Register> {
    match isa {
        Isa::Thumb | Isa::Arm => Some(0),
        Isa::Riscv { .. } => Some(10),
        Isa::X86 { bits: 64 } => Some(7),
        Isa::X86 { .. } => None,
    }
}
