//! Origin `calls`: the order in which main calls, read from its machine code.
//!
//! - [`functions`], [`memory`], [`program`]: the code of an image
//! - [`values`]: constants in registers
//! - [`graph`]: the control flow of a function
//! - [`merge`]: calls that stand in several arms
//! - [`main_function`]: which function is main
//!
//! What it shares with the reader of source text stands in [`flow`].
//!
//! [`flow`]: super::flow

mod functions;
mod graph;
mod main_function;
mod memory;
mod merge;
mod program;
mod values;

use std::collections::HashMap;

use object::read::ReadRef;

use self::graph::{Call, Graph, explore};
use self::main_function::{Main, Search};
use self::program::Program;
use super::ExtractError;
use super::conventions::Conventions;
use super::elf::Image;
use super::flow::order;
use super::flow::role::{self, Landmark, Role};
use super::flow::stage::Pass;
use super::inlined::{self, Inlined};
use crate::model::{
    Address, Anomaly, AnomalyKind, MAX_ENTRIES, MainFunction, Phase, Stage, SymbolName,
};

/// Most nodes of a function that is followed as a helper of main. The largest main
/// seen has 209.
const MAX_HELPER_NODES: usize = 512;
/// Most functions between main and a call that are named.
const MAX_VIA: usize = 16;

/// What main calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Main itself; `None` where it was not found.
    pub(super) main: Option<MainFunction>,
    /// The calls that matter, in the order in which control reaches them.
    pub(super) list: Vec<MainCall>,
    pub(super) anomalies: Vec<Anomaly>,
}

/// One call of main that matters.
#[derive(Clone, Debug)]
pub(super) struct MainCall {
    pub(super) function: SymbolName,
    pub(super) kind: CallKind,
    pub(super) stage: Stage,
    /// The callee, as a pointer holds it; `None` where it was inlined.
    pub(super) callee: Option<u64>,
    /// Where the call instruction stands, or the first one of the inlined code.
    pub(super) site: u64,
    /// The functions between main and this call, outermost first.
    pub(super) via: Vec<SymbolName>,
    pub(super) conditional: bool,
}

/// What a call of main is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    Entry(Phase),
    Landmark,
    /// Runs a level: the one with that number, where it is a constant.
    RunLevel(Phase, Option<u64>),
}

/// Reads the calls of main. An image without symbols has no main to be found.
pub(super) fn read<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    conventions: &Conventions,
) -> Result<Calls, ExtractError> {
    let mut program = Program::new(image)?;
    if !program.is_readable() || program.functions.iter().next().is_none() {
        return Ok(Calls::default());
    }
    let mut calls = Calls::default();
    let main = match main_function::find(&mut program, &conventions.main_functions) {
        Search::Found(main) => main,
        Search::Ambiguous(main, rivals) => {
            calls.anomalies.extend(rivals.into_iter().map(|rival| Anomaly {
                function: Some(rival),
                ..Anomaly::new(AnomalyKind::MainAmbiguous)
            }));
            main
        }
        Search::NoRuntime => {
            let landmark = |name: &SymbolName| matches!(role::of(name.as_str()), Role::Landmark(_));
            if program.functions.iter().any(|function| landmark(&function.name)) {
                calls.anomalies.push(Anomaly::new(AnomalyKind::MainInlined));
            }
            return Ok(calls);
        }
        Search::NoCaller => {
            calls.anomalies.push(Anomaly::new(AnomalyKind::MainNotFound));
            return Ok(calls);
        }
    };
    if main.graph.incomplete {
        let function = Some(main.name.clone());
        calls.anomalies.push(Anomaly { function, ..Anomaly::new(AnomalyKind::MainIncomplete) });
    }
    let inlined = inlined::find(image, program.code_address(main.pointer))?;
    let mut reader = Reader { program: &mut program, helpers: HashMap::new(), inlined };
    let (list, folded) = reader.list(&main);
    calls.list = list;
    calls.main = Some(MainFunction {
        function: main.name,
        evidence: main.evidence,
        folded: u32::try_from(folded).unwrap_or(u32::MAX),
    });
    Ok(calls)
}

/// What is called at a node.
#[derive(Clone, Copy)]
struct Site<'graph> {
    node: usize,
    call: &'graph Call,
    callee: u64,
    role: Role,
}

/// A function between main and the calls that matter.
#[derive(Clone, Debug)]
struct Helper {
    /// Its calls in order.
    calls: Vec<HelperCall>,
    runs_scripts: bool,
}

#[derive(Clone, Debug)]
struct HelperCall {
    callee: u64,
    site: u64,
    role: Role,
    argument: Option<u64>,
    conditional: bool,
}

