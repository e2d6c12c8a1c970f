//! IB306 `never-stopped`: a soft reset starts something anew that nothing stops,
//! here or hardly anywhere.

use super::missing_deinit::{display_name, siblings, unstopped};
use super::{Check, Doc, Example, Hit, Rule};
use crate::analyze::consensus::Consensus;
use crate::analyze::fleet::Fleet;
use crate::model::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB306",
    name: "never-stopped",
    severity: Severity::Note,
    is_opt_in: true,
    doc: DOC,
    check: Check::Fleet(check),
};

const DOC: Doc = Doc {
    summary: "a soft reset starts a subsystem anew that nothing stops, and fewer than two other \
        ports stop it",
    what: "
        The same as `IB301` without its evidence: an init stands in the part of main that every
        soft reset runs again, no call stops its subsystem, and neither its registration nor a
        `[[satisfied]]` of the configuration says that none is needed. No two other ports stop
        it either, so it may be right, and nobody has said why.

        It is off unless `[severities]` gives it a severity: without declarations it names every
        init of a driver that one port alone has. The shipped configuration for MicroPython,
        whose inits were read one by one, switches it on.",
    why: "
        A driver that one port alone has is never missed on the others: nobody sees by
        comparison that its interrupts, its DMA or its callbacks outlive the heap that they
        point into.",
    example: Some(Example {
        language: "c",
        before: "
            soft_reset:
                mp_init();
                timer_init0();          /* forgets its objects */
                pyexec_friendly_repl();
                goto soft_reset;        /* their interrupts go on */",
        after: "
            soft_reset:
                mp_init();
                timer_init0();
                pyexec_friendly_repl();
                timer_deinit();
                goto soft_reset;",
    }),
    fix: "
        Read the init: if it sets back all that a script can have started, hardware included,
        say so in `[[satisfied]]` (`by = \"reinit\"`); if it only forgets its objects, stop it on
        the way out of the soft reset.",
};

fn check(fleet: &Fleet<'_>, _: &Consensus) -> Vec<(usize, Hit)> {
    let alone = unstopped(fleet)
        .into_iter()
        .filter(|&(unit, subsystem, _)| siblings(fleet, unit, subsystem).is_none());
    let hit = |(unit, subsystem, position): (usize, &str, u32)| {
        let hit = Hit {
            message: format!(
                "`{}` starts {subsystem} on every soft reset, and nothing stops it",
                display_name(fleet, unit, position)
            ),
            entry: Some(position),
            subsystem: Some(subsystem.to_owned()),
            confidence: Confidence::Low,
            suggestion: Some(
                "stop it on the way out of a soft reset, or declare in [[satisfied]] why that is not needed"
                    .to_owned(),
            ),
            ..Hit::default()
        };
        (unit, hit)
    };
    alone.map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::{alike, found};

    const ON: &str = "[severities]\nnever-stopped = 'note'\n";

    #[test]
    fn what_a_port_starts_and_nobody_stops_is_found() {
        let mut ports = alike("", "mp_deinit();");
        ports[1].1 = "timer_init0();";
        assert_eq!(found("IB306", &ports, ""), [""; 0], "it is off unless switched on");
        assert_eq!(found("IB306", &ports, ON), ["b timer"]);
        ports[1].2 = "timer_deinit(); mp_deinit();";
        assert_eq!(found("IB306", &ports, ON), [""; 0]);
    }

    #[test]
    fn what_others_stop_is_left_to_the_rule_with_evidence() {
        let mut ports = alike("timer_init0();", "timer_deinit(); mp_deinit();");
        ports[1].2 = "mp_deinit();";
        assert_eq!(found("IB306", &ports, ON), [""; 0]);
        assert_eq!(found("IB301", &ports, ON), ["b timer"]);
    }

    #[test]
    fn a_declaration_or_a_waiver_settles_it() {
        let ports = [("a", "timer_init0();", "mp_deinit();")];
        let declared = format!(
            "{ON}[[satisfied]]\nfunction = 'timer_init0'\nby = 'reinit'\nreason = 'it stops the timers first'"
        );
        assert_eq!(found("IB306", &ports, &declared), [""; 0]);
        let waived =
            format!("{ON}[[waiver]]\nrule = 'never-stopped'\nreason = 'no timer has an interrupt'");
        assert_eq!(found("IB306", &ports, &waived), ["a timer waived"]);
    }
}
