//! The registry's names, taken apart: `__mp_init_driver_00_timer_init0` is an
//! entry, `__mp_init_driver_start` a bound, `.mp_init_driver` a table's output
//! section (ABI version 1; see `docs/registry-abi.md`).

use crate::model::{Level, Phase, Priority, RFC_LEVELS, SymbolName, without_clone_suffixes};

/// The symbol whose value is the version of the registry's ABI.
pub(super) const ABI_SYMBOL: &[u8] = b"__mp_registry_abi";

/// Which end of a table a bound marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Start,
    End,
}

/// A section's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SectionName {
    /// `.mp_init_driver`: the table of one level.
    Table(Phase, Level),
    /// `mp_init_driver`: a table that the linker bounds by itself, because the
    /// name is a C identifier, and whose entries carry their priorities.
    KeyedTable(Phase, Level),
    /// `.mp_init_driver.00.timer_init0`: an input section that no linker script
    /// collected.
    Orphan(Phase, EntryName),
}

/// What orders an entry, and the function that it registers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct EntryName {
    pub(super) level: Level,
    pub(super) priority: Priority,
    pub(super) function: SymbolName,
}

/// The phase of a symbol of the registry and the rest of its name.
pub(super) fn registry_symbol(name: &[u8]) -> Option<(Phase, &[u8])> {
    let rest = name.strip_prefix(b"__mp_")?;
    phase(rest)
}

fn phase(name: &[u8]) -> Option<(Phase, &[u8])> {
    name.strip_prefix(b"init_")
        .map(|rest| (Phase::Init, rest))
        .or_else(|| name.strip_prefix(b"deinit_").map(|rest| (Phase::Deinit, rest)))
}

/// Reads `driver_start` or `driver_end`.
pub(super) fn bound(rest: &[u8]) -> Option<(Level, Bound)> {
    let (level, bound) = if let Some(level) = rest.strip_suffix(b"_start") {
        (level, Bound::Start)
    } else {
        (rest.strip_suffix(b"_end")?, Bound::End)
    };
    Some((text(level)?.parse().ok()?, bound))
}

/// Reads `__start_mp_init_driver` or `__stop_mp_init_driver`, which a linker makes
/// for a section that is named `mp_init_driver`.
pub(super) fn linker_bound(name: &[u8]) -> Option<(Phase, Level, Bound)> {
    let (bound, rest) = match name.strip_prefix(b"__start_mp_") {
        Some(rest) => (Bound::Start, rest),
        None => (Bound::End, name.strip_prefix(b"__stop_mp_")?),
    };
    let (phase, level) = phase(rest)?;
    Some((phase, text(level)?.parse().ok()?, bound))
}

/// Reads `driver_00_timer_init0`.
///
/// Levels and functions may hold `_` themselves, so the text alone does not say
/// where the priority stands. A level that the file is known to have decides,
/// the longest first; else the first word that starts with a digit is the
/// priority, as in every registration so far.
pub(super) fn entry(rest: &[u8], known_levels: &[Level]) -> Option<EntryName> {
    let rest = without_clone_suffixes(rest);
    let numbered =
        |entry: &EntryName| entry.priority.as_str().starts_with(|c: char| c.is_ascii_digit());
    let after_known_level = known_levels
        .iter()
        .map(Level::as_str)
        .chain(RFC_LEVELS)
        .filter_map(|level| {
            let tail = rest.strip_prefix(level.as_bytes())?.strip_prefix(b"_")?;
            let at = tail.iter().position(|&byte| byte == b'_')?;
            Some((level.len(), entry_name(level.as_bytes(), &tail[..at], &tail[at + 1..])?))
        })
        .max_by_key(|(length, _)| *length)
        .map(|(_, entry)| entry);
    if after_known_level.as_ref().is_some_and(numbered) {
        return after_known_level;
    }
    by_first_number(rest).or(after_known_level)
}

