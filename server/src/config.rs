//! `initboard.toml`, with which a project says what of it differs from the
//! rule. It stands at the root of the source tree.
//!
//! Each section belongs to the room that knows its meaning; here they are only
//! taken apart, so that a key that there is not is an error wherever it stands.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::analyze::policy::{Policy, PolicyError, Satisfied, Waiver};
use crate::tree::layout::{Layout, LayoutError, LayoutSection, OneOrMore};
use crate::tree::{SourceTree, TreeError};

/// The name of the file.
pub const FILE_NAME: &str = "initboard.toml";

/// What a project configures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Where things stand in its source tree: the section `[tree]`.
    pub tree: Layout,
    /// Its names and exceptions: the sections `[subsystems]`, `[[satisfied]]`,
    /// `[severities]` and `[[waiver]]`.
    pub policy: Policy,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
struct Sections {
    extends: Option<String>,
    tree: Option<LayoutSection>,
    #[serde(default)]
    subsystems: BTreeMap<String, OneOrMore>,
    #[serde(default)]
    satisfied: Vec<Satisfied>,
    #[serde(default)]
    severities: BTreeMap<String, String>,
    #[serde(default)]
    waiver: Vec<Waiver>,
    #[serde(flatten)]
    unknown: toml::Table,
}

const SECTIONS: [&str; 6] = ["extends", "tree", "subsystems", "satisfied", "severities", "waiver"];

/// The configurations that this program brings, by name.
const SHIPPED: [(&str, &str); 1] =
    [("micropython", include_str!("../../data/micropython/initboard.toml"))];

/// Why a file is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not UTF-8.
    #[error("it is no text in UTF-8: expected a file in TOML")]
    NotUtf8,
    /// It is not TOML, or a value is of another kind than expected.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// It has a key that there is not.
    #[error("there is no key `{key}`: expected {expected}")]
    UnknownKey {
        /// The key with its section.
        key: String,
        /// The nearest key, or all of them.
        expected: String,
    },
    /// The section `[tree]` describes no layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The sections of the analysis describe no policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// It extends a configuration that there is not.
    #[error(
        "`extends` names `{found}`: expected one of the configurations that this program brings: {known}"
    )]
    UnknownBase {
        /// The name, shortened.
        found: String,
        /// What there is.
        known: String,
    },
    /// The tree in which it stands cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Config {
    /// The configuration at the root of `tree`; the default where there is
    /// none.
    ///
    /// # Errors
    /// When the file cannot be read, or is no configuration.
    pub fn of_tree(tree: &dyn SourceTree) -> Result<Self, ConfigError> {
        match tree.read(FILE_NAME)? {
            Some(text) => Self::parse(&text),
            None => Ok(Self::shipped()),
        }
    }

    /// The configuration of a project that has none: that of MicroPython, which
    /// others follow in their names.
    pub fn shipped() -> Self {
        let (name, text) = SHIPPED[0];
        let shipped = Self::parse(text.as_bytes());
        shipped.unwrap_or_else(|error| unreachable!("the configuration of {name}: {error}"))
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// When it is not TOML, has a key that there is not, or a value that a key
    /// cannot have.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        let text = std::str::from_utf8(text).map_err(|_| ConfigError::NotUtf8)?;
        let mut sections = read(text)?;
        if let Some(base) = &sections.extends {
            let shipped = SHIPPED.iter().find(|(name, _)| name == base);
            let (_, text) = shipped.ok_or_else(|| ConfigError::UnknownBase {
                found: crate::model::quoted(base),
                known: SHIPPED.map(|(name, _)| name).join(", "),
            })?;
            sections = sections.on(read(text)?);
        }
        let tree = sections.tree.unwrap_or_default();
        let subsystems = sections
            .subsystems
            .into_iter()
            .map(|(subsystem, patterns)| (subsystem, patterns.into_list()))
            .collect();
        let policy =
            Policy::new(&subsystems, sections.satisfied, &sections.severities, sections.waiver)?;
        Ok(Self { tree: Layout::from_section(&tree)?, policy })
    }
}

/// Takes a file apart, and checks that it has no key that there is not.
fn read(text: &str) -> Result<Sections, ConfigError> {
    let sections: Sections = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    known("", sections.unknown.keys(), &SECTIONS)?;
    if let Some(tree) = &sections.tree {
        known("tree.", tree.unknown.keys(), &Layout::KEYS)?;
    }
    for item in &sections.satisfied {
        known("satisfied.", item.unknown.keys(), &Satisfied::KEYS)?;
    }
    for waiver in &sections.waiver {
        known("waiver.", waiver.unknown.keys(), &Waiver::KEYS)?;
    }
    Ok(sections)
}

