//! `initboard.toml`, with which a project says what of it differs from the
//! rule. It stands at the root of the source tree.
//!
//! Each section belongs to the room that knows its meaning; here they are only
//! taken apart, so that a key that there is not is an error wherever it stands.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::analyze::policy::{ByHand, Policy, PolicyError, Satisfied, Waiver};
use crate::extract::Conventions;
use crate::model::{
    Level, MAX_CONFIGURATION_BYTES, MAX_LEVELS, ProjectName, RepositoryUrl, SymbolName,
};
use crate::tree::layout::{Layout, LayoutError, LayoutSection, OneOrMore};
use crate::tree::{SourceTree, TreeError};

/// The name of the file.
pub const FILE_NAME: &str = "initboard.toml";

/// What a project configures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The shipped configuration that it builds on, by name.
    pub extends: Option<String>,
    /// What it says of itself: the section `[project]`.
    pub project: ProjectSection,
    /// What its firmware is like: the section `[firmware]`.
    pub firmware: Conventions,
    /// Where things stand in its source tree: the section `[tree]`.
    pub tree: Layout,
    /// Its names and exceptions: the sections `[subsystems]`, `[[satisfied]]`,
    /// `[severities]`, `[[waiver]]`, `[migrate]` and `[[by-hand]]`.
    pub policy: Policy,
}

/// What a project says of itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ProjectSection {
    /// What it is called on a server.
    pub name: Option<ProjectName>,
    /// Where its source can be browsed.
    pub repository: Option<RepositoryUrl>,
    #[serde(flatten)]
    unknown: toml::Table,
}

/// The section `[firmware]` as it is written.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct FirmwareSection {
    levels: Option<Vec<Level>>,
    main_functions: Option<Vec<SymbolName>>,
    #[serde(flatten)]
    unknown: toml::Table,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
struct Sections {
    extends: Option<String>,
    project: Option<ProjectSection>,
    firmware: Option<FirmwareSection>,
    tree: Option<LayoutSection>,
    #[serde(default)]
    subsystems: BTreeMap<String, OneOrMore>,
    #[serde(default)]
    satisfied: Vec<Satisfied>,
    #[serde(default)]
    severities: BTreeMap<String, String>,
    #[serde(default)]
    waiver: Vec<Waiver>,
    #[serde(default)]
    migrate: BTreeMap<String, OneOrMore>,
    #[serde(default, rename = "by-hand")]
    by_hand: Vec<ByHand>,
    #[serde(flatten)]
    unknown: toml::Table,
}

const SECTIONS: [&str; 10] = [
    "extends",
    "project",
    "firmware",
    "tree",
    "subsystems",
    "satisfied",
    "severities",
    "waiver",
    "migrate",
    "by-hand",
];
const PROJECT_KEYS: [&str; 2] = ["name", "repository"];
const FIRMWARE_KEYS: [&str; 2] = ["levels", "main-functions"];

/// Most functions that may be main.
const MAX_MAIN_FUNCTIONS: usize = 64;

/// The configurations that this program brings, by name.
const SHIPPED: [(&str, &str); 1] =
    [("micropython", include_str!("../../data/micropython/initboard.toml"))];

