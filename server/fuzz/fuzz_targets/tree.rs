//! Any texts as the files that say how the boards of a source tree are built: its
//! boards, or an error. A zero byte ends each.

#![no_main]

use std::collections::BTreeMap;

use initboard::config::Config;
use initboard::model::{SCHEMA_VERSION, TreeFacts};
use initboard::report::{catalog as report, json};
use initboard::tree::catalog::catalog;
use initboard::tree::{SourceTree, TreeEntry, TreeEntryKind, TreeError};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// Where each of the texts stands.
const PATHS: [&str; 8] = [
    "ports/p/Makefile",
    "ports/p/boards/A/mpconfigboard.mk",
    "ports/p/more.mk",
    "ports/p/a.ld",
    "ports/p/boards/A/board.json",
    "ports/q/CMakeLists.txt",
    "ports/q/boards/B/mpconfigboard.cmake",
    "initboard.toml",
];

/// A tree in memory.
struct Files<'f>(BTreeMap<&'static str, &'f [u8]>);

impl SourceTree for Files<'_> {
    fn list(&self, folder: &str) -> Result<Vec<TreeEntry>, TreeError> {
        let inside = self.0.keys().filter_map(|path| match folder {
            "" => Some(*path),
            folder => path.strip_prefix(folder)?.strip_prefix('/'),
        });
        let mut entries: Vec<_> = inside
            .map(|path| match path.split_once('/') {
                Some((name, _)) => (name.to_owned(), TreeEntryKind::Folder),
                None => (path.to_owned(), TreeEntryKind::File),
            })
            .map(|(name, kind)| TreeEntry { name, kind })
            .collect();
        entries.sort();
        entries.dedup();
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.0.get(path).map(|text| text.to_vec()))
    }
}

fuzz_target!(|bytes: &[u8]| {
    let texts = bytes.split(|&byte| byte == 0);
    let tree = Files(PATHS.into_iter().zip(texts).filter(|(_, text)| !text.is_empty()).collect());
    let Ok(config) = Config::of_tree(&tree) else { return };
    let Ok(found) = catalog(&tree, &config.tree, &[]) else { return };
    let _ = (report::terminal(&found.boards), report::csv(&found.boards));
    let facts = TreeFacts {
        schema: SCHEMA_VERSION,
        commit: "0".repeat(40).parse().expect("a commit"),
        committed_at: Timestamp::UNIX_EPOCH,
        configuration: None,
        tables: Vec::new(),
        boards: found.boards,
        history: Vec::new(),
    };
    let text = json::facts(&facts);
    assert_eq!(
        TreeFacts::from_json(text.as_bytes()).expect("what was read may be uploaded"),
        facts
    );
});