struct Reader<'program, 'image, 'data, R> {
    program: &'program mut Program<'image, 'data, R>,
    helpers: HashMap<u64, Option<Helper>>,
    /// What the compiler inlined into main.
    inlined: Vec<Inlined>,
}

impl<'data, R: ReadRef<'data>> Reader<'_, '_, 'data, R> {
    /// The calls of main that matter, and the number of those that do not.
    fn list(&mut self, main: &Main) -> (Vec<MainCall>, usize) {
        let sites = self.sites(&main.graph);
        let mut helpers: HashMap<usize, Helper> = HashMap::new();
        for site in &sites {
            if let Some(helper) = self.helper(site) {
                helpers.insert(site.node, helper);
            }
        }
        let runs_scripts =
            |node: &usize| helpers.get(node).is_some_and(|helper| helper.runs_scripts);
        let ordered = Ordered::new(&main.graph, &sites, &runs_scripts);
        let site_of: HashMap<usize, &Site<'_>> =
            sites.iter().map(|site| (site.node, site)).collect();
        let inlined_at = self.inlined_by_node(&main.graph);
        let mut list = Vec::new();
        for node in ordered.sequence {
            if list.len() >= MAX_ENTRIES {
                list.truncate(MAX_ENTRIES);
                break;
            }
            let stage = ordered.pass.stage(node);
            let conditional = ordered.pass.is_conditional(node);
            for &index in inlined_at.get(&node).into_iter().flatten() {
                let inlined = &self.inlined[index];
                let Role::Entry(phase) = role::of(inlined.name.as_str()) else { continue };
                list.push(MainCall {
                    function: inlined.name.clone(),
                    kind: CallKind::Entry(phase),
                    stage,
                    callee: None,
                    site: inlined.entry,
                    via: self.around(inlined.entry, index),
                    conditional,
                });
            }
            let Some(site) = site_of.get(&node) else { continue };
            let conditional = site.call.conditional || conditional;
            let mut via = self.around(site.call.site, self.inlined.len());
            if let Some(helper) = helpers.get(&node) {
                via.extend(
                    self.program.function(site.callee).map(|function| function.name.clone()),
                );
                for call in &helper.calls {
                    let conditional = conditional || call.conditional;
                    let Some(kind) = kind(call.role, call.argument) else { continue };
                    list.extend(self.call(
                        (call.callee, call.site),
                        kind,
                        stage,
                        conditional,
                        via.clone(),
                    ));
                }
            } else if let Some(kind) = kind(site.role, site.call.argument) {
                list.extend(self.call(
                    (site.callee, site.call.site),
                    kind,
                    stage,
                    conditional,
                    via,
                ));
            }
        }
        let folded = sites
            .iter()
            .filter(|site| site.role == Role::Other && !helpers.contains_key(&site.node));
        let mut callees: Vec<u64> = folded.map(|site| site.callee).collect();
        callees.sort_unstable();
        callees.dedup();
        (list, callees.len())
    }

    fn call(
        &self,
        (callee, site): (u64, u64),
        kind: CallKind,
        stage: Stage,
        conditional: bool,
        via: Vec<SymbolName>,
    ) -> Option<MainCall> {
        let function = self.program.function(callee)?.name.clone();
        Some(MainCall { function, kind, stage, callee: Some(callee), site, via, conditional })
    }

    /// The inlined functions that the instruction at `address` is part of,
    /// outermost first, of those before `index`.
    fn around(&self, address: u64, index: usize) -> Vec<SymbolName> {
        let outer = self.inlined.iter().take(index).filter(|inlined| inlined.holds(address));
        outer.take(MAX_VIA).map(|inlined| inlined.name.clone()).collect()
    }

    /// The inlined functions by the node in which control enters them, those
    /// that are entered first in front.
    fn inlined_by_node(&self, graph: &Graph) -> HashMap<usize, Vec<usize>> {
        let mut found: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, inlined) in self.inlined.iter().enumerate() {
            let entered = (0..graph.address.len())
                .find(|&node| (graph.address[node]..=graph.last[node]).contains(&inlined.entry));
            if let Some(node) = entered {
                found.entry(node).or_default().push(index);
            }
        }
        for indexes in found.values_mut() {
            indexes.sort_by_key(|&index| (self.inlined[index].entry, index));
        }
        found
    }

    /// The known callees of a function.
    fn sites<'graph>(&self, graph: &'graph Graph) -> Vec<Site<'graph>> {
        let site = |(node, call): (usize, &'graph Option<Call>)| {
            let call = call.as_ref()?;
            let callee = self.program.behind_veneers(call.callee?);
            let function = self.program.function(callee);
            let role = function.map_or(Role::Other, |function| role::of(function.name.as_str()));
            Some(Site { node, call, callee, role })
        };
        graph.calls.iter().enumerate().filter_map(site).collect()
    }

    /// What a callee does on main's behalf, if that is all that it does: start or
    /// stop several things, or run scripts. A reader of main looks into such a
    /// function, and into no other.
    fn helper(&mut self, site: &Site<'_>) -> Option<Helper> {
        if !matches!(site.role, Role::Other | Role::Entry(_)) {
            return None;
        }
        if let Some(known) = self.helpers.get(&site.callee) {
            return known.clone();
        }
        let graph = explore(self.program, site.callee);
        if graph.address.len() > MAX_HELPER_NODES {
            self.helpers.insert(site.callee, None);
            return None;
        }
        let is_local = self.program.function(site.callee).is_some_and(|function| function.is_local);
        let found = self.helper_of(&graph, site.role, is_local);
        self.helpers.insert(site.callee, found.clone());
        found
    }

    fn helper_of(&self, graph: &Graph, role: Role, is_local: bool) -> Option<Helper> {
        let sites = self.sites(graph);
        let count =
            |wanted: fn(Role) -> bool| sites.iter().filter(|site| wanted(site.role)).count();
        let runners = count(|role| role == Role::Landmark(Landmark::Runner));
        let entries = count(|role| matches!(role, Role::Entry(_) | Role::RunLevel(_)));
        let all = graph.calls.iter().flatten().count();
        // A function that is named for an init, and that others may call as well,
        // is a thing of its own.
        let enough = match role {
            Role::Other => 1,
            _ if is_local => 2,
            _ => return None,
        };
        let initialises = entries >= enough && entries == all;
        let runs_scripts = role == Role::Other && runners > 0;
        if !(initialises || runs_scripts) {
            return None;
        }
        let ordered = Ordered::new(graph, &sites, &|_| false);
        let site_of: HashMap<usize, &Site<'_>> =
            sites.iter().map(|site| (site.node, site)).collect();
        let call = |node: usize| {
            let site = site_of.get(&node).filter(|site| site.role != Role::Other)?;
            Some(HelperCall {
                callee: site.callee,
                site: site.call.site,
                role: site.role,
                argument: site.call.argument,
                conditional: site.call.conditional || ordered.pass.is_conditional(node),
            })
        };
        let calls = ordered.sequence.iter().copied().filter_map(call).collect();
        Some(Helper { calls, runs_scripts })
    }
}