/// Why a file is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not UTF-8.
    #[error("it is no text in UTF-8: expected a file in TOML")]
    NotUtf8,
    /// It is too long.
    #[error("it has {found} bytes: expected at most {MAX_CONFIGURATION_BYTES}")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
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
    /// A list has too few or too many items, or one of them twice.
    #[error("key `{key}` has {found}: expected 1 to {limit} names, each once")]
    List {
        /// The key with its section.
        key: &'static str,
        /// What it has.
        found: String,
        /// The most it may have.
        limit: usize,
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
    /// The configuration at the root of `tree`; the shipped one where there is
    /// none.
    ///
    /// # Errors
    /// When the file cannot be read, or is no configuration.
    pub fn of_tree(tree: &dyn SourceTree) -> Result<Self, ConfigError> {
        match Self::text_of_tree(tree)? {
            Some(text) => Self::parse(text.as_bytes()),
            None => Ok(Self::shipped()),
        }
    }

    /// The text of the configuration at the root of `tree`, if it has one.
    ///
    /// # Errors
    /// When the file cannot be read, or is no text.
    pub fn text_of_tree(tree: &dyn SourceTree) -> Result<Option<String>, ConfigError> {
        let text = tree.read(FILE_NAME)?.map(String::from_utf8);
        text.transpose().map_err(|_| ConfigError::NotUtf8)
    }

    /// The text of [`Config::shipped`].
    pub const fn shipped_text() -> &'static str {
        SHIPPED[0].1
    }

    /// The configuration of a project that has none: that of MicroPython, which
    /// others follow in their names.
    pub fn shipped() -> Self {
        let (name, text) = SHIPPED[0];
        let shipped = Self::parse(text.as_bytes());
        let mut shipped =
            shipped.unwrap_or_else(|error| unreachable!("the configuration of {name}: {error}"));
        shipped.policy.shipped_waivers = shipped.policy.waivers.len();
        shipped.policy.shipped_satisfied = shipped.policy.satisfied.len();
        shipped.policy.shipped_by_hand = shipped.policy.by_hand.len();
        shipped
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// When it is not TOML, has a key that there is not, or a value that a key
    /// cannot have.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        if text.len() > MAX_CONFIGURATION_BYTES {
            return Err(ConfigError::TooLong { found: text.len() });
        }
        let text = std::str::from_utf8(text).map_err(|_| ConfigError::NotUtf8)?;
        let mut sections = read(text)?;
        let extends = sections.extends.clone();
        let own = [sections.waiver.len(), sections.satisfied.len(), sections.by_hand.len()];
        if let Some(base) = &extends {
            let shipped = SHIPPED.iter().find(|(name, _)| name == base);
            let (_, text) = shipped.ok_or_else(|| ConfigError::UnknownBase {
                found: crate::model::quoted(base),
                known: SHIPPED.map(|(name, _)| name).join(", "),
            })?;
            sections = sections.on(read(text)?);
        }
        let tree = sections.tree.unwrap_or_default();
        let lists = |section: BTreeMap<String, OneOrMore>| -> BTreeMap<String, Vec<String>> {
            section.into_iter().map(|(name, patterns)| (name, patterns.into_list())).collect()
        };
        let subsystems = lists(sections.subsystems);
        let mut policy =
            Policy::new(&subsystems, sections.satisfied, &sections.severities, sections.waiver)?
                .with_migration(lists(sections.migrate), sections.by_hand)?;
        policy.shipped_waivers = policy.waivers.len() - own[0];
        policy.shipped_satisfied = policy.satisfied.len() - own[1];
        policy.shipped_by_hand = policy.by_hand.len() - own[2];
        let FirmwareSection { levels, main_functions, .. } = sections.firmware.unwrap_or_default();
        Ok(Self {
            extends,
            project: sections.project.unwrap_or_default(),
            firmware: Conventions {
                levels: list("firmware.levels", levels, MAX_LEVELS)?,
                main_functions: list(
                    "firmware.main-functions",
                    main_functions,
                    MAX_MAIN_FUNCTIONS,
                )?,
            },
            tree: Layout::from_section(&tree)?,
            policy,
        })
    }
}

/// Takes a file apart, and checks that it has no key that there is not.
fn read(text: &str) -> Result<Sections, ConfigError> {
    let sections: Sections = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    known("", sections.unknown.keys(), &SECTIONS)?;
    if let Some(project) = &sections.project {
        known("project.", project.unknown.keys(), &PROJECT_KEYS)?;
    }
    if let Some(firmware) = &sections.firmware {
        known("firmware.", firmware.unknown.keys(), &FIRMWARE_KEYS)?;
    }
    if let Some(tree) = &sections.tree {
        known("tree.", tree.unknown.keys(), &Layout::KEYS)?;
    }
    for item in &sections.satisfied {
        known("satisfied.", item.unknown.keys(), &Satisfied::KEYS)?;
    }
    for waiver in &sections.waiver {
        known("waiver.", waiver.unknown.keys(), &Waiver::KEYS)?;
    }
    for item in &sections.by_hand {
        known("by-hand.", item.unknown.keys(), &ByHand::KEYS)?;
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
        let mut migrate = base.migrate;
        migrate.extend(self.migrate);
        Self {
            extends: None,
            project: self.project.or(base.project),
            firmware: self.firmware.or(base.firmware),
            tree: self.tree.or(base.tree),
            subsystems,
            // The first one that fits counts, so a project's own come first.
            satisfied: self.satisfied.into_iter().chain(base.satisfied).collect(),
            severities,
            waiver: self.waiver.into_iter().chain(base.waiver).collect(),
            migrate,
            by_hand: self.by_hand.into_iter().chain(base.by_hand).collect(),
            unknown: toml::Table::new(),
        }
    }
}

