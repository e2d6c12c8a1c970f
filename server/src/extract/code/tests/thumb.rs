//! T32.

use super::super::{Decoder, Destination, Effect, Flow, Instruction, Isa};
use super::{does, goes, is};

/// Decodes halfwords at `address`.
fn at(address: u64, halves: &[u16]) -> Instruction {
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    super::decode(Isa::Thumb, address, &bytes)
}

fn thumb(halves: &[u16]) -> Instruction {
    at(0x1000, halves)
}

#[test]
fn branches_count_from_the_instruction_after_the_next() {
    goes(thumb(&[0xd0fe]), Flow::Branch(0x1000));
    goes(thumb(&[0xe7fe]), Flow::Jump(Destination::Address(0x1001)));
    goes(thumb(&[0xf43f, 0xaffe]), Flow::Branch(0x1000));
    goes(thumb(&[0xf7ff, 0xbffe]), Flow::Jump(Destination::Address(0x1001)));
    goes(at(0x8000_0000, &[0xe002]), Flow::Jump(Destination::Address(0x8000_0009)));
}

#[test]
fn compare_and_branch_goes_forward_only() {
    let compare = Effect::Compare { register: 3, value: 0 };
    is(thumb(&[0xb103]), Flow::Branch(0x1004), compare, 0);
    is(thumb(&[0xbbfb]), Flow::Branch(0x1082), compare, 0);
}

#[test]
fn calls_set_the_link_register() {
    let call = |to| Flow::Call(Destination::Address(to));
    is(thumb(&[0xf000, 0xf800]), call(0x1005), Effect::Nothing, 1 << 14);
    is(thumb(&[0xf7ff, 0xfffe]), call(0x1001), Effect::Nothing, 1 << 14);
    is(at(0x1002, &[0xf000, 0xe802]), call(0x1008), Effect::Nothing, 1 << 14);
    is(thumb(&[0x4798]), Flow::Call(Destination::Register(3)), Effect::Nothing, 1 << 14);
}

#[test]
fn calls_reach_sixteen_megabytes() {
    let call = |to| Flow::Call(Destination::Address(to));
    goes(at(0x0800_0000, &[0xf3ff, 0xd7ff]), call(0x0900_0003));
    goes(at(0x0800_0000, &[0xf400, 0xd000]), call(0x0700_0005));
}

#[test]
fn calls_into_the_non_secure_world_are_calls() {
    goes(thumb(&[0x479c]), Flow::Call(Destination::Register(3)));
    goes(thumb(&[0x4774]), Flow::Return);
    goes(thumb(&[0xe97f, 0xe97f]), Flow::Next);
}

#[test]
fn functions_return_in_many_ways() {
    goes(thumb(&[0x4770]), Flow::Return);
    goes(thumb(&[0x46f7]), Flow::Return);
    goes(thumb(&[0xf85d, 0xfb04]), Flow::Return);
    is(thumb(&[0xbd10]), Flow::Return, Effect::Nothing, 1 << 13 | 1 << 4);
    is(thumb(&[0xe8bd, 0x8010]), Flow::Return, Effect::Nothing, 1 << 13 | 1 << 4 | 1 << 15);
}

#[test]
fn jumps_go_through_registers_and_memory() {
    goes(thumb(&[0x4718]), Flow::Jump(Destination::Register(3)));
    goes(thumb(&[0x469f]), Flow::Jump(Destination::Register(3)));
    let sum = Destination::RegisterPlus { register: 3, offset: 0x1004 };
    goes(thumb(&[0x449f]), Flow::Jump(sum));
    goes(at(0x1002, &[0xf8df, 0xf000]), Flow::Jump(Destination::Memory(0x1004)));
    let table = Destination::Pointer { base: Some(2), index: Some(3), offset: 0, width: 4 };
    goes(thumb(&[0xf852, 0xf023]), Flow::Jump(table));
}

#[test]
fn a_veneer_changes_to_a32_behind_it() {
    goes(thumb(&[0x4778]), Flow::Jump(Destination::Address(0x1004)));
}

#[test]
fn table_branches_name_table_and_index() {
    let table = |width| Flow::ByteTable { table: 0x1004, width, index: 3 };
    goes(thumb(&[0xe8df, 0xf003]), table(1));
    goes(thumb(&[0xe8df, 0xf013]), table(2));
}

#[test]
fn traps_stop_and_semihosting_returns() {
    goes(thumb(&[0xde00]), Flow::Stop);
    goes(thumb(&[0xbe00]), Flow::Stop);
    goes(thumb(&[0xf7f0, 0xa000]), Flow::Stop);
    is(thumb(&[0xbeab]), Flow::Next, Effect::Nothing, 1);
}

