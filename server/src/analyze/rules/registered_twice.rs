//! IB206 `registered-twice`: one function in two entries of one phase.

use std::collections::HashMap;

use super::dependencies::{place_of, tables};
use super::{Check, Doc, Hit, Rule};
use crate::model::{Entry, InitTable, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB206",
    name: "registered-twice",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "one function is registered in two entries of one phase, so that it runs twice",
    what: "
        Two entries of the registry in one phase, of one level or of two, hold the same address
        and name the same function. Two names at one address are left out, which is what folding
        identical code makes, and so are calls with arguments, each of which is a function of its
        own.",
    why: "
        The second run finds the peripheral running: it may leak a buffer, register an interrupt
        again or reset what others have begun to use. Mostly two files each thought that the
        other did not.",
    example: None,
    fix: "
        Take one of the registrations out; their records tell the files. Where the function is
        meant to run twice, waive the finding with the reason.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let mut first_of: HashMap<_, &Entry> = HashMap::new();
    let mut hits = Vec::new();
    for entry in tables(table).into_iter().flatten() {
        let (Some(address), Some(function)) = (entry.address, &entry.function) else { continue };
        let first = *first_of.entry((entry.phase, address, function)).or_insert(entry);
        if std::ptr::eq(first, entry) {
            continue;
        }
        let place = entry.location.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        hits.push(Hit {
            message: format!(
                "{} is registered a second time{place}: {} runs the same function",
                place_of(entry),
                place_of(first)
            ),
            entry: Some(entry.position),
            subsystem: entry.subsystem.clone(),
            suggestion: Some("take one of the two registrations out".to_owned()),
            ..Hit::default()
        });
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::cases::found_in;

    #[test]
    fn one_function_in_two_entries_is_found() {
        let table = "init core 10 timer_init0 @1000\ninit driver 00 timer_init0 @1000";
        let message = "`timer_init0` (driver 00) is registered a second time: `timer_init0` (core 10) runs the same function";
        assert_eq!(found_in("IB206", table, ""), [message]);
        let waived = "[[waiver]]\nrule = 'IB206'\nsubsystem = 'timer'\nreason = 'two passes'";
        assert_eq!(found_in("IB206", table, waived), [format!("(waived) {message}")]);
    }

    #[test]
    fn calls_with_arguments_folded_code_and_other_phases_are_silent() {
        for table in [
            "init core 10 uart_init @1000\ninit core 20 uart_init @1010",
            "init core 10 spi_init @1000\ninit core 20 i2c_init @1000",
            "init core 10 reset_all @1000\ndeinit core 10 reset_all @1000",
            "init core 10 f\ninit core 20 f",
        ] {
            assert_eq!(found_in("IB206", table, ""), [""; 0], "{table}");
        }
    }
}
