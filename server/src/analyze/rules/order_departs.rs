//! IB401 `order-departs`: something runs on the other side of a landmark than on
//! most ports, or is stopped before what most ports stop first.
//!
//! The order of two inits between the same landmarks is left out: drivers rarely
//! need one another at start, and where they do the compiler of the order knows.

use super::deinit_after_sweep::{SWEEP, late};
use super::{Check, Doc, Example, Hit, Rule};
use crate::analyze::consensus::{Consensus, Departure, Item, share};
use crate::analyze::fleet::{Fleet, entry};
use crate::model::{Confidence, Phase, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB401",
    name: "order-departs",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
    check: Check::Fleet(check),
};

const DOC: Doc = Doc {
    summary: "something runs on the other side of a landmark than on three ports in four, or stops \
        before what they stop first",
    what: "
        An init stands on the other side of boot.py or `mp_init`, or a deinit on the other side
        of a landmark or of another deinit, than on at least three in four of the ports that
        have both, of which there must be four. Of all pairs that stand the other way round, the
        fewest items that explain them are reported.

        The order of two inits is left out: drivers rarely need one another at start. So is that
        of two deinits unless main starts both: what scripts start, they start in any order. What
        stands behind the sweep has a rule of its own (`IB305`).",
    why: "
        Ports are written by copying, and most departures are accidents. Some are the reason why
        a driver works on one port and not on the next: what starts after boot.py cannot be
        configured there, and what is stopped after the thing that it stands on uses it when it
        is gone.",
    example: Some(Example {
        language: "c",
        before: r#"
            mp_usbd_init();              /* on other ports behind boot.py, */
            pyexec_file_if_exists("boot.py");   /* which may change the descriptors */"#,
        after: r#"
            pyexec_file_if_exists("boot.py");
            mp_usbd_init();"#,
    }),
    fix: "
        See whether the port needs it so. If it does, waive this with the reason, which tells
        the next reader as well; if nobody knows why, move it to where the others have it.",
};

fn check(fleet: &Fleet<'_>, consensus: &Consensus) -> Vec<(usize, Hit)> {
    let mut hits = Vec::new();
    for (unit, of_unit) in fleet.units.iter().enumerate() {
        // What stands behind the sweep has a rule of its own, and would make all
        // that stands in front of it look early.
        let mut items = fleet.items[unit].to_vec();
        let behind: Vec<u32> =
            late(&items, consensus).into_iter().map(|(_, position, _)| position).collect();
        items.retain(|(_, position)| !behind.contains(position));
        for departure in consensus.departures(&items) {
            let is_started =
                |name: &str| fleet.uses[unit].get(name).is_some_and(|of| !of.inits.is_empty());
            let Some(told) = told(&departure, is_started) else { continue };
            let name = entry(of_unit.table, departure.position).map(|entry| entry.display_name());
            hits.push((
                unit,
                Hit {
                    message: format!(
                        "`{}` ({}) {told}; at least {} have it the other way round",
                        name.unwrap_or_default(),
                        departure.item,
                        share(departure.support, departure.ports, "ports")
                    ),
                    entry: Some(departure.position),
                    subsystem: Some(departure.item.name.clone()),
                    confidence: Confidence::Medium,
                    suggestion: Some(
                        "see whether the port needs it so; if it does, waive this with the reason"
                            .to_owned(),
                    ),
                    evidence: Vec::new(),
                },
            ));
        }
    }
    hits
}

/// What of a departure is worth telling, in words. `is_started` tells what main
/// itself starts.
fn told(departure: &Departure, is_started: impl Fn(&str) -> bool) -> Option<String> {
    let own = &departure.item;
    let matters = |other: &&Item| match (own.phase, other.phase) {
        (Some(Phase::Deinit), None) => other.name != SWEEP,
        // Drivers rarely care about the heap when they start.
        (Some(Phase::Init), None) => other.name != "gc_init",
        // What main starts may stand on one another, as scopes do; what scripts
        // start does not, since each script may start it in another order.
        (Some(Phase::Deinit), Some(Phase::Deinit)) => {
            is_started(&own.name) && is_started(&other.name)
        }
        _ => false,
    };
    let names = |items: &[Item]| -> Vec<String> {
        items.iter().filter(matters).map(Item::to_string).collect()
    };
    let (before, after) = (names(&departure.behind), names(&departure.ahead));
    let parts: Vec<String> = [("before", before), ("after", after)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(word, names)| format!("runs {word} {}", names.join(", ")))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::super::cases::{alike, found};

    #[test]
    fn a_port_that_starts_before_boot_py_what_others_start_after_is_found() {
        let mut ports = alike("pyexec_file(\"boot.py\"); usb_init();", "mp_deinit();");
        assert_eq!(found("IB401", &ports, ""), [""; 0]);
        ports[3].1 = "usb_init(); pyexec_file(\"boot.py\");";
        assert_eq!(found("IB401", &ports, ""), ["d usb"]);
        let waived = "[[waiver]]\nrule = 'IB401'\nport = 'd'\nreason = 'needs it'";
        assert_eq!(found("IB401", &ports, waived), ["d usb waived"]);
    }

    #[test]
    fn a_port_has_one_vote_however_many_boards_share_it_and_however_they_differ() {
        let usual = "pyexec_file(\"boot.py\"); usb_init();";
        let mut ports = alike(usual, "mp_deinit();");
        // Three of four is as few as agree.
        ports.truncate(4);
        ports[3].1 = "usb_init(); pyexec_file(\"boot.py\");";
        for boards in 1..=40 {
            let starts: Vec<String> =
                (0..boards).map(|n| format!("{usual} u{n}_init();")).collect();
            let mut fleet = ports.clone();
            fleet.extend(
                starts.iter().skip(1).map(|starts| (ports[0].0, starts.as_str(), "mp_deinit();")),
            );
            assert_eq!(found("IB401", &fleet, ""), ["d usb"], "{boards} boards");
        }
    }

    #[test]
    fn stopping_in_another_order_is_found_and_starting_so_is_not() {
        let mut ports = alike("a_init(); b_init();", "b_deinit(); a_deinit();");
        ports[0].1 = "b_init(); a_init();";
        assert_eq!(found("IB401", &ports, ""), [""; 0]);
        ports[0].2 = "a_deinit(); b_deinit();";
        assert_eq!(found("IB401", &ports, "").len(), 1);
        // What scripts start is in no order.
        let mut ports = alike("", "b_deinit(); a_deinit();");
        ports[0].2 = "a_deinit(); b_deinit();";
        assert_eq!(found("IB401", &ports, ""), [""; 0]);
    }
}
