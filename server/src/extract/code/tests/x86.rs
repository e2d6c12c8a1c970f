//! x86 and x86-64.

use super::super::{Destination, Effect, Flow, Instruction, Isa};
use super::{does, goes, is};

fn long(bytes: &[u8]) -> Instruction {
    super::decode(Isa::X86 { bits: 64 }, 0x1000, bytes)
}

fn short(bytes: &[u8]) -> Instruction {
    super::decode(Isa::X86 { bits: 32 }, 0x1000, bytes)
}

#[test]
fn branches_and_calls_count_from_the_next_instruction() {
    goes(long(&[0xeb, 0xfe]), Flow::Jump(Destination::Address(0x1000)));
    goes(long(&[0xe9, 0, 1, 0, 0]), Flow::Jump(Destination::Address(0x1105)));
    goes(long(&[0x74, 0x10]), Flow::Branch(0x1012));
    goes(long(&[0x0f, 0x85, 0, 1, 0, 0]), Flow::Branch(0x1106));
    let call = Flow::Call(Destination::Address(0x1105));
    is(long(&[0xe8, 0, 1, 0, 0]), call, Effect::Nothing, 1 << 4);
    is(short(&[0xe8, 0, 1, 0, 0]), call, Effect::Nothing, 1 << 4);
}

#[test]
fn jumps_and_calls_go_through_registers_and_memory() {
    goes(long(&[0xff, 0xd0]), Flow::Call(Destination::Register(0)));
    goes(long(&[0x3e, 0xff, 0xe0]), Flow::Jump(Destination::Register(0)));
    goes(long(&[0xff, 0x25, 2, 0, 0, 0]), Flow::Jump(Destination::Memory(0x1008)));
    goes(long(&[0xff, 0x15, 2, 0, 0, 0]), Flow::Call(Destination::Memory(0x1008)));
    let table = |index, offset, width| Destination::Pointer { base: None, index, offset, width };
    let jump = [0xff, 0x24, 0xc5, 0, 0x20, 0, 0];
    goes(long(&jump), Flow::Jump(table(Some(0), 0x2000, 8)));
    let jump = [0xff, 0x24, 0x85, 0, 0x20, 0, 0];
    goes(short(&jump), Flow::Jump(table(Some(0), 0x2000, 4)));
    let method = Destination::Pointer { base: Some(0), index: None, offset: 8, width: 8 };
    goes(long(&[0xff, 0x50, 8]), Flow::Call(method));
}

#[test]
fn functions_return_and_traps_stop() {
    goes(long(&[0xc3]), Flow::Return);
    goes(long(&[0xf3, 0xc3]), Flow::Return);
    goes(long(&[0x0f, 0x0b]), Flow::Stop);
    goes(long(&[0xf4]), Flow::Stop);
    goes(long(&[0xcc]), Flow::Stop);
    goes(long(&[0xf3, 0x0f, 0x1e, 0xfa]), Flow::Next);
}

#[test]
fn a_system_call_returns_with_any_register_changed() {
    is(long(&[0x0f, 0x05]), Flow::Next, Effect::Nothing, u64::MAX);
    is(short(&[0xcd, 0x80]), Flow::Next, Effect::Nothing, u64::MAX);
}

#[test]
fn constants_clear_the_upper_half() {
    let constant = |value| Effect::Constant { to: 7, value };
    does(long(&[0xbf, 2, 0, 0, 0]), 7, constant(2));
    does(long(&[0xbf, 0xff, 0xff, 0xff, 0xff]), 7, constant(0xffff_ffff));
    does(long(&[0x48, 0xc7, 0xc7, 0xff, 0xff, 0xff, 0xff]), 7, constant(u64::MAX));
    does(long(&[0x31, 0xff]), 7, constant(0));
    does(long(&[0x48, 0x8d, 0x3d, 1, 0, 0, 0]), 7, constant(0x1008));
}

#[test]
fn narrow_sums_and_copies_clear_the_upper_half() {
    does(long(&[0x89, 0xc7]), 7, Effect::Extend { to: 7, from: 0, width: 4, signed: false });
    does(long(&[0x48, 0x89, 0xc7]), 7, Effect::Copy { to: 7, from: 0 });
    does(short(&[0x89, 0xc7]), 7, Effect::Copy { to: 7, from: 0 });
    let value = 1_u64.wrapping_neg();
    does(long(&[0x83, 0xc7, 0xff]), 7, Effect::AddWord { to: 7, from: 7, value, signed: false });
    does(long(&[0x48, 0x83, 0xef, 1]), 7, Effect::AddConstant { to: 7, from: 7, value });
    does(long(&[0x0f, 0xb6, 0xf8]), 7, Effect::Extend { to: 7, from: 0, width: 1, signed: false });
}

#[test]
fn a_jump_table_of_offsets_can_be_followed() {
    // movslq (%rdx,%rax,4), %rax; add %rdx, %rax
    let entry =
        Effect::Load { to: 0, base: Some(2), index: Some(0), offset: 0, width: 4, signed: true };
    does(long(&[0x48, 0x63, 0x04, 0x82]), 0, entry);
    does(long(&[0x48, 0x01, 0xd0]), 0, Effect::Add { to: 0, a: 0, b: 2 });
    is(long(&[0x83, 0xff, 5]), Flow::Next, Effect::Compare { register: 7, value: 5 }, 0);
}

#[test]
fn half_a_register_is_no_constant() {
    is(long(&[0x40, 0xb7, 2]), Flow::Next, Effect::Nothing, 1 << 7);
    is(long(&[0xb4, 2]), Flow::Next, Effect::Nothing, 1);
    is(long(&[0x66, 0xbf, 2, 0]), Flow::Next, Effect::Nothing, 1 << 7);
    // movzbl %ah, %edi
    is(long(&[0x0f, 0xb6, 0xfc]), Flow::Next, Effect::Nothing, 1 << 7);
}

#[test]
fn memory_of_a_thread_has_no_known_address() {
    // mov %fs:0x28, %rax
    is(long(&[0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0]), Flow::Next, Effect::Nothing, 1);
}
