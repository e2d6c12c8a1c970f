//! Origin `source`: the order in which main calls, read from its text.
//!
//! - [`directives`]: the preprocessor's lines, taken out and kept beside
//! - [`condition`]: what they ask for, as one expression
//! - [`macros`]: macros that stand for statements
//! - [`functions`]: the text parsed as C
//! - [`graph`]: the control flow of a function
//! - [`written`]: how calls are written, for whoever moves them
//!
//! The graph is put in order as that of instructions is ([`flow`]), so that both
//! origins say the same of one main. Functions of the same file are followed.
//! Only what the file says is known: a macro is a name, and whether a condition
//! holds is for a build to tell.
//!
//! [`flow`]: super::flow

mod condition;
mod directives;
mod functions;
mod graph;
mod macros;
mod prototypes;
#[cfg(test)]
mod tests;
mod written;

use std::collections::{BTreeSet, HashMap};

use self::condition::Condition;
use self::directives::Plain;
use self::functions::{Functions, MAX_BYTES, parse};
use self::graph::{Graph, is_macro_name};
pub use self::prototypes::Prototypes;
pub use self::written::{Written, WrittenCall};
use super::flow::order;
use super::flow::role::{self, Landmark, Role};
use super::flow::stage::Pass;
use crate::model::{
    Anomaly, AnomalyKind, Entry, EntryKind, FileFacts, InitTable, Level, Location, MAX_ENTRIES,
    MAX_LEVELS, MainFunction, Origin, Phase, SCHEMA_VERSION, Sha256, SourceFile, Stage, SymbolName,
    order_levels,
};

/// Most functions between main and a call.
const MAX_VIA: usize = 16;

/// Why a text cannot be read as a source file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It is too long.
    #[error("the file has {size} bytes: expected a source file of at most {MAX_BYTES}")]
    TooLong {
        /// Its length in bytes.
        size: usize,
    },
    /// The parser gave up.
    #[error("the file cannot be parsed as C: expected the source file that holds main")]
    Unparsable,
}

/// Reads the table of a source file; `None` when no function in it calls
/// `mp_init`, so that main stands elsewhere.
///
/// # Errors
/// When the text is too long, or nothing like C.
pub fn read(text: &[u8], file: SourceFile) -> Result<Option<InitTable>, SourceError> {
    if text.len() > MAX_BYTES {
        return Err(SourceError::TooLong { size: text.len() });
    }
    // Most files that are not main are told apart by this alone.
    if !text.windows(RUNTIME.len()).any(|window| window == RUNTIME) {
        return Ok(None);
    }
    let mut plain = Plain::of(text);
    macros::end_with_semicolons(&mut plain.text);
    let tree = parse(&plain)?;
    let functions = Functions::of(&tree, &plain.text);
    let mut reader = Reader::new(text, &plain, &functions);
    let Some((main, other)) = reader.find_main() else { return Ok(None) };
    let listed = reader.listed(main);
    let function = SymbolName::from_bytes(&functions.list[main].name);
    let mut anomalies = Vec::new();
    if let Some(other) = other {
        let function = SymbolName::from_bytes(&functions.list[other].name);
        anomalies.push(Anomaly { function, ..Anomaly::new(AnomalyKind::MainAmbiguous) });
    }
    if let Some(line) = reader.unread(main) {
        let (function, value) = (function.clone(), Some(u64::from(line)));
        anomalies.push(Anomaly { function, value, ..Anomaly::new(AnomalyKind::SourceUnparsed) });
    }
    let evidence: BTreeSet<&SymbolName> = listed
        .calls
        .iter()
        .filter(|call| matches!(call.role, Role::Landmark(_)) && call.via.is_empty())
        .map(|call| &call.function)
        .collect();
    let main = function.map(|function| MainFunction {
        function,
        evidence: evidence.into_iter().cloned().collect(),
        folded: u32::try_from(reader.folded(main)).unwrap_or(u32::MAX),
    });
    let entries: Vec<Entry> = (0..)
        .zip(listed.calls.into_iter().take(MAX_ENTRIES))
        .map(|(position, call)| call.into_entry(position, &file.path))
        .collect();
    let levels: BTreeSet<Level> =
        entries.iter().filter_map(|entry| entry.level.clone()).take(MAX_LEVELS).collect();
    let mut levels: Vec<Level> = levels.into_iter().collect();
    order_levels(&mut levels, &[]);
    Ok(Some(InitTable {
        schema: SCHEMA_VERSION,
        file: FileFacts {
            sha256: Sha256::of(text),
            size: text.len() as u64,
            format: "c".to_owned(),
        },
        source: Some(file),
        arch: None,
        bits: None,
        endian: None,
        origins: vec![Origin::Source],
        levels,
        main,
        entries,
        anomalies,
        guards: Vec::new(),
        findings: Vec::new(),
    }))
}

