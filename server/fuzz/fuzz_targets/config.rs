//! Any bytes as `initboard.toml`: what a check of real firmware says with it, or an
//! error.

#![no_main]

use std::sync::LazyLock;

use initboard::analyze::check::{Baseline, Subject, check};
use initboard::config::Config;
use initboard::extract::extract_with;
use initboard::model::Sha256;
use initboard::report::findings;
use jiff::civil::date;
use libfuzzer_sys::fuzz_target;

const FIRMWARE: &[u8] =
    include_bytes!("../../../data/firmware/1/ports/mps2/build-MPS2_MINI/firmware.elf");

/// As it is read without a configuration.
static SHIPPED: LazyLock<Subject> = LazyLock::new(|| subject(&Config::shipped()));

fn subject(config: &Config) -> Subject {
    Subject {
        label: "mps2/MPS2_MINI".to_owned(),
        port: "mps2".parse().expect("a port"),
        board: Some("MPS2_MINI".to_owned()),
        table: extract_with(FIRMWARE, Sha256([0; 32]), &config.firmware).expect("firmware").into(),
    }
}

fuzz_target!(|text: &[u8]| {
    let Ok(config) = Config::parse(text) else { return };
    let mut subjects = [SHIPPED.clone(), subject(&config)];
    let report = check(&mut subjects, &config.policy, &Baseline::default(), date(2026, 1, 1));
    let _ = (findings::terminal(&report), findings::markdown(&report));
});
