//! Names of functions as a firmware file gives them.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest symbol name kept, in bytes. Longer ones end in `…`: a file may hold
/// a name of any length, and it is shown in every page that lists the entry.
pub const MAX_SYMBOL_BYTES: usize = 512;

/// Suffixes that link-time optimisation and function cloning add: GCC's
/// `.lto_priv`, `.constprop`, `.isra`, `.part`, `.cold`, and LLVM's `.llvm`.
const CLONE_SUFFIXES: [&str; 6] = ["lto_priv", "constprop", "isra", "part", "cold", "llvm"];

/// The name of a function as its author wrote it: valid UTF-8, at most
/// [`MAX_SYMBOL_BYTES`] long, not empty, without the suffixes that link-time
/// optimisation adds.
///
/// The name comes from a file that anybody can make. It may hold markup, control
/// characters or text in any script, so whoever prints it escapes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SymbolName(String);

impl SymbolName {
    /// Reads a name from a symbol table. `None` when nothing is left of it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let name = without_clone_suffixes(bytes);
        if name.is_empty() {
            return None;
        }
        // Cut the bytes first: a name of a gigabyte is not worth decoding.
        let cut = &name[..name.len().min(MAX_SYMBOL_BYTES)];
        let text = String::from_utf8_lossy(cut);
        Some(Self(shortened(text, name.len() > MAX_SYMBOL_BYTES)))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn shortened(text: Cow<'_, str>, cut: bool) -> String {
    if !cut && text.len() <= MAX_SYMBOL_BYTES {
        return text.into_owned();
    }
    let mut end = MAX_SYMBOL_BYTES - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// `name` without the suffixes of compiler-made clones: `f.constprop.0.isra.1`
/// is `f`. A name such as `foo.bar` stays, because a programmer may have
/// written it (in assembler).
pub(crate) fn without_clone_suffixes(name: &[u8]) -> &[u8] {
    let mut end = name.len();
    // From the left, so that the first clone suffix ends the name: what stands
    // after it was added later.
    for (at, _) in name.iter().enumerate().filter(|&(at, &byte)| byte == b'.' && at > 0) {
        let word = &name[at + 1..];
        let word = &word[..word.iter().position(|&byte| byte == b'.').unwrap_or(word.len())];
        if CLONE_SUFFIXES.iter().any(|suffix| suffix.as_bytes() == word) {
            end = at;
            break;
        }
    }
    &name[..end]
}

impl TryFrom<String> for SymbolName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Err(
                "a function name is empty: expected a symbol name, or null where it is not known",
            );
        }
        if text.len() > MAX_SYMBOL_BYTES {
            return Err(
                "a function name is longer than 512 bytes: expected it as `initboard extract` writes it",
            );
        }
        Ok(Self(text))
    }
}

impl From<SymbolName> for String {
    fn from(name: SymbolName) -> Self {
        name.0
    }
}

impl fmt::Display for SymbolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(bytes: &[u8]) -> String {
        SymbolName::from_bytes(bytes).unwrap().to_string()
    }

    #[test]
    fn clones_of_link_time_optimisation_bear_their_authors_name() {
        assert_eq!(name(b"pin_init0.lto_priv.0"), "pin_init0");
        assert_eq!(name(b"uart_init.constprop.0.isra.3"), "uart_init");
        assert_eq!(name(b"dac_init.part.1"), "dac_init");
        assert_eq!(name(b"timer_init0.llvm.1234567890"), "timer_init0");
        assert_eq!(name(b"foo.bar"), "foo.bar");
        assert_eq!(name(b"partial.parts"), "partial.parts");
    }

    #[test]
    fn a_name_of_ten_kilobytes_is_cut_with_an_ellipsis() {
        let long = "é".repeat(5_000);
        let cut = name(long.as_bytes());
        assert!(cut.len() <= MAX_SYMBOL_BYTES);
        assert!(cut.ends_with("é…"));
    }

    #[test]
    fn bytes_that_are_no_text_become_replacement_characters() {
        assert_eq!(name(b"f\xff\xfe"), "f\u{fffd}\u{fffd}");
        assert_eq!(SymbolName::from_bytes(b""), None);
    }
}
