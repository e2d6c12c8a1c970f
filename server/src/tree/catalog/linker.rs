//! Linker scripts: where the linker finds them, which others they include, and which
//! of them place the tables of the registry.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::tables::Tables;
use crate::model::{LinkerScript, MAX_LINKER_SCRIPTS, MAX_TEXT_BYTES, ScriptTables};
use crate::tree::{SourceTree, TreeError, joined};

/// Deepest inclusion that is followed.
const MAX_DEPTH: usize = 16;

/// The linker scripts of a tree.
pub(super) struct Scripts<'t> {
    tree: &'t dyn SourceTree,
    /// What each script that is in the tree says.
    read: RefCell<HashMap<String, Option<Rc<Text>>>>,
}

/// What a script says.
struct Text {
    /// What it includes, as it names it.
    inclusions: Vec<Inclusion>,
    /// The tables of the registry that it places.
    tables: Tables,
}

/// One inclusion in a script.
struct Inclusion {
    name: String,
    /// By the C preprocessor, which looks beside the script first.
    is_preprocessed: bool,
}

/// A script that another one includes.
struct Included {
    path: String,
    /// The scripts between the board's own and this one.
    behind: Vec<String>,
}

impl Included {
    /// The way from the board's script to this one.
    fn through(&self) -> Vec<String> {
        self.behind.iter().chain([&self.path]).cloned().collect()
    }
}

/// Where the linker of a board looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// The folder in which it runs.
    pub(super) folder: String,
    /// The folders that it is told to look in (`-L`), from the folder in which
    /// it runs.
    pub(super) others: Vec<String>,
}

impl<'t> Scripts<'t> {
    pub(super) fn new(tree: &'t dyn SourceTree) -> Self {
        Self { tree, read: RefCell::default() }
    }

    /// The script that is named `name` on the linker's command line.
    pub(super) fn script(&self, name: &str, search: &Search) -> Result<LinkerScript, TreeError> {
        let Some(path) = self.find(name, None, search)? else {
            let tables = self.tables(name, &[]);
            return Ok(LinkerScript {
                path: cut(name),
                found: false,
                condition: None,
                without_main: false,
                includes: Vec::new(),
                tables,
                unnamed_tables: None,
            });
        };
        let mut includes = Vec::new();
        self.follow(&path, search, &mut Vec::new(), &mut includes)?;
        includes.retain(|include| include.path != path);
        let tables = self.tables(&path, &includes);
        let includes = includes.into_iter().map(|include| include.path).collect();
        Ok(LinkerScript {
            path: cut(&path),
            found: true,
            condition: None,
            without_main: false,
            includes,
            tables,
            unnamed_tables: None,
        })
    }

    /// How a script and what it includes place the tables of the registry.
    fn tables(&self, path: &str, includes: &[Included]) -> Option<ScriptTables> {
        let of = |path: &str| match self.read.borrow().get(path) {
            Some(Some(text)) => (text.tables, false),
            _ => (Tables::by_name(path), true),
        };
        let own = (Vec::new(), of(path));
        let others = includes.iter().map(|include| (include.through(), of(&include.path)));
        let mut all =
            std::iter::once(own).chain(others).filter(|(_, (tables, _))| !tables.is_empty());
        let (through, (first, by_name)) = all.next()?;
        let tables = all.fold(first, |tables, (_, (more, _))| tables.and(more));
        Some(ScriptTables { through, by_name, lacks: tables.lacks() })
    }

    /// Adds what the script at `path` includes, each script once.
    fn follow(
        &self,
        path: &str,
        search: &Search,
        behind: &mut Vec<String>,
        includes: &mut Vec<Included>,
    ) -> Result<(), TreeError> {
        let Some(text) = self.text(path)? else { return Ok(()) };
        for inclusion in &text.inclusions {
            let beside = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let found =
                self.find(&inclusion.name, Some((beside, inclusion.is_preprocessed)), search)?;
            let shown = found.as_deref().map_or_else(|| cut(&inclusion.name), cut);
            if includes.len() == MAX_LINKER_SCRIPTS {
                return Ok(());
            }
            // Met before, it was followed before: so loops come to an end.
            if includes.iter().any(|include| include.path == shown) {
                continue;
            }
            includes.push(Included { path: shown.clone(), behind: behind.clone() });
            if let Some(found) = found.filter(|_| behind.len() < MAX_DEPTH) {
                behind.push(shown);
                self.follow(&found, search, behind, includes)?;
                behind.pop();
            }
        }
        Ok(())
    }

