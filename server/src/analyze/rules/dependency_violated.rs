//! IB203 `dependency-violated`: an entry runs before what it states to run after.

use std::collections::BTreeMap;

use super::dependencies::{Dependencies, place_of};
use super::{Check, Doc, Example, Hit, Rule};
use crate::model::{InitTable, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB203",
    name: "dependency-violated",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

/// Most entries of an order that is suggested.
const MOST_NAMES: usize = 12;

const DOC: Doc = Doc {
    summary: "an entry runs before a function or a subsystem that it states to run after",
    what: "
        The registration of an entry states with `MP_AFTER`, or in Rust with `after`, what must
        have run before: functions or subsystems of the same phase. The effective order, in which
        levels stand where main runs them, says otherwise. Levels do not matter: an entry of
        `driver` may wait for one of `core`, and for one that main still calls by hand.

        Entries that wait for each other in a circle are left to `IB205`.",
    why: "
        The author of the driver knew that it needs a clock, a bus or a pin that something else
        starts, and on this board it starts later. What happens then differs from chip to chip:
        a fault, a value that is read as zero, or nothing until the next revision.",
    example: Some(Example {
        language: "c",
        before: "
            MP_INIT_REGISTER(driver, 20, spi_init0);
            MP_INIT_REGISTER_WITH(driver, 10, flash_init, MP_AFTER(spi_init0));",
        after: "
            MP_INIT_REGISTER(driver, 20, spi_init0);
            MP_INIT_REGISTER_WITH(driver, 30, flash_init, MP_AFTER(spi_init0));",
    }),
    fix: "
        Change a priority or a level so that the order holds; the finding names an order in
        which every dependency does. Where the board really does not need it, take the name out
        of the registration, or put it under the condition under which it is needed.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let dependencies = Dependencies::of(table);
    let is_late = |&&(first, second): &&(usize, usize)| {
        first > second && dependencies.are_comparable(first, second)
    };
    let mut late: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(first, second) in dependencies.pairs.iter().filter(is_late) {
        late.entry(second).or_default().push(first);
    }
    if late.is_empty() {
        return Vec::new();
    }
    let (_, in_circles) = dependencies.cycles();
    let order = dependencies.satisfying_order();
    let hit = |(second, firsts): (usize, Vec<usize>)| {
        let firsts: Vec<usize> = firsts
            .into_iter()
            .filter(|first| !(in_circles.contains(first) && in_circles.contains(&second)))
            .collect();
        let last = *firsts.iter().max()?;
        let entry = dependencies.entries[second];
        let names: Vec<String> =
            firsts.iter().map(|&first| place_of(dependencies.entries[first])).collect();
        // Of the order in which all is well, the part from here to the last of them.
        let part: Vec<usize> =
            order.iter().copied().filter(|place| (second..=last).contains(place)).collect();
        let names_of = |places: &[usize]| {
            let names: Vec<String> =
                places.iter().map(|&place| dependencies.entries[place].display_name()).collect();
            names.join(", ")
        };
        let involved: Vec<usize> = if part.len() <= MOST_NAMES {
            part
        } else {
            let is_named = |place: &usize| *place == second || firsts.contains(place);
            part.into_iter().filter(is_named).collect()
        };
        Some(Hit {
            message: format!(
                "{} states to run after {}, and runs before",
                place_of(entry),
                super::list(&names)
            ),
            entry: Some(entry.position),
            subsystem: entry.subsystem.clone(),
            suggestion: Some(format!(
                "an order that satisfies every dependency: {}",
                names_of(&involved)
            )),
            ..Hit::default()
        })
    };
    late.into_iter().filter_map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::{found_in, suggested_in};

    const LATE: &str =
        "init core 10 flash_init after spi_init0\ninit core 20 led_init\ninit driver 00 spi_init0";

    #[test]
    fn a_dependency_that_runs_later_is_found_across_levels() {
        let message =
            "`flash_init` (core 10) states to run after `spi_init0` (driver 00), and runs before";
        assert_eq!(found_in("IB203", LATE, ""), [message]);
        assert_eq!(
            suggested_in("IB203", LATE),
            ["an order that satisfies every dependency: led_init, spi_init0, flash_init"]
        );
        let waived = "[[waiver]]\nrule = 'IB203'\nsubsystem = 'flash'\nreason = 'boots from RAM'";
        assert_eq!(found_in("IB203", LATE, waived), [format!("(waived) {message}")]);
    }

    #[test]
    fn a_dependency_that_runs_before_is_silent() {
        let kept = "init core 10 spi_init0\ninit driver 10 flash_init after spi_init0,spi";
        assert_eq!(found_in("IB203", kept, ""), [""; 0]);
    }

    #[test]
    fn a_subsystem_stands_for_all_of_its_entries() {
        let table = "init core 10 spi_init0\ninit driver 00 flash_init after spi\ninit driver 10 spi_init_late is spi";
        assert_eq!(
            found_in("IB203", table, ""),
            [
                "`flash_init` (driver 00) states to run after `spi_init_late` (driver 10), and runs before"
            ]
        );
    }

    #[test]
    fn deinit_states_what_must_have_been_stopped() {
        let table = "deinit driver 10 spi_deinit after flash_deinit\ndeinit driver 00 flash_deinit";
        assert_eq!(found_in("IB203", table, "").len(), 1);
        let table = "deinit driver 20 flash_deinit\ndeinit driver 10 spi_deinit after flash_deinit";
        assert_eq!(found_in("IB203", table, ""), [""; 0]);
    }

    #[test]
    fn a_circle_is_left_to_its_own_rule() {
        let table = "init core 10 a after b\ninit core 20 b after a";
        assert_eq!(found_in("IB203", table, ""), [""; 0]);
    }
}
