//! Which boards' linker scripts place the tables of the registry.

use serde::Serialize;
use utoipa::ToSchema;

use super::worlds::{World, Worlds};
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
    /// Where some of the builds of a board lack them, which: `USE_MBOOT = 1`.
    pub without: Option<String>,
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
    let (placing, without) = match through.as_slice() {
        _ if scripts.is_empty() => (Placing::Unknown, None),
        [] => (Placing::Missing, None),
        _ => in_builds(scripts),
    };
    ScriptAudit { board: board.id().to_string(), placing, through, without }
}

/// Whether scripts of which some place the tables do so in every build, and in which
/// they do not. Those of one build are linked together: one that places them will do.
fn in_builds(scripts: &[LinkerScript]) -> (Placing, Option<String>) {
    let worlds = Worlds::of(scripts.iter().filter_map(|script| script.condition.as_deref()));
    let Some(all) = worlds.all() else {
        return (Placing::Partly, Some("too many options of the build to tell".to_owned()));
    };
    let lacks = |world: &World| -> Option<bool> {
        let is_linked = |script: &&LinkerScript| worlds.holds(script.condition.as_deref(), world);
        let linked: Vec<&LinkerScript> = scripts.iter().filter(is_linked).collect();
        // Without a script, whoever builds names one, or it is no build at all; what
        // links another program, such as a bootloader, does not run main.
        let is_of_main = !linked.is_empty() && !linked.iter().any(|script| script.without_main);
        is_of_main.then(|| !linked.iter().any(|script| script.registry.is_some()))
    };
    let lacking: Vec<Option<bool>> = all.iter().map(lacks).collect();
    if lacking.contains(&Some(true)) {
        (Placing::Partly, worlds.when(&all, &lacking))
    } else {
        (Placing::Placed, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path`, `path?CONDITION`; with `+` in front it places the tables, with `-` it
    /// links another program.
    fn said(scripts: &[&str]) -> String {
        let script = |text: &&str| {
            let name = text.trim_start_matches(['+', '-']);
            let (path, condition) =
                name.split_once('?').map_or((name, None), |(path, when)| (path, Some(when)));
            LinkerScript {
                path: path.to_owned(),
                found: true,
                condition: condition.map(str::to_owned),
                without_main: text.starts_with('-'),
                includes: vec![],
                registry: text.starts_with('+').then(|| "mp_registry.ld".to_owned()),
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
        let without = audit.without.as_deref().unwrap_or_default();
        format!("{} {without}", audit.placing.as_str()).trim_end().to_owned()
    }

    #[test]
    fn a_board_is_told_by_all_of_its_builds() {
        assert_eq!(said(&[]), "unknown");
        assert_eq!(said(&["a.ld", "b.ld"]), "missing");
        assert_eq!(said(&["a.ld", "+b.ld"]), "placed");
        assert_eq!(said(&["+a.ld?MBOOT = 1", "b.ld?MBOOT != 1"]), "partly MBOOT != 1");
        assert_eq!(said(&["common.ld", "+a.ld?MBOOT = 1", "+b.ld?MBOOT != 1"]), "placed");
        assert_eq!(said(&["+common.ld", "a.ld?MBOOT = 1"]), "placed");
        // Without MBOOT nothing places them.
        assert_eq!(said(&["common.ld", "+a.ld?MBOOT = 1"]), "partly MBOOT != 1");
    }

    #[test]
    fn a_script_of_memories_alone_is_linked_beside_one_that_places_the_tables() {
        let scripts = [
            "f769.ld?MBOOT != 1, or XIP != 1",
            "+common.ld?MBOOT != 1",
            "+common_bl.ld?MBOOT = 1 and XIP != 1",
            "f769_qspi.ld?MBOOT = 1 and XIP = 1",
            "+common_blifs.ld?MBOOT = 1 and XIP = 1",
        ];
        assert_eq!(said(&scripts), "placed");
        assert_eq!(said(&scripts[..4]), "partly MBOOT = 1 and XIP = 1");
    }

    #[test]
    fn the_builds_that_lack_the_tables_are_named_by_what_they_are_built_with() {
        let scripts = [
            "nrf.ld",
            "sd.ld?SD is set",
            "+open.ld?DFU = 1",
            "other.ld?DFU != 1 and BOOTLOADER is set",
            "common.ld",
        ];
        assert_eq!(said(&scripts), "partly DFU != 1");
    }

    #[test]
    fn a_bootloader_needs_no_tables() {
        let scripts = ["+app.ld?TARGET = application", "-boot.ld?TARGET = bootloader"];
        assert_eq!(said(&scripts), "placed");
    }
}
