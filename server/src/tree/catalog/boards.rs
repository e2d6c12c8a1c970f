//! The boards and variants of a port: which files make each of them.

use std::collections::BTreeMap;

use crate::model::{BoardName, VariantName};
use crate::tree::layout::{Found, PortFolder};
use crate::tree::{Layout, SourceTree, TreeError};

/// A board, with what it is configured by.
pub(super) struct BoardFiles {
    pub(super) board: BoardName,
    /// Its folder, or the folder of its file.
    pub(super) folder: String,
    /// Its files, in the order of the layout.
    pub(super) files: Vec<String>,
    /// The files of each variant.
    pub(super) variants: BTreeMap<VariantName, Vec<String>>,
}

/// The boards of a port, by name. `skipped` gets the paths of those that can
/// have none.
pub(super) fn boards(
    tree: &dyn SourceTree,
    layout: &Layout,
    port: &PortFolder,
    skipped: &mut Vec<String>,
) -> Result<Vec<BoardFiles>, TreeError> {
    let mut boards: BTreeMap<BoardName, BoardFiles> = BTreeMap::new();
    for Found { path, names } in layout.boards(tree, port)? {
        let Ok(name) = names.board.unwrap_or_default().parse::<BoardName>() else {
            skipped.push(path);
            continue;
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let board = boards.entry(name.clone()).or_insert_with(|| BoardFiles {
            board: name,
            folder,
            files: Vec::new(),
            variants: BTreeMap::new(),
        });
        board.files.push(path);
    }
    for Found { path, names } in layout.variants(tree, port)? {
        let board = names.board.unwrap_or_default().parse::<BoardName>().ok();
        // A variant of no board is a fragment that others include.
        let Some(board) = board.and_then(|board| boards.get_mut(&board)) else { continue };
        match names.variant.unwrap_or_default().parse() {
            Ok(variant) => board.variants.entry(variant).or_default().push(path),
            Err(_) => skipped.push(path),
        }
    }
    Ok(boards.into_values().collect())
}
