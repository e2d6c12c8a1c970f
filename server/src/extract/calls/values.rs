//! What registers hold, as far as callees, levels and jump tables are computed
//! from constants.

use object::read::ReadRef;

use super::memory::Memory;
use crate::extract::code::{Destination, Effect, Instruction, Isa, Register, caller_saved};

/// What is known of a register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Value {
    #[default]
    Unknown,
    Constant(u64),
    /// A constant plus something unknown: an address in a table.
    Indexed(u64),
    /// An entry of a table.
    Entry(Table),
    /// An entry of a table plus a constant.
    Target {
        table: Table,
        base: u64,
    },
}

/// A table of numbers in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) address: u64,
    /// Bytes of an entry.
    pub(super) width: u8,
    pub(super) signed: bool,
}

/// Where a jump leads, once the registers are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    Address(u64),
    /// To one of the entries of a table, `base` added.
    Table {
        table: Table,
        base: u64,
    },
    Unknown,
}

/// What is known at one point of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    registers: [Value; 32],
    /// The constant of the last comparison: it bounds the index of a table.
    pub(super) compared: Option<u64>,
}

impl State {
    /// Nothing is known.
    pub(super) fn unknown() -> Self {
        Self { registers: [Value::Unknown; 32], compared: None }
    }

    /// What holds in both states. Tells whether that is less than before.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let mut less = false;
        for (mine, others) in self.registers.iter_mut().zip(&other.registers) {
            if *mine != *others && *mine != Value::Unknown {
                *mine = Value::Unknown;
                less = true;
            }
        }
        if self.compared != other.compared && self.compared.is_some() {
            self.compared = None;
            less = true;
        }
        less
    }

    fn get(&self, register: Register) -> Value {
        self.registers.get(usize::from(register)).copied().unwrap_or_default()
    }

    /// The constant in a register.
    pub(super) fn constant(&self, register: Register) -> Option<u64> {
        match self.get(register) {
            Value::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Forgets what a callee may change.
    pub(super) fn after_call(&mut self, isa: Isa) {
        self.forget(caller_saved(isa));
        self.compared = None;
    }

    fn forget(&mut self, mask: u64) {
        for (index, register) in self.registers.iter_mut().enumerate() {
            if mask >> index & 1 == 1 {
                *register = Value::Unknown;
            }
        }
    }

    /// Applies an instruction, without its flow.
    pub(super) fn step<'data, R: ReadRef<'data>>(
        &mut self,
        isa: Isa,
        instruction: &Instruction,
        memory: &Memory<'_, 'data, R>,
    ) {
        let before = instruction.conditional.then(|| self.clone());
        let result = self.result(isa, instruction.effect, memory);
        self.forget(instruction.writes);
        if let Some((register, value)) = result
            && let Some(slot) = self.registers.get_mut(usize::from(register))
        {
            *slot = value;
        }
        match instruction.effect {
            Effect::Compare { value, .. } => self.compared = Some(value),
            Effect::CompareRegisters { a, b } => {
                self.compared = self.constant(b).or_else(|| self.constant(a)).or(self.compared);
            }
            _ => {}
        }
        if let Some(before) = before {
            self.join(&before);
        }
    }

    /// The register that an effect changes, and what it then holds.
    fn result<'data, R: ReadRef<'data>>(
        &self,
        isa: Isa,
        effect: Effect,
        memory: &Memory<'_, 'data, R>,
    ) -> Option<(Register, Value)> {
        use Value::{Constant, Entry, Indexed, Target, Unknown};
        let constant = |value: u64| Constant(isa.truncate(value));
        Some(match effect {
            Effect::Constant { to, value } => (to, constant(value)),
            Effect::SetHigh { to, value } => (
                to,
                match self.get(to) {
                    Constant(low) => Constant(low & 0xffff | u64::from(value) << 16),
                    _ => Unknown,
                },
            ),
            Effect::Copy { to, from } => (to, self.get(from)),
            Effect::Extend { to, from, width, signed } => (
                to,
                match self.get(from) {
                    Constant(value) => constant(extended(value, width, signed)),
                    Entry(table) if table.width == width => Entry(Table { signed, ..table }),
                    _ => Unknown,
                },
            ),
            Effect::AddConstant { to, from, value } => (
                to,
                match self.get(from) {
                    Constant(base) => constant(base.wrapping_add(value)),
                    Indexed(base) => Indexed(isa.truncate(base.wrapping_add(value))),
                    Entry(table) => Target { table, base: value },
                    Target { table, base } => Target { table, base: base.wrapping_add(value) },
                    Unknown => Unknown,
                },
            ),
            Effect::AddWord { to, from, value, signed } => (
                to,
                match self.get(from) {
                    Constant(base) => constant(extended(base.wrapping_add(value), 4, signed)),
                    _ => Unknown,
                },
            ),
            Effect::Add { to, a, b } => (
                to,
                match (self.get(a), self.get(b)) {
                    (Constant(base), Entry(table)) | (Entry(table), Constant(base)) => {
                        Target { table, base }
                    }
                    (Constant(base), Unknown) | (Unknown, Constant(base)) => Indexed(base),
                    _ => Unknown,
                },
            ),
            Effect::Load { to, base, index, offset, width, signed } => {
                (to, self.loaded(isa, (base, index, offset), width, signed, memory))
            }
            Effect::Nothing | Effect::Compare { .. } | Effect::CompareRegisters { .. } => {
                return None;
            }
        })
    }

    fn loaded<'data, R: ReadRef<'data>>(
        &self,
        isa: Isa,
        place: (Option<Register>, Option<Register>, u64),
        width: u8,
        signed: bool,
        memory: &Memory<'_, 'data, R>,
    ) -> Value {
        match self.place(isa, place) {
            Value::Constant(address) => {
                memory.constant(address, width).map_or(Value::Unknown, |value| {
                    Value::Constant(isa.truncate(extended(value, width, signed)))
                })
            }
            Value::Indexed(address) => Value::Entry(Table { address, width, signed }),
            _ => Value::Unknown,
        }
    }

    /// The address `base + index + offset`: a constant, or one in a table.
    fn place(
        &self,
        isa: Isa,
        (base, index, offset): (Option<Register>, Option<Register>, u64),
    ) -> Value {
        let base = base.map_or(Value::Constant(0), |base| self.get(base));
        let shifted = |address: u64| isa.truncate(address.wrapping_add(offset));
        match (base, index) {
            (Value::Constant(base), None) => Value::Constant(shifted(base)),
            (Value::Constant(base), Some(_)) | (Value::Indexed(base), None) => {
                Value::Indexed(shifted(base))
            }
            _ => Value::Unknown,
        }
    }

    /// Where a jump or call to `destination` leads.
    pub(super) fn resolve<'data, R: ReadRef<'data>>(
        &self,
        isa: Isa,
        destination: Destination,
        memory: &Memory<'_, 'data, R>,
    ) -> Resolved {
        let pointer = isa_pointer_bytes(isa);
        let through = |value: Value, offset: u64| match value {
            Value::Constant(address) => {
                Resolved::Address(isa.truncate(address.wrapping_add(offset)))
            }
            Value::Entry(table) => Resolved::Table { table, base: offset },
            Value::Target { table, base } => {
                Resolved::Table { table, base: base.wrapping_add(offset) }
            }
            Value::Indexed(_) | Value::Unknown => Resolved::Unknown,
        };
        match destination {
            Destination::Address(address) => Resolved::Address(address),
            Destination::Register(register) => through(self.get(register), 0),
            Destination::RegisterPlus { register, offset } => through(self.get(register), offset),
            Destination::Memory(address) => {
                memory.constant(address, pointer).map_or(Resolved::Unknown, Resolved::Address)
            }
            Destination::Pointer { base, index, offset, width } => {
                through(self.loaded(isa, (base, index, offset), width, false, memory), 0)
            }
            Destination::Unknown => Resolved::Unknown,
        }
    }
}

fn isa_pointer_bytes(isa: Isa) -> u8 {
    match isa {
        Isa::Riscv { bits } | Isa::X86 { bits } => bits / 8,
        Isa::Thumb | Isa::Arm => 4,
    }
}

/// The lowest `width` bytes of a number, extended with zeros or the sign.
pub(super) fn extended(value: u64, width: u8, signed: bool) -> u64 {
    let unused = 64 - 8 * u32::from(width.clamp(1, 8));
    if signed {
        ((value << unused).cast_signed() >> unused).cast_unsigned()
    } else {
        value << unused >> unused
    }
}
