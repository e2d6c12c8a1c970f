//! x86 and x86-64, decoded by `iced-x86`: its instructions as ours.

use iced_x86::{
    Code, DecoderError, DecoderOptions, FlowControl, InstructionInfoFactory,
    InstructionInfoOptions, Mnemonic, OpAccess, OpKind, Register as Name,
};

use super::bits::left;
use super::{ANY_REGISTER, Destination, Effect, Flow, Instruction, Register};

/// Longest instruction (Intel SDM, volume 2, section 2.3.11).
const MAX_BYTES: usize = 15;

/// A decoder of one word size.
pub(super) struct Machine {
    bits: u8,
    accesses: InstructionInfoFactory,
}

impl Machine {
    pub(super) fn new(bits: u8) -> Self {
        let bits = if bits == 32 { 32 } else { 64 };
        Self { bits, accesses: InstructionInfoFactory::new() }
    }

    /// Decodes the instruction at `address`.
    pub(super) fn decode(&mut self, address: u64, bytes: &[u8]) -> Instruction {
        let bytes = bytes.get(..MAX_BYTES).unwrap_or(bytes);
        let mut decoder =
            iced_x86::Decoder::with_ip(u32::from(self.bits), bytes, address, DecoderOptions::NONE);
        let found = decoder.decode();
        match decoder.last_error() {
            DecoderError::None => {}
            DecoderError::NoMoreBytes => return Instruction::stop(left(bytes, u8::MAX)),
            // A wrong byte tells nothing about where the next instruction begins.
            _ => return Instruction::stop(left(bytes, 1)),
        }
        Instruction::new(u8::try_from(found.len()).unwrap_or(left(bytes, u8::MAX)))
            .flow(self.flow(&found))
            .effect(self.effect(&found))
            .write_mask(self.writes(&found))
    }

    fn flow(&self, found: &iced_x86::Instruction) -> Flow {
        if matches!(found.code(), Code::Hlt | Code::Int1 | Code::Int3) {
            return Flow::Stop;
        }
        match found.flow_control() {
            FlowControl::UnconditionalBranch => Flow::Jump(near(found)),
            FlowControl::IndirectBranch => Flow::Jump(self.indirect(found)),
            FlowControl::ConditionalBranch | FlowControl::XbeginXabortXend if is_near(found) => {
                Flow::Branch(found.near_branch_target())
            }
            FlowControl::Return => Flow::Return,
            FlowControl::Call if found.mnemonic() == Mnemonic::Call => Flow::Call(near(found)),
            FlowControl::IndirectCall => Flow::Call(self.indirect(found)),
            FlowControl::Exception => Flow::Stop,
            // Among them system calls, which come back.
            _ => Flow::Next,
        }
    }

    /// Where `jmp *..` and `call *..` go.
    fn indirect(&self, found: &iced_x86::Instruction) -> Destination {
        match found.op0_kind() {
            OpKind::Register => match self.whole(found.op0_register()) {
                Some(register) => Destination::Register(register),
                None => Destination::Unknown,
            },
            OpKind::Memory => match self.memory(found) {
                Some((None, None, address)) => Destination::Memory(address),
                Some((base, index, offset)) => {
                    Destination::Pointer { base, index, offset, width: self.bits / 8 }
                }
                None => Destination::Unknown,
            },
            _ => Destination::Unknown,
        }
    }

    /// Base, index and offset of the operand in memory, unless the address is
    /// relative to a segment.
    fn memory(
        &self,
        found: &iced_x86::Instruction,
    ) -> Option<(Option<Register>, Option<Register>, u64)> {
        if matches!(found.memory_segment(), Name::FS | Name::GS) {
            return None;
        }
        let offset = found.memory_displacement64();
        if found.is_ip_rel_memory_operand() {
            return Some((None, None, offset));
        }
        let part = |name| match name {
            Name::None => Some(None),
            name => self.whole(name).map(Some),
        };
        Some((part(found.memory_base())?, part(found.memory_index())?, offset))
    }

    /// The number of a general register, if the name means the whole of it.
    fn whole(&self, name: Name) -> Option<Register> {
        let whole = if self.bits == 32 { name.is_gpr32() } else { name.is_gpr64() };
        if whole { number(name) } else { None }
    }

    fn effect(&self, found: &iced_x86::Instruction) -> Effect {
        match found.mnemonic() {
            Mnemonic::Cmp | Mnemonic::Test => compare(found),
            _ if found.op0_kind() != OpKind::Register => Effect::Nothing,
            mnemonic => self.result(mnemonic, found).unwrap_or(Effect::Nothing),
        }
    }

