//! Subsystems: what a function starts or stops.
//!
//! Ports name the same thing differently: `pin_init0`, `machine_pin_init` and
//! `machine_pins_deinit` are all about pins. The name is what is left when the
//! verb and the words that only say where the code lives are taken off; what that
//! rule cannot join, a project's aliases do.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::fleet::Unit;
use super::policy::matches;
use crate::model::{Driver, EntryKind, PortName, SymbolName};

/// Words in front that say where the code lives, not what it is about.
const PREFIXES: [&str; 5] = ["mp_", "machine_", "mod_", "modmachine_", "pyb_"];
/// The verb at the end, longest first. `hci` is how bluetooth is reached, and
/// part of the name of its init alone.
const SUFFIXES: [&str; 16] = [
    "_hci_deinit",
    "_hci_init",
    "_deinit_start",
    "_init_start",
    "_deinit_late",
    "_init_late",
    "_deinit_early",
    "_init_early",
    "_deinit_all",
    "_init_all",
    "_deinit0",
    "_deinit",
    "_init0",
    "_init1",
    "_init",
    "_start",
];

/// The functions that a project assigns to subsystems by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    /// Names with their subsystem.
    names: HashMap<String, String>,
    /// Patterns, in which `*` stands for anything, with their subsystem: the more
    /// exact ones first.
    patterns: Vec<(String, String)>,
}

/// How a function came to its subsystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The subsystem.
    pub subsystem: String,
    /// The alias that says so; `None` for the rule of names.
    pub alias: Option<String>,
}

/// A function of several tables, with the subsystem that it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappedFunction {
    /// The function.
    pub function: SymbolName,
    /// Its subsystem.
    pub subsystem: String,
    /// How it came to it.
    pub by: By,
    /// The alias, where one says so.
    pub alias: Option<String>,
    /// The ports or boards that call it, by name.
    pub on: Vec<String>,
}

/// How a function came to its subsystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// An alias of the configuration.
    Alias,
    /// The rule of names took something off.
    Rule,
    /// Nothing: the name is its own subsystem.
    Nothing,
}

impl By {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alias => "alias",
            Self::Rule => "rule",
            Self::Nothing => "nothing",
        }
    }
}

