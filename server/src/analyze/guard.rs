//! Guards: the conditions under which an init and its deinit are compiled.

use super::clause::clauses;
use super::pair::pairs;
use crate::model::{GuardKind, GuardMismatch, InitTable, Origin};

/// The pairs of a table of origin `source` whose conditions differ, by position
/// of the init call. Subsystems must have been derived.
pub fn mismatches(table: &InitTable) -> Vec<GuardMismatch> {
    let mismatch = |pair: super::pair::Pair| {
        let (init, deinit) = (&table.entries[pair.init], &table.entries[pair.deinit]);
        if init.origin != Origin::Source || deinit.origin != Origin::Source {
            return None;
        }
        let starts = clauses(init.condition.as_deref());
        let stops = clauses(deinit.condition.as_deref());
        let kind = match (starts.is_subset(&stops), stops.is_subset(&starts)) {
            (true, true) => return None,
            (true, false) => GuardKind::DeinitAsksMore,
            (false, true) => GuardKind::InitAsksMore,
            (false, false) => GuardKind::Differ,
        };
        Some(GuardMismatch {
            subsystem: init.subsystem.clone()?,
            init: init.position,
            deinit: deinit.position,
            kind,
        })
    };
    pairs(&table.entries).into_iter().filter_map(mismatch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::derive;
    use crate::extract::source;
    use crate::model::SourceFile;

    fn said(statements: &str) -> Vec<(String, GuardKind)> {
        let text = format!("int main(void) {{ mp_init();\n{statements}\n}}");
        let path = "main.c".to_owned();
        let file =
            SourceFile { port: "demo".parse().unwrap(), path, commit: None, drivers: vec![] };
        let mut table = source::read(text.as_bytes(), file).unwrap().unwrap();
        derive(&mut table);
        table.guards.iter().map(|guard| (guard.subsystem.clone(), guard.kind)).collect()
    }

    #[test]
    fn pairs_under_one_condition_are_fine_however_it_is_written() {
        let same = "#if A && B\na_init();\n#endif\n#if B\n#if (A)\na_deinit();\n#endif\n#endif\nb_init();\nb_deinit();";
        assert_eq!(said(same), []);
    }

    #[test]
    fn a_pair_tells_which_half_asks_for_more() {
        let statements = "
#if A
a_init();
#endif
a_deinit();
b_init();
#if A
b_deinit();
#endif
#if A
c_init();
#endif
#if B
c_deinit();
#endif
#if A
lonely_init();
#endif";
        assert_eq!(
            said(statements),
            [
                ("a".to_owned(), GuardKind::InitAsksMore),
                ("b".to_owned(), GuardKind::DeinitAsksMore),
                ("c".to_owned(), GuardKind::Differ),
            ]
        );
    }
}