/// The nodes of a function in order, calls in several arms merged.
struct Ordered {
    sequence: Vec<usize>,
    pass: Pass,
}

impl Ordered {
    fn new(graph: &Graph, sites: &[Site<'_>], runs_scripts: &dyn Fn(&usize) -> bool) -> Self {
        let nodes = |wanted: &dyn Fn(&Site<'_>) -> bool| -> Vec<usize> {
            sites.iter().filter(|site| wanted(site)).map(|site| site.node).collect()
        };
        let runtime = nodes(&|site| site.role == Role::Landmark(Landmark::Runtime));
        let runners = nodes(&|site| {
            site.role == Role::Landmark(Landmark::Runner) || runs_scripts(&site.node)
        });
        let read = |successors: &[Vec<usize>]| {
            let sequence = order::order(successors, 0, &graph.address, &runtime);
            let pass = Pass::new(successors, 0, &sequence, &runtime, &runners);
            Self { sequence, pass }
        };
        let as_written = read(&graph.successors);
        let mut keys = vec![None; graph.successors.len()];
        for site in sites.iter().filter(|site| site.role != Role::Other) {
            let argument = matches!(site.role, Role::RunLevel(_)).then_some(site.call.argument);
            keys[site.node] = Some((site.callee, argument.flatten()));
        }
        let stands_for =
            merge::representatives(as_written.pass.forward(), &as_written.sequence, &keys);
        if stands_for.iter().enumerate().all(|(node, &other)| node == other) {
            return as_written;
        }
        read(&merge::contracted(&graph.successors, &stands_for))
    }
}

fn kind(role: Role, argument: Option<u64>) -> Option<CallKind> {
    match role {
        Role::Entry(phase) => Some(CallKind::Entry(phase)),
        Role::Landmark(_) => Some(CallKind::Landmark),
        Role::RunLevel(phase) => Some(CallKind::RunLevel(phase, argument)),
        Role::Other => None,
    }
}

impl MainCall {
    /// The callee's address, as a table shows it.
    pub(super) fn address(&self) -> Option<Address> {
        self.callee.map(Address)
    }
}
