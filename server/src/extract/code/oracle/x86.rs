//! objdump's x86-64 text, in AT&T syntax.

use super::{Expected, Goes, Line, leading_hex};

const PREFIXES: [&str; 14] = [
    "notrack", "bnd", "rep", "repz", "repnz", "lock", "data16", "cs", "ds", "es", "ss", "rex.W",
    "addr32", "xacquire",
];

/// What the line says, unless it is data.
pub(super) fn expected(line: &Line, _next: Option<&Line>) -> Option<Expected> {
    let (mut name, mut operands) = (line.mnemonic, line.operands);
    while PREFIXES.contains(&name) {
        (name, operands) = operands.split_once(' ').unwrap_or((operands, ""));
        operands = operands.trim();
    }
    if name.starts_with('.') || name == "(bad)" {
        return None;
    }
    let target = match operands.strip_prefix('*') {
        Some(_) => line.comment,
        None => leading_hex(operands),
    };
    let goes = match name {
        "jmp" | "jmpq" => Goes::Jump(target),
        "call" | "callq" => Goes::Call(target),
        "ret" | "retq" | "lret" | "iret" | "iretq" | "sysretq" => Goes::Return,
        "ud2" | "ud1" | "ud0" | "hlt" | "int3" | "int1" => Goes::Stop,
        _ if name.starts_with('j') || name.starts_with("loop") || name == "xbegin" => {
            Goes::Branch(target?)
        }
        _ => Goes::Next,
    };
    let keeps = name.starts_with("cmp") && !name.starts_with("cmpxchg")
        || name.starts_with("test")
        || name.starts_with("nop")
        || name.starts_with("incssp")
        || line.operands == "%ax,%ax"
        || goes != Goes::Next;
    // The last operand is what changes; registers that nobody names do too.
    let last = operands.rsplit(',').next().unwrap_or("");
    let writes = match register(last) {
        _ if name.starts_with("push") => 1 << 4,
        // rdx:rax, and the operand is a source.
        _ if ["div", "idiv", "mul", "imul"].contains(&name) && !operands.contains(',') => 0b101,
        Some(register) if !keeps && !name.starts_with("bt") => 1 << register,
        _ => 0,
    };
    Some(Expected { goes, writes, exact: false, address: line.comment })
}

/// The number of the general register that the operand is.
fn register(operand: &str) -> Option<usize> {
    const NAMES: [&str; 8] = ["a", "c", "d", "b", "sp", "bp", "si", "di"];
    let name = operand.trim().strip_prefix('%')?;
    if let Some(number) =
        name.strip_prefix('r').and_then(|rest| rest.trim_end_matches(['d', 'w', 'b']).parse().ok())
    {
        return Some(number);
    }
    let short = name.trim_start_matches(['r', 'e']).trim_end_matches(['x', 'l', 'h']);
    NAMES.iter().position(|known| *known == short)
}
