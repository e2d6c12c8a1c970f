//! The control flow of one function: its calls, and which can follow which.
//!
//! Instructions are decoded from the entry on, along every edge. Calls through
//! registers and jump tables are resolved from constants, which may open up more
//! code, so this is repeated until nothing new is found. A node ends with its
//! call, if it has one, so that an order of nodes is an order of calls.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use object::read::ReadRef;

use super::program::Program;
use super::values::{Resolved, State, Table, extended};
use crate::extract::code::{Decoder, Destination, Flow, Instruction, Isa, argument};

/// Most instructions of one function that are followed. The largest main seen
/// has 600.
const MAX_INSTRUCTIONS: usize = 20_000;
/// Most nodes: what is computed of them takes time in proportion to the square.
pub(super) const MAX_NODES: usize = 4096;
/// How often constants may open up more code.
const MAX_ROUNDS: usize = 7;
/// Most entries of a jump table that are read.
const MAX_TABLE: u64 = 512;
/// Most places that the jump tables of one function lead to, each counted as
/// often as it is led to.
const MAX_TARGETS: usize = 8192;

/// A call, as the last thing that a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Address of the call instruction.
    pub(super) site: u64,
    /// The callee as a pointer holds it; `None` where it is not known.
    pub(super) callee: Option<u64>,
    /// The first argument, where it is a constant.
    pub(super) argument: Option<u64>,
    /// Whether the instruction itself may be skipped.
    pub(super) conditional: bool,
}

/// The control flow of a function. Node 0 is the entry.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) successors: Vec<Vec<usize>>,
    /// Address of each node.
    pub(super) address: Vec<u64>,
    /// Address of its last instruction.
    pub(super) last: Vec<u64>,
    pub(super) calls: Vec<Option<Call>>,
    /// Whether a part of the function could not be followed: a jump to an
    /// unknown place, or more code than is read.
    pub(super) incomplete: bool,
}

/// A function while it is explored.
struct Exploration<'program, 'image, 'data, R> {
    program: &'program mut Program<'image, 'data, R>,
    isa: Isa,
    /// The function itself, and the parts of it that the compiler moved away.
    extents: Vec<(u64, u64)>,
    instructions: BTreeMap<u64, Instruction>,
    leaders: BTreeSet<u64>,
    /// What jumps and calls through registers were found to lead to.
    resolved: HashMap<u64, Vec<u64>>,
    incomplete: bool,
    /// Whether there are more targets than are followed.
    is_crowded: bool,
}

/// A straight piece of code.
struct Block {
    addresses: Vec<u64>,
    end: End,
}

/// How a block ends.
#[derive(Clone, Debug)]
enum End {
    /// Control goes to these addresses.
    Jump(Vec<u64>),
    /// A call, and where control goes when it returns.
    Call { call: Call, next: Option<u64> },
    /// To another function in one case, to the next instruction in the other.
    TailBranch { call: Call, next: u64 },
}

/// Explores the function at `pointer`.
pub(super) fn explore<'data, R: ReadRef<'data>>(
    program: &mut Program<'_, 'data, R>,
    pointer: u64,
) -> Graph {
    let start = program.code_address(pointer);
    let extents = program.extents(start);
    let mut exploration = Exploration {
        isa: program.isa(pointer),
        program,
        extents,
        instructions: BTreeMap::new(),
        leaders: BTreeSet::new(),
        resolved: HashMap::new(),
        incomplete: false,
        is_crowded: false,
    };
    let mut rounds = 0;
    loop {
        exploration.decode(start);
        let blocks = exploration.blocks();
        let states = exploration.states(start, &blocks);
        let is_new = exploration.resolve(&blocks, &states);
        rounds += 1;
        exploration.incomplete |= is_new && rounds == MAX_ROUNDS;
        if !is_new || rounds == MAX_ROUNDS || exploration.program.is_spent() {
            return exploration.graph(start, &blocks, &states);
        }
    }
}

