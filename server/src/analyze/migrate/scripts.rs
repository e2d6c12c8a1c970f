//! Which boards' linker scripts place the tables of the registry.

use serde::Serialize;
use utoipa::ToSchema;

use super::worlds::{World, Worlds};
use crate::model::{CatalogBoard, LinkerScript, ScriptTables};

/// What the linker scripts of a board do with the tables of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScriptAudit {
    /// The board with its port and variant: `stm32/PYBV10-DP`.
    pub board: String,
    /// Whether they are placed.
    pub placing: Placing,
    /// The scripts that place them.
    pub through: Vec<PlacedBy>,
    /// The builds that lack them, or some of them.
    pub without: Vec<Without>,
}

/// A script that places tables of the registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct PlacedBy {
    /// The script that has them.
    pub script: String,
    /// The script that includes that one; `null` where the board is linked with it.
    pub included_by: Option<String>,
    /// Whether it is not in the tree, and taken for a fragment of registry-rt by its
    /// name alone.
    pub by_name: bool,
}

/// Builds of a board that lack tables of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Without {
    /// Which builds: `USE_MBOOT = 1`; `null` for all.
    pub condition: Option<String>,
    /// The tables that are not there, by their output sections; empty where none is.
    pub tables: Vec<String>,
}

/// Whether the linker scripts of a board place the tables of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Placing {
    /// In every build.
    Placed,
    /// In some builds, or some of them.
    Partly,
    /// In none by a script. That is right where another way than a script is taken, and
    /// the tree does not tell that.
    NoScript,
    /// In every build, in a way that needs no script in some of them or all.
    NoneNeeded,
    /// The tree does not say with which scripts the board is linked.
    Unknown,
}

impl Placing {
    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoScript => "by no script",
            Self::NoneNeeded => "no script needed",
            _ => self.as_str(),
        }
    }

    /// The word for it, as JSON has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Partly => "partly",
            Self::NoScript => "no-script",
            Self::NoneNeeded => "none-needed",
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
    let mut through: Vec<PlacedBy> = scripts.iter().filter_map(placed_by).collect();
    through.sort();
    through.dedup();
    let needs_none = scripts.iter().any(|script| script.unnamed_tables.is_some());
    let is_told = needs_none || !through.is_empty();
    let without = if is_told { without(scripts) } else { Vec::new() };
    let placing = match without.as_slice() {
        _ if scripts.is_empty() => Placing::Unknown,
        _ if !is_told => Placing::NoScript,
        [] if needs_none => Placing::NoneNeeded,
        [] => Placing::Placed,
        _ => Placing::Partly,
    };
    ScriptAudit { board: board.id().to_string(), placing, through, without }
}

fn placed_by(script: &LinkerScript) -> Option<PlacedBy> {
    let ScriptTables { through, by_name, .. } = script.tables.as_ref()?;
    let mut way = std::iter::once(&script.path).chain(through).rev().cloned();
    Some(PlacedBy { script: way.next()?, included_by: way.next(), by_name: *by_name })
}

/// The builds that lack tables. Scripts of one build are linked together: what one of
/// them places is there.
fn without(scripts: &[LinkerScript]) -> Vec<Without> {
    let worlds = Worlds::of(scripts.iter().filter_map(|script| script.condition.as_deref()));
    let Some(all) = worlds.all() else {
        let condition = Some("too many options of the build to tell".to_owned());
        return vec![Without { condition, tables: Vec::new() }];
    };
    let lacks: Vec<Option<Lacks>> =
        all.iter().map(|world| lacks(scripts, &worlds, world)).collect();
    let mut kinds: Vec<&Lacks> = Vec::new();
    for kind in lacks.iter().flatten().filter(|kind| **kind != Lacks::Some(Vec::new())) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let builds = |kind: &Lacks| {
        let are: Vec<Option<bool>> =
            lacks.iter().map(|lacks| lacks.as_ref().map(|lacks| lacks == kind)).collect();
        let tables = match kind {
            Lacks::All => Vec::new(),
            Lacks::Some(tables) => tables.iter().map(|table| (*table).to_owned()).collect(),
        };
        Without { condition: worlds.when(&all, &are), tables }
    };
    kinds.into_iter().map(builds).collect()
}

/// The tables that a build lacks.
#[derive(PartialEq, Eq)]
enum Lacks<'s> {
    All,
    Some(Vec<&'s str>),
}

/// What a build lacks; `None` where it is none of main.
fn lacks<'s>(scripts: &'s [LinkerScript], worlds: &Worlds<'_>, world: &World) -> Option<Lacks<'s>> {
    let is_linked = |script: &&LinkerScript| worlds.holds(script.condition.as_deref(), world);
    let linked: Vec<&LinkerScript> = scripts.iter().filter(is_linked).collect();
    // Without a script, whoever builds names one, or it is no build at all; what links
    // another program, such as a bootloader, does not run main.
    if linked.is_empty() || linked.iter().any(|script| script.without_main) {
        return None;
    }
    if linked.iter().any(|script| script.unnamed_tables.is_some()) {
        return Some(Lacks::Some(Vec::new()));
    }
    let mut tables = linked.iter().filter_map(|script| script.tables.as_ref());
    let Some(first) = tables.next() else { return Some(Lacks::All) };
    let mut lacks: Vec<&str> = first.lacks.iter().map(String::as_str).collect();
    for others in tables {
        lacks.retain(|table| others.lacks.iter().any(|other| other == table));
    }
    Some(Lacks::Some(lacks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnnamedTables;

    /// `path`, `path?CONDITION`; with `+` in front it places the tables, with `-` it
    /// links another program, with `*` no script needs to name them.
    fn said(scripts: &[&str]) -> String {
        let script = |text: &&str| {
            let name = text.trim_start_matches(['+', '-', '*']);
            let (path, condition) =
                name.split_once('?').map_or((name, None), |(path, when)| (path, Some(when)));
            LinkerScript {
                path: path.to_owned(),
                found: true,
                condition: condition.map(str::to_owned),
                without_main: text.starts_with('-'),
                includes: vec![],
                tables: text.starts_with('+').then(|| ScriptTables {
                    through: vec![],
                    by_name: false,
                    lacks: vec![],
                }),
                unnamed_tables: text.starts_with('*').then_some(UnnamedTables::Rodata),
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
        let without = audit.without.iter().map(|without| without.condition.as_deref().unwrap());
        let without = without.collect::<Vec<_>>().join("; ");
        format!("{} {without}", audit.placing.as_str()).trim_end().to_owned()
    }

    #[test]
    fn a_board_is_told_by_all_of_its_builds() {
        assert_eq!(said(&[]), "unknown");
        assert_eq!(said(&["a.ld", "b.ld"]), "no-script");
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
    fn what_needs_no_script_lacks_none() {
        assert_eq!(said(&["*a.ld", "*b.ld"]), "none-needed");
        assert_eq!(said(&["*a.ld?MBOOT = 1", "b.ld?MBOOT != 1"]), "partly MBOOT != 1");
        assert_eq!(said(&["*a.ld?MBOOT = 1", "+b.ld?MBOOT != 1"]), "none-needed");
    }

    #[test]
    fn a_bootloader_needs_no_tables() {
        let scripts = ["+app.ld?TARGET = application", "-boot.ld?TARGET = bootloader"];
        assert_eq!(said(&scripts), "placed");
    }
}
