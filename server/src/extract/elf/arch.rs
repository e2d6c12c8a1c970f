//! The architecture of an image, and what its format is called.

use std::fmt;

use object::elf;
use object::read::ReadRef;

use super::Image;

/// The instruction set of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Arch {
    Arm,
    Aarch64,
    Riscv,
    Xtensa,
    X86,
    X86_64,
    /// Another `e_machine`.
    Machine(u16),
}

impl Arch {
    pub(super) fn from_machine(machine: u16) -> Self {
        match elf::Machine(machine) {
            elf::EM_ARM => Self::Arm,
            elf::EM_AARCH64 => Self::Aarch64,
            elf::EM_RISCV => Self::Riscv,
            elf::EM_XTENSA => Self::Xtensa,
            elf::EM_386 => Self::X86,
            elf::EM_X86_64 => Self::X86_64,
            _ => Self::Machine(machine),
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arm => f.write_str("arm"),
            Self::Aarch64 => f.write_str("aarch64"),
            Self::Riscv => f.write_str("riscv"),
            Self::Xtensa => f.write_str("xtensa"),
            Self::X86 => f.write_str("x86"),
            Self::X86_64 => f.write_str("x86-64"),
            Self::Machine(number) => write!(f, "machine-{number}"),
        }
    }
}

impl<'data, R: ReadRef<'data>> Image<'data, R> {
    /// The name that binutils give the format, such as `elf32-littlearm`.
    pub(in crate::extract) fn format_name(&self) -> String {
        let bits = self.bits;
        let endian = self.endian().as_str();
        match self.arch {
            Arch::Arm => format!("elf{bits}-{endian}arm"),
            Arch::Aarch64 => format!("elf{bits}-{endian}aarch64"),
            Arch::Riscv => format!("elf{bits}-{endian}riscv"),
            Arch::Xtensa => {
                format!("elf{bits}-xtensa-{}", if endian == "big" { "be" } else { "le" })
            }
            Arch::X86 => format!("elf{bits}-i386"),
            Arch::X86_64 => format!("elf{bits}-x86-64"),
            Arch::Machine(_) => format!("elf{bits}-{endian}"),
        }
    }
}
