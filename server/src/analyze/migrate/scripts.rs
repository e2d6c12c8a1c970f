//! Which boards' linker scripts place the tables of the registry.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{CatalogBoard, LinkerScript};

/// What the linker scripts of a board do with the tables of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScriptAudit {
    /// The board with its port and variant: `stm32/PYBV10-DP`.
    pub board: String,
    /// Whether they are placed.
    pub placing: Placing,
    /// The scripts that place them: the board's own, or ones that these include.
    pub through: Vec<String>,
    /// Where some of the builds of a board lack them, the scripts of these, each
    /// with its condition.
    pub without: Vec<String>,
}

/// Whether the linker scripts of a board place the tables of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Placing {
    /// In every build.
    Placed,
    /// In some builds: the scripts of others lack them.
    Partly,
    /// In none.
    Missing,
    /// The tree does not say with which scripts the board is linked.
    Unknown,
}

impl Placing {
    /// The word for it, as JSON has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Partly => "partly",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// What the scripts of each board do, in the order of the boards.
pub fn audit(boards: &[CatalogBoard]) -> Vec<ScriptAudit> {
    boards.iter().map(of_board).collect()
}

fn of_board(board: &CatalogBoard) -> ScriptAudit {
    let scripts = &board.linker_scripts;
    let mut through: Vec<String> =
        scripts.iter().filter_map(|script| script.registry.clone()).collect();
    through.sort();
    through.dedup();
    // Scripts of one condition are linked together: one that places the tables will do.
    let mut conditions: BTreeMap<Option<&str>, bool> = BTreeMap::new();
    for script in scripts {
        let places = script.registry.is_some();
        *conditions.entry(script.condition.as_deref()).or_default() |= places;
    }
    let always = conditions.get(&None).copied().unwrap_or_default();
    let lacks = |script: &&LinkerScript| {
        !always && !conditions.get(&script.condition.as_deref()).copied().unwrap_or_default()
    };
    // Beside scripts for this and for that, one for all builds is only a part of them.
    let is_part = |script: &&LinkerScript| script.condition.is_none() && conditions.len() > 2;
    let without: Vec<String> =
        scripts.iter().filter(|script| lacks(script) && !is_part(script)).map(described).collect();
    let placing = if scripts.is_empty() {
        Placing::Unknown
    } else if through.is_empty() {
        Placing::Missing
    } else if without.is_empty() {
        Placing::Placed
    } else {
        Placing::Partly
    };
    let without = if placing == Placing::Partly { without } else { Vec::new() };
    ScriptAudit { board: board.id().to_string(), placing, through, without }
}

fn described(script: &LinkerScript) -> String {
    match &script.condition {
        Some(condition) => format!("{} if {condition}", script.path),
        None => script.path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path`, `path?CONDITION`; with `+` in front it places the tables.
    fn said(scripts: &[&str]) -> String {
        let script = |text: &&str| {
            let (text, places) = text.strip_prefix('+').map_or((*text, false), |text| (text, true));
            let (path, condition) =
                text.split_once('?').map_or((text, None), |(path, when)| (path, Some(when)));
            LinkerScript {
                path: path.to_owned(),
                found: true,
                condition: condition.map(str::to_owned),
                includes: vec![],
                registry: places.then(|| "mp_registry.ld".to_owned()),
            }
        };
        let board = CatalogBoard {
            port: "stm32".parse().unwrap(),
            board: "PYBV10".parse().unwrap(),
            variant: None,
            mcu: None,
            linker_scripts: scripts.iter().map(script).collect(),
        };
        let audit = &audit(&[board])[0];
        format!("{} {}", audit.placing.as_str(), audit.without.join(", ")).trim_end().to_owned()
    }

    #[test]
    fn a_board_is_told_by_all_of_its_builds() {
        assert_eq!(said(&[]), "unknown");
        assert_eq!(said(&["a.ld", "b.ld"]), "missing");
        assert_eq!(said(&["a.ld", "+b.ld"]), "placed");
        assert_eq!(said(&["+a.ld?MBOOT = 1", "b.ld?MBOOT = 0"]), "partly b.ld if MBOOT = 0");
        assert_eq!(said(&["common.ld", "+a.ld?MBOOT = 1", "+b.ld?MBOOT = 0"]), "placed");
        assert_eq!(said(&["+common.ld", "a.ld?MBOOT = 1"]), "placed");
        // Without MBOOT nothing places them.
        assert_eq!(said(&["common.ld", "+a.ld?MBOOT = 1"]), "partly common.ld");
    }
}
