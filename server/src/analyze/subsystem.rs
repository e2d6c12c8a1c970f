//! Subsystems: what a function starts or stops.
//!
//! Ports name the same thing differently: `pin_init0`, `machine_pin_init` and
//! `machine_pins_deinit` are all about pins. The name is what is left when the
//! verb and the words that only say where the code lives are taken off.

use crate::model::SymbolName;

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

/// The subsystem of a function: `machine_i2s_deinit_all` is `i2s`. A name that
/// is nothing but verb and prefix is its own subsystem.
pub fn of(function: &SymbolName) -> String {
    let name = function.as_str();
    let stem = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    let mut stem = stem.trim_end_matches('_');
    while let Some(rest) =
        PREFIXES.iter().find_map(|prefix| stem.strip_prefix(prefix)).filter(|rest| !rest.is_empty())
    {
        stem = rest;
    }
    // `mp_init` and `machine_deinit` leave nothing but the owner's name.
    if stem.is_empty() { name.to_owned() } else { stem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subsystem(name: &str) -> String {
        of(&SymbolName::from_bytes(name.as_bytes()).unwrap())
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
}
