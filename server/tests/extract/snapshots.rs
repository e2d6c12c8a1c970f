//! `initboard extract --format json` on every committed file.

use initboard::report::json;

use crate::files;

#[test]
fn every_committed_file_gives_the_table_that_was_reviewed() {
    for (name, path) in files::committed() {
        let bytes = std::fs::read(&path).unwrap();
        insta::assert_snapshot!(name, json::value(&files::extract(&bytes)));
    }
}

#[test]
fn reading_through_a_cache_gives_the_same_as_reading_memory() {
    for (name, path) in files::committed() {
        let bytes = std::fs::read(&path).unwrap();
        let cache = object::ReadCache::new(std::fs::File::open(&path).unwrap());
        let digest = initboard::model::Sha256::of(&bytes);
        let cached = initboard::extract::extract(&cache, digest).unwrap();
        assert_eq!(cached, initboard::extract::extract(&bytes[..], digest).unwrap(), "{name}");
    }
}
