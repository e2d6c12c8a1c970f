//! What a call means, by the name of the function that is called: it starts or
//! stops something, it is a landmark, it runs a level, or none of these.
//!
//! Names say what a call is, never when it runs: that comes from the graph.

use crate::model::Phase;

/// What a call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Role {
    /// Starts or stops something.
    Entry(Phase),
    /// Orders the entries around it.
    Landmark(Landmark),
    /// Runs the entries of one level.
    RunLevel(Phase),
    /// None of these.
    Other,
}

/// What a landmark is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Landmark {
    /// The call that the soft-reset loop is known by: `mp_init`.
    Runtime,
    /// Runs `boot.py`, `main.py` or a REPL.
    Runner,
    /// Another one.
    Other,
}

/// Calls that mark where main is in its life.
const LANDMARKS: [(&str, Landmark); 22] = [
    ("boardctrl_before_soft_reset_loop", Landmark::Other),
    ("boardctrl_end_soft_reset", Landmark::Other),
    ("boardctrl_start_soft_reset", Landmark::Other),
    ("boardctrl_startup", Landmark::Other),
    ("boardctrl_top_soft_reset_loop", Landmark::Other),
    ("gc_init", Landmark::Other),
    ("gc_sweep_all", Landmark::Other),
    ("mp_deinit", Landmark::Other),
    ("mp_init", Landmark::Runtime),
    ("pyexec_event_repl_init", Landmark::Runner),
    ("pyexec_event_repl_process_char", Landmark::Runner),
    ("pyexec_exit_handler", Landmark::Runner),
    ("pyexec_file", Landmark::Runner),
    ("pyexec_file_if_exists", Landmark::Runner),
    ("pyexec_frozen_module", Landmark::Runner),
    ("pyexec_friendly_repl", Landmark::Runner),
    ("pyexec_raw_repl", Landmark::Runner),
    ("pyexec_repl", Landmark::Runner),
    ("pyexec_str", Landmark::Runner),
    ("pyexec_vstr", Landmark::Runner),
    ("script_run_file", Landmark::Runner),
    ("repl_run", Landmark::Runner),
];

/// Words in front of names that set up a value rather than a part of the
/// system: `vstr_init` makes a string.
const VALUES: [&str; 8] =
    ["vstr_", "mp_obj_", "mp_map_", "mp_set_", "mp_print_", "mp_reader_", "mp_lexer_", "mp_parse_"];

/// The role of a function.
pub(in crate::extract) fn of(name: &str) -> Role {
    match name {
        // In C, and in Rust.
        "mp_init_run_level" | "init_run_level" => return Role::RunLevel(Phase::Init),
        "mp_deinit_run_level" | "deinit_run_level" => return Role::RunLevel(Phase::Deinit),
        _ => {}
    }
    if let Some((_, landmark)) = LANDMARKS.iter().find(|(known, _)| *known == name) {
        return Role::Landmark(*landmark);
    }
    // Boards bring their own runners: `board_run_boot_py`.
    if name.contains("run_boot_py") || name.contains("run_main_py") {
        return Role::Landmark(Landmark::Runner);
    }
    if VALUES.iter().any(|prefix| name.starts_with(prefix)) {
        return Role::Other;
    }
    phase(name).map_or(Role::Other, Role::Entry)
}

/// Whether a name says that the function starts or stops something: one of its
/// words is a form of `init` or `deinit`.
fn phase(name: &str) -> Option<Phase> {
    let of_word = |word: &str| match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "deinit" | "uninit" | "deinitialise" | "deinitialize" => Some(Phase::Deinit),
        "init" | "initialise" | "initialize" => Some(Phase::Init),
        _ => None,
    };
    let found: Vec<Phase> = words(name).filter_map(|word| of_word(&word)).collect();
    // `init_or_deinit` stops what was started.
    found.iter().max().copied()
}

/// The words of an identifier, in lower case: `HAL_InitTick` is `hal`, `init`,
/// `tick`.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut previous = ' ';
    for c in name.chars() {
        let starts =
            c.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit());
        if !c.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
        previous = c;
    }
    words.into_iter().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_start_or_stop_something_are_known_by_a_word() {
        for name in [
            "pin_init0",
            "SystemInit",
            "HAL_InitTick",
            "machine_i2s_init0",
            "init_flash_fs",
            "rtc_init_start",
        ] {
            assert_eq!(of(name), Role::Entry(Phase::Init), "{name}");
        }
        for name in ["uart_deinit_all", "soft_timer_deinit", "machineDeinit"] {
            assert_eq!(of(name), Role::Entry(Phase::Deinit), "{name}");
        }
        for name in [
            "storage_flush",
            "definition",
            "initial_value",
            "infinite",
            "vstr_init",
            "mp_obj_list_init",
        ] {
            assert_eq!(of(name), Role::Other, "{name}");
        }
    }

    #[test]
    fn landmarks_and_run_levels_are_no_entries() {
        assert_eq!(of("mp_init"), Role::Landmark(Landmark::Runtime));
        assert_eq!(of("pyexec_friendly_repl"), Role::Landmark(Landmark::Runner));
        assert_eq!(of("board_run_boot_py"), Role::Landmark(Landmark::Runner));
        assert_eq!(of("gc_init"), Role::Landmark(Landmark::Other));
        assert_eq!(of("mp_deinit_run_level"), Role::RunLevel(Phase::Deinit));
    }

    #[test]
    fn landmarks_are_listed_once() {
        let mut names: Vec<&str> = LANDMARKS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LANDMARKS.len());
    }
}
