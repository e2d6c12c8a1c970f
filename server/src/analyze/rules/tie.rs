//! IB202 `tie`: entries of one level and priority.

use std::collections::BTreeMap;

use super::dependencies::tables;
use super::{Check, Doc, Example, Hit, Rule};
use crate::model::{Entry, InitTable, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB202",
    name: "tie",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "several entries have one level and one priority, so that their names decide",
    what: "
        Two or more entries of one table have the same priority. The linker then sorts them by
        the names of their functions, or where entries carry their priority leaves them in the
        order of their files.",
    why: "
        Renaming a function changes the order in which the firmware starts, in a commit that
        looks as if it could not.",
    example: Some(Example {
        language: "c",
        before: "
            MP_INIT_REGISTER(driver, 10, spi_init0);
            MP_INIT_REGISTER(driver, 10, dac_init);",
        after: "
            MP_INIT_REGISTER(driver, 10, spi_init0);
            MP_INIT_REGISTER(driver, 11, dac_init);",
    }),
    fix: "
        Where the order matters, give the entries different priorities, or state it with
        `MP_AFTER`, which is checked. Where it does not, leave it. A project that wants none
        builds with `MP_REGISTRY_NO_TIES` (in Rust the feature `no-ties`): then two entries
        with one priority do not link.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let mut hits = Vec::new();
    for entries in tables(table) {
        let mut groups: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            if let Some(priority) = &entry.priority {
                groups.entry(priority.as_str()).or_default().push(entry);
            }
        }
        for (priority, group) in groups.into_iter().filter(|(_, group)| group.len() > 1) {
            let first = group[0];
            let names: Vec<String> =
                group.iter().map(|entry| format!("`{}`", entry.display_name())).collect();
            hits.push(Hit {
                message: format!(
                    "{} have priority {priority} in the {} table of level {}: their order follows from their names or files",
                    super::list(&names),
                    first.phase.map_or("", |phase| phase.as_str()),
                    first.level.as_ref().map_or("", |level| level.as_str())
                ),
                entry: Some(first.position),
                suggestion: Some(
                    "give them different priorities, or state what must run first with MP_AFTER".to_owned(),
                ),
                ..Hit::default()
            });
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::cases::found_in;

    #[test]
    fn entries_of_one_priority_are_told_together() {
        let tied = "init driver 10 a\ninit driver 10 b\ninit driver 10 c\ninit driver 11 d";
        let message = "`a`, `b` and `c` have priority 10 in the init table of level driver: their order follows from their names or files";
        assert_eq!(found_in("IB202", tied, ""), [message]);
        let waived = "[[waiver]]\nrule = 'tie'\nreason = 'they do not touch'";
        assert_eq!(found_in("IB202", tied, waived), [format!("(waived) {message}")]);
    }

    #[test]
    fn one_priority_in_two_tables_is_no_tie() {
        let table = "init core 10 a\ninit driver 10 b\ndeinit driver 10 c";
        assert_eq!(found_in("IB202", table, ""), [""; 0]);
    }
}
