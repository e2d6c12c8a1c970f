//! IB305 `deinit-after-sweep`: a deinit runs after the heap was swept, while most
//! ports run it before.
//!
//! `gc_sweep_all` runs every finaliser and frees every object. A driver that
//! still uses its objects afterwards, as an interrupt may, uses freed memory.

use super::{Check, Doc, Example, Hit, Rule, evidence_of};
use crate::analyze::consensus::{Consensus, Item, Share, Support};
use crate::analyze::fleet::{Fleet, entry};
use crate::model::{Confidence, Phase, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB305",
    name: "deinit-after-sweep",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Fleet(check),
};

const DOC: Doc = Doc {
    summary: "a deinit runs after `gc_sweep_all`, and before it on three ports in four",
    what: "
        A deinit stands behind `gc_sweep_all` in the order of a port, and at least three ports,
        and three in four of those that have both, run it in front. A port has one vote, however
        many boards it has.",
    why: "
        `gc_sweep_all` runs every finaliser and frees every object on the heap. A driver that is
        still on has callbacks and buffers there: an interrupt between the sweep and the deinit
        uses freed memory.",
    example: Some(Example {
        language: "c",
        before: "
            gc_sweep_all();
            machine_pwm_deinit_all();
            mp_deinit();",
        after: "
            machine_pwm_deinit_all();
            gc_sweep_all();
            mp_deinit();",
    }),
    fix: "
        Move it in front of the sweep. A bus that finalisers themselves use, such as the SPI to
        a network chip, is right behind it: waive that with the reason.",
};

/// The landmark that sweeps the heap.
pub(super) const SWEEP: &str = "gc_sweep_all";

/// Least number of ports, and least share of them, that must run it before.
const LEAST_PORTS: u8 = 3;
const LEAST_SUPPORT: Share = Share::new(3, 4);

fn check(fleet: &Fleet<'_>, consensus: &Consensus) -> Vec<(usize, Hit)> {
    let sweep = Item { name: SWEEP.to_owned(), phase: None };
    let mut hits = Vec::new();
    for (unit, of_unit) in fleet.units.iter().enumerate() {
        for (item, position, support) in late(&fleet.items[unit], consensus) {
            let name = entry(of_unit.table, position).map(|entry| entry.display_name());
            let evidence = fleet
                .others_that_stop(unit, &item.name)
                .into_iter()
                .filter(|&(other, _)| runs_before_sweep(fleet, other, item, &sweep))
                .map(|(other, position)| evidence_of(fleet, other, position))
                .collect();
            hits.push((
                unit,
                Hit {
                    message: format!(
                        "`{}` runs after `{SWEEP}`, and before it on {:.0} of {:.0} ports: what it stops may still use objects that the sweep has freed",
                        name.unwrap_or_default(),
                        support.first(),
                        support.both()
                    ),
                    entry: Some(position),
                    subsystem: Some(item.name.clone()),
                    confidence: Confidence::Medium,
                    suggestion: Some(format!("move it in front of `{SWEEP}`")),
                    evidence,
                },
            ));
        }
    }
    hits
}

/// The deinits of a table that run after the sweep, and before it on most ports:
/// each with its position and how many ports these are.
pub(super) fn late<'a>(
    items: &'a [(Item, u32)],
    consensus: &Consensus,
) -> Vec<(&'a Item, u32, Support)> {
    let sweep = Item { name: SWEEP.to_owned(), phase: None };
    let Some(swept) = items.iter().position(|(item, _)| *item == sweep) else {
        return Vec::new();
    };
    let usual = |item: &Item| {
        // The table itself is among those that do not.
        let support = consensus.support(item, &sweep).filter(|_| item.phase == Some(Phase::Deinit));
        support.filter(|of| of.has_first(LEAST_PORTS) && of.has_share(LEAST_SUPPORT))
    };
    let behind = items[swept..].iter();
    behind.filter_map(|(item, position)| Some((item, *position, usual(item)?))).collect()
}

fn runs_before_sweep(fleet: &Fleet<'_>, unit: usize, item: &Item, sweep: &Item) -> bool {
    let place = |wanted: &Item| fleet.items[unit].iter().position(|(other, _)| other == wanted);
    place(item) < place(sweep)
}

#[cfg(test)]
mod tests {
    use super::super::cases::{alike, found};

    #[test]
    fn a_port_that_stops_after_the_sweep_what_others_stop_before_is_found() {
        let mut ports = alike("", "pwm_deinit(); gc_sweep_all(); mp_deinit();");
        assert_eq!(found("IB305", &ports, ""), [""; 0]);
        ports[1].2 = "gc_sweep_all(); pwm_deinit(); mp_deinit();";
        assert_eq!(found("IB305", &ports, ""), ["b pwm"]);
        let waived =
            "[[waiver]]\nrule = 'deinit-after-sweep'\nport = 'b'\nreason = 'static objects'";
        assert_eq!(found("IB305", &ports, waived), ["b pwm waived"]);
    }

    #[test]
    fn where_ports_disagree_nothing_is_said() {
        let mut ports = alike("", "pwm_deinit(); gc_sweep_all();");
        ports[1].2 = "gc_sweep_all(); pwm_deinit();";
        ports[2].2 = "gc_sweep_all(); pwm_deinit();";
        assert_eq!(found("IB305", &ports, ""), [""; 0]);
    }
}
