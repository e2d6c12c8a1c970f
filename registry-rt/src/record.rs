//! The records: what the ELF says of itself in a section that is not loaded.
//!
//! A record is strings that end in a zero byte, `key=value` each, the first one
//! `abi=1`, and ends with an empty one. It names its entry and does not refer to
//! it: a relocation would keep functions that garbage collection drops, and
//! break when link-time optimisation renames them.

/// How many words of eight bytes a record has for the name of its file.
#[doc(hidden)]
pub const FILE_WORDS: usize = 24;

/// Bytes `8 * word` to `8 * word + 7` of the end of `file`, in the order in which
/// an assembler writes them; zero past the last.
///
/// As numbers, because a file name may hold what a string of the assembler takes
/// for an escape: `src\new.rs` on Windows.
#[doc(hidden)]
#[must_use]
pub const fn file_word(file: &str, word: usize) -> u64 {
    let file = file.as_bytes();
    let room = 8 * FILE_WORDS - 1;
    let skipped = file.len().saturating_sub(room);
    let mut bytes = [0; 8];
    let mut at = 0;
    while at < 8 {
        let from = skipped + 8 * word + at;
        if from < file.len() {
            bytes[at] = file[from];
        }
        at += 1;
    }
    u64::from_ne_bytes(bytes)
}

/// Whether the priority sorts as text where it sorts as a number.
#[doc(hidden)]
#[must_use]
pub const fn is_two_digits(priority: &str) -> bool {
    matches!(priority.as_bytes(), [b'0'..=b'9', b'0'..=b'9'])
}

/// Whether a reason is there and stays what it is in a string of the assembler.
#[doc(hidden)]
#[must_use]
pub const fn is_plain(reason: &str) -> bool {
    let reason = reason.trim_ascii().as_bytes();
    let mut at = 0;
    while at < reason.len() {
        if matches!(reason[at], b'"' | b'\\' | 0..b' ') {
            return false;
        }
        at += 1;
    }
    !reason.is_empty()
}

/// The number of a priority of two digits.
#[doc(hidden)]
#[must_use]
pub const fn number(priority: &str) -> usize {
    match priority.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            (*tens - b'0') as usize * 10 + (*ones - b'0') as usize
        }
        _ => 0,
    }
}

/// Writes the record of one entry, where the compiler has an assembler for the
/// target.
#[cfg(all(
    not(feature = "off"),
    any(
        target_arch = "arm",
        target_arch = "aarch64",
        target_arch = "riscv32",
        target_arch = "riscv64",
        target_arch = "x86",
        target_arch = "x86_64",
    )
))]
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    (
        $phase:ident, $level:ident, $priority:literal, $name:ident,
        [$($after:ident)*] [$($subsystem:ident)?] [$($means:ident $($with:ident)? $reason:literal)?]
    ) => {
        // In a module, because a registration may stand in a function, where the
        // assembler's items may not.
        const _: () = {
            mod record {
                ::core::arch::global_asm!(
                    ".pushsection .mp_records,\"\",%progbits",
                    concat!(".asciz \"abi=1\",\"phase=", stringify!($phase), "\""),
                    concat!(".asciz \"level=", stringify!($level), "\",\"priority=", stringify!($priority), "\""),
                    concat!(".asciz \"function=", stringify!($name), "\""),
                    concat!(".asciz \"line=", line!(), "\""),
                    $(concat!(".asciz \"after=", stringify!($after), "\""),)*
                    $(concat!(".asciz \"subsystem=", stringify!($subsystem), "\""),)?
                    $(
                        concat!(".asciz \"satisfied=", stringify!($means), "\""),
                        $(concat!(".asciz \"satisfied-call=", stringify!($with), "\""),)?
                        concat!(".asciz \"satisfied-reason=", $reason, "\""),
                    )?
                    ".ascii \"file=\"",
                    ".8byte {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}",
                    ".byte 0",
                    $crate::claim!($phase, $level, $priority),
                    ".popsection",
                    const $crate::record::file_word(file!(), 0),
                    const $crate::record::file_word(file!(), 1),
                    const $crate::record::file_word(file!(), 2),
                    const $crate::record::file_word(file!(), 3),
                    const $crate::record::file_word(file!(), 4),
                    const $crate::record::file_word(file!(), 5),
                    const $crate::record::file_word(file!(), 6),
                    const $crate::record::file_word(file!(), 7),
                    const $crate::record::file_word(file!(), 8),
                    const $crate::record::file_word(file!(), 9),
                    const $crate::record::file_word(file!(), 10),
                    const $crate::record::file_word(file!(), 11),
                    const $crate::record::file_word(file!(), 12),
                    const $crate::record::file_word(file!(), 13),
                    const $crate::record::file_word(file!(), 14),
                    const $crate::record::file_word(file!(), 15),
                    const $crate::record::file_word(file!(), 16),
                    const $crate::record::file_word(file!(), 17),
                    const $crate::record::file_word(file!(), 18),
                    const $crate::record::file_word(file!(), 19),
                    const $crate::record::file_word(file!(), 20),
                    const $crate::record::file_word(file!(), 21),
                    const $crate::record::file_word(file!(), 22),
                    const $crate::record::file_word(file!(), 23),
                );
            }
        };
    };
}

