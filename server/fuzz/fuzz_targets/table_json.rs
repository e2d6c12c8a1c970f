//! Any bytes as an uploaded table: what is taken is written and read again as
//! the same.

#![no_main]

use initboard::model::InitTable;
use initboard::report::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = InitTable::from_json(bytes) else { return };
    let text = json::table(&table);
    assert_eq!(InitTable::from_json(text.as_bytes()).expect("what was written is read"), table);
});
