//! The records: what firmware says of its entries in a section that is not
//! loaded.
//!
//! A record is strings that end in a zero byte, `key=value` each. The first is
//! `abi=VERSION`; an empty string, another `abi=`, or the section's end ends it
//! (`docs/registry-abi.md`). It names an entry and does not point to it, so that
//! it is there when symbols are not.

use object::read::ReadRef;

use crate::extract::ExtractError;
use crate::extract::elf::Image;
use crate::extract::names::EntryName;
use crate::model::{
    Location, MAX_AFTER, MAX_ENTRIES, MAX_TEXT_BYTES, Means, Phase, SatisfiedBy, SymbolName,
};

/// The section of all records of an image.
const SECTION: &[u8] = b".mp_records";

/// What one registration says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) phase: Phase,
    pub(super) name: EntryName,
    /// Where the registration stands.
    pub(super) location: Option<Location>,
    pub(super) subsystem: Option<String>,
    pub(super) after: Vec<String>,
    /// How its deinit is satisfied without a call of its own.
    pub(super) satisfied: Option<SatisfiedBy>,
}

/// The records of an image.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) list: Vec<Record>,
    /// The newest version that a record states.
    pub(super) abi: Option<u64>,
    /// How many could not be read.
    pub(super) malformed: usize,
}

impl Records {
    /// Reads the records of an image; none where it has no such section.
    pub(super) fn read<'data, R: ReadRef<'data>>(
        image: &Image<'data, R>,
    ) -> Result<Self, ExtractError> {
        match image.section(SECTION) {
            Some(section) => Ok(Self::parse(image.section_bytes(section)?)),
            None => Ok(Self::default()),
        }
    }

    /// Reads the bytes of the section: at most [`MAX_ENTRIES`] records, for there
    /// cannot be more entries.
    fn parse(bytes: &[u8]) -> Self {
        let mut records = Self::default();
        let mut draft: Option<Draft<'_>> = None;
        for text in bytes.split(|&byte| byte == 0) {
            let version = text.strip_prefix(b"abi=");
            if text.is_empty() || version.is_some() {
                records.finish(draft.take());
                if records.list.len() + records.malformed >= MAX_ENTRIES {
                    return records;
                }
            }
            if let Some(version) = version {
                records.abi = records.abi.max(number(version));
                draft = Some(Draft::default());
            } else if let Some(draft) = &mut draft {
                draft.take(text);
            } else if !text.is_empty() {
                // What stands outside a record is the rest of a damaged one.
                records.malformed += 1;
                draft = None;
                if records.malformed >= MAX_ENTRIES {
                    return records;
                }
            }
        }
        records.finish(draft);
        records
    }

    fn finish(&mut self, draft: Option<Draft<'_>>) {
        match draft.map(Draft::record) {
            Some(Some(record)) => self.list.push(record),
            Some(None) => self.malformed += 1,
            None => {}
        }
    }
}

/// The values of a record as they were read, before anything is known to be there.
/// Keys that this version does not know are left out.
#[derive(Default)]
struct Draft<'a> {
    phase: &'a [u8],
    level: &'a [u8],
    priority: &'a [u8],
    function: &'a [u8],
    file: &'a [u8],
    line: &'a [u8],
    subsystem: &'a [u8],
    satisfied: &'a [u8],
    call: &'a [u8],
    reason: &'a [u8],
    after: Vec<String>,
}

impl<'a> Draft<'a> {
    fn take(&mut self, text: &'a [u8]) {
        let Some(at) = text.iter().position(|&byte| byte == b'=') else { return };
        let value = &text[at + 1..];
        match &text[..at] {
            b"phase" => self.phase = value,
            b"level" => self.level = value,
            b"priority" => self.priority = value,
            b"function" => self.function = value,
            b"file" => self.file = value,
            b"line" => self.line = value,
            b"subsystem" => self.subsystem = value,
            b"satisfied" => self.satisfied = value,
            b"satisfied-call" => self.call = value,
            b"satisfied-reason" => self.reason = value,
            // C writes all names of a macro into one string.
            b"after" => {
                let names = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
                let room = MAX_AFTER - self.after.len();
                let given = names.filter(|name| !name.is_empty()).take(room);
                self.after.extend(given.filter_map(shown));
            }
            _ => {}
        }
    }