/// The call that main is known by.
const RUNTIME: &[u8] = b"mp_init";

/// A call that matters.
#[derive(Clone)]
struct Listed {
    function: SymbolName,
    role: Role,
    level: Option<Level>,
    stage: Stage,
    line: u32,
    conditional: bool,
    condition: Condition,
    via: Vec<SymbolName>,
}

/// What a function calls that matters, in order.
#[derive(Clone, Default)]
struct List {
    calls: Vec<Listed>,
    runs_scripts: bool,
}

/// How far a function has been read.
enum Progress {
    /// It is being read: one that calls itself is not followed into itself.
    Begun,
    Done(List),
}

struct Reader<'a, 'tree> {
    /// The text as it is in the file.
    text: &'a [u8],
    plain: &'a Plain,
    functions: &'a Functions<'tree>,
    graphs: HashMap<usize, Graph>,
    lists: HashMap<usize, Progress>,
}

impl<'a, 'tree> Reader<'a, 'tree> {
    fn new(text: &'a [u8], plain: &'a Plain, functions: &'a Functions<'tree>) -> Self {
        let graph = |function: &functions::Function<'_>| Graph::of(function.body, plain);
        let graphs = functions.list.iter().map(graph).enumerate().collect();
        Self { text, plain, functions, graphs, lists: HashMap::new() }
    }

    /// The function that starts the runtime, or the one around it that also runs
    /// scripts; and another one that starts the runtime, if there is one.
    fn find_main(&mut self) -> Option<(usize, Option<usize>)> {
        let calls = |reader: &Self, function: usize, name: &[u8]| {
            reader.graphs[&function].calls.iter().flatten().any(|call| call.name == name)
        };
        let all = 0..self.functions.list.len();
        let mut starters: Vec<usize> =
            all.clone().filter(|&function| calls(self, function, RUNTIME)).collect();
        // A helper that starts the runtime for a function that runs scripts.
        for starter in &mut starters {
            for _ in 0..MAX_VIA {
                if self.listed(*starter).runs_scripts {
                    break;
                }
                let name = &self.functions.list[*starter].name;
                let callers: Vec<usize> =
                    all.clone().filter(|&caller| calls(self, caller, name)).collect();
                let runs = callers.into_iter().find(|&caller| self.listed(caller).runs_scripts);
                let Some(caller) = runs else { break };
                *starter = caller;
            }
        }
        starters.sort_unstable();
        starters.dedup();
        let best = starters.iter().copied().max_by_key(|&function| {
            let list = self.listed(function);
            (list.runs_scripts, list.calls.len(), std::cmp::Reverse(function))
        })?;
        // Two of one name exclude each other by their conditions.
        let runs_scripts = self.listed(best).runs_scripts;
        let other = starters.into_iter().find(|&function| {
            let name = &self.functions.list[function].name;
            *name != self.functions.list[best].name
                && self.listed(function).runs_scripts == runs_scripts
        });
        Some((best, other))
    }

