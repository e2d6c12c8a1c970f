//! Any bytes as a firmware file: an answer or an error.

#![no_main]

use initboard::extract::extract;
use initboard::model::Sha256;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = extract(bytes, Sha256([0; 32]));
});