    fn record(self) -> Option<Record> {
        let phase = match self.phase {
            b"init" => Phase::Init,
            b"deinit" => Phase::Deinit,
            _ => return None,
        };
        let text = |bytes: &'a [u8]| str::from_utf8(bytes).ok();
        let name = EntryName {
            level: text(self.level)?.parse().ok()?,
            priority: text(self.priority)?.parse().ok()?,
            function: SymbolName::from_bytes(self.function)?,
        };
        let line = number(self.line).and_then(|line| u32::try_from(line).ok());
        let location = line
            .filter(|&line| line > 0 && !self.file.is_empty() && self.file.len() <= MAX_TEXT_BYTES)
            .zip(text(self.file))
            .map(|(line, file)| Location { file: file.to_owned(), line });
        let satisfied = self.satisfied();
        let subsystem = shown(self.subsystem);
        Some(Record { phase, name, location, subsystem, after: self.after, satisfied })
    }

    /// What the record says of the deinit. What has no reason, or a word of a later
    /// version, says nothing: the deinit is then missed as if nobody had said it.
    fn satisfied(&self) -> Option<SatisfiedBy> {
        let by = Means::from_word(str::from_utf8(self.satisfied).ok()?)?;
        let call = SymbolName::from_bytes(self.call);
        SatisfiedBy::new(by, call, sentence(self.reason)).ok()
    }
}

fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// A name that is shown, cut as those of functions are.
fn shown(name: &[u8]) -> Option<String> {
    SymbolName::from_bytes(name).map(String::from)
}

