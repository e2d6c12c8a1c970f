//! IB403 `missing-landmark`: a soft reset leaves out a call that most ports make
//! there: `gc_sweep_all`, which runs the finalisers, or `mp_deinit`.

use std::collections::BTreeSet;

use super::{Check, Doc, Example, Hit, Rule};
use crate::analyze::consensus::Consensus;
use crate::analyze::fleet::Fleet;
use crate::model::{Confidence, Entry, Phase, Severity, Stage};

pub(super) const RULE: Rule = Rule {
    code: "IB403",
    name: "missing-landmark",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Fleet(check),
};

const DOC: Doc = Doc {
    summary: "a soft reset leaves out `gc_sweep_all` or `mp_deinit`, and seven ports in ten call \
        it",
    what: "
        Main comes out of its scripts and never calls `mp_deinit`, or stops something there and
        never calls `gc_sweep_all`; at least four ports, and seven in ten of those that come
        that far, do. A main that stops nothing on its way out may just end.",
    why: "
        Without `gc_sweep_all` the finalisers of objects that are still alive do not run: files
        stay open and unwritten, sockets and peripherals stay on. Without `mp_deinit` what the
        runtime holds is not released before the next `mp_init` sets it up again.",
    example: Some(Example {
        language: "c",
        before: "
            soft_reset:
                mp_init();
                pyexec_friendly_repl();
                timer_deinit();
                goto soft_reset;",
        after: "
            soft_reset:
                mp_init();
                pyexec_friendly_repl();
                timer_deinit();
                gc_sweep_all();
                mp_deinit();
                goto soft_reset;",
    }),
    fix: "
        Call it before the next pass: first the deinits of drivers, then `gc_sweep_all`, then
        `mp_deinit`. A port whose heap does not outlive the pass may do without the sweep: waive
        this with the reason.",
};

/// The calls; whether they are expected of every main that comes out of its
/// scripts, or only of those that stop something then; and what they are for.
const EXPECTED: [(&str, bool, &str); 2] = [
    (
        "gc_sweep_all",
        false,
        "finalisers of live objects do not run: files stay open, peripherals stay on",
    ),
    ("mp_deinit", true, "what the runtime holds is not released"),
];

/// Least number of ports that must make the call.
const LEAST_PORTS: usize = 4;

fn check(fleet: &Fleet<'_>, _: &Consensus) -> Vec<(usize, Hit)> {
    let mut hits = Vec::new();
    for (landmark, always, effect) in EXPECTED {
        // A main that stops nothing on its way out may just end.
        let resets = |unit: usize| {
            let entries = &fleet.units[unit].table.entries;
            entries.iter().any(|entry| {
                entry.stage == Some(Stage::Stop) && (always || entry.phase == Some(Phase::Deinit))
            })
        };
        let has = |unit: usize| {
            let is_it = |entry: &Entry| {
                entry.function.as_ref().is_some_and(|name| name.as_str() == landmark)
            };
            fleet.units[unit].table.entries.iter().any(is_it)
        };
        let ports = |wanted: &dyn Fn(usize) -> bool| {
            let units = (0..fleet.units.len()).filter(|&unit| resets(unit) && wanted(unit));
            units.map(|unit| fleet.units[unit].port).collect::<BTreeSet<_>>().len()
        };
        let (having, all) = (ports(&has), ports(&|_| true));
        // Seven in ten, in whole numbers.
        if having < LEAST_PORTS || having * 10 < all * 7 {
            continue;
        }
        for unit in (0..fleet.units.len()).filter(|&unit| resets(unit) && !has(unit)) {
            hits.push((
                unit,
                Hit {
                    message: format!(
                        "`{landmark}` is not called on the way out of a soft reset, as it is on {having} of {all} ports: {effect}"
                    ),
                    confidence: Confidence::Medium,
                    suggestion: Some(format!("call `{landmark}` before the next pass")),
                    ..Hit::default()
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
    fn a_soft_reset_that_does_not_sweep_is_found() {
        let mut ports = alike("", "pin_deinit(); gc_sweep_all(); mp_deinit();");
        assert_eq!(found("IB403", &ports, ""), [""; 0]);
        ports[4].2 = "pin_deinit(); mp_deinit();";
        assert_eq!(found("IB403", &ports, ""), ["e -"]);
        let waived = "[[waiver]]\nrule = 'IB403'\nport = 'e'\nreason = 'no finalisers'";
        assert_eq!(found("IB403", &ports, waived), ["e - waived"]);
        // One that stops nothing ends rather than resets.
        ports[4].2 = "";
        assert_eq!(found("IB403", &ports, ""), [""; 0]);
    }
}