/// The values of a list, each of which stands in it once; empty where the key is
/// left out.
fn list<T: PartialEq + ToString>(
    key: &'static str,
    values: Option<Vec<T>>,
    limit: usize,
) -> Result<Vec<T>, ConfigError> {
    let Some(values) = values else { return Ok(Vec::new()) };
    let found = |found| Err(ConfigError::List { key, found, limit });
    if !(1..=limit).contains(&values.len()) {
        return found(format!("{} names", values.len()));
    }
    let twice = (1..values.len()).find(|&index| values[..index].contains(&values[index]));
    match twice {
        Some(index) => {
            found(format!("`{}` twice", crate::model::quoted(&values[index].to_string())))
        }
        None => Ok(values),
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
            "there is no key `tree.colour`: expected `tree.ports`, `tree.mains`, `tree.drivers`, `tree.boards`, `tree.variants`, `tree.makefiles`, `tree.builds`, `tree.linker-scripts`, `tree.board-settings`, `tree.mcu`"
        );
    }

    #[test]
    fn a_project_says_its_name_its_repository_and_what_its_firmware_is_like() {
        let text = "
[project]
name = 'openmv'
repository = 'https://github.com/openmv/openmv/'
[firmware]
levels = ['early', 'board', 'core']
main-functions = ['app_main', 'mp_task']
";
        let config = Config::parse(text.as_bytes()).unwrap();
        assert_eq!(config.project.name.as_ref().map(ProjectName::as_str), Some("openmv"));
        let repository = config.project.repository.as_ref().map(RepositoryUrl::as_str);
        assert_eq!(repository, Some("https://github.com/openmv/openmv"));
        let levels: Vec<&str> = config.firmware.levels.iter().map(Level::as_str).collect();
        assert_eq!(levels, ["early", "board", "core"]);
        let mains = &config.firmware.main_functions;
        let mains: Vec<&str> = mains.iter().map(SymbolName::as_str).collect();
        assert_eq!(mains, ["app_main", "mp_task"]);

        assert_eq!(
            said("[project]\nrepository = 'git@x:y'\n"),
            "line 2: `git@x:y` is not the address of a repository: expected one that starts with https:// or http://, such as https://github.com/OWNER/NAME"
        );
        assert!(said("[project]\nname = 'Open MV'\n").contains("is not a project name"));
        assert!(said("[firmware]\nlevels = ['a-b']\n").contains("`a-b` is not a level"));
        assert_eq!(
            said("[firmware]\nlevels = ['a', 'b', 'a']\n"),
            "key `firmware.levels` has `a` twice: expected 1 to 64 names, each once"
        );
        assert_eq!(
            said("[firmware]\nmain-functions = []\n"),
            "key `firmware.main-functions` has 0 names: expected 1 to 64 names, each once"
        );
        assert_eq!(
            said("[firmware]\nmains = 'x'\n"),
            "there is no key `firmware.mains`: expected `firmware.levels`, `firmware.main-functions`"
        );
    }

    #[test]
    fn calls_that_stay_in_main_come_with_their_reason() {
        let item = "[[by-hand]]\nfunction = 'usb_*'\nports = ['nrf']\n";
        let config = Config::parse(format!("{item}reason = 'X'\n").as_bytes()).unwrap();
        let nrf = "nrf".parse().unwrap();
        let reason = |port, function: &str| {
            config.policy.by_hand(port, function).map(|item| item.reason.as_str())
        };
        assert_eq!(reason(Some(&nrf), "usb_init"), Some("X"));
        assert_eq!(reason(Some(&nrf), "pin_init"), None);
        assert_eq!(reason(None, "usb_init"), None);
        assert_eq!(
            said(&format!("{item}reason = ' '\n")),
            "`by-hand` number 1 has no reason: expected a sentence that says why"
        );
        assert_eq!(
            said(&format!("{item}reasn = 'X'\nreason = 'X'\n")),
            "there is no key `by-hand.reasn`: expected `by-hand.reason`?"
        );
    }

    #[test]
    fn a_configuration_has_a_largest_size() {
        let text = "#".repeat(MAX_CONFIGURATION_BYTES + 1);
        assert_eq!(said(&text), "it has 1048577 bytes: expected at most 1048576");
        assert!(Config::parse(&text.as_bytes()[1..]).is_ok());
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
