//! Any text as an order file: what is taken is written and read again as the same.
//! Brought up to date it loses no remark, and then stays as it is.

#![no_main]

use initboard::analyze::order_file::{OrderFile, Unbuilt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(order) = text.parse::<OrderFile>() else { return };
    let written = order.to_string();
    let read: OrderFile = written.parse().expect("what was written is read");
    assert_eq!(read, order);
    assert_eq!(read.to_string(), written);
    // Boards that a person lists one by one, and that run the same, become alike.
    let updated = order.updated(&[], Unbuilt::Keep).expect("no build has no order");
    assert_eq!(updated.lost, [""; 0]);
    let again = updated.file.updated(&[], Unbuilt::Keep).expect("as above");
    assert_eq!(again.file, updated.file);
});
