//! Any bytes as the source text that holds main: its calls in an order, which may be
//! uploaded, and a proposal to migrate them.

#![no_main]

use initboard::analyze::derive;
use initboard::analyze::migrate::by_hand::Once;
use initboard::analyze::migrate::code::Language;
use initboard::analyze::migrate::propose;
use initboard::analyze::policy::Policy;
use initboard::extract::source;
use initboard::model::{InitTable, SourceFile};
use initboard::report::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let file = SourceFile {
        port: "rp2".parse().expect("a port"),
        path: "ports/rp2/main.c".to_owned(),
        commit: None,
        drivers: Vec::new(),
    };
    let Ok(Some(mut table)) = source::read(text, file) else { return };
    let json = json::value(&table);
    assert_eq!(
        InitTable::from_json(json.as_bytes()).expect("what was read may be uploaded"),
        table
    );
    derive(&mut table);
    for (once, language) in [(Once::ByHand, Language::C), (Once::Early, Language::Rust)] {
        let _ = propose("rp2", &table, Some(text), &Policy::default(), once, language);
    }
});
