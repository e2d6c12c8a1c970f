//! IB501 `registered-and-called`: a function that its level runs, and main as well.

use super::{Check, Doc, Example, Hit, Rule};
use crate::analyze::fleet::entry;
use crate::analyze::migrate::state::twice;
use crate::model::{InitTable, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB501",
    name: "registered-and-called",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "a function is registered and still called by hand, so that it runs twice",
    what: "
        A table holds a function that main calls by hand as well. Both are seen in the order
        in which they run.",
    why: "
        The call was to go when the registration came. An init that runs twice may lose what
        was set up in between, take a second buffer, or enable an interrupt too early; a deinit
        that runs twice may stop what somebody else has started.",
    example: Some(Example {
        language: "c",
        before: "
            MP_INIT_REGISTER(driver, 10, uart_init0);

            uart_init0();
            mp_init_run_level(MP_INIT_DRIVER);",
        after: "
            MP_INIT_REGISTER(driver, 10, uart_init0);

            mp_init_run_level(MP_INIT_DRIVER);",
    }),
    fix: "
        Remove the call from main, or the registration where the function must stay where main
        calls it. Whether the order is still the one before is told by `initboard diff
        --expect-same-order` with the build before and the one after; a rule, which sees one
        build, cannot.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let hit = |twice: crate::analyze::migrate::state::Twice| {
        let registered = entry(table, twice.registered)?;
        let called = entry(table, twice.called)?;
        let level = registered.level.as_ref()?;
        let stage = called.stage?;
        let name = called.display_name();
        Some(Hit {
            message: format!(
                "`{name}` is registered at level {level} and called by hand in stage {}: it runs twice",
                stage.as_str()
            ),
            entry: Some(called.position),
            subsystem: called.subsystem.clone(),
            suggestion: Some(format!("remove the call of `{name}` from main, or its registration")),
            ..Hit::default()
        })
    };
    twice(table).into_iter().filter_map(hit).collect()
}

#[cfg(test)]
mod tests {
    use crate::analyze::derive;
    use crate::analyze::diff::made;

    fn found(words: &str) -> Vec<String> {
        let mut table = made::table(words);
        derive(&mut table);
        let of_rule = table.findings.into_iter().filter(|finding| finding.rule == "IB501");
        of_rule.map(|finding| finding.message).collect()
    }

    #[test]
    fn a_call_beside_its_registration_is_found() {
        assert_eq!(
            found("start: mp_init uart_init @driver/uart_init stop: uart_deinit"),
            [
                "`uart_init` is registered at level driver and called by hand in stage start: it runs twice"
            ]
        );
        assert_eq!(found("start: mp_init uart_init stop: @driver/uart_deinit"), [""; 0]);
    }
}