/// How every init and deinit function of several tables was mapped, by subsystem
/// and name. One that ports map differently stands there once for each.
pub fn mapped(units: &[Unit<'_>], aliases: &Aliases) -> Vec<MappedFunction> {
    let mut found: BTreeMap<(String, SymbolName), MappedFunction> = BTreeMap::new();
    for unit in units {
        let entries = unit.table.entries.iter().filter(|entry| entry.kind == EntryKind::Entry);
        for function in entries.filter_map(|entry| entry.function.as_ref()) {
            let Mapping { subsystem, alias } = aliases.map(function, Some(unit.port));
            let by = match &alias {
                Some(_) => By::Alias,
                None if subsystem == function.as_str() => By::Nothing,
                None => By::Rule,
            };
            let row = found.entry((subsystem.clone(), function.clone())).or_insert_with(|| {
                let (function, on) = (function.clone(), Vec::new());
                MappedFunction { function, subsystem, by, alias, on }
            });
            if row.on.last().map(String::as_str) != Some(unit.label) {
                row.on.push(unit.label.to_owned());
            }
        }
    }
    found.into_values().collect()
}

impl Aliases {
    /// The aliases of a project: patterns, in which `*` stands for anything, by
    /// subsystem.
    pub fn new(subsystems: &BTreeMap<String, Vec<String>>) -> Self {
        let mut aliases = Self::default();
        for (subsystem, names) in subsystems {
            for name in names {
                if name.contains('*') {
                    aliases.patterns.push((name.clone(), subsystem.clone()));
                } else {
                    aliases.names.entry(name.clone()).or_insert_with(|| subsystem.clone());
                }
            }
        }
        // The most exact one counts: a long pattern before a short one.
        aliases
            .patterns
            .sort_by_key(|(pattern, _)| (std::cmp::Reverse(pattern.len()), pattern.clone()));
        aliases
    }

    /// The subsystem of a function on a port, and how it came to it.
    pub fn map(&self, function: &SymbolName, port: Option<&PortName>) -> Mapping {
        self.map_name(function.as_str(), port)
    }

    /// The subsystem of a driver on a port, by the name that its file has.
    pub fn of_driver(&self, driver: &Driver, port: &PortName) -> String {
        self.map_name(&driver.name, Some(port)).subsystem
    }

    fn map_name(&self, name: &str, port: Option<&PortName>) -> Mapping {
        let pattern = || self.patterns.iter().find(|(pattern, _)| matches(pattern, name));
        let alias = self.names.get_key_value(name);
        match alias.or_else(|| pattern().map(|(pattern, subsystem)| (pattern, subsystem))) {
            Some((pattern, subsystem)) => {
                Mapping { subsystem: subsystem.clone(), alias: Some(pattern.clone()) }
            }
            None => Mapping { subsystem: of(name, port), alias: None },
        }
    }
}

/// The subsystem of a function or a driver by its name alone:
/// `machine_i2s_deinit_all` is `i2s`, and on port `rp2` `rp2_dma_init` is `dma`. A
/// name that is nothing but verb and prefix is its own subsystem.
pub fn of(name: &str, port: Option<&PortName>) -> String {
    let stem = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    let mut stem = stem.trim_end_matches('_');
    let of_port = port.map(|port| format!("{}_", port.as_str().replace(['-', '.'], "_")));
    while let Some(rest) = PREFIXES
        .iter()
        .copied()
        .chain(of_port.as_deref())
        .find_map(|prefix| stem.strip_prefix(prefix))
        .filter(|rest| !rest.is_empty())
    {
        stem = rest;
    }
    // `mp_init` and `machine_deinit` leave nothing but the owner's name.
    if stem.is_empty() { name.to_owned() } else { stem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str) -> SymbolName {
        SymbolName::from_bytes(name.as_bytes()).unwrap()
    }

    fn subsystem(name: &str) -> String {
        of(name, None)
    }

    #[test]
    fn verb_and_owner_are_taken_off() {
        for (function, expected) in [
            ("pin_init0", "pin"),
            ("machine_pin_init", "pin"),
            ("machine_i2s_deinit_all", "i2s"),
            ("mod_network_deinit", "network"),
            ("pyb_can_deinit_all", "can"),
            ("mp_bluetooth_hci_init", "bluetooth"),
            ("mp_machine_i2c_target_deinit_all", "i2c_target"),
            ("soft_timer_deinit", "soft_timer"),
            ("rtc_init_start", "rtc"),
            ("readline_init0", "readline"),
        ] {
            assert_eq!(subsystem(function), expected, "{function}");
        }
    }

    #[test]
    fn a_name_of_nothing_but_owner_and_verb_stays_a_name() {
        assert_eq!(subsystem("machine_deinit"), "machine");
        assert_eq!(subsystem("mp_init"), "mp");
        assert_eq!(subsystem("_init"), "_init");
        assert_eq!(subsystem("board_startup"), "board_startup");
    }

    #[test]
    fn the_name_of_the_port_says_where_the_code_lives_too() {
        let rp2 = "rp2".parse().unwrap();
        assert_eq!(of("rp2_dma_init", Some(&rp2)), "dma");
        assert_eq!(of("rp2_dma_init", None), "rp2_dma");
        let renesas = "renesas-ra".parse().unwrap();
        assert_eq!(of("renesas_ra_clock_init", Some(&renesas)), "clock");
    }

    #[test]
    fn an_alias_is_stronger_than_the_rule_and_a_name_than_a_pattern() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let aliases = Aliases::new(&BTreeMap::from([
            ("usbd".to_owned(), list(&["mp_usbd_*", "pyb_usb_dev_init"])),
            ("usb".to_owned(), list(&["*usb*"])),
            ("special".to_owned(), list(&["mp_usbd_special_init"])),
        ]));
        for (name, subsystem, alias) in [
            ("mp_usbd_init", "usbd", Some("mp_usbd_*")),
            ("pyb_usb_dev_init", "usbd", Some("pyb_usb_dev_init")),
            ("pyb_usb_init0", "usb", Some("*usb*")),
            ("mp_usbd_special_init", "special", Some("mp_usbd_special_init")),
            ("pin_init0", "pin", None),
        ] {
            let mapping = aliases.map(&function(name), None);
            assert_eq!((mapping.subsystem.as_str(), mapping.alias.as_deref()), (subsystem, alias));
        }
    }
}
