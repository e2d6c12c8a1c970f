//! A32.

use super::super::{Destination, Effect, Flow, Instruction, Isa};
use super::{does, goes, is};

fn arm(word: u32) -> Instruction {
    super::decode(Isa::Arm, 0x1000, &word.to_le_bytes())
}

/// The flow of an instruction that may be skipped.
fn may_go(found: Instruction, flow: Flow) {
    assert_eq!((found.flow, found.conditional), (flow, true));
}

#[test]
fn branches_count_from_two_instructions_on() {
    goes(arm(0xeaff_fffe), Flow::Jump(Destination::Address(0x1000)));
    goes(arm(0x0aff_fffe), Flow::Branch(0x1000));
    is(arm(0xeb00_0000), Flow::Call(Destination::Address(0x1008)), Effect::Nothing, 1 << 14);
    may_go(arm(0x0b00_0000), Flow::Call(Destination::Address(0x1008)));
    goes(arm(0xfb00_0000), Flow::Call(Destination::Address(0x100b)));
    goes(arm(0xe12f_ff33), Flow::Call(Destination::Register(3)));
}

#[test]
fn functions_return_in_many_ways() {
    for word in [0xe12f_ff1e, 0xe1a0_f00e, 0xe8bd_8010, 0xe49d_f004, 0xe25e_f004, 0xe91b_a800] {
        goes(arm(word), Flow::Return);
    }
    may_go(arm(0x012f_ff1e), Flow::Return);
    may_go(arm(0x08bd_8010), Flow::Return);
}

#[test]
fn jumps_go_through_registers_and_memory() {
    goes(arm(0xe12f_ff13), Flow::Jump(Destination::Register(3)));
    goes(arm(0xe1a0_f003), Flow::Jump(Destination::Register(3)));
    goes(arm(0xe51f_f004), Flow::Jump(Destination::Memory(0x1004)));
    let sum = Destination::RegisterPlus { register: 12, offset: 0x1008 };
    goes(arm(0xe08f_f00c), Flow::Jump(sum));
}

#[test]
fn a_switch_jumps_over_branches_or_through_pointers() {
    may_go(arm(0x908f_f103), Flow::BranchTable { first: 0x1008, index: 3 });
    let table = Destination::Pointer { base: None, index: Some(3), offset: 0x1008, width: 4 };
    may_go(arm(0x979f_f103), Flow::Jump(table));
    is(arm(0xe353_0005), Flow::Next, Effect::Compare { register: 3, value: 5 }, 0);
}

#[test]
fn constants_come_in_all_encodings() {
    let constant = |value| Effect::Constant { to: 3, value };
    does(arm(0xe3a0_3002), 3, constant(2));
    does(arm(0xe3a0_3202), 3, constant(0x2000_0000));
    does(arm(0xe3e0_3000), 3, constant(0xffff_ffff));
    does(arm(0xe30a_3bcd), 3, constant(0xabcd));
    does(arm(0xe340_3802), 3, Effect::SetHigh { to: 3, value: 0x0802 });
    does(arm(0xe28f_3004), 3, constant(0x100c));
    does(arm(0xe24f_3004), 3, constant(0x1004));
}

#[test]
fn sums_copies_and_loads_name_their_operands() {
    does(arm(0xe1a0_3001), 3, Effect::Copy { to: 3, from: 1 });
    does(arm(0xe281_3004), 3, Effect::AddConstant { to: 3, from: 1, value: 4 });
    does(arm(0xe081_3102), 3, Effect::Add { to: 3, a: 1, b: 2 });
    does(arm(0xe08f_3003), 3, Effect::AddConstant { to: 3, from: 3, value: 0x1008 });
    let load =
        |base, index, offset| Effect::Load { to: 3, base, index, offset, width: 4, signed: false };
    does(arm(0xe59f_3004), 3, load(None, None, 0x100c));
    does(arm(0xe591_3004), 3, load(Some(1), None, 4));
    does(arm(0xe791_3102), 3, load(Some(1), Some(2), 0));
    is(arm(0xe491_3004), Flow::Next, load(Some(1), None, 0), 1 << 1 | 1 << 3);
}

#[test]
fn stores_change_a_base_that_is_written_back_only() {
    is(arm(0xe581_3004), Flow::Next, Effect::Nothing, 0);
    is(arm(0xe481_3004), Flow::Next, Effect::Nothing, 1 << 1);
    is(arm(0xe92d_4010), Flow::Next, Effect::Nothing, 1 << 13);
    is(arm(0xe1c1_20f8), Flow::Next, Effect::Nothing, 0);
}

#[test]
fn traps_stop() {
    goes(arm(0xe7f0_00f0), Flow::Stop);
    goes(arm(0xe120_0070), Flow::Stop);
}
