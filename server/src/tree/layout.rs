//! Where the ports, mains, boards and variants of a source tree stand, and by
//! which variables its build files name linker scripts.
//!
//! [`Layout::default`] is that of MicroPython. Another project says its own in
//! the section `[tree]` of its `initboard.toml`; a key that is there takes the
//! place of the default as a whole.

mod builds;
mod pattern;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(crate) use pattern::{Gap, Names};
pub use pattern::{Pattern, PatternError};

use super::{SourceTree, TreeEntryKind, TreeError};
use crate::model::{Driver, MAX_DRIVERS, PortName};

/// Most patterns or variables under one key.
const MAX_VALUES: usize = 64;

/// Where things stand in a source tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    ports: Vec<Pattern>,
    mains: Vec<Pattern>,
    drivers: Vec<Pattern>,
    boards: Vec<Pattern>,
    variants: Vec<Pattern>,
    makefiles: Vec<Pattern>,
    builds: Vec<Pattern>,
    /// Variables of make and CMake whose value is linker scripts. The first one
    /// that has a value counts.
    pub(crate) linker_scripts: Vec<String>,
    /// Variables that only a board's own files set, a `*` at the end for all
    /// that begin so: where they do not, nobody does.
    pub(crate) board_settings: Vec<String>,
    /// Variables whose value tells the microcontroller, where `board.json` does
    /// not.
    pub(crate) mcu: Vec<String>,
}

/// The section as it is written: every key may be left out, and may have one
/// value or several.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LayoutSection {
    ports: Option<OneOrMore>,
    mains: Option<OneOrMore>,
    drivers: Option<OneOrMore>,
    boards: Option<OneOrMore>,
    variants: Option<OneOrMore>,
    makefiles: Option<OneOrMore>,
    builds: Option<OneOrMore>,
    linker_scripts: Option<OneOrMore>,
    board_settings: Option<OneOrMore>,
    mcu: Option<OneOrMore>,
    /// Keys that there are not, so that the nearest one can be suggested.
    #[serde(flatten)]
    pub(crate) unknown: toml::Table,
}

/// A value that may be written as one text or as a list.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text, or a list of texts")]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    /// The values.
    pub(crate) fn into_list(self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value],
            Self::More(values) => values,
        }
    }
}

/// Why a section `[tree]` describes no layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// A pattern is none.
    #[error("key `tree.{key}`: {why}")]
    Pattern {
        /// The key.
        key: &'static str,
        /// Why.
        why: PatternError,
    },
    /// A pattern has a gap too many or too few.
    #[error("key `tree.{key}`: `{pattern}` must have {expected}")]
    Gaps {
        /// The key.
        key: &'static str,
        /// The pattern.
        pattern: String,
        /// What it must have.
        expected: &'static str,
    },
    /// A pattern belongs to no port.
    #[error(
        "key `tree.{key}`: `{pattern}` belongs to no port: expected {{port}} in it, or the folder of a port at its beginning (`tree.ports`)"
    )]
    NoPort {
        /// The key.
        key: &'static str,
        /// The pattern.
        pattern: String,
    },
    /// A name of a variable is none.
    #[error("key `tree.{key}`: `{found}` is no name of a variable: expected letters, digits and _")]
    Variable {
        /// The key.
        key: &'static str,
        /// The text.
        found: String,
    },
    /// No value, or too many.
    #[error("key `tree.{key}` has {found} values: expected 1 to {MAX_VALUES}")]
    Count {
        /// The key.
        key: &'static str,
        /// Their number.
        found: usize,
    },
}

/// A port of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortFolder {
    /// The port.
    pub port: PortName,
    /// Its folder.
    pub folder: String,
}

/// A file that the layout finds for a board or a variant of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) names: Names,
}

impl Default for Layout {
    fn default() -> Self {
        let default = Self::from_section(&LayoutSection::default());
        default.unwrap_or_else(|error| unreachable!("the default layout is none: {error}"))
    }
}

impl Layout {
    /// The keys of the section `[tree]`.
    pub const KEYS: [&str; 10] = [
        "ports",
        "mains",
        "drivers",
        "boards",
        "variants",
        "makefiles",
        "builds",
        "linker-scripts",
        "board-settings",
        "mcu",
    ];

