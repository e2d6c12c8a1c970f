//! What makefiles make of a few variables, in every world that whoever runs
//! make can choose.
//!
//! A test such as `ifeq ($(USE_MBOOT),1)` cannot be decided where nothing in the
//! tree sets the variable for good: it is for whoever builds to say. Then each
//! answer is a world of its own, and is followed to its end. Only tests that can
//! change what is asked for are treated so; a hundred others are passed over.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::parse::{Statement, statements};
use super::pass::Pass;
use crate::tree::{Layout, SourceTree, TreeError};

/// Most worlds that are followed. Boards of MicroPython have up to 8.
const MAX_WORLDS: usize = 64;
/// Most bytes of makefiles that are kept apart for the next board.
const MAX_KEPT_BYTES: usize = 64 << 20;
/// Most work for one tree: statements, and bytes expanded. MicroPython's needs
/// some 2% of it.
const MAX_WORK: usize = 2_000_000_000;

/// The makefiles of a tree.
pub(crate) struct Makefiles<'t> {
    pub(super) tree: &'t dyn SourceTree,
    pub(super) layout: &'t Layout,
    files: RefCell<HashMap<String, Option<Rc<Makefile>>>>,
    kept_bytes: Cell<usize>,
    work: Cell<usize>,
}

pub(super) struct Makefile {
    pub(super) statements: Vec<Statement>,
    pub(super) bytes: usize,
}

/// What make is run for.
pub(crate) struct Run<'r> {
    /// The folder in which it runs.
    pub(crate) folder: &'r str,
    /// The makefiles, one after another.
    pub(crate) makefiles: &'r [String],
    /// What stands on its command line.
    pub(crate) given: BTreeMap<&'static str, String>,
    /// The variables that are asked for.
    pub(crate) asked: &'r [String],
}

/// What make makes of it when whoever builds decides so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct World {
    /// What was decided, in this order.
    pub(crate) decisions: Vec<Decision>,
    /// The variables that were asked for, and that have a value.
    pub(crate) values: BTreeMap<String, String>,
    /// The makefiles that were read.
    pub(crate) read: BTreeSet<String>,
    /// The options of the registry that were assigned, whatever the variable; one under a
    /// test that was passed over is not told.
    pub(crate) noted: BTreeSet<&'static str>,
}

/// A test that only whoever builds can decide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decision {
    pub(crate) left: Side,
    pub(crate) right: String,
    /// Whether both are equal.
    pub(crate) holds: bool,
}

/// What a test compares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// A variable, by name.
    Variable(String),
    /// A text that cannot be expanded, as it is written.
    Text(String),
}

impl<'t> Makefiles<'t> {
    pub(crate) fn new(tree: &'t dyn SourceTree, layout: &'t Layout) -> Self {
        Self {
            tree,
            layout,
            files: RefCell::default(),
            kept_bytes: Cell::new(0),
            work: Cell::new(0),
        }
    }

    /// All worlds of a run, that of an undecided builder first; and whether
    /// these are all.
    pub(crate) fn worlds(&self, run: &Run<'_>) -> Result<(Vec<World>, bool), TreeError> {
        // What is asked for, and what that depends on, as far as it is known.
        let mut relevant: BTreeSet<String> = run.asked.iter().cloned().collect();
        'again: loop {
            let mut worlds = Vec::new();
            let mut open: Vec<Vec<bool>> = vec![Vec::new()];
            while let Some(path) = open.pop() {
                if worlds.len() == MAX_WORLDS {
                    return Ok((worlds, false));
                }
                let mut pass = Pass::new(self, run, &relevant, &path);
                for makefile in run.makefiles {
                    pass.read(makefile)?;
                }
                let values = pass.values()?;
                let missed: Vec<String> =
                    pass.passed_over.intersection(&pass.referred).cloned().collect();
                if !missed.is_empty() && missed.iter().any(|name| !relevant.contains(name)) {
                    relevant.extend(missed);
                    continue 'again;
                }
                for index in path.len()..pass.decisions.len() {
                    let mut other: Vec<bool> = pass.taken[..index].to_vec();
                    other.push(!pass.taken[index]);
                    open.push(other);
                }
                worlds.push(World {
                    decisions: pass.decisions,
                    values,
                    read: pass.files_read,
                    noted: pass.noted,
                });
            }
            return Ok((worlds, true));
        }
    }

    /// A makefile of the tree; `None` where there is none.
    pub(super) fn makefile(&self, path: &str) -> Result<Option<Rc<Makefile>>, TreeError> {
        if let Some(known) = self.files.borrow().get(path) {
            return Ok(known.clone());
        }
        let bytes = self.tree.read(path)?;
        let makefile = bytes.map(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            Rc::new(Makefile { statements: statements(&text), bytes: bytes.len() })
        });
        let size = makefile.as_ref().map_or(0, |makefile| makefile.bytes);
        if self.kept_bytes.get() + size > MAX_KEPT_BYTES {
            self.files.borrow_mut().clear();
            self.kept_bytes.set(0);
        }
        self.kept_bytes.set(self.kept_bytes.get() + size);
        self.files.borrow_mut().insert(path.to_owned(), makefile.clone());
        Ok(makefile)
    }

    /// Whether a makefile assigns a value in which one of `words` stands, under whatever
    /// condition.
    pub(crate) fn names(&self, path: &str, words: &[String]) -> Result<bool, TreeError> {
        let Some(makefile) = self.makefile(path)? else { return Ok(false) };
        self.spend(makefile.bytes)?;
        Ok(makefile.statements.iter().any(|statement| statement.names(words)))
    }

    pub(super) fn spend(&self, work: usize) -> Result<(), TreeError> {
        self.work.set(self.work.get().saturating_add(work));
        if self.work.get() > MAX_WORK { Err(TreeError::EndlessMakefiles) } else { Ok(()) }
    }
}