fn by_first_number(rest: &[u8]) -> Option<EntryName> {
    let level_end = rest.windows(2).position(|pair| pair[0] == b'_' && pair[1].is_ascii_digit())?;
    let tail = &rest[level_end + 1..];
    let priority_end = tail.iter().position(|&byte| byte == b'_')?;
    entry_name(&rest[..level_end], &tail[..priority_end], &tail[priority_end + 1..])
}

fn entry_name(level: &[u8], priority: &[u8], function: &[u8]) -> Option<EntryName> {
    Some(EntryName {
        level: text(level)?.parse().ok()?,
        priority: text(priority)?.parse().ok()?,
        function: SymbolName::from_bytes(function)?,
    })
}

/// Reads the name of an output section.
pub(super) fn section(name: &[u8]) -> Option<SectionName> {
    if let Some(rest) = name.strip_prefix(b"mp_") {
        let (phase, level) = phase(rest)?;
        return Some(SectionName::KeyedTable(phase, text(level)?.parse().ok()?));
    }
    let (phase, rest) = phase(name.strip_prefix(b".mp_")?)?;
    let mut parts = rest.splitn(3, |&byte| byte == b'.');
    let level = parts.next()?;
    match (parts.next(), parts.next()) {
        (None, _) => Some(SectionName::Table(phase, text(level)?.parse().ok()?)),
        (Some(priority), Some(function)) => Some(SectionName::Orphan(
            phase,
            entry_name(level, priority, without_clone_suffixes(function))?,
        )),
        (Some(_), None) => None,
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str, known: &[&str]) -> Option<[String; 3]> {
        let known: Vec<Level> = known.iter().map(|level| level.parse().unwrap()).collect();
        let entry = entry(rest.as_bytes(), &known)?;
        Some([entry.level.to_string(), entry.priority.to_string(), entry.function.to_string()])
    }

    #[test]
    fn an_entry_symbol_says_level_priority_and_function() {
        assert_eq!(read("driver_00_timer_init0", &[]).unwrap(), ["driver", "00", "timer_init0"]);
        assert_eq!(read("core_15_pin_init0.lto_priv.0", &[]).unwrap(), ["core", "15", "pin_init0"]);
        assert_eq!(read("late_net_5_wifi_start", &[]).unwrap(), ["late_net", "5", "wifi_start"]);
    }

    #[test]
    fn a_level_that_the_file_has_decides_where_the_priority_stands() {
        assert_eq!(read("net_4_07_wifi_init", &["net_4"]).unwrap(), ["net_4", "07", "wifi_init"]);
        assert_eq!(
            read("driver_late_10_f", &["driver_late", "driver"]).unwrap(),
            ["driver_late", "10", "f"]
        );
        assert_eq!(read("driver_late_10_f", &["driver"]).unwrap(), ["driver_late", "10", "f"]);
        assert_eq!(
            read("driver_LAST_usb_init", &["driver"]).unwrap(),
            ["driver", "LAST", "usb_init"]
        );
    }

    #[test]
    fn what_is_no_entry_is_not_read_as_one() {
        for rest in ["", "driver", "driver_00", "driver_00_", "_00_f", "run_level"] {
            assert_eq!(read(rest, &[]), None, "{rest:?}");
        }
    }

    #[test]
    fn sections_are_tables_or_orphans() {
        let level: Level = "driver".parse().unwrap();
        assert_eq!(section(b".mp_deinit_driver"), Some(SectionName::Table(Phase::Deinit, level)));
        assert!(matches!(
            section(b".mp_init_core.07.pin_init0"),
            Some(SectionName::Orphan(Phase::Init, _))
        ));
        assert_eq!(section(b".mp_init_core.07"), None);
        assert_eq!(section(b".text.mp_init_core"), None);
        assert_eq!(section(b".mp_initialised"), None);
        assert_eq!(section(b".mp_records"), None);
        let level: Level = "driver".parse().unwrap();
        assert_eq!(
            section(b"mp_deinit_driver"),
            Some(SectionName::KeyedTable(Phase::Deinit, level.clone()))
        );
        assert_eq!(linker_bound(b"__stop_mp_init_driver"), Some((Phase::Init, level, Bound::End)));
        assert_eq!(linker_bound(b"__start_of_heap"), None);
    }
}
