//! IB301 `missing-deinit`: a soft reset starts something anew that nothing stopped.

use super::{Check, Doc, Example, Hit, Rule, evidence_of};
use crate::analyze::consensus::Consensus;
use crate::analyze::fleet::{Fleet, entry};
use crate::model::{Confidence, Severity, Stage};

pub(super) const RULE: Rule = Rule {
    code: "IB301",
    name: "missing-deinit",
    severity: Severity::Warning,
    doc: DOC,
    check: Check::Fleet(check),
};

const DOC: Doc = Doc {
    summary: "a soft reset starts a subsystem anew that nothing stops, and at least two other \
        ports stop it",
    what: "
        An init stands in the part of main that every soft reset runs again, no call stops its
        subsystem, no `[[satisfied]]` of the configuration says that none is needed, and at
        least two other ports do stop it. What is started once per power-up may stay, and so may
        everything on a port that never comes back from its scripts.

        The evidence lists the calls of the ports that do stop it.",
    why: "
        What a script started goes on after the soft reset: a timer fires into freed memory, a
        DAC keeps playing, a DMA channel stays taken. Users see a hard fault or a peripheral
        that cannot be opened again, seconds after the reset and far from its cause. It is the
        commonest of the bugs in this field.",
    example: Some(Example {
        language: "c",
        before: "
            soft_reset:
                mp_init();
                machine_pwm_init();
                pyexec_friendly_repl();
                gc_sweep_all();
                mp_deinit();
                goto soft_reset;",
        after: "
            soft_reset:
                mp_init();
                machine_pwm_init();
                pyexec_friendly_repl();
                machine_pwm_deinit_all();
                gc_sweep_all();
                mp_deinit();
                goto soft_reset;",
    }),
    fix: "
        Stop it on the way out of the soft reset, before `gc_sweep_all`. If it needs no call,
        say in `[[satisfied]]` why: a finaliser that the sweep runs (`finaliser`), an init that
        sets everything back (`reinit`), or something that is meant to stay (`persistent`).",
};

/// Least number of other ports that must stop a subsystem.
const LEAST_SIBLINGS: usize = 2;

fn check(fleet: &Fleet<'_>, _: &Consensus) -> Vec<(usize, Hit)> {
    let mut hits = Vec::new();
    for (unit, uses) in fleet.uses.iter().enumerate() {
        let table = fleet.units[unit].table;
        let resets = table.entries.iter().any(|entry| entry.stage == Some(Stage::Stop));
        for (subsystem, of_subsystem) in uses.iter().filter(|_| resets) {
            let starts = of_subsystem.inits.iter().copied().find(|&position| {
                entry(table, position).is_some_and(|entry| entry.stage == Some(Stage::Start))
            });
            let Some(position) = starts else { continue };
            if !of_subsystem.deinits.is_empty() || of_subsystem.satisfied.is_some() {
                continue;
            }
            let siblings = fleet.others_that_stop(unit, subsystem);
            if siblings.len() < LEAST_SIBLINGS {
                continue;
            }
            let name = entry(table, position).map(|entry| entry.display_name()).unwrap_or_default();
            let ports: Vec<&str> =
                siblings.iter().map(|&(other, _)| fleet.units[other].label).collect();
            let deinits: Vec<_> = siblings
                .iter()
                .map(|&(other, position)| evidence_of(fleet, other, position))
                .collect();
            let call = deinits.first().and_then(|evidence| evidence.function.clone());
            hits.push((
                unit,
                Hit {
                    message: format!(
                        "`{name}` starts {subsystem} on every soft reset, and nothing stops it; {} do so on {}",
                        if siblings.len() == 2 { "two others" } else { "others" },
                        ports.join(", ")
                    ),
                    entry: Some(position),
                    subsystem: Some((*subsystem).to_owned()),
                    confidence: Confidence::Medium,
                    suggestion: Some(match call {
                        Some(call) => format!(
                            "call `{call}` or its like on the way out of a soft reset, or declare in [[satisfied]] why that is not needed"
                        ),
                        None => "stop it on the way out of a soft reset, or declare in [[satisfied]] why that is not needed".to_owned(),
                    }),
                    evidence: deinits,
                },
            ));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::cases::{alike, found};

    const FINE: &str = "usb_init();";
    const STOPS: &str = "usb_deinit(); mp_deinit();";

    #[test]
    fn a_port_that_forgets_what_others_stop_is_found() {
        let mut ports = alike(FINE, STOPS);
        assert_eq!(found("IB301", &ports, ""), [""; 0]);
        ports[2].2 = "mp_deinit();";
        assert_eq!(found("IB301", &ports, ""), ["c usb"]);
    }

    #[test]
    fn what_runs_once_per_power_up_or_what_nobody_stops_is_fine() {
        // No soft reset, and one that nobody stops.
        let mut ports = alike("led_init();", "mp_deinit();");
        ports.push(("once", "usb_init();", ""));
        assert_eq!(found("IB301", &ports, ""), [""; 0]);
    }

    #[test]
    fn a_declaration_or_a_waiver_settles_it() {
        let mut ports = alike(FINE, STOPS);
        ports[2].2 = "mp_deinit();";
        let declared = "[[satisfied]]\nsubsystem = 'usb'\nports = ['c']\nby = 'persistent'\nreason = 'it is static'";
        assert_eq!(found("IB301", &ports, declared), [""; 0]);
        let of_another = declared.replace("['c']", "['d']");
        assert_eq!(found("IB301", &ports, &of_another), ["c usb"]);
        let waived = "[[waiver]]\nrule = 'missing-deinit'\nport = 'c'\nreason = 'later'";
        assert_eq!(found("IB301", &ports, waived), ["c usb waived"]);
        let run_out = format!("{waived}\nuntil = '2026-05-31'");
        assert_eq!(found("IB301", &ports, &run_out), ["c usb"]);
        assert_eq!(found("IB301", &ports, "[severities]\nIB301 = 'off'"), [""; 0]);
    }
}