    /// The effect of an instruction whose first operand is a register.
    fn result(&self, mnemonic: Mnemonic, found: &iced_x86::Instruction) -> Option<Effect> {
        let target = found.op0_register();
        // Writing the lower half of a 64-bit register clears the upper one.
        let lower = self.bits == 64 && target.is_gpr32();
        let to = if lower { number(target)? } else { self.whole(target)? };
        let from = |index| number(found.op_register(index));
        let add = |from, value: u64| {
            if lower {
                Effect::AddWord { to, from, value, signed: false }
            } else {
                Effect::AddConstant { to, from, value }
            }
        };
        let constant = |value: u64| {
            let narrow = lower || self.bits == 32;
            Effect::Constant { to, value: if narrow { value & 0xffff_ffff } else { value } }
        };
        Some(match (mnemonic, found.op1_kind()) {
            (Mnemonic::Mov, OpKind::Register) if lower => {
                Effect::Extend { to, from: from(1)?, width: 4, signed: false }
            }
            (Mnemonic::Mov, OpKind::Register) => Effect::Copy { to, from: from(1)? },
            (Mnemonic::Movzx | Mnemonic::Movsx | Mnemonic::Movsxd, OpKind::Register) => {
                let signed = mnemonic != Mnemonic::Movzx;
                let source = found.op1_register();
                // The upper half is clear then, whatever the sign.
                if (lower && signed) || high_byte(source) {
                    return None;
                }
                let width = u8::try_from(source.size()).ok()?;
                Effect::Extend { to, from: number(source)?, width, signed }
            }
            (
                Mnemonic::Mov | Mnemonic::Movzx | Mnemonic::Movsx | Mnemonic::Movsxd,
                OpKind::Memory,
            ) => {
                let signed = matches!(mnemonic, Mnemonic::Movsx | Mnemonic::Movsxd);
                if lower && signed {
                    return None;
                }
                let (base, index, offset) = self.memory(found)?;
                let width = u8::try_from(found.memory_size().size()).ok()?;
                Effect::Load { to, base, index, offset, width, signed }
            }
            (Mnemonic::Lea, OpKind::Memory) => match self.memory(found)? {
                (None, None, value) => constant(value),
                (Some(from), None, value) => add(from, value),
                (Some(a), Some(b), 0) if !lower => Effect::Add { to, a, b },
                _ => return None,
            },
            (Mnemonic::Xor | Mnemonic::Sub, OpKind::Register) if found.op1_register() == target => {
                constant(0)
            }
            (Mnemonic::Add, OpKind::Register) if !lower => Effect::Add { to, a: to, b: from(1)? },
            (_, OpKind::Register | OpKind::Memory) => return None,
            (Mnemonic::Mov, _) => constant(found.try_immediate(1).ok()?),
            (Mnemonic::Add, _) => add(to, found.try_immediate(1).ok()?),
            (Mnemonic::Sub, _) => add(to, found.try_immediate(1).ok()?.wrapping_neg()),
            _ => return None,
        })
    }

    fn writes(&mut self, found: &iced_x86::Instruction) -> u64 {
        // A system call changes what its kernel wants.
        if matches!(found.flow_control(), FlowControl::Call | FlowControl::Interrupt)
            && found.mnemonic() != Mnemonic::Call
        {
            return ANY_REGISTER;
        }
        let info = self.accesses.info_options(found, InstructionInfoOptions::NO_MEMORY_USAGE);
        info.used_registers()
            .iter()
            .filter(|used| {
                !matches!(used.access(), OpAccess::None | OpAccess::Read | OpAccess::CondRead)
            })
            .filter_map(|used| number(used.register()))
            .fold(0, |mask, register| mask | (1 << register))
    }
}

/// Where a relative jump or call goes; far ones go into other segments.
fn near(found: &iced_x86::Instruction) -> Destination {
    if is_near(found) {
        Destination::Address(found.near_branch_target())
    } else {
        Destination::Unknown
    }
}

/// Whether the operand is an address in the same segment.
fn is_near(found: &iced_x86::Instruction) -> bool {
    matches!(found.op0_kind(), OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64)
}

/// The general register that `name` is, or is a part of.
fn number(name: Name) -> Option<Register> {
    let full = name.full_register();
    if full.is_gpr64() { u8::try_from(full.number()).ok() } else { None }
}

/// Whether the name means bits 8 to 15.
fn high_byte(name: Name) -> bool {
    matches!(name, Name::AH | Name::BH | Name::CH | Name::DH)
}

/// CMP with a constant or a register, TEST of a register with itself. Parts of
/// registers count as the whole: what uses the bound extends the same part.
fn compare(found: &iced_x86::Instruction) -> Effect {
    let (OpKind::Register, first) = (found.op0_kind(), found.op0_register()) else {
        return Effect::Nothing;
    };
    let (Some(register), false) = (number(first), high_byte(first)) else {
        return Effect::Nothing;
    };
    let test = found.mnemonic() == Mnemonic::Test;
    if found.op1_kind() == OpKind::Register {
        return match number(found.op1_register()) {
            Some(other) if test && other == register => Effect::Compare { register, value: 0 },
            Some(b) if !test => Effect::CompareRegisters { a: register, b },
            _ => Effect::Nothing,
        };
    }
    let mask = match first.size() {
        1 => 0xff,
        2 => 0xffff,
        4 => 0xffff_ffff,
        _ => u64::MAX,
    };
    match found.try_immediate(1) {
        Ok(value) if !test => Effect::Compare { register, value: value & mask },
        _ => Effect::Nothing,
    }
}
