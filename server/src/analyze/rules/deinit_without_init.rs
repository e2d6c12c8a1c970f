//! IB302 `deinit-without-init`: a port stops what it does not start, and the other
//! ports that stop it start it, too.

use super::missing_deinit::display_name;
use super::{Check, Doc, Example, Hit, Rule, evidence_of};
use crate::analyze::consensus::Consensus;
use crate::analyze::fleet::Fleet;
use crate::model::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB302",
    name: "deinit-without-init",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
    check: Check::Fleet(check),
};

const DOC: Doc = Doc {
    summary: "a port stops a subsystem that it does not start, and at least three in four of the \
        ports that stop it start it themselves",
    what: "
        A deinit of main has no init of its subsystem, neither called nor registered. Most
        drivers are started by scripts, so that this alone means nothing: it is reported where
        at least three other ports stop the subsystem, and three in four of them start it in
        main.",
    why: "
        An init that was lost leaves a driver that the first script finds unprepared: lists that
        are not empty, a lock that nobody made. The deinit that is left over shows it.",
    example: Some(Example {
        language: "c",
        before: "
            mp_init();
            pyexec_friendly_repl();
            mod_network_deinit();",
        after: "
            mp_init();
            mod_network_init();
            pyexec_friendly_repl();
            mod_network_deinit();",
    }),
    fix: "
        Start it where the other ports do; the evidence lists their calls. If something else
        starts it, waive this with the reason.",
};

/// Least number of other ports that must stop it, of which three in four must
/// start it.
const LEAST_SIBLINGS: usize = 3;

fn check(fleet: &Fleet<'_>, _: &Consensus) -> Vec<(usize, Hit)> {
    let mut hits = Vec::new();
    for (unit, uses) in fleet.uses.iter().enumerate() {
        for (&subsystem, of_subsystem) in uses.iter() {
            let Some(&position) = of_subsystem.deinits.first() else { continue };
            if !of_subsystem.inits.is_empty() {
                continue;
            }
            let others = fleet.others_that_stop_and_start(unit, subsystem);
            let starting: Vec<(usize, u32)> = others
                .iter()
                .filter_map(|&other| Some((other, *fleet.uses[other][subsystem].inits.first()?)))
                .collect();
            if others.len() < LEAST_SIBLINGS || starting.len() * 4 < others.len() * 3 {
                continue;
            }
            hits.push((
                unit,
                Hit {
                    message: format!(
                        "`{}` stops {subsystem}, which main does not start; {} of the {} other ports that stop it do",
                        display_name(fleet, unit, position),
                        starting.len(),
                        others.len()
                    ),
                    entry: Some(position),
                    subsystem: Some(subsystem.to_owned()),
                    confidence: Confidence::Medium,
                    suggestion: Some("start it where the others do".to_owned()),
                    evidence: starting
                        .iter()
                        .map(|&(other, position)| evidence_of(fleet, other, position))
                        .collect(),
                },
            ));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::cases::{alike, found};

    #[test]
    fn a_port_that_lost_its_init_is_found() {
        let mut ports = alike("network_init();", "network_deinit(); mp_deinit();");
        assert_eq!(found("IB302", &ports, ""), [""; 0]);
        ports[3].1 = "";
        assert_eq!(found("IB302", &ports, ""), ["d network"]);
        let waived = "[[waiver]]\nrule = 'IB302'\nport = 'd'\nreason = 'the board does it'";
        assert_eq!(found("IB302", &ports, waived), ["d network waived"]);
    }

    #[test]
    fn what_scripts_start_on_every_port_is_fine() {
        let mut ports = alike("", "pwm_deinit_all(); mp_deinit();");
        assert_eq!(found("IB302", &ports, ""), [""; 0]);
        // One that starts it all the same makes no rule.
        ports[0].1 = "pwm_init();";
        assert_eq!(found("IB302", &ports, ""), [""; 0]);
    }
}