/// Other targets have no records; tools then know what the symbols tell.
#[cfg(not(all(
    not(feature = "off"),
    any(
        target_arch = "arm",
        target_arch = "aarch64",
        target_arch = "riscv32",
        target_arch = "riscv64",
        target_arch = "x86",
        target_arch = "x86_64",
    )
)))]
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    ($($entry:tt)*) => {};
}

/// A symbol that only one entry of a level and priority may define: two of them
/// do not link.
#[cfg(feature = "no-ties")]
#[doc(hidden)]
#[macro_export]
#[rustfmt::skip] // one symbol, twice
macro_rules! claim {
    ($phase:ident, $level:ident, $priority:literal) => {
        concat!(
            ".globl mp_registry_tie_at_", stringify!($phase), "_", stringify!($level), "_", stringify!($priority), "\n",
            "mp_registry_tie_at_", stringify!($phase), "_", stringify!($level), "_", stringify!($priority), ":"
        )
    };
}

/// Entries of one level and priority run in the order of their names.
#[cfg(not(feature = "no-ties"))]
#[doc(hidden)]
#[macro_export]
macro_rules! claim {
    ($phase:ident, $level:ident, $priority:literal) => {
        ""
    };
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::String;
    use std::vec::Vec;

    use super::*;

    fn written(file: &str) -> String {
        let words = (0..FILE_WORDS).flat_map(|word| file_word(file, word).to_ne_bytes());
        let bytes: Vec<u8> = words.take_while(|&byte| byte != 0).collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_file_name_is_written_as_it_is_and_a_long_one_loses_its_start() {
        for file in ["", "src/main.rs", "src\\new.rs", "src/\"quoted\" {x}.rs"] {
            assert_eq!(written(file), file);
        }
        let long = std::format!("{}/src/timer.rs", "x".repeat(300));
        assert_eq!(written(&long), long[long.len() - 191..]);
    }

    #[test]
    fn a_reason_is_a_sentence_that_an_assembler_leaves_alone() {
        for (reason, is_fine) in [
            ("its objects have a finaliser; the driver's do, too", true),
            ("Grüße", true),
            ("", false),
            (" ", false),
            ("two\nlines", false),
            ("a \"quoted\" word", false),
            ("a\\b", false),
        ] {
            assert_eq!(is_plain(reason), is_fine, "{reason}");
        }
    }

    #[test]
    fn priorities_of_two_digits_sort_as_numbers() {
        for (priority, is_valid, value) in [
            ("00", true, 0),
            ("42", true, 42),
            ("9", false, 0),
            ("100", false, 0),
            ("0x1", false, 0),
        ] {
            assert_eq!(
                (is_two_digits(priority), number(priority)),
                (is_valid, value),
                "{priority}"
            );
        }
    }
}