impl<'data, R: ReadRef<'data>> Exploration<'_, '_, 'data, R> {
    fn holds(&self, address: u64) -> bool {
        self.extents.iter().any(|&(start, end)| (start..end).contains(&address))
    }

    /// Decodes everything that can be reached, and notes where blocks begin.
    fn decode(&mut self, start: u64) {
        self.incomplete = self.is_crowded;
        self.instructions.clear();
        self.leaders = BTreeSet::from([start]);
        let mut decoder = Decoder::new(self.isa);
        let mut ahead = vec![start];
        while let Some(mut at) = ahead.pop() {
            decoder.reset();
            while self.holds(at) && !self.instructions.contains_key(&at) {
                if self.instructions.len() == MAX_INSTRUCTIONS || !self.program.spend(1) {
                    self.incomplete = true;
                    return;
                }
                let Some(bytes) = self.program.memory.code(at) else { break };
                let instruction = decoder.decode(at, bytes);
                self.instructions.insert(at, instruction);
                let next = at.wrapping_add(u64::from(instruction.size));
                let (targets, falls_through) = self.after(at, next, &instruction);
                for target in targets {
                    if self.holds(target) {
                        self.leaders.insert(target);
                        ahead.push(target);
                    }
                }
                if instruction.flow != Flow::Next {
                    self.leaders.insert(next);
                }
                if !falls_through || instruction.size == 0 {
                    break;
                }
                at = next;
                // What instructions that overlap have in common is a block of
                // its own, not the end of each.
                if self.instructions.contains_key(&at) {
                    self.leaders.insert(at);
                }
            }
        }
    }

    /// Where control goes after an instruction: jump targets, and whether to the
    /// next one.
    fn after(&mut self, at: u64, next: u64, instruction: &Instruction) -> (Vec<u64>, bool) {
        let resolved = self.resolved.get(&at).cloned().unwrap_or_default();
        match instruction.flow {
            Flow::Next => (Vec::new(), true),
            Flow::Branch(target) => (vec![target], true),
            Flow::Jump(destination) => {
                let mut targets = resolved;
                if let Destination::Address(target) = destination {
                    targets.push(self.program.code_address(target));
                }
                (targets, instruction.conditional)
            }
            Flow::ByteTable { .. } | Flow::BranchTable { .. } => {
                (resolved, instruction.conditional)
            }
            Flow::Call(_) if self.program.is_switch(instruction) => (resolved, false),
            Flow::Call(destination) => {
                let callee = match destination {
                    Destination::Address(callee) => Some(callee),
                    _ => resolved.first().copied(),
                };
                let returns = callee.is_none_or(|callee| self.program.returns(callee));
                (Vec::new(), (returns || instruction.conditional) && self.holds(next))
            }
            Flow::Return | Flow::Stop => (Vec::new(), instruction.conditional),
        }
    }

    /// Cuts the instructions into blocks. A call ends one, so that each has at
    /// most one.
    fn blocks(&mut self) -> BTreeMap<u64, Block> {
        let mut blocks = BTreeMap::new();
        let leaders: Vec<u64> =
            self.leaders.iter().copied().filter(|at| self.instructions.contains_key(at)).collect();
        for start in leaders {
            let mut addresses = Vec::new();
            let mut at = start;
            let end = loop {
                let Some(instruction) = self.instructions.get(&at).copied() else {
                    break End::Jump(Vec::new());
                };
                addresses.push(at);
                let next = at.wrapping_add(u64::from(instruction.size));
                if instruction.flow != Flow::Next {
                    break self.end(at, next, &instruction);
                }
                if self.leaders.contains(&next) || instruction.size == 0 {
                    break End::Jump(vec![next]);
                }
                at = next;
            };
            blocks.insert(start, Block { addresses, end });
        }
        blocks
    }

    fn end(&mut self, at: u64, next: u64, instruction: &Instruction) -> End {
        let (targets, falls_through) = self.after(at, next, instruction);
        let call = |callee: Option<u64>| Call {
            site: at,
            callee,
            argument: None,
            conditional: instruction.conditional,
        };
        let mut inside: Vec<u64> =
            targets.iter().copied().filter(|&target| self.holds(target)).collect();
        match instruction.flow {
            Flow::Call(_) if self.program.is_switch(instruction) => {
                self.incomplete |= targets.is_empty();
                End::Jump(inside)
            }
            Flow::Call(destination) => {
                let callee = match destination {
                    Destination::Address(callee) => Some(callee),
                    _ => self.resolved.get(&at).and_then(|targets| targets.first()).copied(),
                };
                End::Call { call: call(callee), next: falls_through.then_some(next) }
            }
            // A jump to another function is a call whose return is ours.
            Flow::Jump(destination) if inside.is_empty() => {
                let callee = match destination {
                    Destination::Address(callee) => Some(callee),
                    _ => self.resolved.get(&at).and_then(|targets| targets.first()).copied(),
                };
                if callee.is_none() {
                    self.incomplete = true;
                }
                End::Call { call: call(callee), next: falls_through.then_some(next) }
            }
            Flow::Branch(target) if inside.is_empty() => {
                let callee = pointer_to(target, self.isa);
                End::TailBranch { call: Call { conditional: true, ..call(Some(callee)) }, next }
            }
            _ => {
                if falls_through {
                    inside.push(next);
                }
                if matches!(instruction.flow, Flow::ByteTable { .. } | Flow::BranchTable { .. })
                    && targets.is_empty()
                {
                    self.incomplete = true;
                }
                End::Jump(inside)
            }
        }
    }

    /// What is known at the start of each block.
    fn states(&mut self, start: u64, blocks: &BTreeMap<u64, Block>) -> HashMap<u64, State> {
        let mut states = HashMap::from([(start, State::unknown())]);
        let mut ahead = vec![start];
        // Each register can be forgotten once, so this ends; the bound is for
        // hostile code, where it would take long.
        while let Some(at) = ahead.pop() {
            let Some(block) = blocks.get(&at) else { continue };
            if !self.program.spend(1 + block.addresses.len()) {
                self.incomplete = true;
                return HashMap::new();
            }
            let state = self.leave(block, &states[&at]);
            let nexts = match &block.end {
                End::Jump(targets) => targets.clone(),
                End::Call { next, .. } => next.iter().copied().collect(),
                End::TailBranch { next, .. } => vec![*next],
            };
            for next in nexts {
                let changed = if let Some(known) = states.get_mut(&next) {
                    known.join(&state)
                } else {
                    states.insert(next, state.clone());
                    true
                };
                if changed {
                    ahead.push(next);
                }
            }
        }
        states
    }

    /// The state after a block.
    fn leave(&self, block: &Block, entered: &State) -> State {
        let mut state = entered.clone();
        for at in &block.addresses {
            let Some(instruction) = self.instructions.get(at) else { continue };
            state.step(self.isa, instruction, &self.program.memory);
        }
        if matches!(block.end, End::Call { .. }) {
            state.after_call(self.isa);
        }
        state
    }

    /// The state before the last instruction of a block.
    fn before_end(&self, block: &Block, entered: &State) -> State {
        let mut state = entered.clone();
        for at in block.addresses.iter().take(block.addresses.len().saturating_sub(1)) {
            let Some(instruction) = self.instructions.get(at) else { continue };
            state.step(self.isa, instruction, &self.program.memory);
        }
        state
    }

    /// Resolves what goes through registers and tables. Tells whether that is
    /// new.
    fn resolve(&mut self, blocks: &BTreeMap<u64, Block>, states: &HashMap<u64, State>) -> bool {
        let mut found_more = false;
        let mut room = MAX_TARGETS;
        for (start, block) in blocks {
            let Some(&last) = block.addresses.last() else { continue };
            let (Some(entered), Some(instruction)) =
                (states.get(start), self.instructions.get(&last).copied())
            else {
                continue;
            };
            if instruction.flow == Flow::Next {
                continue;
            }
            if !self.program.spend(block.addresses.len()) {
                break;
            }
            let state = self.before_end(block, entered);
            let mut targets = match instruction.flow {
                Flow::Call(_) if self.program.is_switch(&instruction) => {
                    let table = last.wrapping_add(u64::from(instruction.size));
                    match self.program.switch_entries(&instruction) {
                        Some((width, signed)) => {
                            let entries = Table { address: table, width, signed };
                            self.entries(entries, table, 2, &state)
                        }
                        None => continue,
                    }
                }
                Flow::Jump(destination) | Flow::Call(destination) => {
                    match state.resolve(self.isa, destination, &self.program.memory) {
                        Resolved::Address(_) if matches!(destination, Destination::Address(_)) => {
                            continue;
                        }
                        Resolved::Address(address) => vec![self.in_place(address, &instruction)],
                        Resolved::Table { table, base } => self.entries(table, base, 1, &state),
                        Resolved::Unknown => continue,
                    }
                }
                Flow::ByteTable { table, width, .. } => {
                    let entries = Table { address: table, width, signed: false };
                    self.entries(entries, table, 2, &state)
                }
                Flow::BranchTable { first, .. } => {
                    let count = state
                        .compared
                        .map_or(MAX_TABLE, |last| last.saturating_add(1))
                        .min(MAX_TABLE);
                    let targets = (0..count).map(|index| first.wrapping_add(4 * index));
                    let targets: Vec<u64> =
                        targets.take_while(|&target| self.holds(target)).collect();
                    self.program.spend(targets.len());
                    targets
                }
                _ => continue,
            };
            if targets.len() > room {
                targets.truncate(room);
                self.is_crowded = true;
            }
            room -= targets.len();
            if !targets.is_empty() && self.resolved.get(&last) != Some(&targets) {
                self.resolved.insert(last, targets);
                found_more = true;
            }
        }
        found_more
    }

    /// A jump target as an address of code, a callee as a pointer.
    fn in_place(&self, address: u64, instruction: &Instruction) -> u64 {
        let code = self.program.code_address(address);
        if matches!(instruction.flow, Flow::Jump(_)) && self.holds(code) { code } else { address }
    }

    /// The targets in a jump table, as many as the last comparison allows and as
    /// lead into this function.
    fn entries(&mut self, table: Table, base: u64, scale: u64, state: &State) -> Vec<u64> {
        let count = state.compared.map_or(MAX_TABLE, |last| last.saturating_add(1)).min(MAX_TABLE);
        let mut targets: Vec<u64> = Vec::new();
        let mut known: HashSet<u64> = HashSet::new();
        // A table in the code ends where the code that it leads to begins.
        let mut end = u64::MAX;
        for index in 0..count {
            let place = table.address.wrapping_add(index * u64::from(table.width));
            if end <= place || !self.program.spend(1) {
                break;
            }
            let Some(entry) = self.program.memory.constant(place, table.width) else { break };
            let entry = extended(entry, table.width, table.signed);
            let target = self.isa.truncate(base.wrapping_add(entry.wrapping_mul(scale)));
            let target = self.program.code_address(target);
            if !self.holds(target) {
                break;
            }
            if target > table.address {
                end = end.min(target);
            }
            if known.insert(target) {
                targets.push(target);
            }
        }
        targets
    }

    /// The blocks as a graph, with what is known of their calls.
    fn graph(
        &mut self,
        start: u64,
        blocks: &BTreeMap<u64, Block>,
        states: &HashMap<u64, State>,
    ) -> Graph {
        let mut graph = Graph { incomplete: self.incomplete, ..Graph::default() };
        let mut index_of: HashMap<u64, usize> = HashMap::new();
        // The entry is node 0, whatever stands below it.
        let others = blocks.keys().copied().filter(|&at| at != start);
        for at in std::iter::once(start).chain(others) {
            if graph.address.len() == MAX_NODES {
                graph.incomplete = true;
                break;
            }
            index_of.insert(at, graph.address.len());
            graph.address.push(at);
            let last = blocks.get(&at).and_then(|block| block.addresses.last());
            graph.last.push(last.copied().unwrap_or(at));
            graph.successors.push(Vec::new());
            graph.calls.push(None);
        }
        for (at, block) in blocks {
            let Some(&node) = index_of.get(at) else { continue };
            let to = |targets: &[u64]| {
                targets
                    .iter()
                    .filter_map(|target| index_of.get(target).copied())
                    .collect::<Vec<_>>()
            };
            let with_argument = |call: &Call| {
                let state = states.get(at).map(|entered| self.before_end(block, entered));
                let argument =
                    argument(self.isa).and_then(|register| state.as_ref()?.constant(register));
                Some(Call { argument, ..*call })
            };
            match &block.end {
                End::Jump(targets) => graph.successors[node] = to(targets),
                End::Call { call, next } => {
                    graph.calls[node] = with_argument(call);
                    graph.successors[node] =
                        next.as_ref().map(|next| to(&[*next])).unwrap_or_default();
                }
                End::TailBranch { call, next } => {
                    graph.successors[node] = to(&[*next]);
                    if graph.address.len() < MAX_NODES {
                        graph.successors[node].push(graph.address.len());
                        graph.address.push(call.site);
                        // The branch itself belongs to the node before.
                        graph.last.push(0);
                        graph.successors.push(Vec::new());
                        graph.calls.push(with_argument(call));
                    }
                }
            }
        }
        graph
    }
}

/// A pointer to code of the given instructions.
fn pointer_to(address: u64, isa: Isa) -> u64 {
    if isa == Isa::Thumb { address | 1 } else { address }
}
