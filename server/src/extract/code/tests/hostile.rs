//! Bytes that no compiler wrote.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Decoder, Flow, Isa};

/// Every instruction set, and the smallest step that its instructions take.
const SETS: [(Isa, usize); 6] = [
    (Isa::Thumb, 2),
    (Isa::Arm, 4),
    (Isa::Riscv { bits: 32 }, 2),
    (Isa::Riscv { bits: 64 }, 2),
    (Isa::X86 { bits: 32 }, 1),
    (Isa::X86 { bits: 64 }, 1),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_bytes_are_an_instruction_that_fits(address: u64, bytes in vec(any::<u8>(), 1..24)) {
        for (isa, step) in SETS {
            let found = Decoder::new(isa).decode(address, &bytes);
            let size = usize::from(found.size);
            prop_assert!(size <= bytes.len() && size >= step.min(bytes.len()));
        }
    }

    #[test]
    fn any_run_of_bytes_is_walked_to_its_end(address: u64, bytes in vec(any::<u8>(), 0..256)) {
        for (isa, _) in SETS {
            let mut decoder = Decoder::new(isa);
            let mut at = 0;
            while at < bytes.len() {
                let place = address.wrapping_add(at as u64);
                at += usize::from(decoder.decode(place, &bytes[at..]).size);
            }
            prop_assert_eq!(at, bytes.len());
        }
    }
}

#[test]
fn truncated_instructions_stop() {
    let beginnings: [(Isa, &[u8]); 6] = [
        (Isa::Thumb, &[0x70]),
        (Isa::Thumb, &[0x00, 0xf0]),
        (Isa::Arm, &[0x1e, 0xff, 0x2f]),
        (Isa::Riscv { bits: 32 }, &[0x82]),
        (Isa::Riscv { bits: 64 }, &[0x67, 0x80]),
        (Isa::X86 { bits: 64 }, &[0xe8, 0, 1]),
    ];
    for (isa, bytes) in beginnings {
        let found = Decoder::new(isa).decode(0, bytes);
        assert_eq!((found.flow, usize::from(found.size)), (Flow::Stop, bytes.len()), "{isa:?}");
    }
}

#[test]
fn no_bytes_are_a_stop_without_size() {
    for (isa, _) in SETS {
        let found = Decoder::new(isa).decode(0, &[]);
        assert_eq!((found.flow, found.size), (Flow::Stop, 0));
    }
}
