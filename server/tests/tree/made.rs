//! Trees in folders of their own, and git repositories made by the library that
//! reads them, so that no `git` is needed.

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind};
use initboard::model::CatalogBoard;
use initboard::tree::{Folder, Layout, SourceTree, catalog};
use tempfile::TempDir;

/// Files by path.
pub(crate) type Files<'f> = &'f [(&'f str, &'f str)];

/// A folder with these files.
pub(crate) fn folder(files: Files<'_>) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), files);
    folder
}

pub(crate) fn write(folder: &Path, files: Files<'_>) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A commit with these files. The branch `main` moves to it.
pub(crate) fn commit(
    git: &gix::Repository,
    files: Files<'_>,
    subject: &str,
    seconds: i64,
    parents: &[ObjectId],
) -> ObjectId {
    let mut root = Node::default();
    for (path, text) in files {
        let mut node = &mut root;
        for part in path.split('/') {
            node = node.inside.entry(part.to_owned()).or_default();
        }
        node.blob = Some(git.write_blob(text).unwrap().detach());
    }
    commit_tree(git, root.write(git), subject, seconds, parents)
}

/// A commit of a tree that was written before.
pub(crate) fn commit_tree(
    git: &gix::Repository,
    tree: ObjectId,
    subject: &str,
    seconds: i64,
    parents: &[ObjectId],
) -> ObjectId {
    let time = format!("{seconds} +0000");
    let person = gix::actor::SignatureRef {
        name: "A Person".into(),
        email: "person@example.org".into(),
        time: &time,
    };
    let commit = gix::objs::Commit {
        tree,
        parents: parents.iter().copied().collect(),
        author: person.to_owned().unwrap(),
        committer: person.to_owned().unwrap(),
        encoding: None,
        message: subject.into(),
        extra_headers: Vec::new(),
    };
    let id = git.write_object(&commit).unwrap().detach();
    let refs = git.common_dir().join("refs/heads");
    std::fs::create_dir_all(&refs).unwrap();
    std::fs::write(refs.join("main"), format!("{id}\n")).unwrap();
    std::fs::write(git.common_dir().join("HEAD"), "ref: refs/heads/main\n").unwrap();
    id
}

#[derive(Default)]
struct Node {
    blob: Option<ObjectId>,
    inside: BTreeMap<String, Node>,
}

impl Node {
    fn write(&self, git: &gix::Repository) -> ObjectId {
        if let Some(blob) = self.blob {
            return blob;
        }
        let mut entries: Vec<Entry> = self
            .inside
            .iter()
            .map(|(name, node)| Entry {
                mode: if node.blob.is_some() { EntryKind::Blob } else { EntryKind::Tree }.into(),
                filename: name.as_str().into(),
                oid: node.write(git),
            })
            .collect();
        entries.sort();
        git.write_object(gix::objs::Tree { entries }).unwrap().detach()
    }
}

/// The boards of a folder, in the layout of its `initboard.toml`.
pub(crate) fn boards(folder: &Path) -> Vec<CatalogBoard> {
    let tree = Folder::open(folder).unwrap();
    let config = initboard::config::Config::of_tree(&tree).unwrap();
    catalog::catalog(&tree, &config.tree, &[]).unwrap().boards
}

/// The boards of a tree in MicroPython's layout.
pub(crate) fn boards_of(tree: &dyn SourceTree) -> Vec<CatalogBoard> {
    catalog::catalog(tree, &Layout::default(), &[]).unwrap().boards
}

/// Each script of a board with its condition and its includes, a line each.
pub(crate) fn scripts(board: &CatalogBoard) -> Vec<String> {
    let line = |script: &initboard::model::LinkerScript| {
        let mut line = script.path.clone();
        if !script.found {
            line.push_str(" (missing)");
        }
        if let Some(condition) = &script.condition {
            line = format!("{line} if {condition}");
        }
        if !script.includes.is_empty() {
            line = format!("{line} > {}", script.includes.join(" "));
        }
        line
    };
    board.linker_scripts.iter().map(line).collect()
}
