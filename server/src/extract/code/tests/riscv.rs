//! RV32 and RV64.

use super::super::{Destination, Effect, Flow, Instruction, Isa};
use super::{does, goes, is};

const RV32: Isa = Isa::Riscv { bits: 32 };
const RV64: Isa = Isa::Riscv { bits: 64 };
const BASE: u64 = 0x8000_1000;

fn word(isa: Isa, word: u32) -> Instruction {
    super::decode(isa, BASE, &word.to_le_bytes())
}

fn half(isa: Isa, half: u16) -> Instruction {
    super::decode(isa, BASE, &half.to_le_bytes())
}

#[test]
fn code_above_two_gigabytes_keeps_its_address() {
    for isa in [RV32, RV64] {
        goes(word(isa, 0xff1f_f06f), Flow::Jump(Destination::Address(0x8000_0ff0)));
        goes(word(isa, 0xfe00_08e3), Flow::Branch(0x8000_0ff0));
        goes(half(isa, 0xbffd), Flow::Jump(Destination::Address(0x8000_0ffe)));
        does(word(isa, 0x0000_0517), 10, Effect::Constant { to: 10, value: BASE });
    }
}

#[test]
fn upper_immediates_extend_the_sign_on_rv64_only() {
    let upper = |value| Effect::Constant { to: 10, value };
    does(word(RV32, 0x8000_0537), 10, upper(0x8000_0000));
    does(word(RV64, 0x8000_0537), 10, upper(0xffff_ffff_8000_0000));
    does(half(RV32, 0x757d), 10, upper(0xffff_f000));
    does(half(RV64, 0x757d), 10, upper(0xffff_ffff_ffff_f000));
    // auipc a0, 0x80000: the sum wraps on one of them.
    does(word(RV32, 0x8000_0517), 10, upper(0x0000_1000));
    does(word(RV64, 0x8000_0517), 10, upper(0x0000_1000));
}

#[test]
fn pairs_build_constants_and_targets() {
    let value = 4_u64.wrapping_neg();
    does(word(RV64, 0xffc5_0513), 10, Effect::AddConstant { to: 10, from: 10, value });
    does(word(RV64, 0xffc5_051b), 10, Effect::AddWord { to: 10, from: 10, value, signed: true });
    let target = Destination::RegisterPlus { register: 1, offset: 8 };
    is(word(RV32, 0x0080_80e7), Flow::Call(target), Effect::Nothing, 1 << 1);
    let target = Destination::RegisterPlus { register: 6, offset: 8 };
    goes(word(RV32, 0x0083_0067), Flow::Jump(target));
}

#[test]
fn zero_reads_as_zero_and_loses_what_is_written() {
    does(word(RV32, 0x0020_0513), 10, Effect::Constant { to: 10, value: 2 });
    does(half(RV32, 0x4509), 10, Effect::Constant { to: 10, value: 2 });
    is(word(RV32, 0x0000_0013), Flow::Next, Effect::Nothing, 0);
    is(half(RV32, 0x0001), Flow::Next, Effect::Nothing, 0);
    does(word(RV32, 0x00a0_0533), 10, Effect::Copy { to: 10, from: 10 });
    let offset = 0xffff_fffc;
    let load = Effect::Load { to: 10, base: None, index: None, offset, width: 4, signed: true };
    does(word(RV32, 0xffc0_2503), 10, load);
}

#[test]
fn calls_link_in_ra_or_in_t0() {
    let call = Flow::Call(Destination::Address(0x8000_1010));
    is(word(RV32, 0x0100_00ef), call, Effect::Nothing, 1 << 1);
    is(word(RV32, 0x0100_02ef), call, Effect::Nothing, 1 << 5);
    is(half(RV32, 0x2801), call, Effect::Nothing, 1 << 1);
    is(half(RV32, 0x9782), Flow::Call(Destination::Register(15)), Effect::Nothing, 1 << 1);
}

#[test]
fn one_code_is_a_call_on_rv32_and_a_sum_on_rv64() {
    does(half(RV64, 0x2501), 10, Effect::Extend { to: 10, from: 10, width: 4, signed: true });
    goes(half(RV32, 0x2501), Flow::Call(Destination::Address(0x8000_1600)));
}

#[test]
fn functions_return_through_ra_and_t0() {
    goes(word(RV32, 0x0000_8067), Flow::Return);
    goes(word(RV32, 0x0002_8067), Flow::Return);
    goes(half(RV32, 0x8082), Flow::Return);
    goes(half(RV32, 0x8282), Flow::Return);
    goes(half(RV32, 0x8782), Flow::Jump(Destination::Register(15)));
    goes(word(RV32, 0x3020_0073), Flow::Return);
    // Zcmp's cm.popret {ra}, 16
    goes(half(RV32, 0xbe42), Flow::Return);
    goes(half(RV64, 0xbe42), Flow::Next);
}

#[test]
fn branches_compare() {
    let registers = Effect::CompareRegisters { a: 10, b: 11 };
    is(word(RV32, 0x00b5_6463), Flow::Branch(0x8000_1008), registers, 0);
    let zero = Effect::Compare { register: 10, value: 0 };
    is(word(RV32, 0x0005_1463), Flow::Branch(0x8000_1008), zero, 0);
    is(half(RV32, 0xc501), Flow::Branch(0x8000_1008), zero, 0);
    is(half(RV32, 0xfd7d), Flow::Branch(0x8000_0ffe), zero, 0);
}

#[test]
fn traps_stop_and_semihosting_returns() {
    goes(word(RV32, 0x0010_0073), Flow::Stop);
    goes(half(RV32, 0x9002), Flow::Stop);
    goes(half(RV32, 0x0000), Flow::Stop);
    let call = [0x73, 0x00, 0x10, 0x00, 0x13, 0x50, 0x70, 0x40];
    let found = super::Decoder::new(RV32).decode(BASE, &call);
    assert_eq!((found.size, found.flow), (4, Flow::Next));
}

#[test]
fn loads_and_moves_come_short_and_long() {
    let load = |width, signed| Effect::Load {
        to: 15,
        base: Some(15),
        index: None,
        offset: 4,
        width,
        signed,
    };
    does(word(RV32, 0x0047_a783), 15, load(4, true));
    does(word(RV64, 0x0047_e783), 15, load(4, false));
    does(half(RV32, 0x43dc), 15, load(4, true));
    does(half(RV32, 0x853e), 10, Effect::Copy { to: 10, from: 15 });
    does(half(RV32, 0x97ba), 15, Effect::Add { to: 15, a: 15, b: 14 });
}

#[test]
fn stores_change_nothing() {
    is(word(RV32, 0x00a5_a023), Flow::Next, Effect::Nothing, 0);
    is(half(RV32, 0xc05c), Flow::Next, Effect::Nothing, 0);
}
