//! IB402 `driver-not-stopped`: a port has a driver that its main never stops, and
//! several of the ports that have one do.

use std::collections::BTreeSet;

use super::missing_deinit::siblings;
use super::{Check, Doc, Example, Hit, Rule};
use crate::analyze::consensus::Consensus;
use crate::analyze::fleet::Fleet;
use crate::model::{Confidence, PortName, Severity, Stage};

pub(super) const RULE: Rule = Rule {
    code: "IB402",
    name: "driver-not-stopped",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Fleet(check),
};

const DOC: Doc = Doc {
    summary: "a port has a driver that its main does not stop on a soft reset, and at least a third of \
        the ports that have one stop theirs",
    what: "
        Scripts start most drivers, so that main has no init for them. Whether a port has one is
        told by the name of a file (`[tree]` `drivers` of the configuration:
        `machine_uart.c` is about `uart`). Of the ports that come back from their scripts and
        have the driver, at least a third, and at least two others, stop it on the way out, by a
        call or by a declared finaliser; this one does neither, and no `[[satisfied]]` says
        that it need not.",
    why: "
        A UART or a PWM channel that a script opened keeps running when the script is gone: its
        interrupt writes into a buffer that the next heap uses for something else, and its pin
        stays driven. Nothing in main tells that a line is missing.",
    example: Some(Example {
        language: "c",
        before: "
            soft_reset_exit:
                machine_pwm_deinit_all();
                gc_sweep_all();     /* machine_uart.c is compiled, too */",
        after: "
            soft_reset_exit:
                machine_uart_deinit_all();
                machine_pwm_deinit_all();
                gc_sweep_all();",
    }),
    fix: "
        Give the driver a function that stops all of its objects, and call it before
        `gc_sweep_all`. If its objects have a finaliser, or must survive a soft reset, say so in
        `[[satisfied]]` with the subsystem, the port and the reason.",
};

fn check(fleet: &Fleet<'_>, _: &Consensus) -> Vec<(usize, Hit)> {
    let mut hits = Vec::new();
    for (unit, drivers) in fleet.drivers.iter().enumerate().filter(|(unit, _)| fleet.resets(*unit))
    {
        for (subsystem, has) in drivers.iter() {
            // What main starts on every pass is IB301's.
            let is_used = fleet.uses[unit].get(subsystem.as_str()).is_some_and(|of_subsystem| {
                !of_subsystem.deinits.is_empty()
                    || of_subsystem.inits.iter().any(|&position| {
                        let entry = crate::analyze::fleet::entry(fleet.units[unit].table, position);
                        entry.is_some_and(|entry| entry.stage == Some(Stage::Start))
                    })
            });
            if is_used || has.satisfied.is_some() {
                continue;
            }
            let Some(siblings) = siblings(fleet, unit, subsystem) else { continue };
            let owners = owners(fleet, subsystem);
            if siblings.ports * 3 < owners.len() {
                continue;
            }
            hits.push((
                unit,
                Hit {
                    message: format!(
                        "`{}` drives {subsystem}, and nothing stops {subsystem} on a soft reset; {}",
                        has.driver.path, siblings.words
                    ),
                    entry: way_out(fleet, unit),
                    subsystem: Some(subsystem.clone()),
                    confidence: Confidence::Medium,
                    suggestion: Some(siblings.suggestion),
                    evidence: siblings.evidence,
                },
            ));
        }
    }
    hits
}

/// The ports that come back from their scripts and have a driver for `subsystem`,
/// or stop it all the same.
fn owners<'a>(fleet: &Fleet<'a>, subsystem: &str) -> BTreeSet<&'a PortName> {
    let owns = |&unit: &usize| {
        let stops = fleet.uses[unit].get(subsystem).is_some_and(|of| !of.deinits.is_empty());
        fleet.resets(unit) && (stops || fleet.drivers[unit].contains_key(subsystem))
    };
    (0..fleet.units.len()).filter(owns).map(|unit| fleet.units[unit].port).collect()
}

/// Where main comes back from its scripts.
fn way_out(fleet: &Fleet<'_>, unit: usize) -> Option<u32> {
    let entries = &fleet.units[unit].table.entries;
    let first = entries.iter().find(|entry| entry.stage == Some(Stage::Stop));
    first.map(|entry| entry.position)
}

#[cfg(test)]
mod tests {
    use super::super::cases::{alike, found, found_with_drivers};

    const STOPS: &str = "uart_deinit_all(); mp_deinit();";
    const UART: [&str; 1] = ["uart"];

    #[test]
    fn a_port_that_leaves_its_driver_running_is_found() {
        let mut ports = alike("", STOPS);
        ports[2].2 = "mp_deinit();";
        assert_eq!(found_with_drivers("IB402", &ports, &UART, ""), ["c uart"]);
        // Without the driver there is nothing to stop.
        assert_eq!(found("IB402", &ports, ""), [""; 0]);
    }

    #[test]
    fn where_few_ports_stop_it_nothing_is_said() {
        let mut ports = alike("", "mp_deinit();");
        ports.extend([("f", "", "mp_deinit();"), ("g", "", "mp_deinit();")]);
        ports[0].2 = STOPS;
        ports[1].2 = STOPS;
        assert_eq!(found_with_drivers("IB402", &ports, &UART, ""), [""; 0]);
        // A main that starts it on every pass is told by another rule.
        let mut ports = alike("", STOPS);
        ports[2] = ("c", "uart_init0();", "mp_deinit();");
        assert_eq!(found_with_drivers("IB402", &ports, &UART, ""), [""; 0]);
        assert_eq!(found_with_drivers("IB301", &ports, &UART, ""), ["c uart"]);
    }

    #[test]
    fn finalisers_stop_as_well_as_calls() {
        let mut ports = alike("", "mp_deinit();");
        ports[0].2 = STOPS;
        let declared = "[[satisfied]]\nsubsystem = 'uart'\nports = ['b', 'd', 'e']\nby = 'finaliser'\nreason = 'its objects have one'";
        assert_eq!(found_with_drivers("IB402", &ports, &UART, declared), ["c uart"]);
        let waived = format!("{declared}\n[[waiver]]\nrule = 'IB402'\nreason = 'later'");
        assert_eq!(found_with_drivers("IB402", &ports, &UART, &waived), ["c uart waived"]);
    }
}
