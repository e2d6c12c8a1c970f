//! IB301 `missing-deinit`: a soft reset starts something anew that nothing stopped.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{Check, Doc, Example, Hit, Rule, evidence_of};
use crate::analyze::check::counts;
use crate::analyze::consensus::Consensus;
use crate::analyze::fleet::{Fleet, entry};
use crate::analyze::policy::Policy;
use crate::model::{Confidence, Evidence, Severity, Stage};

pub(super) const RULE: Rule = Rule {
    code: "IB301",
    name: "missing-deinit",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Fleet(check),
};

const DOC: Doc = Doc {
    summary: "a soft reset starts a subsystem anew that nothing stops, and at least two other \
        ports stop it",
    what: "
        An init stands in the part of main that every soft reset runs again, no call stops its
        subsystem, neither its registration nor a `[[satisfied]]` of the configuration says
        that none is needed, and at least two other ports do stop it, by a call or by a
        declared finaliser. What is started once per power-up may stay, and so may everything
        on a port that never comes back from its scripts. Where fewer ports stop it, `IB306`
        speaks.

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
        say why, in `[[satisfied]]` or, with `MP_SATISFIED`, where it is registered: a finaliser
        that the sweep runs (`finaliser`), an init that sets everything back (`reinit`), or
        something that is meant to stay (`persistent`).",
};

/// Least number of other ports that must stop a subsystem.
const LEAST_SIBLINGS: usize = 2;

fn check(fleet: &Fleet<'_>, _: &Consensus) -> Vec<(usize, Hit)> {
    let missing = unstopped(fleet).into_iter().filter_map(|(unit, subsystem, position)| {
        let siblings = siblings(fleet, unit, subsystem)?;
        Some((
            unit,
            Hit {
                message: format!(
                    "`{}` starts {subsystem} on every soft reset, and nothing stops it; {}",
                    display_name(fleet, unit, position),
                    siblings.words
                ),
                entry: Some(position),
                subsystem: Some(subsystem.to_owned()),
                confidence: Confidence::Medium,
                suggestion: Some(siblings.suggestion),
                evidence: siblings.evidence,
            },
        ))
    });
    missing.collect()
}

/// How many ports stop what is started on every pass and that nothing stops, by table
/// and subsystem: where this rule says it, and it counts.
pub(in crate::analyze) fn missing<'a>(
    fleet: &Fleet<'a>,
    policy: &Policy,
    today: Date,
) -> HashMap<(usize, &'a str), usize> {
    let missing = unstopped(fleet).into_iter().filter_map(|(unit, subsystem, _)| {
        let siblings = siblings(fleet, unit, subsystem)?;
        counts(&RULE, subsystem, fleet.units[unit].port, policy, today)
            .then_some(((unit, subsystem), siblings.ports))
    });
    missing.collect()
}

/// What main starts on every pass and nothing stops: the table, the subsystem and
/// the position of the call that starts it.
pub(super) fn unstopped<'a>(fleet: &Fleet<'a>) -> Vec<(usize, &'a str, u32)> {
    let mut found = Vec::new();
    for (unit, uses) in fleet.uses.iter().enumerate().filter(|(unit, _)| fleet.resets(*unit)) {
        let table = fleet.units[unit].table;
        let is_repeated = |position: &u32| {
            entry(table, *position).is_some_and(|entry| entry.stage == Some(Stage::Start))
        };
        for (subsystem, of_subsystem) in uses.iter() {
            if of_subsystem.deinits.is_empty()
                && of_subsystem.satisfied.is_none()
                && let Some(position) = of_subsystem.inits.iter().copied().find(is_repeated)
            {
                found.push((unit, *subsystem, position));
            }
        }
    }
    found
}

/// The ports that stop what another one does not.
pub(super) struct Siblings {
    /// Who they are, as a sentence goes on.
    pub(super) words: String,
    /// What to do as they do.
    pub(super) suggestion: String,
    /// Their calls.
    pub(super) evidence: Vec<Evidence>,
    /// How many ports they are.
    pub(super) ports: usize,
}

/// The other ports that stop a subsystem, by a call or by a finaliser; `None` for
/// too few of them to be evidence.
pub(super) fn siblings(fleet: &Fleet<'_>, unit: usize, subsystem: &str) -> Option<Siblings> {
    let calls = fleet.others_that_stop(unit, subsystem);
    let finalisers = fleet.others_that_finalise(unit, subsystem);
    let ports = calls.len() + finalisers.len();
    if ports < LEAST_SIBLINGS {
        return None;
    }
    let evidence: Vec<Evidence> =
        calls.iter().map(|&(other, position)| evidence_of(fleet, other, position)).collect();
    let called: Vec<&str> = calls.iter().map(|&(other, _)| fleet.units[other].label).collect();
    let finalised: Vec<&str> = finalisers.iter().map(|port| port.as_str()).collect();
    let words: Vec<String> = [("a call", called), ("a finaliser", finalised)]
        .into_iter()
        .filter(|(_, ports)| !ports.is_empty())
        .map(|(means, ports)| format!("{means} does on {}", ports.join(", ")))
        .collect();
    let call = evidence.first().and_then(|evidence| evidence.function.as_ref());
    let like =
        call.map_or_else(|| "stop it".to_owned(), |call| format!("call `{call}` or its like"));
    Some(Siblings {
        words: words.join(", and "),
        suggestion: format!(
            "{like} on the way out of a soft reset, or declare in [[satisfied]] why that is not needed"
        ),
        evidence,
        ports,
    })
}

/// What to call the entry at a position.
pub(super) fn display_name(fleet: &Fleet<'_>, unit: usize, position: u32) -> String {
    let found = entry(fleet.units[unit].table, position);
    found.map(|entry| entry.display_name()).unwrap_or_default()
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