/// A sentence, cut where it is longer than any should be.
fn sentence(text: &[u8]) -> String {
    let cut = &text[..text.len().min(MAX_TEXT_BYTES)];
    let mut sentence = String::from_utf8_lossy(cut).into_owned();
    if text.len() > MAX_TEXT_BYTES || sentence.len() > MAX_TEXT_BYTES {
        let end = sentence.floor_char_boundary(MAX_TEXT_BYTES - '…'.len_utf8());
        sentence.truncate(end);
        sentence.push('…');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Pieces of records in any order, with anything between them.
        #[test]
        fn hostile_records_are_bounded_and_never_panic(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just(b"abi=1\0".to_vec()),
                    Just(b"phase=init\0level=core\0priority=00\0function=f\0".to_vec()),
                    Just(b"after=\0".to_vec()),
                    Just(b"line=4294967296\0file=\xff\0".to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..8),
                ],
                0..64,
            )
        ) {
            let records = Records::parse(&pieces.concat());
            prop_assert!(records.list.len() + records.malformed <= MAX_ENTRIES);
            prop_assert!(records.list.iter().all(|record| record.after.len() <= MAX_AFTER));
        }
    }

    fn parse(text: &str) -> Records {
        Records::parse(text.as_bytes())
    }

    /// A record with the extra strings, each of which ends in a zero byte.
    fn with(extra: &str) -> Records {
        parse(&format!(
            "abi=1\0phase=init\0level=driver\0priority=00\0function=uart_init0\0{extra}\0"
        ))
    }

    #[test]
    fn a_record_says_what_the_registration_said() {
        let records = with(
            "line=12\0after=pin_init0, dma\0after=timer\0subsystem=serial\0satisfied=reinit\0satisfied-reason=it sets all back, in .part 2\0file=drivers/uart.c\0",
        );
        assert_eq!(records.abi, Some(1));
        assert_eq!(records.malformed, 0);
        let name = |text: &str| SymbolName::from_bytes(text.as_bytes()).unwrap();
        assert_eq!(
            records.list,
            [Record {
                phase: Phase::Init,
                name: EntryName {
                    level: "driver".parse().unwrap(),
                    priority: "00".parse().unwrap(),
                    function: name("uart_init0"),
                },
                location: Some(Location { file: "drivers/uart.c".to_owned(), line: 12 }),
                subsystem: Some("serial".to_owned()),
                after: ["pin_init0", "dma", "timer"].map(str::to_owned).to_vec(),
                satisfied: SatisfiedBy::new(
                    Means::Reinit,
                    None,
                    "it sets all back, in .part 2".to_owned()
                )
                .ok(),
            }]
        );
    }

    #[test]
    fn padding_and_unknown_keys_are_passed_over() {
        let records = parse(
            "\0\0abi=1\0phase=deinit\0level=core\0priority=10\0function=f\0colour=red\0novalue\0file=\0\0\0\0\
             abi=1\0phase=init\0level=core\0priority=10\0function=g\0",
        );
        let functions: Vec<_> =
            records.list.iter().map(|record| record.name.function.as_str()).collect();
        assert_eq!((functions, records.malformed), (vec!["f", "g"], 0));
    }

    #[test]
    fn a_file_name_that_fills_its_room_does_not_swallow_the_next_record() {
        let records = parse(
            "abi=1\0phase=init\0level=core\0priority=10\0function=f\0file=long.rs\0\
             abi=2\0phase=init\0level=core\0priority=10\0function=g\0\0",
        );
        assert_eq!((records.list.len(), records.abi), (2, Some(2)));
    }

    #[test]
    fn what_is_missing_or_wrong_costs_its_own_record_alone() {
        for (text, good, malformed) in [
            ("abi=1\0phase=init\0\0", 0, 1),
            ("abi=\0phase=other\0level=core\0priority=1\0function=f\0\0", 0, 1),
            ("abi=1\0phase=init\0level=a b\0priority=1\0function=f\0\0", 0, 1),
            ("garbage\0\0abi=1\0phase=init\0level=core\0priority=1\0function=f\0\0", 1, 1),
            ("", 0, 0),
            ("\0\0\0", 0, 0),
        ] {
            let records = parse(text);
            assert_eq!((records.list.len(), records.malformed), (good, malformed), "{text:?}");
        }
        assert_eq!(with("line=0\0file=a.c\0").list[0].location, None);
        assert_eq!(with("line=99999999999\0file=a.c\0").list[0].location, None);
        assert_eq!(with("line=1\0").list[0].location, None);
    }

    #[test]
    fn a_declaration_that_makes_no_sense_says_nothing_and_costs_nothing_else() {
        for (extra, is_said) in [
            ("satisfied=finaliser\0satisfied-reason=swept\0", true),
            ("satisfied=persistent\0satisfied-reason=it holds the flash\0", true),
            ("satisfied=call\0satisfied-call=dma_deinit\0satisfied-reason=with it\0", true),
            ("satisfied=call\0satisfied-reason=with what?\0", false),
            ("satisfied=reinit\0satisfied-call=dma_deinit\0satisfied-reason=both\0", false),
            ("satisfied=reinit\0satisfied-reason= \0", false),
            ("satisfied=reinit\0", false),
            ("satisfied=watchdog\0satisfied-reason=a word of a later version\0", false),
        ] {
            let records = with(extra);
            assert_eq!((records.list.len(), records.malformed), (1, 0), "{extra:?}");
            assert_eq!(records.list[0].satisfied.is_some(), is_said, "{extra:?}");
        }
    }

    #[test]
    fn endless_records_end() {
        let records = parse(&"abi=1\0".repeat(100_000));
        assert_eq!(records.malformed, MAX_ENTRIES);
        let records = parse(&"x\0".repeat(100_000));
        assert_eq!(records.malformed, MAX_ENTRIES);
        let records = with(&format!("after={}\0", "a,".repeat(100_000)));
        assert_eq!(records.list[0].after.len(), MAX_AFTER);
        let records = with(&format!("subsystem={}\0", "s".repeat(100_000)));
        assert!(records.list[0].subsystem.as_ref().unwrap().len() <= MAX_TEXT_BYTES);
        let reason = "\u{e9}".repeat(100_000);
        let records = with(&format!("satisfied=reinit\0satisfied-reason={reason}\0"));
        let reason = records.list[0].satisfied.as_ref().unwrap().reason();
        assert!(reason.len() <= MAX_TEXT_BYTES && reason.ends_with("é…"), "{reason}");
    }
}
