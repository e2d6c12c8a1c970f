//! The headers that a source file includes, and what they declare.
//!
//! Only a build knows its include paths. Headers are looked for where these paths
//! lead in firmware: in the folders around the file, up to the root of the tree, and
//! those right in the root or beside the file. What is not found there is not known.

use std::collections::{BTreeSet, VecDeque};

use super::{SourceTree, TreeEntryKind, TreeError};
use crate::extract::source::Prototypes;

/// Most headers that are read. A main of MicroPython includes some 100, with those
/// that they include.
const MAX_HEADERS: usize = 512;
/// Most bytes of headers that are read.
const MAX_BYTES: usize = 16 << 20;
/// Most folders in which a header is looked for.
const MAX_FOLDERS: usize = 256;
/// Most times that a header is looked for in a folder.
const MAX_LOOKUPS: usize = 65_536;

/// What the headers declare that the file at `path` with this text includes, by itself
/// or through others.
///
/// # Errors
/// When the tree cannot be read.
pub fn prototypes(tree: &dyn SourceTree, path: &str, text: &[u8]) -> Result<Prototypes, TreeError> {
    let folders = folders(tree, folder_of(path))?;
    let mut prototypes = Prototypes::default();
    let mut seen = BTreeSet::new();
    // Most names that are nowhere are those of the C library, which all include.
    let mut nowhere = BTreeSet::new();
    let (mut bytes, mut lookups) = (0, 0);
    let mut ahead: VecDeque<(String, Vec<u8>)> = [(path.to_owned(), text.to_vec())].into();
    while let Some((path, text)) = ahead.pop_front() {
        for name in included(&text) {
            let of_file = folder_of(&path).to_owned();
            let everywhere = folders.iter().filter(|_| !nowhere.contains(&name));
            let mut header = None;
            for folder in std::iter::once(&of_file).chain(everywhere) {
                let place = join(folder, &name);
                lookups += 1;
                if lookups > MAX_LOOKUPS {
                    return Ok(prototypes);
                }
                if seen.contains(&place) {
                    header = Some((place, None));
                    break;
                }
                if let Some(text) = tree.read(&place)? {
                    header = Some((place, Some(text)));
                    break;
                }
            }
            let Some((place, text)) = header else {
                nowhere.insert(name);
                continue;
            };
            let Some(text) = text else { continue };
            bytes += text.len();
            if seen.len() == MAX_HEADERS || bytes > MAX_BYTES {
                return Ok(prototypes);
            }
            seen.insert(place.clone());
            // What is nothing like C declares nothing that is known.
            let _ = prototypes.read(&text);
            ahead.push_back((place, text));
        }
    }
    Ok(prototypes)
}

/// Where headers of a file in `folder` are looked for.
fn folders(tree: &dyn SourceTree, folder: &str) -> Result<Vec<String>, TreeError> {
    let mut folders = Vec::new();
    let mut around = folder;
    loop {
        folders.push(around.to_owned());
        if around.is_empty() {
            break;
        }
        around = folder_of(around);
    }
    for outer in [folder, ""] {
        let inner = tree.list(outer)?.into_iter();
        let inner = inner.filter(|entry| entry.kind == TreeEntryKind::Folder);
        folders.extend(inner.map(|entry| join(outer, &entry.name)));
    }
    folders.truncate(MAX_FOLDERS);
    Ok(folders)
}

/// The files that a text includes.
fn included(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let of_line = |line: &str| {
        let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")?;
        let rest = rest.trim_start().strip_prefix(['"', '<'])?;
        Some(rest.split(['"', '>']).next()?.to_owned())
    };
    text.lines().filter_map(of_line).filter(|name| !name.is_empty()).collect()
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
