//! The builds of a board: every way in which whoever builds can choose, from the
//! conditions of its linker scripts.
//!
//! A condition is a text of the catalog, such as `USE_MBOOT = 1 and SD is set, or DFU != 1`.
//! Each way to give its variables values is one build; a variable may have any value
//! that a condition names, or another one. What a condition says in another form
//! (CMake's own words) is so or is not so, as a whole.

use std::collections::BTreeMap;

/// Most builds of one board that are told apart. MicroPython's have up to 12.
const MAX_WORLDS: usize = 1024;

/// What the conditions depend on, and what they say.
pub(super) struct Worlds<'c> {
    variables: Vec<Variable<'c>>,
    /// Of each condition its alternatives, of which one must hold; `None` for always.
    conditions: BTreeMap<&'c str, Vec<Vec<Test>>>,
}

/// A variable with the values that conditions name. In a world it has one of these, by
/// index, or another one: the index behind the last.
struct Variable<'c> {
    name: &'c str,
    /// Empty for a text that is so, index 0, or is not so.
    values: Vec<&'c str>,
}

/// A part of a condition: whether a variable has a value.
#[derive(Clone, Copy)]
struct Test {
    variable: usize,
    value: usize,
    holds: bool,
}

/// One build: the index of the value of each variable.
pub(super) type World = Vec<usize>;

/// Builds that are alike: of each variable the values that it may have.
type Cube = Vec<Vec<bool>>;

impl<'c> Worlds<'c> {
    pub(super) fn of(conditions: impl Iterator<Item = &'c str>) -> Self {
        let mut worlds = Self { variables: Vec::new(), conditions: BTreeMap::new() };
        for condition in conditions {
            let alternatives = condition
                .split(", or ")
                .map(|way| way.split(" and ").map(|part| worlds.test(part)).collect())
                .collect();
            worlds.conditions.insert(condition, alternatives);
        }
        worlds
    }

    fn test(&mut self, part: &'c str) -> Test {
        let (name, value, holds) = if let Some(name) = part.strip_suffix(" is not set") {
            (name, Some(""), true)
        } else if let Some(name) = part.strip_suffix(" is set") {
            (name, Some(""), false)
        } else if let Some((name, value)) = part.split_once(" != ") {
            (name, Some(value), false)
        } else if let Some((name, value)) = part.split_once(" = ") {
            (name, Some(value), true)
        } else if let Some(text) = part.strip_prefix("not (").and_then(|t| t.strip_suffix(')')) {
            (text, None, false)
        } else {
            (part, None, true)
        };
        let same =
            |known: &Variable| known.name == name && known.values.is_empty() == value.is_none();
        let variable = self.variables.iter().position(same).unwrap_or_else(|| {
            self.variables.push(Variable { name, values: Vec::new() });
            self.variables.len() - 1
        });
        let Some(value) = value else { return Test { variable, value: 0, holds } };
        let values = &mut self.variables[variable].values;
        let value = values.iter().position(|known| *known == value).unwrap_or_else(|| {
            values.push(value);
            values.len() - 1
        });
        Test { variable, value, holds }
    }

    /// All of them; `None` where there are too many.
    pub(super) fn all(&self) -> Option<Vec<World>> {
        let mut worlds = vec![World::new()];
        for variable in &self.variables {
            if worlds.len() * variable.choices() > MAX_WORLDS {
                return None;
            }
            let with = |world: &World| {
                let world = world.clone();
                (0..variable.choices()).map(move |value| [&world[..], &[value]].concat())
            };
            worlds = worlds.iter().flat_map(with).collect();
        }
        Some(worlds)
    }

    /// Whether a condition holds in a world.
    pub(super) fn holds(&self, condition: Option<&str>, world: &World) -> bool {
        let Some(condition) = condition else { return true };
        self.conditions.get(condition).is_some_and(|alternatives| {
            let is_so = |test: &Test| (world[test.variable] == test.value) == test.holds;
            alternatives.iter().any(|way| way.iter().all(is_so))
        })
    }

    /// When a world is one of those for which `are` is true, in the words of the
    /// conditions; `None` for always. Where `are` is `None`, it does not matter.
    pub(super) fn when(&self, all: &[World], are: &[Option<bool>]) -> Option<String> {
        let mut ways: Vec<Cube> = Vec::new();
        for (world, _) in all.iter().zip(are).filter(|(_, are)| **are == Some(true)) {
            if !ways.iter().any(|way| has(way, world)) {
                ways.push(self.widened(world, all, are));
            }
        }
        let texts: Vec<String> = ways.iter().map(|way| self.words(way)).collect();
        texts.iter().all(|text| !text.is_empty()).then(|| texts.join(", or "))
    }

