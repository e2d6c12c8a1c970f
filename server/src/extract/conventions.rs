//! What a project says of its firmware that the firmware does not say itself.

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
