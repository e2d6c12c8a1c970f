//! The boards of a source tree: their variants, their microcontrollers and the
//! linker scripts that each is linked with.
//!
//! - [`boards`]: which files make a board.
//! - [`make`], [`cmake`]: what these files and those of the port say.
//! - [`linker`]: where the linker finds its scripts, and what they include; [`tables`]:
//!   which tables of the registry these place.

mod boards;
mod cmake;
mod linker;
mod make;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use boards::BoardFiles;
use linker::{Scripts, Search};
use make::{Decision, Makefiles, Run, World};

use super::layout::PortFolder;
use super::{Layout, SourceTree, TreeError};
use crate::model::{
    CatalogBoard, LinkerScript, MAX_BOARDS, MAX_LINKER_SCRIPTS, PortName, UnnamedTables,
    VariantName,
};

/// Longest name of a microcontroller, in bytes; what is longer is none.
const MAX_MCU_BYTES: usize = 64;

/// What a tree says of its boards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The boards, by port, board and variant.
    pub boards: Vec<CatalogBoard>,
    /// Files and folders that stand where ports, boards and variants do, and
    /// whose names none of these can have.
    pub skipped: Vec<String>,
}

/// The boards of a tree; of the ports in `only`, if it names any.
///
/// # Errors
/// When the tree cannot be read, or holds more than any firmware.
pub fn catalog(
    tree: &dyn SourceTree,
    layout: &Layout,
    only: &[PortName],
) -> Result<Catalog, TreeError> {
    let (ports, skipped) = layout.ports(tree)?;
    let reader = Reader {
        tree,
        layout,
        makefiles: Makefiles::new(tree, layout),
        scripts: Scripts::new(tree),
    };
    let mut catalog = Catalog { boards: Vec::new(), skipped };
    for port in ports.iter().filter(|port| only.is_empty() || only.contains(&port.port)) {
        for board in boards::boards(tree, layout, port, &mut catalog.skipped)? {
            let found = catalog.boards.len() + 1 + board.variants.len();
            if found > MAX_BOARDS {
                return Err(TreeError::TooManyBoards { found, limit: MAX_BOARDS });
            }
            let mcu = reader.mcu_in_json(&board)?;
            catalog.boards.push(reader.board(port, &board, None, mcu.clone())?);
            for (variant, files) in &board.variants {
                let variant = reader.board(port, &board, Some((variant, files)), mcu.clone())?;
                catalog.boards.push(variant);
            }
        }
    }
    Ok(catalog)
}

struct Reader<'t> {
    tree: &'t dyn SourceTree,
    layout: &'t Layout,
    makefiles: Makefiles<'t>,
    scripts: Scripts<'t>,
}

/// The scripts of one world, and where the linker looks in it.
struct Linked<'w> {
    decisions: &'w [Decision],
    scripts: Vec<LinkerScript>,
    /// Whether main is part of the program that they link.
    with_main: bool,
}

