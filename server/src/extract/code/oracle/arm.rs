//! objdump's text of T32 and A32.

use super::{Expected, Goes, Line, leading_hex};

const CONDITIONS: [&str; 17] = [
    "", "eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt",
    "le",
];

/// Mnemonics that change no general register of their own accord.
const KEEP: [&str; 30] = [
    "str", "stm", "stc", "stl", "cmp", "cmn", "tst", "teq", "cb", "it", "msr", "mcr", "dsb", "dmb",
    "isb", "ssb", "csdb", "cps", "pld", "pli", "wfi", "wfe", "sev", "yield", "tb", "cdp", "clrex",
    "sg", "v", "f",
];

/// What the line says, unless it is data or no instruction.
pub(super) fn expected(line: &Line, _next: Option<&Line>) -> Option<Expected> {
    let full = line.mnemonic;
    if full.starts_with('.') || full.contains('<') || line.operands.contains("UNPREDICTABLE") {
        return None;
    }
    let name = full.trim_end_matches(".n").trim_end_matches(".w");
    let operands: Vec<&str> = line.operands.split(',').map(str::trim).collect();
    let operand = |index: usize| operands.get(index).copied().unwrap_or("");
    let goes = goes(line, name, &operands)?;
    let calls_system = name.starts_with("svc") || name.starts_with("smc");
    Some(Expected {
        goes,
        writes: writes(line, name, goes, &operands, operand(0)) & !(1 << 15),
        // Of vectors and coprocessors more than what changes may be listed.
        exact: KEEP.iter().any(|keep| name.starts_with(keep))
            && !calls_system
            && !name.starts_with(['v', 'f', 'p'])
            && !is(name, "cdp"),
        address: line.comment,
    })
}

/// Whether `name` is `base`, with or without a condition.
fn is(name: &str, base: &str) -> bool {
    name.strip_prefix(base).is_some_and(|rest| CONDITIONS.contains(&rest))
}

fn goes(line: &Line, name: &str, operands: &[&str]) -> Option<Goes> {
    let first = operands.first().copied().unwrap_or("");
    let target = leading_hex(first).filter(|_| register(first).is_none());
    let any = |bases: &[&str]| bases.iter().any(|base| is(name, base));
    let loads_counter = any(&["ldmia", "ldm", "ldmdb", "ldmib", "ldmda", "pop", "ldmfd"])
        && line.operands.contains("pc");
    Some(if name == "cbz" || name == "cbnz" {
        Goes::Branch(leading_hex(operands.get(1)?)?)
    } else if name == "le" || name == "wls" {
        Goes::Branch(leading_hex(operands.last()?)?)
    } else if any(&["tbb", "tbh"]) {
        Goes::Table
    } else if any(&["bl", "blx", "blxns"]) {
        Goes::Call(target)
    } else if any(&["bx", "bxns", "bxj"]) {
        match first {
            "lr" => Goes::Return,
            // From T32 to the A32 behind it.
            "pc" => Goes::Jump(Some((line.address + 4) & !3)),
            _ => Goes::Jump(None),
        }
    } else if name == "b" {
        Goes::Jump(target)
    } else if is(name, "b") {
        Goes::Branch(target?)
    } else if loads_counter || any(&["eret", "rfeia", "rfedb"]) {
        Goes::Return
    } else if any(&["udf"]) || (name == "bkpt" && line.operands != "0x00ab") {
        Goes::Stop
    } else if first == "pc" {
        counter(line, name, operands)
    } else {
        Goes::Next
    })
}

/// Where an instruction goes that has the counter for its first operand.
fn counter(line: &Line, name: &str, operands: &[&str]) -> Goes {
    match (is(name, "ldr"), operands.get(1).copied()) {
        (true, Some("[sp]")) => Goes::Return,
        (true, _) => Goes::Jump(line.comment),
        (false, Some("lr")) if is(name, "mov") => Goes::Return,
        (false, Some("pc")) if line.operands.contains("lsl") => Goes::Table,
        (false, _) if ["cmp", "tst", "str", "cf"].iter().any(|base| name.starts_with(base)) => {
            Goes::Next
        }
        (false, _) if name.ends_with('s') => Goes::Return,
        (false, _) => Goes::Jump(None),
    }
}

fn writes(line: &Line, name: &str, goes: Goes, operands: &[&str], first: &str) -> u64 {
    let bit = |operand: &str| register(operand).map_or(0, |register| 1 << register);
    let listed = || {
        let list = line.operands.split(['{', '}']).nth(1).unwrap_or("");
        list.split(',').map(str::trim).fold(0, |mask, item| mask | bit(item) | range(item))
    };
    let stack = ["push", "pop", "vpush", "vpop"].iter().any(|base| name.starts_with(base));
    let floating = name.starts_with('v') || name.starts_with('f');
    let mut mask = if stack { 1 << 13 } else { 0 };
    mask |= written_back(line.operands);
    if let Some(base) = first.strip_suffix('!') {
        mask |= bit(base);
    }
    if matches!(goes, Goes::Call(_)) {
        return 1 << 14;
    }
    if floating {
        let two = operands.get(1).map_or(0, |operand| bit(operand));
        let to_core = name.starts_with("vmov") || name.starts_with("vmrs");
        return mask | if to_core && bit(first) != 0 { bit(first) | two } else { 0 };
    }
    if (name.starts_with("ldm") || name.starts_with("pop")) && !floating {
        return mask | listed();
    }
    if name.starts_with("strex") || name.starts_with("stlex") {
        return mask | bit(first);
    }
    if KEEP.iter().any(|keep| name.starts_with(keep))
        || !matches!(goes, Goes::Next | Goes::Stop)
        || stack
        || name.starts_with("svc")
        || name == "nop"
    {
        return mask;
    }
    let pair = ["smull", "umull", "smlal", "umlal", "umaal", "ldrd", "mrrc", "ldrexd", "smlsl"];
    let second = pair.iter().any(|base| name.starts_with(base));
    mask | bit(first) | if second { bit(operands.get(1).unwrap_or(&"")) } else { 0 }
}

/// The base in `[r3, #4]!` and `[r3], #4`, but not in `[r3], {4}`: those are options
/// of a coprocessor.
fn written_back(operands: &str) -> u64 {
    let Some((_, rest)) = operands.split_once('[') else { return 0 };
    let Some((inside, after)) = rest.split_once(']') else { return 0 };
    let base = inside.split(',').next().and_then(register).map_or(0, |base| 1 << base);
    // Lane indices of vectors stand in brackets too.
    let indexed = after.starts_with(", ") && !after.contains('{');
    if after.starts_with('!') || indexed { base } else { 0 }
}

/// The registers of `r4-r7`.
fn range(item: &str) -> u64 {
    let bounds = item.split_once('-').and_then(|(a, b)| Some((register(a)?, register(b)?)));
    bounds.map_or(0, |(a, b)| (a..=b).fold(0, |mask, register| mask | (1 << register)))
}

fn register(operand: &str) -> Option<u32> {
    match operand.trim() {
        "sl" => Some(10),
        "fp" => Some(11),
        "ip" => Some(12),
        "sp" => Some(13),
        "lr" => Some(14),
        "pc" => Some(15),
        other => other.strip_prefix('r')?.parse().ok(),
    }
}
