//! IB106 `level-never-run`: entries of a level that main is not seen to run.

use super::{Check, Hit, Rule};
use crate::model::{Entry, EntryKind, Origin, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB106",
    name: "level-never-run",
    severity: Severity::Warning,
    check: Check::Table(|table| {
        // A level that is run, and nobody knows which, may be this one.
        let unknown = table.entries.iter().any(|entry| entry.kind == EntryKind::RunLevel);
        let Some(main) = table.main.as_ref().filter(|_| !unknown) else {
            return Vec::new();
        };
        let unseen = |entry: &&Entry| entry.origin == Origin::Registry && entry.stage.is_none();
        let mut hits: Vec<Hit> = Vec::new();
        let mut last = None;
        for entry in table.entries.iter().filter(unseen) {
            let (Some(phase), Some(level)) = (entry.phase, &entry.level) else { continue };
            if last == Some((phase, level)) {
                continue;
            }
            last = Some((phase, level));
            hits.push(Hit {
                message: format!(
                    "the {phase} entries of level {level} are registered, and `{}` is not seen to run that level: call mp_{phase}_run_level with it",
                    main.function
                ),
                entry: Some(entry.position),
                ..Hit::default()
            });
        }
        hits
    }),
};