    /// The layout that a section describes. Keys that there are not are not
    /// looked at.
    ///
    /// # Errors
    /// When a pattern or the name of a variable is none.
    pub fn from_section(section: &LayoutSection) -> Result<Self, LayoutError> {
        let layout = Self {
            ports: patterns("ports", section.ports.as_ref(), &["ports/{port}"])?,
            mains: patterns(
                "mains",
                section.mains.as_ref(),
                &["ports/{port}/main.c", "ports/{port}/mptask.c", "ports/{port}/port/embed_util.c"],
            )?,
            drivers: patterns(
                "drivers",
                section.drivers.as_ref(),
                &[
                    "ports/{port}/machine_{driver}.c",
                    "ports/{port}/modules/machine/{driver}.c",
                    "ports/{port}/mods/pyb{driver}.c",
                ],
            )?,
            boards: patterns(
                "boards",
                section.boards.as_ref(),
                &[
                    "ports/{port}/boards/{board}/mpconfigboard.mk",
                    "ports/{port}/boards/{board}/mpconfigboard.cmake",
                    "ports/{port}/boards/{board}/mpconfigboard.h",
                    "ports/{port}/variants/{board}/mpconfigvariant.mk",
                    "ports/zephyr/boards/{board}.conf",
                ],
            )?,
            variants: patterns(
                "variants",
                section.variants.as_ref(),
                &[
                    "ports/{port}/boards/{board}/mpconfigvariant_{variant}.mk",
                    "ports/{port}/boards/{board}/mpconfigvariant_{variant}.cmake",
                ],
            )?,
            makefiles: patterns(
                "makefiles",
                section.makefiles.as_ref(),
                &["ports/alif/alif.mk", "ports/{port}/Makefile", "ports/{port}/CMakeLists.txt"],
            )?,
            builds: patterns("builds", section.builds.as_ref(), &["ports/{port}/build-{board}"])?,
            linker_scripts: variables(
                "linker-scripts",
                section.linker_scripts.as_ref(),
                &[
                    "LD_FILES",
                    "LD_FILE",
                    "LDSCRIPT",
                    "LINKER_SCRIPT",
                    "MICROPY_BOARD_LINKER_SCRIPT",
                ],
            )?,
            board_settings: variables(
                "board-settings",
                section.board_settings.as_ref(),
                &["MICROPY_*"],
            )?,
            mcu: variables(
                "mcu",
                section.mcu.as_ref(),
                &["CMSIS_MCU", "MCU_VARIANT", "MCU_SERIES", "IDF_TARGET", "PICO_PLATFORM"],
            )?,
        };
        layout.check()?;
        Ok(layout)
    }

    fn check(&self) -> Result<(), LayoutError> {
        let gaps = [
            ("ports", &self.ports, &[Gap::Port][..], &[][..], "{port} and no other gap"),
            ("mains", &self.mains, &[], &[Gap::Port], "no other gap than {port}"),
            ("makefiles", &self.makefiles, &[], &[Gap::Port], "no other gap than {port}"),
            (
                "drivers",
                &self.drivers,
                &[Gap::Driver],
                &[Gap::Port, Gap::Any],
                "{driver} and neither {board} nor {variant}",
            ),
            (
                "boards",
                &self.boards,
                &[Gap::Board],
                &[Gap::Port, Gap::Any],
                "{board} and no {variant}",
            ),
            (
                "variants",
                &self.variants,
                &[Gap::Board, Gap::Variant],
                &[Gap::Port, Gap::Any],
                "{board} and {variant}",
            ),
            (
                "builds",
                &self.builds,
                &[Gap::Board],
                &[Gap::Port, Gap::Variant, Gap::Any],
                "{board} and no {driver}",
            ),
        ];
        for (key, patterns, needed, allowed, expected) in gaps {
            for pattern in patterns {
                let all = [Gap::Port, Gap::Board, Gap::Variant, Gap::Driver, Gap::Any];
                let is_right = all.iter().all(|gap| {
                    let is_there = pattern.has(*gap);
                    if needed.contains(gap) { is_there } else { !is_there || allowed.contains(gap) }
                });
                let pattern_text = || pattern.to_string();
                if !is_right {
                    return Err(LayoutError::Gaps { key, pattern: pattern_text(), expected });
                }
                let has_port = pattern.has(Gap::Port)
                    || self.ports.iter().any(|ports| ports.leads_to(pattern));
                if !has_port {
                    return Err(LayoutError::NoPort { key, pattern: pattern_text() });
                }
            }
        }
        Ok(())
    }

    /// The ports of a tree, by name, and the names of folders that stand where
    /// ports do and can be none.
    ///
    /// # Errors
    /// When the tree cannot be read.
    pub fn ports(
        &self,
        tree: &dyn SourceTree,
    ) -> Result<(Vec<PortFolder>, Vec<String>), TreeError> {
        let mut ports: BTreeMap<PortName, String> = BTreeMap::new();
        let mut others = Vec::new();
        for pattern in &self.ports {
            for (folder, names) in pattern.find(tree, &Names::default(), TreeEntryKind::Folder)? {
                match names.port.unwrap_or_default().parse() {
                    Ok(port) => drop(ports.entry(port).or_insert(folder)),
                    Err(_) => others.push(folder),
                }
            }
        }
        let ports = ports.into_iter().map(|(port, folder)| PortFolder { port, folder }).collect();
        Ok((ports, others))
    }

