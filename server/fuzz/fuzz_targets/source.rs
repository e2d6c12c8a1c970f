//! Any bytes as the source text that holds main: its calls in an order, which may be
//! uploaded, and a proposal to migrate them.

#![no_main]

use initboard::analyze::derive;
use initboard::analyze::migrate::by_hand::Once;
use initboard::analyze::migrate::code::Language;
use initboard::analyze::migrate::{MainText, propose};
use initboard::analyze::policy::Policy;
use initboard::extract::source::{self, Prototypes};
use initboard::model::{InitTable, PortName, SourceFile};
use initboard::report::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let port: PortName = "rp2".parse().expect("a port");
    let file = SourceFile {
        port: port.clone(),
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
    // The same bytes as a header, which they may well be.
    let mut headers = Prototypes::default();
    let _ = headers.read(text);
    for (once, language) in [(Once::ByHand, Language::C), (Once::Early, Language::Rust)] {
        let main = MainText { text, headers: &headers };
        let (policy, languages) = (Policy::default(), [language]);
        let _ = propose("rp2", Some(&port), &table, Some(main), &policy, once, &languages);
    }
});
