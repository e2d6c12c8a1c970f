//! Finding main by what it calls.
//!
//! Ports name their main function as they like (`stm32_main`, `mp_task`, `main_`),
//! and some reach it through a task pointer. But each calls `mp_init`, and no
//! other function does: so the caller of `mp_init` is main, and the other
//! landmarks that it calls are the evidence. A project whose main does not, or is
//! not seen to, says which function it is.

use std::collections::HashSet;

use object::read::ReadRef;

use super::functions::Function;
use super::graph::{Graph, explore};
use super::program::Program;
use super::values::{Resolved, State};
use crate::extract::code::{Decoder, Destination, Flow};
use crate::extract::flow::role::{self, Landmark, Role};
use crate::model::SymbolName;

/// Most callers of `mp_init` that are looked at.
const MAX_CANDIDATES: usize = 16;

/// The main function of an image.
pub(super) struct Main {
    pub(super) pointer: u64,
    pub(super) name: SymbolName,
    pub(super) graph: Graph,
    /// The landmarks that it calls, by name.
    pub(super) evidence: Vec<SymbolName>,
}

/// What the search for main came to.
pub(super) enum Search {
    Found(Main),
    /// Several functions look like main; the one that calls most landmarks comes
    /// first.
    Ambiguous(Main, Vec<SymbolName>),
    /// No function has the name `mp_init`: link-time optimisation took it apart,
    /// or this is no such firmware.
    NoRuntime,
    /// Nobody calls `mp_init` in a way that can be seen.
    NoCaller,
}

/// Finds main: one of the functions in `declared`, if there is any, else by what
/// it calls.
pub(super) fn find<'data, R: ReadRef<'data>>(
    program: &mut Program<'_, 'data, R>,
    declared: &[SymbolName],
) -> Search {
    let is_declared = |function: &&Function| declared.contains(&function.name);
    let named: Vec<u64> = program
        .functions
        .iter()
        .filter(is_declared)
        .map(|function| function.pointer)
        .take(MAX_CANDIDATES)
        .collect();
    let mut found: Vec<Main> = Vec::new();
    for pointer in named {
        let graph = explore(program, pointer);
        let evidence = landmarks(program, &graph);
        if let Some(name) = program.function(pointer).map(|function| function.name.clone()) {
            found.push(Main { pointer, name, graph, evidence });
        }
    }
    if let Some(found) = best(found) {
        return found;
    }
    let runtime: HashSet<u64> = program
        .functions
        .iter()
        .filter(|function| role::of(function.name.as_str()) == Role::Landmark(Landmark::Runtime))
        .map(|function| function.start)
        .collect();
    if runtime.is_empty() {
        return Search::NoRuntime;
    }
    let mut found: Vec<Main> = Vec::new();
    for pointer in callers(program, &runtime) {
        let graph = explore(program, pointer);
        let evidence = landmarks(program, &graph);
        // A sweep through data between functions may have seen a call where
        // there is none.
        let calls_runtime =
            graph.calls.iter().flatten().filter_map(|call| call.callee).any(|callee| {
                runtime.contains(&program.code_address(program.behind_veneers(callee)))
            });
        if let Some(function) = program.function(pointer).filter(|_| calls_runtime) {
            let name = function.name.clone();
            found.push(Main { pointer, name, graph, evidence });
        }
    }
    best(found).unwrap_or(Search::NoCaller)
}

/// The one of several functions that calls most landmarks, if there are any.
fn best(mut found: Vec<Main>) -> Option<Search> {
    found.sort_by_key(|main| (std::cmp::Reverse(main.evidence.len()), main.pointer));
    let mut found = found.into_iter();
    let first = found.next()?;
    let rivals: Vec<SymbolName> = found
        .filter(|other| other.evidence.len() == first.evidence.len())
        .map(|other| other.name)
        .collect();
    Some(if rivals.is_empty() { Search::Found(first) } else { Search::Ambiguous(first, rivals) })
}

/// The functions that call one of `callees`, by a sweep through all code.
fn callers<'data, R: ReadRef<'data>>(
    program: &Program<'_, 'data, R>,
    callees: &HashSet<u64>,
) -> Vec<u64> {
    let mut veneers: HashSet<u64> = HashSet::new();
    for function in program.functions.iter() {
        let behind = program.code_address(program.behind_veneers(function.pointer));
        if behind != function.start && callees.contains(&behind) {
            veneers.insert(function.start);
        }
    }
    let leads_there = |address: u64| {
        let code = program.code_address(address);
        callees.contains(&code) || veneers.contains(&code)
    };
    // Direct calls first: following constants through all code takes longer, and
    // only code that is out of reach of a direct call needs it.
    for through_registers in [false, true] {
        let found: Vec<u64> = program
            .functions
            .iter()
            .filter(|function| !veneers.contains(&function.start))
            .filter(|function| calls(program, function, through_registers, &leads_there))
            .map(|function| function.pointer)
            .take(MAX_CANDIDATES)
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Whether a sweep through a function finds a call that `leads_there`.
fn calls<'data, R: ReadRef<'data>>(
    program: &Program<'_, 'data, R>,
    function: &Function,
    through_registers: bool,
    leads_there: &impl Fn(u64) -> bool,
) -> bool {
    let isa = program.isa(function.pointer);
    let mut decoder = Decoder::new(isa);
    let mut state = State::unknown();
    let Some(bytes) = program.memory.code(function.start) else { return false };
    let size = usize::try_from(function.end - function.start).unwrap_or(usize::MAX);
    let mut rest = &bytes[..size.min(bytes.len())];
    let mut at = function.start;
    while !rest.is_empty() {
        let instruction = decoder.decode(at, rest);
        if let Flow::Call(destination) | Flow::Jump(destination) = instruction.flow {
            let target = match destination {
                Destination::Address(target) => Some(target),
                _ if through_registers => match state.resolve(isa, destination, &program.memory) {
                    Resolved::Address(target) => Some(target),
                    _ => None,
                },
                _ => None,
            };
            if target.is_some_and(leads_there) {
                return true;
            }
        }
        if through_registers {
            // Along the addresses, not the edges: a guess, which the graph of the
            // function confirms or not.
            state.step(isa, &instruction, &program.memory);
        }
        let step = usize::from(instruction.size.max(1)).min(rest.len());
        at = at.wrapping_add(step as u64);
        rest = &rest[step..];
    }
    false
}

/// The landmarks that a function calls, by name.
fn landmarks<'data, R: ReadRef<'data>>(
    program: &Program<'_, 'data, R>,
    graph: &Graph,
) -> Vec<SymbolName> {
    let mut found: Vec<SymbolName> = graph
        .calls
        .iter()
        .flatten()
        .filter_map(|call| program.function(call.callee?))
        .map(|function| function.name.clone())
        .filter(|name| matches!(role::of(name.as_str()), Role::Landmark(_)))
        .collect();
    found.sort();
    found.dedup();
    found
}
