//! objdump's RISC-V text, with `-M no-aliases,numeric`.

use super::{Expected, Goes, Line, leading_hex};

/// What the line says, unless it is data.
pub(super) fn expected(line: &Line, next: Option<&Line>) -> Option<Expected> {
    let name = line.mnemonic;
    if name.starts_with('.') {
        return None;
    }
    let operands: Vec<&str> = line.operands.split(',').map(str::trim).collect();
    let operand = |index: usize| operands.get(index).copied().unwrap_or("");
    let target = |index: usize| leading_hex(operand(index));
    let goes = match (name.trim_start_matches("c."), operand(0), operand(1)) {
        ("jal", "x0", _) => Goes::Jump(target(1)),
        // The compressed one names no register.
        ("jal", ..) => Goes::Call(target(operands.len() - 1)),
        ("j", ..) => Goes::Jump(target(0)),
        ("jalr", "x0", "0(x1)" | "0(x5)")
        | ("jr", "x1" | "x5", _)
        | ("mret" | "sret" | "uret" | "dret", ..) => Goes::Return,
        ("jalr", "x0", from) => Goes::Jump(line.comment.filter(|_| from.ends_with("(x0)"))),
        ("jalr", _, from) => Goes::Call(line.comment.filter(|_| from.ends_with("(x0)"))),
        ("jr", ..) => Goes::Jump(None),
        ("beq" | "bne" | "blt" | "bge" | "bltu" | "bgeu", ..) => Goes::Branch(target(2)?),
        ("beqz" | "bnez", ..) => Goes::Branch(target(1)?),
        // A semihosting call returns.
        ("ebreak", ..) if next.is_some_and(|next| next.operands == "x0,x0,0x7") => Goes::Next,
        ("ebreak" | "unimp", ..) => Goes::Stop,
        _ => Goes::Next,
    };
    let stores = matches!(
        name.trim_start_matches("c."),
        "sb" | "sh" | "sw" | "sd" | "swsp" | "sdsp" | "jr" | "j" | "nop"
    );
    let keeps = stores || matches!(goes, Goes::Branch(_)) || name.starts_with("sfence");
    let writes = match (name, register(operand(0))) {
        ("c.jal" | "c.jalr", _) => 1 << 1,
        (_, Some(register)) if !keeps => (1 << register) & !1,
        _ => 0,
    };
    // Calls of the environment change what they like.
    // Of floating point more than what changes may be listed.
    let exact = !matches!(name, "ecall" | "ebreak" | "c.flw" | "c.flwsp") && !name.starts_with('f');
    // objdump computes others than pairs from the last LUI, even when C.LI or ADDI
    // came between.
    let pair = operand(0) == operand(1) || name != "addi";
    let address = line.comment.filter(|_| name != "c.addi" && pair);
    Some(Expected { goes, writes, exact, address })
}

fn register(operand: &str) -> Option<u32> {
    operand.strip_prefix('x')?.parse().ok()
}