    /// Where a script is that the linker or another script names: in the folder
    /// in which the linker runs, then where it is told to look, then beside the
    /// script that includes it; the preprocessor looks there first.
    fn find(
        &self,
        name: &str,
        beside: Option<(&str, bool)>,
        search: &Search,
    ) -> Result<Option<String>, TreeError> {
        // What the makefiles did not tell is in no tree.
        if name.contains('$') {
            return Ok(None);
        }
        let folder = Some(search.folder.clone());
        let others = search.others.iter().map(|other| joined(&search.folder, other));
        let mut folders: Vec<Option<String>> = std::iter::once(folder).chain(others).collect();
        if let Some((beside, is_first)) = beside {
            let place = if is_first { 0 } else { folders.len() };
            folders.insert(place, Some(beside.to_owned()));
        }
        for folder in folders.into_iter().flatten() {
            let Some(path) = joined(&folder, name) else { continue };
            if self.text(&path)?.is_some() {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// What the script at `path` says; `None` where there is no such file.
    fn text(&self, path: &str) -> Result<Option<Rc<Text>>, TreeError> {
        if let Some(known) = self.read.borrow().get(path) {
            return Ok(known.clone());
        }
        let text = self.tree.read(path)?;
        let found = text.map(|text| Rc::new(Text::of(&String::from_utf8_lossy(&text))));
        self.read.borrow_mut().insert(path.to_owned(), found.clone());
        Ok(found)
    }
}

impl Text {
    fn of(text: &str) -> Self {
        Self { inclusions: inclusions(text), tables: Tables::of(&without_comments(text)) }
    }
}

/// `INCLUDE file` of the linker and `#include "file"` of the preprocessor, in
/// the order in which they stand. Headers are none of the linker's.
fn inclusions(text: &str) -> Vec<Inclusion> {
    let mut found = Vec::new();
    for line in without_comments(text).lines() {
        let line = line.trim();
        let (is_preprocessed, rest) = match line.strip_prefix('#') {
            Some(directive) => match directive.trim_start().strip_prefix("include") {
                Some(rest) => (true, rest.trim_start().to_owned()),
                None => continue,
            },
            None => (false, line.to_owned()),
        };
        if is_preprocessed {
            let name = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
            let name =
                name.map(|(name, _)| name.to_owned()).filter(|name| !super::has_ending(name, "h"));
            found.extend(name.map(|name| Inclusion { name, is_preprocessed }));
            continue;
        }
        let mut words = rest.split(|c: char| c.is_whitespace() || matches!(c, ';' | '{' | '}'));
        while let Some(word) = words.next() {
            if word == "INCLUDE" {
                let name = words.by_ref().find(|word| !word.is_empty());
                let name = name.map(|name| name.trim_matches('"').to_owned());
                found.extend(name.map(|name| Inclusion { name, is_preprocessed }));
            }
        }
        if found.len() > MAX_LINKER_SCRIPTS {
            break;
        }
    }
    found
}

/// `text` with a space in place of each comment; one without an end reaches to
/// the end of the text. As for the linker, `/*` inside of a name is none:
/// `lib/*(.text)`.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("/*") {
        let (before, comment) = (&rest[..at], &rest[at + 2..]);
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '*' | '?');
        kept.push_str(before);
        if before.ends_with(is_name) && !comment.starts_with(char::is_whitespace) {
            kept.push_str("/*");
            rest = comment;
        } else {
            kept.push(' ');
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        }
    }
    kept.push_str(rest);
    kept
}

/// A text as short as a table may hold it.
pub(super) fn cut(path: &str) -> String {
    let mut path = path.to_owned();
    if path.len() > MAX_TEXT_BYTES {
        path.truncate(path.floor_char_boundary(MAX_TEXT_BYTES - 3));
        path.push('…');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_what_they_include_in_several_ways() {
        let text = "/* INCLUDE no.ld\n */ INCLUDE a.ld\nSECTIONS { INCLUDE \"b.ld\"; }\n\
                    #include \"c.ld.S\"\n# include <d.ld>\n#include \"e.h\"\n#define INCLUDE f\n\
                    INCLUDED g.ld\nINCLUDE\n*lib/x/*(.text*)\nINCLUDE i.ld\n/* never ends INCLUDE h.ld";
        let names: Vec<String> = inclusions(text).into_iter().map(|i| i.name).collect();
        assert_eq!(names, ["a.ld", "b.ld", "c.ld.S", "i.ld"]);
    }
}