impl Reader<'_> {
    fn board(
        &self,
        port: &PortFolder,
        board: &BoardFiles,
        variant: Option<(&VariantName, &Vec<String>)>,
        mcu: Option<String>,
    ) -> Result<CatalogBoard, TreeError> {
        let is_cmake = board.files.iter().any(|file| has_ending(file, "cmake"));
        let (mut linker_scripts, built_for) = if is_cmake {
            self.of_cmake(port, board, variant)?
        } else {
            self.of_make(port, board, variant)?
        };
        linker_scripts.truncate(MAX_LINKER_SCRIPTS);
        Ok(CatalogBoard {
            port: port.port.clone(),
            board: board.board.clone(),
            variant: variant.map(|(variant, _)| variant.clone()),
            mcu: mcu.or(built_for),
            linker_scripts,
        })
    }

    /// The microcontroller that `board.json` beside the board's files names.
    fn mcu_in_json(&self, board: &BoardFiles) -> Result<Option<String>, TreeError> {
        let text = self.tree.read(&format!("{}/board.json", board.folder))?;
        let facts = text.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
        Ok(facts.and_then(|facts| name_of_mcu(facts.get("mcu")?.as_str()?)))
    }

    /// The first of the files in which the build of a port may begin that is
    /// there, and that is or is not one of CMake.
    fn makefile(&self, port: &PortFolder, is_cmake: bool) -> Result<Option<String>, TreeError> {
        for path in self.layout.makefiles(port) {
            if (path.ends_with("CMakeLists.txt") || has_ending(&path, "cmake")) == is_cmake
                && self.tree.read(&path)?.is_some()
            {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    fn of_make(
        &self,
        port: &PortFolder,
        board: &BoardFiles,
        variant: Option<(&VariantName, &Vec<String>)>,
    ) -> Result<(Vec<LinkerScript>, Option<String>), TreeError> {
        let makefile = self.makefile(port, false)?;
        let folder = match &makefile {
            Some(path) => path.rsplit_once('/').map_or("", |(folder, _)| folder),
            None => &port.folder,
        };
        let board_folder = relative(&board.folder, folder);
        let given = BTreeMap::from([
            ("TOP", up(folder)),
            ("BOARD", board.board.to_string()),
            ("BOARD_DIR", board_folder.clone()),
            ("BOARD_VARIANT", variant.map(|(name, _)| name.to_string()).unwrap_or_default()),
            // Ports whose variants are their boards.
            ("VARIANT", board.board.to_string()),
            ("VARIANT_DIR", board_folder),
        ]);
        let asked: Vec<String> = self
            .layout
            .linker_scripts
            .iter()
            .chain(&self.layout.mcu)
            .cloned()
            .chain([make::LINKER_FLAGS.to_owned()])
            .collect();
        let own = board.files.iter().chain(variant.into_iter().flat_map(|(_, files)| files));
        let own: Vec<String> = own.filter(|file| has_ending(file, "mk")).cloned().collect();
        let mut makefiles: Vec<String> = makefile.iter().cloned().collect();
        let run = Run { folder, makefiles: &makefiles, given: given.clone(), asked: &asked };
        let (mut worlds, mut is_all) = self.makefiles.worlds(&run)?;
        // A makefile that finds its board in a way that is not followed.
        let is_read = |world: &World| own.iter().all(|file| world.read.contains(file));
        if !own.is_empty() && !worlds.iter().any(is_read) {
            makefiles.splice(..0, own);
            let run = Run { folder, makefiles: &makefiles, given, asked: &asked };
            (worlds, is_all) = self.makefiles.worlds(&run)?;
        }
        let mcu = worlds.first().and_then(|world| {
            self.layout.mcu.iter().find_map(|name| name_of_mcu(world.values.get(name)?))
        });
        if !is_all {
            // Too many to tell when each is used: the first is what comes of
            // deciding nothing.
            worlds.truncate(1);
        }
        let with_main = self.with_main(&worlds, port, folder)?;
        let mut linked = Vec::new();
        for (world, with_main) in worlds.iter().zip(with_main) {
            linked.extend(self.linked(world, folder, with_main)?);
        }
        Ok((together(&linked, is_all), mcu))
    }

    /// Which of the worlds build the program of main: those whose makefiles name a file
    /// in which main may stand; all, where none does.
    fn with_main(
        &self,
        worlds: &[World],
        port: &PortFolder,
        folder: &str,
    ) -> Result<Vec<bool>, TreeError> {
        let mut with_main = vec![true; worlds.len()];
        // Mostly all worlds read the same makefiles, and there is nothing to tell apart.
        if worlds.windows(2).all(|pair| pair[0].read == pair[1].read) {
            return Ok(with_main);
        }
        let mains: Vec<String> =
            self.layout.mains(port).iter().map(|path| relative(path, folder)).collect();
        for (world, with_main) in worlds.iter().zip(&mut with_main) {
            *with_main = false;
            for path in &world.read {
                *with_main = *with_main || self.makefiles.names(path, &mains)?;
            }
        }
        if !with_main.contains(&true) {
            with_main.fill(true);
        }
        Ok(with_main)
    }

    /// The scripts of a world; `None` where whoever builds names them.
    fn linked<'w>(
        &self,
        world: &'w World,
        folder: &str,
        with_main: bool,
    ) -> Result<Option<Linked<'w>>, TreeError> {
        let flags = world.values.get(make::LINKER_FLAGS).map(String::as_str);
        let (mut names, others) = in_flags(flags.unwrap_or_default());
        let variables = self.layout.linker_scripts.iter();
        let value =
            variables.filter_map(|name| world.values.get(name)).find(|v| !v.trim().is_empty());
        if let Some(value) = value {
            let own: Vec<String> = make::words(value).into_iter().map(str::to_owned).collect();
            // Flags that name these and more are the whole of it, in the linker's order:
            // `-T $(LDSCRIPT) -T registry.ld`.
            if !own.iter().all(|name| names.contains(name)) {
                names = own;
            }
        }
        let is_named_by_builder = |name: &String| {
            let variable = name.strip_prefix("$(").and_then(|name| name.strip_suffix(')'));
            variable.is_some_and(|variable| world.is_decided(variable))
        };
        if names.iter().any(is_named_by_builder) {
            return Ok(None);
        }
        // A word that is a variable that nobody sets is nothing.
        names.retain(|name| {
            !(name.starts_with("$(") && name.ends_with(')') && name.matches('$').count() == 1)
        });
        let search = Search { folder: folder.to_owned(), others };
        let mut scripts = Vec::new();
        for name in names.iter().take(MAX_LINKER_SCRIPTS) {
            let mut script = self.scripts.script(name, &search)?;
            script.unnamed_tables = unnamed_tables(world);
            scripts.push(script);
        }
        Ok(Some(Linked { decisions: &world.decisions, scripts, with_main }))
    }

    fn of_cmake(
        &self,
        port: &PortFolder,
        board: &BoardFiles,
        variant: Option<(&VariantName, &Vec<String>)>,
    ) -> Result<(Vec<LinkerScript>, Option<String>), TreeError> {
        let given = BTreeMap::from([
            ("MICROPY_DIR".to_owned(), ".".to_owned()),
            ("MICROPY_PORT_DIR".to_owned(), format!("./{}", port.folder)),
            ("MICROPY_BOARD_DIR".to_owned(), format!("./{}", board.folder)),
            ("MICROPY_BOARD".to_owned(), board.board.to_string()),
        ]);
        let mut variables = cmake::Variables::new(self.layout, given);
        let makefile = self.makefile(port, true)?;
        let own = board.files.iter().chain(variant.into_iter().flat_map(|(_, files)| files));
        for file in own.filter(|file| has_ending(file, "cmake")).chain(&makefile) {
            if let Some(text) = self.tree.read(file)? {
                let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
                variables.read(&String::from_utf8_lossy(&text), folder);
            }
        }
        let mut scripts = Vec::new();
        for (name, condition) in &variables.scripts {
            // Paths of CMake are whole, which here is from the root.
            let folder = if name.starts_with("./") { "" } else { &port.folder };
            let search = Search { folder: folder.to_owned(), others: Vec::new() };
            for name in name.split(';') {
                let mut script = self.scripts.script(name, &search)?;
                script.condition.clone_from(condition);
                scripts.push(script);
            }
        }
        let mcu = self.layout.mcu.iter().find_map(|name| name_of_mcu(variables.get(name)?));
        Ok((scripts, mcu))
    }
}

