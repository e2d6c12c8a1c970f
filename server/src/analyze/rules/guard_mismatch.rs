//! IB304 `guard-mismatch`: the init and the deinit of a subsystem stand under
//! different conditions of the preprocessor, so that some configuration compiles
//! one without the other.
//!
//! A deinit that asks for less than its init is left out: functions that stop
//! all of something are safe to call, and most are written so.

use super::{Check, Doc, Example, Hit, Rule};
use crate::analyze::fleet::entry;
use crate::model::{Confidence, GuardKind, InitTable, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB304",
    name: "guard-mismatch",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "a deinit stands under conditions of the preprocessor that its init does not have",
    what: "
        In the text of main an init and the deinit of the same subsystem stand under different
        conditions, and the deinit asks for something that the init does not. A deinit that asks
        for less is fine: functions that stop all of something are safe to call where nothing
        was started.

        Conditions are compared clause by clause, however the `#if`s are nested, and nothing is
        known of what their macros mean.",
    why: "
        Some configuration compiles the init and not the deinit, so that it starts what it never
        stops. It is rarely the configuration that anybody tests.",
    example: Some(Example {
        language: "c",
        before: "
            #if MICROPY_PY_MACHINE_I2S
            machine_i2s_init0();
            #endif
            /* ... */
            #if MICROPY_PY_MACHINE_I2S && MICROPY_PY_NETWORK
            machine_i2s_deinit_all();
            #endif",
        after: "
            #if MICROPY_PY_MACHINE_I2S
            machine_i2s_init0();
            #endif
            /* ... */
            #if MICROPY_PY_MACHINE_I2S
            machine_i2s_deinit_all();
            #endif",
    }),
    fix: "
        Put both under one condition: that of the driver, not that of whoever happens to use it.
        Where one condition implies the other, as one macro that is only ever set with another,
        waive this with that reason.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let wanted = table.guards.iter().filter(|guard| guard.kind != GuardKind::InitAsksMore);
    let hit = |guard: &crate::model::GuardMismatch| {
        let half = |position| {
            let entry = entry(table, position)?;
            let condition = match &entry.condition {
                Some(condition) => format!("under `{condition}`"),
                None => "always".to_owned(),
            };
            Some((entry.display_name(), condition))
        };
        let ((init, starts), (deinit, stops)) = (half(guard.init)?, half(guard.deinit)?);
        Some(Hit {
            message: format!(
                "`{init}` is compiled {starts}, and `{deinit}` {stops}: {}",
                guard.kind.as_str()
            ),
            entry: Some(guard.deinit),
            subsystem: Some(guard.subsystem.clone()),
            confidence: match guard.kind {
                GuardKind::DeinitAsksMore => Confidence::High,
                _ => Confidence::Medium,
            },
            suggestion: Some("put both under one condition".to_owned()),
            evidence: Vec::new(),
        })
    };
    wanted.filter_map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::{alike, found};

    #[test]
    fn a_deinit_that_asks_for_more_than_its_init_is_found() {
        let ports = [("a", "usb_init();", "\n#if X\nusb_deinit();\n#endif\n")];
        assert_eq!(found("IB304", &ports, ""), ["a usb"]);
        let waived = "[[waiver]]\nrule = 'IB304'\nsubsystem = 'usb'\nreason = 'static'";
        assert_eq!(found("IB304", &ports, waived), ["a usb waived"]);
    }

    #[test]
    fn one_condition_or_a_deinit_that_always_runs_is_fine() {
        let same = alike("\n#if X\nusb_init();\n#endif\n", "\n#if X\nusb_deinit();\n#endif\n");
        assert_eq!(found("IB304", &same, ""), [""; 0]);
        let always = [("a", "\n#if X\nusb_init();\n#endif\n", "usb_deinit();")];
        assert_eq!(found("IB304", &always, ""), [""; 0]);
    }
}
