//! The main of each port of a tree, read as text.

use super::layout::PortFolder;
use super::{Layout, SourceTree, TreeError};
use crate::extract::source::{self, SourceError};
use crate::model::{InitTable, PortName, SourceFile};

/// What the mains of a tree say.
#[derive(Debug, Default)]
pub struct Mains {
    /// The table of each port whose main was found, by port.
    pub tables: Vec<InitTable>,
    /// The ports whose main was not found.
    pub missing: Vec<MissingMain>,
}

/// A port whose main was not found.
#[derive(Debug)]
pub struct MissingMain {
    /// The port.
    pub port: PortName,
    /// The files that the layout names, and that are not there or do not hold
    /// it.
    pub tried: Vec<String>,
    /// A file that could not be read, and why.
    pub unread: Option<(String, SourceError)>,
}

impl std::fmt::Display for MissingMain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { port, tried, unread } = self;
        match unread {
            Some((path, error)) => write!(f, "port {port}: {path}: {error}"),
            None if tried.is_empty() => {
                write!(f, "port {port} has no main: no pattern of `tree.mains` is meant for it")
            }
            None => write!(
                f,
                "port {port} has no main: no function of {} calls `mp_init`; name the file in `tree.mains` of initboard.toml",
                tried.join(", ")
            ),
        }
    }
}

/// Reads the main of each of `ports`.
///
/// # Errors
/// When the tree cannot be read.
pub fn read(
    tree: &dyn SourceTree,
    layout: &Layout,
    ports: &[PortFolder],
) -> Result<Mains, TreeError> {
    let mut mains = Mains::default();
    for port in ports {
        let mut missing =
            MissingMain { port: port.port.clone(), tried: layout.mains(port), unread: None };
        let mut found = None;
        let drivers = layout.drivers(tree, port)?;
        for path in &missing.tried {
            let Some(text) = tree.read(path)? else { continue };
            let file = SourceFile {
                port: port.port.clone(),
                path: path.clone(),
                commit: tree.commit().map(|commit| commit.sha.clone()),
                drivers: drivers.clone(),
            };
            match source::read(&text, file) {
                Ok(Some(table)) => {
                    found = Some(table);
                    break;
                }
                Ok(None) => {}
                Err(error) => missing.unread = Some((path.clone(), error)),
            }
        }
        match found {
            Some(table) => mains.tables.push(table),
            None => mains.missing.push(missing),
        }
    }
    Ok(mains)
}
