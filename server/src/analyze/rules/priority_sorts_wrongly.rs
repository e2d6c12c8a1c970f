//! IB201 `priority-sorts-wrongly`: a priority that sorts as text where it does not
//! sort as a number.

use super::dependencies::{place_of, tables};
use super::{Check, Doc, Example, Hit, Rule};
use crate::model::{Entry, InitTable, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB201",
    name: "priority-sorts-wrongly",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "an entry stands behind one with a greater number, because the linker sorts \
        priorities as text",
    what: "
        In one table, an entry whose priority is a smaller number stands behind one whose priority
        is a greater number. The linker compares the names of sections letter by letter, so that
        9 is after 10, and 100 before 20.

        The macros of `registry-rt` refuse a priority that is not two digits, in C and in Rust;
        this is about firmware with other macros.",
    why: "
        Whoever wrote the number meant the function to run earlier. It runs too late, and nothing
        in the build says so.",
    example: Some(Example {
        language: "c",
        before: "
            MP_INIT_REGISTER(core, 9, dma_init);
            MP_INIT_REGISTER(core, 10, timer_init0);",
        after: "
            MP_INIT_REGISTER(core, 09, dma_init);
            MP_INIT_REGISTER(core, 10, timer_init0);",
    }),
    fix: "
        Write every priority of a level with the same number of digits.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let mut hits = Vec::new();
    for entries in tables(table) {
        let mut greatest: Option<(u64, &Entry)> = None;
        for entry in entries {
            let Some(number) = number(entry) else { continue };
            match greatest {
                Some((other, before)) if other > number => hits.push(Hit {
                    message: format!(
                        "{} sorts behind {}: the linker compares text, in which {number} is after {other}",
                        place_of(entry),
                        place_of(before)
                    ),
                    entry: Some(entry.position),
                    suggestion: Some(
                        "write every priority of the level with the same number of digits".to_owned(),
                    ),
                    ..Hit::default()
                }),
                _ => greatest = Some((number, entry)),
            }
        }
    }
    hits
}

fn number(entry: &Entry) -> Option<u64> {
    entry.priority.as_ref()?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::cases::found_in;

    #[test]
    fn nine_behind_ten_is_found_and_nine_with_a_zero_is_not() {
        let wrong = "init core 00 a\ninit core 10 b\ninit core 9 c";
        assert_eq!(
            found_in("IB201", wrong, ""),
            [
                "`c` (core 9) sorts behind `b` (core 10): the linker compares text, in which 9 is after 10"
            ]
        );
        assert_eq!(found_in("IB201", "init core 09 c\ninit core 10 b", ""), [""; 0]);
        // Another level or phase is another table.
        assert_eq!(found_in("IB201", "init core 10 b\ninit driver 9 c", ""), [""; 0]);
        let waived = "[[waiver]]\nrule = 'IB201'\nreason = 'vendor macros'";
        assert_eq!(
            found_in("IB201", wrong, waived),
            [
                "(waived) `c` (core 9) sorts behind `b` (core 10): the linker compares text, in which 9 is after 10"
            ]
        );
    }

    #[test]
    fn deinit_tables_are_run_backwards() {
        assert_eq!(found_in("IB201", "deinit core 10 b\ndeinit core 00 a", ""), [""; 0]);
        assert_eq!(found_in("IB201", "deinit core 9 c\ndeinit core 10 b", "").len(), 1);
    }
}
