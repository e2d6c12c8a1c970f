//! Any bytes as the uploaded facts of a source tree: what is taken is written and
//! read again as the same.

#![no_main]

use initboard::model::TreeFacts;
use initboard::report::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(facts) = TreeFacts::from_json(bytes) else { return };
    let text = json::facts(&facts);
    assert_eq!(TreeFacts::from_json(text.as_bytes()).expect("what was written is read"), facts);
});