    /// What a function calls.
    fn listed(&mut self, function: usize) -> List {
        match self.lists.get(&function) {
            Some(Progress::Done(list)) => return list.clone(),
            Some(Progress::Begun) => return List::default(),
            None => {}
        }
        self.lists.insert(function, Progress::Begun);
        let list = self.list(function);
        self.lists.insert(function, Progress::Done(list.clone()));
        list
    }

    fn list(&mut self, function: usize) -> List {
        let size = self.graphs[&function].calls.len();
        // What the callees are, before the graph is put in order.
        let mut roles = vec![Role::Other; size];
        let mut helpers: HashMap<usize, List> = HashMap::new();
        for (node, role) in roles.iter_mut().enumerate() {
            let Some(call) = self.graphs[&function].calls[node].clone() else { continue };
            *role = role_of(&call.name);
            let helper = self.helper(&call.name);
            if !helper.calls.is_empty() {
                helpers.insert(node, helper);
            }
        }
        let nodes = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..size).filter(|&node| wanted(node)).collect()
        };
        let starts_runtime = |calls: &[Listed]| {
            calls.iter().any(|call| call.role == Role::Landmark(Landmark::Runtime))
        };
        let runtime = nodes(&|node| {
            roles[node] == Role::Landmark(Landmark::Runtime)
                || helpers.get(&node).is_some_and(|helper| starts_runtime(&helper.calls))
        });
        let runners = nodes(&|node| {
            roles[node] == Role::Landmark(Landmark::Runner)
                || helpers.get(&node).is_some_and(|helper| helper.runs_scripts)
        });
        let graph = &self.graphs[&function];
        let sequence = order::order(&graph.successors, 0, &graph.offsets, &runtime);
        let pass = Pass::new(&graph.successors, 0, &sequence, &runtime, &runners);
        let mut list = List { calls: Vec::new(), runs_scripts: !runners.is_empty() };
        for node in sequence {
            let Some(call) = &graph.calls[node] else { continue };
            let condition = self.plain.condition(call.offset);
            if condition.is_impossible() || list.calls.len() >= MAX_ENTRIES {
                continue;
            }
            let (stage, conditional) = (pass.stage(node), pass.is_conditional(node));
            let Some(name) = SymbolName::from_bytes(&call.name) else { continue };
            if roles[node] != Role::Other {
                list.calls.push(Listed {
                    function: name.clone(),
                    role: roles[node],
                    level: level_of(roles[node], &self.plain.text[call.arguments.clone()]),
                    stage,
                    line: self.plain.line(call.offset),
                    conditional,
                    condition: condition.clone(),
                    via: Vec::new(),
                });
            }
            for inner in helpers.remove(&node).unwrap_or_default().calls {
                let mut around = condition.clone();
                around.extend(&inner.condition);
                if around.is_impossible() || inner.via.len() >= MAX_VIA {
                    continue;
                }
                let via = std::iter::once(name.clone()).chain(inner.via).collect();
                let conditional = conditional || inner.conditional;
                list.calls.push(Listed { stage, conditional, condition: around, via, ..inner });
            }
        }
        list.calls.truncate(MAX_ENTRIES);
        list
    }

    /// What the definitions of a name in this file call, each under its own
    /// conditions.
    fn helper(&mut self, name: &[u8]) -> List {
        let mut all = List::default();
        for &definition in self.functions.named(name) {
            let around = self.plain.condition(self.functions.list[definition].start);
            let list = self.listed(definition);
            all.runs_scripts |= list.runs_scripts;
            all.calls.extend(list.calls.into_iter().map(|call| {
                let mut condition = around.clone();
                condition.extend(&call.condition);
                Listed { condition, ..call }
            }));
        }
        all
    }

    /// The functions that a function leads to within the file, itself included.
    fn reached(&self, function: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::from([function]);
        let mut ahead = vec![function];
        while let Some(function) = ahead.pop() {
            for call in self.graphs[&function].calls.iter().flatten() {
                for &callee in self.functions.named(&call.name) {
                    if reached.insert(callee) {
                        ahead.push(callee);
                    }
                }
            }
        }
        reached
    }

    /// The first line that could not be read of what `main` runs in this file.
    fn unread(&self, main: usize) -> Option<u32> {
        let of_function = |function: usize| {
            let body = self.functions.list[function].body.byte_range();
            let dropped = self.plain.dropped.iter().filter(|range| {
                body.contains(&range.start) && has_call(&self.text[(*range).clone()])
            });
            let dropped = dropped.map(|range| self.plain.line(range.start));
            self.graphs[&function].unread.into_iter().chain(dropped).min()
        };
        self.reached(main).into_iter().filter_map(of_function).min()
    }

    /// How many other functions main calls.
    fn folded(&self, main: usize) -> usize {
        let calls = self.graphs[&main].calls.iter().flatten();
        let others: BTreeSet<&[u8]> = calls
            .map(|call| call.name.as_slice())
            .filter(|name| role_of(name) == Role::Other)
            .collect();
        others.len()
    }
}