impl Sections {
    /// These sections on top of those of another file: what both say, these say;
    /// lists are added.
    fn on(self, base: Self) -> Self {
        let mut subsystems = base.subsystems;
        subsystems.extend(self.subsystems);
        let mut severities = base.severities;
        severities.extend(self.severities);
        Self {
            extends: None,
            tree: self.tree.or(base.tree),
            subsystems,
            // The first one that fits counts, so a project's own come first.
            satisfied: self.satisfied.into_iter().chain(base.satisfied).collect(),
            severities,
            waiver: self.waiver.into_iter().chain(base.waiver).collect(),
            unknown: toml::Table::new(),
        }
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    ConfigError::Syntax { line: before.matches('\n').count() + 1, message }
}

/// Checks that a section has no keys but `keys`.
fn known<'a>(
    section: &str,
    mut unknown: impl Iterator<Item = &'a String>,
    keys: &[&str],
) -> Result<(), ConfigError> {
    let Some(found) = unknown.next() else { return Ok(()) };
    let distance = |key: &&&str| strsim::damerau_levenshtein(found, key);
    // A key of a megabyte resembles none, and comparing would take its time.
    let nearest = keys.iter().filter(|_| found.len() <= 64).min_by_key(distance);
    let expected = match nearest.filter(|key| distance(key) <= found.len().max(key.len()) / 2) {
        Some(key) => format!("`{section}{key}`?"),
        None => keys.iter().map(|key| format!("`{section}{key}`")).collect::<Vec<_>>().join(", "),
    };
    Err(ConfigError::UnknownKey {
        key: format!("{section}{}", crate::model::quoted(found)),
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Config::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn nothing_configured_is_the_default() {
        assert_eq!(Config::parse(b"").unwrap(), Config::default());
        assert_eq!(Config::parse(b"[tree]\n").unwrap(), Config::default());
    }

    #[test]
    fn every_key_of_the_tree_is_known() {
        for key in Layout::KEYS {
            let value = match key {
                "ports" => "targets/{port}",
                "boards" => "ports/{port}/{board}.mk",
                "variants" => "ports/{port}/{board}-{variant}.mk",
                "mains" | "makefiles" => "ports/{port}/x",
                "drivers" => "ports/{port}/machine_{driver}.c",
                _ => "X",
            };
            let text = format!("[tree]\n{key} = [\"{value}\"]\n");
            let result = Config::parse(text.as_bytes());
            // Other keys keep their defaults, which stand below ports/.
            let is_known = !matches!(result, Err(ConfigError::UnknownKey { .. }));
            assert!(is_known, "{key}");
        }
    }

    #[test]
    fn a_key_that_there_is_not_comes_with_the_nearest() {
        assert_eq!(
            said("[tree]\nmain = \"x\"\n"),
            "there is no key `tree.main`: expected `tree.mains`?"
        );
        assert_eq!(said("[tre]\n"), "there is no key `tre`: expected `tree`?");
        assert_eq!(
            said("[[waiver]]\nrule = 'IB301'\nreson = 'x'\nreason = 'y'\n"),
            "there is no key `waiver.reson`: expected `waiver.reason`?"
        );
        assert_eq!(
            said("[tree]\ncolour = 1\n"),
            "there is no key `tree.colour`: expected `tree.ports`, `tree.mains`, `tree.drivers`, `tree.boards`, `tree.variants`, `tree.makefiles`, `tree.linker-scripts`, `tree.board-settings`, `tree.mcu`"
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_eq!(said("\n[tree]\nports = 1\n"), "line 3: expected a text, or a list of texts");
        assert!(said("a = \n").starts_with("line 1: "), "{}", said("a = \n"));
        assert_eq!(said("[tree]\nports = []\n"), "key `tree.ports` has 0 values: expected 1 to 64");
        assert_eq!(
            said("[tree]\nboards = \"boards/{board}.mk\"\n"),
            "key `tree.boards`: `boards/{board}.mk` belongs to no port: expected {port} in it, or the folder of a port at its beginning (`tree.ports`)"
        );
        assert_eq!(
            said("[tree]\nports = \"ports\"\n"),
            "key `tree.ports`: `ports` must have {port} and no other gap"
        );
        assert!(Config::parse(b"\xff").unwrap_err().to_string().starts_with("it is no text"));
    }
}
