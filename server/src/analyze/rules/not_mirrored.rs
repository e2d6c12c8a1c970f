//! IB303 `not-mirrored`: what the registry started later, it does not stop earlier.

use super::{Check, Doc, Example, Hit, Rule};
use crate::analyze::increasing::heaviest_run;
use crate::analyze::pair::pairs;
use crate::model::{Confidence, InitTable, Level, Origin, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB303",
    name: "not-mirrored",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "a registered deinit does not stand where its init does, seen from the other end",
    what: "
        Deinit tables run from their last entry to their first, so that a driver that gives its
        init and its deinit the same level and priority is stopped before all that it was
        started after. This is about pairs of which both halves are registered at one level; of
        all that stand otherwise, the fewest that explain it are reported. Who gives a deinit
        another level means it, and mains that call by hand stop in any order.",
    why: "
        What starts later may use what started earlier. Stopped in the wrong order, a driver
        says goodbye over a bus that is already off.",
    example: Some(Example {
        language: "c",
        before: "
            MP_INIT_REGISTER(driver, 10, bus_init);
            MP_INIT_REGISTER(driver, 20, display_init);   /* uses the bus */
            MP_DEINIT_REGISTER(driver, 20, bus_deinit);   /* and is stopped after it */
            MP_DEINIT_REGISTER(driver, 10, display_deinit);",
        after: "
            MP_INIT_REGISTER(driver, 10, bus_init);
            MP_INIT_REGISTER(driver, 20, display_init);
            MP_DEINIT_REGISTER(driver, 10, bus_deinit);
            MP_DEINIT_REGISTER(driver, 20, display_deinit);",
    }),
    fix: "
        Give the deinit the level and the priority of its init. Where the order must differ,
        waive this with the reason.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    table.levels.iter().flat_map(|level| of_level(table, level)).collect()
}

/// The pairs of one level that are no mirror.
fn of_level(table: &InitTable, level: &Level) -> Vec<Hit> {
    let entries = &table.entries;
    let mut registered: Vec<_> = pairs(entries)
        .into_iter()
        .filter(|pair| {
            let halves = [&entries[pair.init], &entries[pair.deinit]];
            halves
                .iter()
                .all(|half| half.origin == Origin::Registry && half.level.as_ref() == Some(level))
        })
        .collect();
    // In the order in which a mirror would stop them: the last one first.
    registered.reverse();
    let stops: Vec<Option<usize>> = registered.iter().map(|pair| Some(pair.deinit)).collect();
    let is_mirrored = heaviest_run(&stops, |_| 1);
    let departing = registered.iter().zip(is_mirrored).filter(|(_, is_mirrored)| !is_mirrored);
    departing.map(|(pair, _)| {
        let (init, deinit) = (&entries[pair.init], &entries[pair.deinit]);
        Hit {
            message: format!(
                "`{}` is not where `{}` is, seen from the other end: within a level, what starts later stops earlier",
                deinit.display_name(),
                init.display_name()
            ),
            entry: Some(deinit.position),
            subsystem: deinit.subsystem.clone(),
            confidence: Confidence::Medium,
            suggestion: Some("register the deinit with the level and priority of its init".to_owned()),
            evidence: Vec::new(),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::registered;
    use super::check;

    fn found(order: &[&str]) -> Vec<String> {
        check(&registered(order)).into_iter().filter_map(|hit| hit.subsystem).collect()
    }

    #[test]
    fn a_deinit_that_is_no_mirror_of_its_init_is_found() {
        let inits = ["bus_init", "display_init", "touch_init"];
        let order = |deinits: [&'static str; 3]| [inits, deinits].concat();
        assert_eq!(found(&order(["touch_deinit", "display_deinit", "bus_deinit"])), [""; 0]);
        assert_eq!(found(&order(["bus_deinit", "touch_deinit", "display_deinit"])), ["bus"]);
    }

    #[test]
    fn what_has_no_other_half_is_left_out() {
        assert_eq!(found(&["bus_init", "pwm_deinit", "bus_deinit"]), [""; 0]);
    }
}