/// Whether a text that was not parsed seems to call something that matters.
fn has_call(text: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.split_inclusive(|byte| *byte == b'(').any(|part| {
        let Some(before) = part.strip_suffix(b"(") else { return false };
        let before = before.trim_ascii_end();
        let name = before.iter().rev().take_while(|byte| is_name(byte)).count();
        role_of(&before[before.len() - name..]) != Role::Other
    })
}

/// The role of a name as it stands in a text: there, a macro is one, too.
fn role_of(name: &[u8]) -> Role {
    let Ok(name) = std::str::from_utf8(name) else { return Role::Other };
    if !is_macro_name(name.as_bytes()) {
        return role::of(name);
    }
    // Hooks, which a board fills in. `__HAL_INIT()` and its like are the
    // compiler's or a vendor's own.
    let is_hook = !name.starts_with('_')
        && name.split('_').any(|word| matches!(word, "BOARD" | "HOOK" | "INIT" | "DEINIT"));
    if !is_hook {
        return Role::Other;
    }
    let is_runner = name.contains("RUN_BOOT_PY") || name.contains("RUN_MAIN_PY");
    Role::Landmark(if is_runner { Landmark::Runner } else { Landmark::Other })
}

/// The level that a run-level call names: `MP_INIT_LEVEL_DRIVER` and
/// `MP_INIT_DRIVER` are `driver`. A variable or a number names none that is known.
fn level_of(role: Role, arguments: &[u8]) -> Option<Level> {
    let Role::RunLevel(_) = role else { return None };
    let text = std::str::from_utf8(arguments).ok()?;
    let name = text.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
    if !is_macro_name(name.as_bytes()) {
        return None;
    }
    let word = name.to_ascii_lowercase();
    let mut level = word.as_str();
    while let Some(rest) =
        ["mp_", "init_", "deinit_", "level_"].iter().find_map(|prefix| level.strip_prefix(prefix))
    {
        level = rest;
    }
    level.parse().ok()
}

impl Listed {
    fn into_entry(self, position: u32, path: &str) -> Entry {
        let (kind, phase): (EntryKind, Option<Phase>) = match self.role {
            Role::Entry(phase) => (EntryKind::Entry, Some(phase)),
            Role::RunLevel(phase) => (EntryKind::RunLevel, Some(phase)),
            Role::Landmark(_) | Role::Other => (EntryKind::Landmark, None),
        };
        Entry {
            position,
            phase,
            kind,
            origin: Origin::Source,
            stage: Some(self.stage),
            level: self.level,
            slot: None,
            priority: None,
            function: Some(self.function),
            subsystem: None,
            declared_subsystem: None,
            satisfied: None,
            address: None,
            call_address: None,
            via: self.via,
            conditional: self.conditional,
            condition: self.condition.text(),
            location: Some(Location { file: path.to_owned(), line: self.line }),
            after: Vec::new(),
        }
    }
}
