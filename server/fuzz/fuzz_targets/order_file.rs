//! Any text as an order file: what is taken is written and read again as the same.

#![no_main]

use initboard::analyze::order_file::{OrderFile, Unbuilt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(order) = text.parse::<OrderFile>() else { return };
    let written = order.to_string();
    let read: OrderFile = written.parse().expect("what was written is read");
    assert_eq!(read, order);
    assert_eq!(read.to_string(), written);
    let updated = order.updated(&[], Unbuilt::Keep).expect("no build has no order");
    assert_eq!(updated.file.to_string(), written);
});
