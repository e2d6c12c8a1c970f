//! What the functions of an image have in common: their bounds, the memory that
//! they stand in, and which of them return.

use std::collections::HashMap;

use object::read::ReadRef;

use super::functions::{Function, Functions};
use super::memory::Memory;
use super::values::{Resolved, State};
use crate::extract::ExtractError;
use crate::extract::code::{Decoder, Destination, Flow, Instruction, Isa};
use crate::extract::elf::{Arch, Image};

/// How many calls deep it is asked whether a function returns.
const MAX_DEPTH: usize = 6;
/// How many instructions are read to answer that, for all functions together.
const PATIENCE: usize = 400_000;
/// How many steps exploring takes, for all functions together: instructions
/// decoded and evaluated, and entries of jump tables. The largest main seen takes
/// 9,000, its helpers included.
const STEPS: usize = 500_000;
/// How many veneers may stand one behind the other.
const MAX_VENEERS: usize = 4;

/// The code of an image.
pub(super) struct Program<'image, 'data, R> {
    image: &'image Image<'data, R>,
    pub(super) memory: Memory<'image, 'data, R>,
    pub(super) functions: Functions,
    returns: HashMap<u64, bool>,
    patience: usize,
    steps: usize,
}

impl<'image, 'data, R: ReadRef<'data>> Program<'image, 'data, R> {
    pub(super) fn new(image: &'image Image<'data, R>) -> Result<Self, ExtractError> {
        let memory = Memory::new(image);
        let functions = Functions::read(image, &memory)?;
        let returns = HashMap::new();
        Ok(Self { image, memory, functions, returns, patience: PATIENCE, steps: STEPS })
    }

    /// Whether there is a decoder for this image's instructions.
    pub(super) fn is_readable(&self) -> bool {
        !matches!(self.image.arch, Arch::Aarch64 | Arch::Xtensa | Arch::Machine(_))
    }

    /// The instructions of the function that `pointer` leads to.
    pub(super) fn isa(&self, pointer: u64) -> Isa {
        match self.image.arch {
            Arch::Riscv => Isa::Riscv { bits: self.image.bits },
            Arch::X86 | Arch::X86_64 => Isa::X86 { bits: self.image.bits },
            _ if pointer & 1 == 1 => Isa::Thumb,
            _ => Isa::Arm,
        }
    }

    /// The address of the instruction that a pointer leads to.
    pub(super) fn code_address(&self, pointer: u64) -> u64 {
        self.image.code_address(pointer)
    }

    /// Where the function at `start` stands: its own extent, and the parts that
    /// the compiler moved away from it as unlikely (`main.cold`).
    pub(super) fn extents(&self, start: u64) -> Vec<(u64, u64)> {
        let Some(function) = self.functions.at(start) else {
            return vec![(start, self.memory.code_end(start))];
        };
        let parts = self.functions.cold_parts(function);
        std::iter::once(function).chain(parts).map(|part| (part.start, part.end)).collect()
    }

    /// Whether no steps are left.
    pub(super) fn is_spent(&self) -> bool {
        self.steps == 0
    }

    /// Takes steps from those that are left. Tells whether they were.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or_default();
        left.is_some()
    }

    /// The function that a call ends up in: veneers of the linker only jump on.
    pub(super) fn behind_veneers(&self, pointer: u64) -> u64 {
        let mut pointer = pointer;
        for _ in 0..MAX_VENEERS {
            let start = self.code_address(pointer);
            if self.functions.at(start).is_some_and(|function| !is_veneer(function)) {
                break;
            }
            match self.jumps_on(pointer) {
                Some(next) => pointer = next,
                None => break,
            }
        }
        pointer
    }

    /// Where code leads that does nothing but load an address and jump to it.
    fn jumps_on(&self, pointer: u64) -> Option<u64> {
        let isa = self.isa(pointer);
        let mut decoder = Decoder::new(isa);
        let mut state = State::unknown();
        let mut at = self.code_address(pointer);
        for _ in 0..6 {
            let instruction = decoder.decode(at, self.memory.code(at)?);
            match instruction.flow {
                Flow::Next => state.step(isa, &instruction, &self.memory),
                Flow::Jump(Destination::Address(target)) => return Some(target),
                Flow::Jump(destination) => {
                    return match state.resolve(isa, destination, &self.memory) {
                        Resolved::Address(target) => Some(target),
                        _ => None,
                    };
                }
                _ => return None,
            }
            at = at.wrapping_add(u64::from(instruction.size));
        }
        None
    }

    /// Whether a call of the function comes back. What cannot be told in a few
    /// steps is assumed to.
    pub(super) fn returns(&mut self, pointer: u64) -> bool {
        self.returns_within(pointer, MAX_DEPTH)
    }

    fn returns_within(&mut self, pointer: u64, depth: usize) -> bool {
        let pointer = self.behind_veneers(pointer);
        if let Some(&known) = self.returns.get(&pointer) {
            return known;
        }
        let Some(function) = self.functions.at(self.code_address(pointer)).filter(|_| depth > 0)
        else {
            return true;
        };
        let (start, end) = (function.start, function.end);
        // While it is looked at, it is assumed to return to itself.
        self.returns.insert(pointer, true);
        let answer = self.reaches_a_return(pointer, (start, end), depth);
        self.returns.insert(pointer, answer);
        answer
    }

    fn reaches_a_return(&mut self, pointer: u64, (start, end): (u64, u64), depth: usize) -> bool {
        let isa = self.isa(pointer);
        let mut decoder = Decoder::new(isa);
        let mut seen = std::collections::HashSet::new();
        let mut ahead = vec![start];
        while let Some(mut at) = ahead.pop() {
            decoder.reset();
            while (start..end).contains(&at) && seen.insert(at) {
                let Some(rest) = self.patience.checked_sub(1) else { return true };
                self.patience = rest;
                let Some(bytes) = self.memory.code(at) else { return true };
                let instruction = decoder.decode(at, bytes);
                let on = match instruction.flow {
                    Flow::Next
                    | Flow::Call(
                        Destination::Register(_)
                        | Destination::RegisterPlus { .. }
                        | Destination::Memory(_)
                        | Destination::Pointer { .. }
                        | Destination::Unknown,
                    ) => true,
                    Flow::Branch(target) => {
                        if !(start..end).contains(&target) {
                            return true;
                        }
                        ahead.push(target);
                        true
                    }
                    Flow::Jump(Destination::Address(target)) => {
                        let inside = self.code_address(target);
                        if (start..end).contains(&inside) {
                            ahead.push(inside);
                        } else if self.returns_within(target, depth - 1) {
                            return true;
                        }
                        false
                    }
                    Flow::Call(Destination::Address(callee)) => {
                        self.returns_within(callee, depth - 1)
                    }
                    Flow::Jump(_)
                    | Flow::Return
                    | Flow::ByteTable { .. }
                    | Flow::BranchTable { .. } => return true,
                    Flow::Stop => false,
                };
                if !(on || instruction.conditional) || instruction.size == 0 {
                    break;
                }
                at = at.wrapping_add(u64::from(instruction.size));
            }
        }
        false
    }

    /// Whether an instruction calls a helper of Armv6-M that jumps through the
    /// table behind the call: it has no instruction for that.
    pub(super) fn is_switch(&self, instruction: &Instruction) -> bool {
        self.switch_name(instruction).is_some()
    }

    /// Width and sign of the entries behind such a call (libgcc, `thumb1_case`);
    /// each counts halfwords from the table.
    pub(super) fn switch_entries(&self, instruction: &Instruction) -> Option<(u8, bool)> {
        match self.switch_name(instruction)? {
            "uqi" => Some((1, false)),
            "sqi" => Some((1, true)),
            "uhi" => Some((2, false)),
            "shi" => Some((2, true)),
            _ => None,
        }
    }

    fn switch_name(&self, instruction: &Instruction) -> Option<&str> {
        let Flow::Call(Destination::Address(callee)) = instruction.flow else { return None };
        self.function(callee)?.name.as_str().strip_prefix("__gnu_thumb1_case_")
    }

    /// The function behind a pointer.
    pub(super) fn function(&self, pointer: u64) -> Option<&Function> {
        self.functions.at(self.code_address(self.behind_veneers(pointer)))
    }
}

/// Whether the linker made the function to reach another one that is too far
/// away, or in other instructions (GNU ld and lld name them so).
fn is_veneer(function: &Function) -> bool {
    let name = function.name.as_str();
    name.ends_with("_veneer")
        || name.contains("Thunk_")
        || name.contains("_from_thumb")
        || name.contains("_from_arm")
}
