//! Why a file cannot be read as firmware.

/// One variant per situation that a person can be in. Each message says what
/// was found, what was expected and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// There is nothing to read.
    #[error("the file is empty: expected an ELF file such as firmware.elf")]
    Empty,
    /// The file is of another kind.
    #[error(
        "not an ELF file: it starts with {found}, expected 7f 45 4c 46; give the linker's output (firmware.elf), not the .bin, .hex, .dfu or .uf2 made from it"
    )]
    NotElf {
        /// The first bytes, in hexadecimal.
        found: String,
    },
    /// The identification bytes hold values that no ELF file has.
    #[error(
        "byte {offset} of the ELF header holds {found}: expected {expected}; the file is damaged"
    )]
    Identification {
        /// Offset of the byte in the file.
        offset: u64,
        /// Its value.
        found: u8,
        /// What the gABI allows there.
        expected: &'static str,
    },
    /// The compiler's output, before linking.
    #[error(
        "an object file (ELF type REL): its functions have no order yet; give the linked firmware (type EXEC or DYN)"
    )]
    ObjectFile,
    /// A dump of a crashed process.
    #[error("a core dump (ELF type CORE): expected linked firmware (type EXEC or DYN)")]
    CoreDump,
    /// A type of ELF file that this program does not know.
    #[error("ELF type {found} at byte 16: expected linked firmware (type 2, EXEC, or 3, DYN)")]
    UnknownType {
        /// The value of `e_type`.
        found: u16,
    },
    /// A part of the file lies behind its end.
    #[error(
        "the file ends at byte {file_size}, and {what} needs {size} bytes from byte {offset} on: it is truncated or damaged; copy or upload it again"
    )]
    Truncated {
        /// The part, such as ``section `.text` ``.
        what: String,
        /// Where the part starts, in bytes.
        offset: u64,
        /// Its size in bytes.
        size: u64,
        /// Size of the file in bytes.
        file_size: u64,
    },
    /// A header field contradicts another.
    #[error("{what} at byte {offset} is {found}: expected {expected}; the file is damaged")]
    Malformed {
        /// The field.
        what: &'static str,
        /// Where it stands, in bytes.
        offset: u64,
        /// Its value.
        found: u64,
        /// What it should be.
        expected: String,
    },
    /// Parts of the file overlap so much that reading them would take more
    /// memory than the file itself.
    #[error(
        "the sections of the file overlap: reading {what} at byte {offset} would take more than twice the file's size; the file is damaged"
    )]
    Overlap {
        /// The part that was to be read.
        what: String,
        /// Where it starts, in bytes.
        offset: u64,
    },
    /// Reading from the disk failed.
    #[error(
        "reading {size} bytes at byte {offset} failed: the file cannot be read; check the disk"
    )]
    Unreadable {
        /// Where, in bytes.
        offset: u64,
        /// How much, in bytes.
        size: u64,
    },
}
