//! Any bytes as an uploaded table: what is taken is written and read again as the
//! same, is checked, compared with itself, and written as an order file.

#![no_main]

use initboard::analyze::check::{Baseline, Subject, check};
use initboard::analyze::diff::TableDiff;
use initboard::analyze::order_file::{OrderFile, Unbuilt};
use initboard::analyze::policy::Policy;
use initboard::model::InitTable;
use initboard::report::{findings, json, terminal};
use jiff::civil::date;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = InitTable::from_json(bytes) else { return };
    let text = json::value(&table);
    assert_eq!(InitTable::from_json(text.as_bytes()).expect("what was written is read"), table);

    let (policy, today) = (Policy::default(), date(2026, 1, 1));
    let mut subjects = [Subject {
        label: "stm32/PYBV10".to_owned(),
        port: "stm32".parse().expect("a port"),
        board: Some("PYBV10".to_owned()),
        table: table.into(),
    }];
    let report = check(&mut subjects, &policy, &Baseline::default(), today);
    let _ = (findings::terminal(&report), findings::markdown(&report));
    let _ = terminal::table("stm32/PYBV10", &subjects[0].table);

    let [Subject { port, table, .. }] = &subjects;
    let diff = TableDiff::of(port, table, table, &policy);
    assert!(diff.is_empty(), "a build differs from itself: {diff:?}");

    if let Ok(order) = OrderFile::default().updated(&subjects, Unbuilt::Keep) {
        let written = order.file.to_string();
        assert_eq!(written.parse::<OrderFile>().expect("what was written is read"), order.file);
    }
});
