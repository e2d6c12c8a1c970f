//! IB205 `dependency-cycle`: entries that wait for each other.

use super::dependencies::{Dependencies, place_of};
use super::{Check, Doc, Example, Hit, Rule};
use crate::model::{InitTable, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB205",
    name: "dependency-cycle",
    severity: Severity::Error,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "entries state to run after each other, so that no order satisfies them",
    what: "
        Following what entries state to run after leads back to where it began. The shortest such
        circle is told, from the entry of it that runs first.",
    why: "
        At least one of the functions runs before something that its author says it needs. No
        priority can mend that.",
    example: Some(Example {
        language: "c",
        before: "
            MP_INIT_REGISTER_WITH(driver, 10, spi_init0, MP_AFTER(dma_init));
            MP_INIT_REGISTER_WITH(driver, 20, dma_init, MP_AFTER(spi));",
        after: "
            MP_INIT_REGISTER_WITH(driver, 20, spi_init0, MP_AFTER(dma_init));
            MP_INIT_REGISTER(driver, 10, dma_init);",
    }),
    fix: "
        Take out the dependency that is not one. Where both are, split a function: what the other
        needs of it first, and the rest after.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let dependencies = Dependencies::of(table);
    if dependencies.pairs.is_empty() {
        return Vec::new();
    }
    let (cycles, _) = dependencies.cycles();
    let hit = |cycle: Vec<usize>| {
        let first = dependencies.entries[cycle[0]];
        // Each waits for the one before it, so backwards they read as they wait.
        let mut names: Vec<String> =
            cycle.iter().rev().map(|&place| place_of(dependencies.entries[place])).collect();
        names.rotate_right(1);
        names.push(format!("`{}`", first.display_name()));
        Hit {
            message: format!("no order satisfies these dependencies: {}", names.join(" after ")),
            entry: Some(first.position),
            subsystem: first.subsystem.clone(),
            suggestion: Some(
                "take out the dependency that is not one, or split a function".to_owned(),
            ),
            ..Hit::default()
        }
    };
    cycles.into_iter().map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::found_in;

    #[test]
    fn the_shortest_circle_is_told_in_the_order_in_which_its_entries_wait() {
        let table = "init core 10 a after b\ninit core 20 b after c\ninit core 30 c after a,d\ninit core 40 d after c\ninit core 50 e after d";
        let message = "no order satisfies these dependencies: `a` (core 10) after `b` (core 20) after `c` (core 30) after `a`";
        assert_eq!(found_in("IB205", table, "")[0], message);
        let two = "init core 10 a after b\ninit core 20 b after a";
        assert_eq!(
            found_in("IB205", two, ""),
            ["no order satisfies these dependencies: `a` (core 10) after `b` (core 20) after `a`"]
        );
        let waived = "[[waiver]]\nrule = 'dependency-cycle'\nreason = 'known'";
        assert!(found_in("IB205", two, waived)[0].starts_with("(waived)"));
    }

    #[test]
    fn what_leads_into_a_circle_or_out_of_it_is_no_circle() {
        let table = "init core 00 a\ninit core 10 b after a\ninit core 20 c after a,b";
        assert_eq!(found_in("IB205", table, ""), [""; 0]);
        let table = "init core 00 a\ninit core 10 b after a,c\ninit core 20 c after b\ninit core 30 d after c";
        assert_eq!(
            found_in("IB205", table, ""),
            ["no order satisfies these dependencies: `b` (core 10) after `c` (core 20) after `b`"]
        );
    }

    #[test]
    fn a_thousand_entries_that_all_wait_for_each_other_end() {
        let lines: Vec<String> =
            (0..1000).map(|n| format!("init core {n:03} f{n}_init after all is all")).collect();
        assert!(!found_in("IB205", &lines.join("\n"), "").is_empty());
    }
}