    /// The files in which main of a port may stand. The first one that is there
    /// and holds it counts.
    pub fn mains(&self, port: &PortFolder) -> Vec<String> {
        paths(&self.mains, port)
    }

    /// The files in which the build of a port may begin. The first one that is
    /// there counts.
    pub(crate) fn makefiles(&self, port: &PortFolder) -> Vec<String> {
        paths(&self.makefiles, port)
    }

    /// The files that hold drivers of a port, by name of the driver. Of several
    /// files of one name the first pattern's counts.
    ///
    /// # Errors
    /// When the tree cannot be read.
    pub fn drivers(
        &self,
        tree: &dyn SourceTree,
        port: &PortFolder,
    ) -> Result<Vec<Driver>, TreeError> {
        let mut drivers = BTreeMap::new();
        for Found { path, names } in found(&self.drivers, tree, port)? {
            // A pattern of this key has the gap, and so a name for it.
            let name = names.driver.unwrap_or_default();
            drivers.entry(name.clone()).or_insert(Driver { name, path });
        }
        Ok(drivers.into_values().take(MAX_DRIVERS).collect())
    }

    /// The files that make the boards of a port.
    pub(crate) fn boards(
        &self,
        tree: &dyn SourceTree,
        port: &PortFolder,
    ) -> Result<Vec<Found>, TreeError> {
        found(&self.boards, tree, port)
    }

    /// The files that make the variants of the boards of a port.
    pub(crate) fn variants(
        &self,
        tree: &dyn SourceTree,
        port: &PortFolder,
    ) -> Result<Vec<Found>, TreeError> {
        found(&self.variants, tree, port)
    }

    /// Whether only a board's own files set the variable `name`.
    pub(crate) fn is_board_setting(&self, name: &str) -> bool {
        self.board_settings.iter().any(|setting| match setting.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == setting,
        })
    }
}

impl PortFolder {
    fn names(&self) -> Names {
        Names { port: Some(self.port.to_string()), ..Names::default() }
    }

    /// Whether a pattern is meant for this port: any that has a gap for it, and
    /// those that begin with its folder.
    fn is_meant_by(&self, pattern: &Pattern) -> bool {
        pattern.has(Gap::Port)
            || pattern
                .to_string()
                .strip_prefix(&self.folder)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

fn paths(patterns: &[Pattern], port: &PortFolder) -> Vec<String> {
    let meant = patterns.iter().filter(|pattern| port.is_meant_by(pattern));
    meant.filter_map(|pattern| pattern.path(&port.names())).collect()
}

fn found(
    patterns: &[Pattern],
    tree: &dyn SourceTree,
    port: &PortFolder,
) -> Result<Vec<Found>, TreeError> {
    let mut files = Vec::new();
    for pattern in patterns.iter().filter(|pattern| port.is_meant_by(pattern)) {
        let places = pattern.find(tree, &port.names(), TreeEntryKind::File)?;
        files.extend(places.into_iter().map(|(path, names)| Found { path, names }));
    }
    Ok(files)
}

/// The values of a key, or the default.
fn values(
    key: &'static str,
    written: Option<&OneOrMore>,
    default: &[&str],
) -> Result<Vec<String>, LayoutError> {
    let values = match written {
        None => default.iter().map(|&value| value.to_owned()).collect(),
        Some(OneOrMore::One(value)) => vec![value.clone()],
        Some(OneOrMore::More(values)) => values.clone(),
    };
    if (1..=MAX_VALUES).contains(&values.len()) {
        Ok(values)
    } else {
        Err(LayoutError::Count { key, found: values.len() })
    }
}

fn patterns(
    key: &'static str,
    written: Option<&OneOrMore>,
    default: &[&str],
) -> Result<Vec<Pattern>, LayoutError> {
    let pattern =
        |text: &String| Pattern::parse(text).map_err(|why| LayoutError::Pattern { key, why });
    values(key, written, default)?.iter().map(pattern).collect()
}

fn variables(
    key: &'static str,
    written: Option<&OneOrMore>,
    default: &[&str],
) -> Result<Vec<String>, LayoutError> {
    let values = values(key, written, default)?;
    let is_name = |name: &str| {
        let name = name.strip_suffix('*').filter(|_| key == "board-settings").unwrap_or(name);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match values.iter().find(|name| !is_name(name)) {
        Some(name) => Err(LayoutError::Variable { key, found: crate::model::quoted(name) }),
        None => Ok(values),
    }
}