impl World {
    /// Whether whoever builds decided what a variable is.
    fn is_decided(&self, variable: &str) -> bool {
        self.decisions.iter().any(|decision| decision.is_about(variable))
    }
}

/// How the tables come into the scripts of a world that do not name them.
fn unnamed_tables(world: &World) -> Option<UnnamedTables> {
    let has = |option: &str| world.noted.contains(option);
    if has(make::KEYED) {
        Some(UnnamedTables::Keyed)
    } else if has(make::RODATA) && has(make::SORTED) {
        Some(UnnamedTables::Rodata)
    } else {
        None
    }
}

/// The scripts of all worlds, each with its condition, in the order of the
/// linker.
fn together<'w>(worlds: &[Linked<'w>], is_all: bool) -> Vec<LinkerScript> {
    let mut all: Vec<LinkerScript> = Vec::new();
    for world in worlds {
        for (index, script) in world.scripts.iter().enumerate() {
            if all.contains(script) {
                continue;
            }
            // Before the next one that is there already.
            let next = world.scripts[index..].iter();
            let place = next.filter_map(|next| all.iter().position(|known| known == next)).min();
            all.insert(place.unwrap_or(all.len()), script.clone());
        }
    }
    for script in &mut all {
        let (so, otherwise): (Vec<_>, Vec<_>) =
            worlds.iter().partition(|world| world.scripts.contains(script));
        let without_main = !so.iter().any(|world| world.with_main);
        let decisions = |worlds: Vec<&Linked<'w>>| -> Vec<&'w [Decision]> {
            worlds.into_iter().map(|world| world.decisions).collect()
        };
        script.condition = make::condition(&decisions(so), &decisions(otherwise));
        script.without_main = without_main;
    }
    if !is_all {
        for script in &mut all {
            script.condition = Some("too many options of the build to tell".to_owned());
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|script| seen.insert((script.path.clone(), script.condition.clone())));
    all
}

/// The scripts that linker flags name, and the folders to look in.
fn in_flags(flags: &str) -> (Vec<String>, Vec<String>) {
    let (mut scripts, mut folders) = (Vec::new(), Vec::new());
    let mut words = make::words(flags).into_iter().flat_map(|word| {
        // Commas part the linker's own arguments, but not those of a function.
        let arguments = word.strip_prefix("-Wl,").filter(|word| !word.contains('$'));
        arguments.map_or_else(|| vec![word], |word| word.split(',').collect())
    });
    while let Some(word) = words.next() {
        let mut argument = |rest: &str| {
            let rest = rest.trim_start_matches('=');
            if rest.is_empty() { words.next().map(str::to_owned) } else { Some(rest.to_owned()) }
        };
        if let Some(rest) = word.strip_prefix("--script") {
            scripts.extend(argument(rest));
        } else if let Some(rest) = word.strip_prefix("--library-path") {
            folders.extend(argument(rest));
        } else if let Some(rest) = word.strip_prefix("-L") {
            folders.extend(argument(rest));
        } else if word.starts_with("-Ttext")
            || word.starts_with("-Tdata")
            || word.starts_with("-Tbss")
        {
            // The address of a section.
        } else if let Some(rest) = word.strip_prefix("-T") {
            scripts.extend(argument(rest));
        }
    }
    (scripts, folders)
}

/// Whether the name of a file ends so, behind a dot.
fn has_ending(path: &str, ending: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == ending)
}

/// A text that can be the name of a microcontroller.
fn name_of_mcu(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    let fits = (1..=MAX_MCU_BYTES).contains(&text.len()) && text.chars().all(is_name);
    fits.then(|| text.to_owned())
}

/// `path` as it is written in `folder`, both from the root of the tree.
fn relative(path: &str, folder: &str) -> String {
    match path.strip_prefix(folder) {
        Some("") => ".".to_owned(),
        Some(rest) if rest.starts_with('/') => rest[1..].to_owned(),
        Some(rest) if folder.is_empty() => rest.to_owned(),
        _ => format!("{}/{path}", up(folder)),
    }
}

/// The way from `folder` to the root of the tree.
fn up(folder: &str) -> String {
    let parts: Vec<&str> =
        folder.split('/').filter(|part| !part.is_empty()).map(|_| "..").collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