#[test]
fn an_it_block_makes_its_instructions_conditional() {
    let mut decoder = Decoder::new(Isa::Thumb);
    // itte eq; moveq r0, #1; beq .; bxne lr; bx lr
    let code: [u16; 5] = [0xbf06, 0x2001, 0xe7fe, 0x4770, 0x4770];
    let found: Vec<(Flow, bool)> = code
        .iter()
        .map(|half| decoder.decode(0x1000, &half.to_le_bytes()))
        .map(|instruction| (instruction.flow, instruction.conditional))
        .collect();
    let expected = [
        (Flow::Next, false),
        (Flow::Next, true),
        (Flow::Branch(0x1000), false),
        (Flow::Return, true),
        (Flow::Return, false),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_reset_ends_an_it_block() {
    let mut decoder = Decoder::new(Isa::Thumb);
    decoder.decode(0x1000, &[0x08, 0xbf]);
    decoder.reset();
    assert!(!decoder.decode(0x1002, &[0x70, 0x47]).conditional);
}

#[test]
fn constants_come_in_all_encodings() {
    let constant = |to, value| Effect::Constant { to, value };
    does(thumb(&[0x2002]), 0, constant(0, 2));
    does(thumb(&[0xf04f, 0x30ff]), 0, constant(0, 0xffff_ffff));
    does(thumb(&[0xf04f, 0x1012]), 0, constant(0, 0x0012_0012));
    does(thumb(&[0xf04f, 0x5300]), 3, constant(3, 0x2000_0000));
    does(thumb(&[0xf06f, 0x0001]), 0, constant(0, 0xffff_fffe));
    does(thumb(&[0xf64a, 0x33cd]), 3, constant(3, 0xabcd));
    does(thumb(&[0xf6c0, 0x0302]), 3, Effect::SetHigh { to: 3, value: 0x0802 });
    does(at(0x1002, &[0xa001]), 0, constant(0, 0x1008));
    does(at(0x1002, &[0xf2af, 0x0304]), 3, constant(3, 0x1000));
}

#[test]
fn sums_and_copies_keep_their_operands_apart() {
    does(thumb(&[0x4603]), 3, Effect::Copy { to: 3, from: 0 });
    does(thumb(&[0x000b]), 3, Effect::Copy { to: 3, from: 1 });
    does(thumb(&[0x1d0b]), 3, Effect::AddConstant { to: 3, from: 1, value: 4 });
    let value = 4_u64.wrapping_neg();
    does(thumb(&[0x3b04]), 3, Effect::AddConstant { to: 3, from: 3, value });
    does(thumb(&[0x447b]), 3, Effect::AddConstant { to: 3, from: 3, value: 0x1004 });
    does(thumb(&[0x188b]), 3, Effect::Add { to: 3, a: 1, b: 2 });
    does(thumb(&[0xeb01, 0x0382]), 3, Effect::Add { to: 3, a: 1, b: 2 });
    does(thumb(&[0xb2cb]), 3, Effect::Extend { to: 3, from: 1, width: 1, signed: false });
}

#[test]
fn loads_name_their_address() {
    let load = |base, index, offset, width| Effect::Load {
        to: 3,
        base,
        index,
        offset,
        width,
        signed: false,
    };
    does(at(0x1002, &[0x4b01]), 3, load(None, None, 0x1008, 4));
    does(at(0x1002, &[0xf85f, 0x3004]), 3, load(None, None, 0x1000, 4));
    does(thumb(&[0x684b]), 3, load(Some(1), None, 4, 4));
    does(thumb(&[0x5c8b]), 3, load(Some(1), Some(2), 0, 1));
    does(thumb(&[0xf831, 0x3012]), 3, load(Some(1), Some(2), 0, 2));
    let value = 4_u64.wrapping_neg();
    does(thumb(&[0xf851, 0x3c04]), 3, load(Some(1), None, value, 4));
    // After the access the base is another.
    is(thumb(&[0xf851, 0x3b04]), Flow::Next, load(Some(1), None, 0, 4), 1 << 1 | 1 << 3);
}

#[test]
fn comparisons_tell_the_bound_of_a_table() {
    let compare = |value| Effect::Compare { register: 3, value };
    is(thumb(&[0x2b05]), Flow::Next, compare(5), 0);
    is(thumb(&[0xf5b3, 0x7f80]), Flow::Next, compare(0x100), 0);
    is(thumb(&[0xf113, 0x0f01]), Flow::Next, compare(0xffff_ffff), 0);
}

#[test]
fn stores_change_a_base_that_is_written_back_only() {
    is(thumb(&[0x604b]), Flow::Next, Effect::Nothing, 0);
    is(thumb(&[0xf841, 0x3b04]), Flow::Next, Effect::Nothing, 1 << 1);
    is(thumb(&[0xe9e1, 0x2302]), Flow::Next, Effect::Nothing, 1 << 1);
    is(thumb(&[0xc108]), Flow::Next, Effect::Nothing, 1 << 1);
}

#[test]
fn loops_of_armv8_1_m_branch() {
    is(thumb(&[0xf00f, 0xc005]), Flow::Branch(0x0ffc), Effect::Nothing, 1 << 14);
    goes(thumb(&[0xf041, 0xc005]), Flow::Branch(0x100c));
    is(thumb(&[0xf041, 0xe001]), Flow::Next, Effect::Nothing, 1 << 14);
}
