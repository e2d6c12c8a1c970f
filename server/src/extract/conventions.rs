//! What a project says of its firmware that the firmware does not say itself.

use sha2::{Digest as _, Sha256};

use crate::model::{Level, RFC_LEVELS, SymbolName};

/// What a project says of its firmware; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conventions {
    /// Its levels, in the order in which init runs them. Those of the RFC that it
    /// does not name follow, then others by the place of their tables.
    pub levels: Vec<Level>,
    /// Functions that are main wherever there is one of them, whatever they call.
    pub main_functions: Vec<SymbolName>,
}

impl Conventions {
    /// A number that changes with what is said; 0 where nothing is. It tells whether a
    /// file must be read anew.
    pub fn fingerprint(&self) -> u32 {
        let Self { levels, main_functions } = self;
        if levels.is_empty() && main_functions.is_empty() {
            return 0;
        }
        // No name holds a NUL or is empty, so an empty one ends a list.
        let levels = levels.iter().map(Level::as_str).chain([""]);
        let names = levels.chain(main_functions.iter().map(SymbolName::as_str));
        let mut digest = Sha256::new();
        for name in names {
            digest.update(name);
            digest.update([0]);
        }
        let digest = digest.finalize();
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }

    /// The level with a number: the RFC numbers its own from 0, and a project's
    /// follow in the order that it says, or else in that of `found`.
    pub(super) fn level(&self, number: u64, found: &[Level]) -> Option<Level> {
        let number = usize::try_from(number).ok()?;
        if let Some(name) = RFC_LEVELS.get(number) {
            return name.parse().ok();
        }
        let known = if self.levels.is_empty() { found } else { &self.levels };
        let mut own = known.iter().filter(|level| !RFC_LEVELS.contains(&level.as_str()));
        own.nth(number - RFC_LEVELS.len()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(names: &[&str]) -> Vec<Level> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn the_fingerprint_changes_with_what_is_said() {
        let mains = |names: &[&str]| {
            names.iter().map(|&name| SymbolName::try_from(name.to_owned()).unwrap()).collect()
        };
        let said = [
            Conventions::default(),
            Conventions { levels: levels(&["a", "b"]), ..Conventions::default() },
            Conventions { levels: levels(&["b", "a"]), ..Conventions::default() },
            Conventions { main_functions: mains(&["a", "b"]), ..Conventions::default() },
            Conventions { levels: levels(&["a"]), main_functions: mains(&["b"]) },
        ];
        let fingerprints: Vec<u32> = said.iter().map(Conventions::fingerprint).collect();
        assert_eq!(fingerprints[0], 0);
        let different: std::collections::BTreeSet<_> = fingerprints.iter().collect();
        assert_eq!(different.len(), said.len(), "{fingerprints:?}");
    }

    #[test]
    fn a_number_names_a_level_of_the_rfc_or_one_of_the_projects_own() {
        let found = levels(&["early", "late"]);
        let none = Conventions::default();
        let name = |of: &Conventions, number| of.level(number, &found).map(|l| l.to_string());
        assert_eq!(name(&none, 2).as_deref(), Some("driver"));
        assert_eq!(name(&none, 4).as_deref(), Some("late"));
        assert_eq!(name(&none, 5), None);
        let own = levels(&["early", "board", "core", "late"]);
        let own = Conventions { levels: own, ..Conventions::default() };
        assert_eq!(name(&own, 4).as_deref(), Some("board"));
        assert_eq!(name(&own, 5).as_deref(), Some("late"));
        assert_eq!(name(&own, u64::MAX), None);
    }
}