    /// As many worlds as possible around one, with none that is not one of those.
    fn widened(&self, world: &World, all: &[World], are: &[Option<bool>]) -> Cube {
        let only = |(variable, value): (&Variable, &usize)| -> Vec<bool> {
            (0..variable.choices()).map(|choice| choice == *value).collect()
        };
        let mut cube: Cube = self.variables.iter().zip(world).map(only).collect();
        let fits = |cube: &Cube| {
            !all.iter().zip(are).any(|(world, are)| *are == Some(false) && has(cube, world))
        };
        // What decides last is the most particular. A variable that does not matter
        // is better left out than told by all values but one.
        for variable in (0..cube.len()).rev() {
            let before = std::mem::take(&mut cube[variable]);
            cube[variable] = vec![true; before.len()];
            if !fits(&cube) {
                cube[variable] = before;
            }
        }
        for variable in (0..cube.len()).rev() {
            for choice in 0..cube[variable].len() {
                let before = std::mem::replace(&mut cube[variable][choice], true);
                cube[variable][choice] = before || fits(&cube);
            }
        }
        cube
    }

    fn words(&self, cube: &Cube) -> String {
        let of_variable = |(variable, choices): (&Variable, &Vec<bool>)| variable.words(choices);
        let parts: Vec<String> = self.variables.iter().zip(cube).filter_map(of_variable).collect();
        parts.join(" and ")
    }
}

impl Variable<'_> {
    /// How many values it may have; another one than those that are named counts as one.
    fn choices(&self) -> usize {
        self.values.len().max(1) + 1
    }

    /// That it has one of these values; `None` where it may have any.
    fn words(&self, choices: &[bool]) -> Option<String> {
        let name = self.name;
        if choices.iter().all(|choice| *choice) {
            return None;
        }
        let may_be_other = choices.last() == Some(&true);
        if self.values.is_empty() {
            return Some(if may_be_other { format!("not ({name})") } else { name.to_owned() });
        }
        let told = self.values.iter().zip(choices).filter(|(_, choice)| **choice != may_be_other);
        let texts = told.map(|(value, _)| match (*value, may_be_other) {
            ("", true) => format!("{name} is set"),
            ("", false) => format!("{name} is not set"),
            (value, true) => format!("{name} != {value}"),
            (value, false) => format!("{name} = {value}"),
        });
        let between = if may_be_other { " and " } else { " or " };
        Some(texts.collect::<Vec<_>>().join(between))
    }
}

fn has(cube: &Cube, world: &World) -> bool {
    cube.iter().zip(world).all(|(choices, value)| choices[*value])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When none of `conditions` holds.
    fn otherwise(conditions: &[&str]) -> Option<String> {
        let worlds = Worlds::of(conditions.iter().copied());
        let all = worlds.all().unwrap();
        let none = |world| !conditions.iter().any(|text| worlds.holds(Some(text), world));
        let are: Vec<Option<bool>> = all.iter().map(|world| Some(none(world))).collect();
        worlds.when(&all, &are)
    }

    #[test]
    fn the_other_builds_are_told_in_the_words_of_the_conditions() {
        for (conditions, said) in [
            (&["A = 1"][..], "A != 1"),
            (&["A is set"], "A is not set"),
            (&["A = 1 and B is set"], "B is not set, or A != 1"),
            (&["A = 1, or A = 2"], "A != 1 and A != 2"),
            (&["A = 1", "A != 1 and A != 2"], "A = 2"),
            (&["A = 1", "A != 1 and B is set"], "A != 1 and B is not set"),
            (&["TARGET STREQUAL x"], "not (TARGET STREQUAL x)"),
            (&["not (TARGET STREQUAL x)"], "TARGET STREQUAL x"),
        ] {
            assert_eq!(otherwise(conditions).as_deref(), Some(said), "{conditions:?}");
        }
    }

    #[test]
    fn builds_that_are_too_many_are_not_told_apart() {
        let conditions: Vec<String> = (0..11).map(|index| format!("A{index} = 1")).collect();
        assert!(Worlds::of(conditions.iter().map(String::as_str)).all().is_none());
        assert_eq!(
            Worlds::of(conditions[1..].iter().map(String::as_str)).all().map(|all| all.len()),
            Some(1024)
        );
    }
}
