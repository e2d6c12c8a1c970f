//! IB207 `dependency-not-mirrored`: what was needed is stopped before what needed
//! it.

use std::collections::{BTreeSet, HashMap};

use super::dependencies::{Dependencies, place_of};
use super::{Check, Doc, Example, Hit, Rule};
use crate::model::{InitTable, Phase, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB207",
    name: "dependency-not-mirrored",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "a subsystem is stopped before one that states to be started after it",
    what: "
        An init states to run after another. Both of their subsystems have a deinit, and the
        deinit of what was needed runs first.",
    why: "
        Until it is stopped itself, the driver goes on using a bus, a clock or a pin that is
        gone: an interrupt of it, or its own deinit, touches what is switched off.",
    example: Some(Example {
        language: "c",
        before: "
            MP_INIT_REGISTER(driver, 10, spi_init0);
            MP_INIT_REGISTER_WITH(driver, 20, flash_init, MP_AFTER(spi_init0));
            MP_DEINIT_REGISTER(driver, 20, spi_deinit);
            MP_DEINIT_REGISTER(driver, 10, flash_deinit);",
        after: "
            MP_INIT_REGISTER(driver, 10, spi_init0);
            MP_INIT_REGISTER_WITH(driver, 20, flash_init, MP_AFTER(spi_init0));
            MP_DEINIT_REGISTER(driver, 10, spi_deinit);
            MP_DEINIT_REGISTER(driver, 20, flash_deinit);",
    }),
    fix: "
        Register a deinit at the level and with the priority of its init: deinit tables run
        backwards, so that this mirrors the start by itself.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let dependencies = Dependencies::of(table);
    let mut stops: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, entry) in dependencies.entries.iter().enumerate() {
        if let (Some(Phase::Deinit), Some(subsystem)) = (entry.phase, &entry.subsystem) {
            stops.entry(subsystem).or_default().push(place);
        }
    }
    // The same two subsystems may be joined by several entries.
    let mut wrong: BTreeSet<(usize, usize)> = BTreeSet::new();
    for &(needed, needing) in &dependencies.pairs {
        let of = |place: usize| {
            let entry = dependencies.entries[place];
            entry.subsystem.as_deref().filter(|_| entry.phase == Some(Phase::Init))
        };
        let (Some(needed), Some(needing)) = (of(needed), of(needing)) else { continue };
        if needed == needing {
            continue;
        }
        // The first to stop the one against the last to stop the other.
        let first = stops.get(needed).and_then(|places| places.iter().min());
        let last = stops.get(needing).and_then(|places| places.iter().max());
        if let (Some(&first), Some(&last)) = (first, last)
            && first < last
            && dependencies.are_comparable(first, last)
        {
            wrong.insert((first, last));
        }
    }
    let hit = |(first, last): (usize, usize)| {
        let (first, last) = (dependencies.entries[first], dependencies.entries[last]);
        let of = |entry: &crate::model::Entry| entry.subsystem.clone().unwrap_or_default();
        Hit {
            message: format!(
                "{} stops {} before {} stops {}, which states to be started after it",
                place_of(first),
                of(first),
                place_of(last),
                of(last)
            ),
            entry: Some(first.position),
            subsystem: first.subsystem.clone(),
            suggestion: Some(
                "register each deinit at the level and with the priority of its init".to_owned(),
            ),
            ..Hit::default()
        }
    };
    wrong.into_iter().map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::found_in;

    const INITS: &str = "init driver 10 spi_init0\ninit driver 20 flash_init after spi_init0\n";

    #[test]
    fn stopping_in_the_order_of_starting_is_found() {
        let table = format!("{INITS}deinit driver 20 spi_deinit\ndeinit driver 10 flash_deinit");
        let message = "`spi_deinit` (driver 20) stops spi before `flash_deinit` (driver 10) stops flash, which states to be started after it";
        assert_eq!(found_in("IB207", &table, ""), [message]);
        let waived = "[[waiver]]\nrule = 'IB207'\nsubsystem = 'spi'\nreason = 'read only'";
        assert_eq!(found_in("IB207", &table, waived), [format!("(waived) {message}")]);
    }

    #[test]
    fn stopping_backwards_or_not_at_all_is_silent() {
        let table = format!("{INITS}deinit driver 20 flash_deinit\ndeinit driver 10 spi_deinit");
        assert_eq!(found_in("IB207", &table, ""), [""; 0]);
        assert_eq!(found_in("IB207", INITS, ""), [""; 0]);
    }
}
