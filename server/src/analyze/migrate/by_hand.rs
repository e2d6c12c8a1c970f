//! Calls that should stay in main, and why.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::code::Language;
use super::writable::{Call, unwritable};
use crate::analyze::policy::Policy;
use crate::extract::source::{Prototypes, Written, WrittenCall};
use crate::model::{Entry, EntryKind, Location, Origin, Phase, PortName, Stage, SymbolName};

/// Why a call should stay in main.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It runs once at power-up.
    Boot,
    /// It runs on every start before `mp_init`.
    BeforeRuntime,
    /// It runs after `mp_deinit`.
    AfterRuntime,
    /// It starts something on the way out, or stops something on the way in.
    AgainstStage,
    /// Some path through main leaves it out.
    Conditional,
    /// Another function makes the call, not main itself.
    InHelper,
    /// It calls others of these functions, which main is seen to run through it.
    CallsOthers,
    /// Main calls it more than once.
    Repeated,
    /// It is registered as well.
    Registered,
    /// The project configures it.
    Configured,
    /// The file that holds main defines it.
    DefinedInMain,
    /// Only the file that holds main declares it.
    DeclaredInMain,
    /// Its arguments need what only main's file knows.
    LocalArguments,
    /// Its result is used, or it shares its line.
    PartOfStatement,
    /// The condition around it needs what only main's file knows.
    LocalCondition,
    /// The condition around it is longer than what is kept of it.
    LongCondition,
    /// Its name is none that code can use.
    Unnameable,
    /// The condition around it would reach beyond its line.
    UnwritableCondition,
    /// The condition around it has no counterpart in the language.
    ForeignCondition,
    /// Its arguments are of another language.
    ForeignArguments,
    /// Nothing says that it has no result, which the language would have to declare.
    UnknownResult,
    /// It has no name.
    Nameless,
    /// No level is left that could run where it runs.
    NoLevel,
    /// Its level has no priority left where it would have to stand.
    NoPriority,
}

impl Reason {
    /// The word for the reason, as JSON has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::BeforeRuntime => "before-runtime",
            Self::AfterRuntime => "after-runtime",
            Self::AgainstStage => "against-stage",
            Self::Conditional => "conditional",
            Self::InHelper => "in-helper",
            Self::CallsOthers => "calls-others",
            Self::Repeated => "repeated",
            Self::Registered => "registered",
            Self::Configured => "configured",
            Self::DefinedInMain => "defined-in-main",
            Self::DeclaredInMain => "declared-in-main",
            Self::LocalArguments => "local-arguments",
            Self::PartOfStatement => "part-of-statement",
            Self::LocalCondition => "local-condition",
            Self::LongCondition => "long-condition",
            Self::Unnameable => "unnameable",
            Self::UnwritableCondition => "unwritable-condition",
            Self::ForeignCondition => "foreign-condition",
            Self::ForeignArguments => "foreign-arguments",
            Self::UnknownResult => "unknown-result",
            Self::Nameless => "nameless",
            Self::NoLevel => "no-level",
            Self::NoPriority => "no-priority",
        }
    }

    /// The reason in words that can follow `stays by hand:`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Boot => "runs once at power-up, before there is a heap",
            Self::BeforeRuntime => "the runtime stands on it: it runs before `mp_init`",
            Self::AfterRuntime => "runs after `mp_deinit`, when the runtime is gone",
            Self::AgainstStage => "starts something on the way out, or stops it on the way in",
            Self::Conditional => "a path through main leaves it out; an entry always runs",
            Self::InHelper => "another function makes the call, not main itself",
            Self::CallsOthers => "calls others of these functions, whose order only main shows",
            Self::Repeated => "main calls it more than once; an entry runs once",
            Self::Registered => "is registered as well and runs twice: remove one of the two",
            Self::Configured => "the project configures it",
            Self::DefinedInMain => "is defined in the file that holds main: register it there",
            Self::DeclaredInMain => "only the file that holds main declares it: a header should",
            Self::LocalArguments => "its arguments need what only main's file knows",
            Self::PartOfStatement => "its result is used, or it shares its line with something",
            Self::LocalCondition => "the condition around it needs what only main's file knows",
            Self::LongCondition => "the condition around it is too long to be repeated",
            Self::Unnameable => {
                "its name is none that code can use: register it where it is defined"
            }
            Self::UnwritableCondition => "the condition around it would reach beyond its line",
            Self::ForeignCondition => "the condition around it has no counterpart in Rust",
            Self::ForeignArguments => "its arguments are C: register it as a closure",
            Self::UnknownResult => {
                "no header is seen to declare it as `void name(void)`: declare it and register a closure"
            }
            Self::Nameless => "has no name: the file is stripped",
            Self::NoLevel => "no level is left that could run at its place",
            Self::NoPriority => "its level has no number left at its place",
        }
    }
}

/// A call that stays in main.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StaysByHand {
    /// Its position in the effective order.
    pub position: u32,
    /// The function; null in a stripped file.
    pub function: Option<SymbolName>,
    /// Whether it starts or stops something.
    pub phase: Option<Phase>,
    /// Its stage.
    pub stage: Option<Stage>,
    /// Why it stays.
    pub reason: Reason,
    /// What the project says of it, where it configures that it stays.
    pub because: Option<String>,
    /// Where it is called, in a table of source text; else where it is defined.
    pub location: Option<Location>,
}

/// What is known besides the entries themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// What the project configures.
    pub(super) policy: &'a Policy,
    /// The port, where it is known.
    pub(super) port: Option<&'a PortName>,
    /// How main's text has the calls, where it is known.
    pub(super) written: Option<&'a Written>,
    /// What the headers declare that main's text includes, where they are known.
    pub(super) headers: Option<&'a Prototypes>,
    /// Which calls that run once may be registered.
    pub(super) once: Once,
    /// The languages in which a registration is to be written.
    pub(super) languages: &'a [Language],
}

impl Known<'_> {
    /// How main's text has the call of an entry.
    pub(super) fn call(&self, entry: &Entry) -> Option<&WrittenCall> {
        let line = entry.location.as_ref().map_or(0, |place| place.line);
        self.written?.call(entry.function.as_ref()?.as_str(), line)
    }

    /// The arguments with which an entry has to be registered. A call without any is
    /// one with `()` as well, unless the function is seen to have no result: for it
    /// nothing but `void name(void)` can stand in a table.
    pub(super) fn arguments(&self, entry: &Entry) -> Option<&str> {
        let call = self.call(entry)?;
        let is_plain = call.arguments == "()"
            && self.headers.is_some_and(|headers| headers.is_plain(&call.function));
        (!is_plain).then_some(call.arguments.as_str())
    }
}

/// Which calls that run once may be registered all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Once {
    /// None: they stay in main.
    #[default]
    ByHand,
    /// What runs before the soft-reset loop or after it, at level `early`.
    Early,
}

/// For each entry that main calls by hand, why it should stay there; `None` for
/// those that need not, and for what is no call by hand.
pub(super) fn reasons(entries: &[Entry], known: Known<'_>) -> Vec<Option<Reason>> {
    let Known { policy, port, once, .. } = known;
    let runtime = place_of(entries, "mp_init");
    let end = place_of(entries, "mp_deinit");
    let mut calls: HashMap<_, usize> = HashMap::new();
    for entry in entries.iter().filter(|entry| is_call_by_hand(entry)) {
        *calls.entry((entry.phase, &entry.function)).or_default() += 1;
    }
    let registered: HashSet<_> = entries
        .iter()
        .filter(|entry| is_registered(entry))
        .map(|entry| (entry.phase, &entry.function))
        .collect();
    let helpers: HashSet<_> = entries.iter().flat_map(|entry| &entry.via).collect();
    let reason = |(index, entry): (usize, &Entry)| {
        if !is_call_by_hand(entry) {
            return None;
        }
        let Some(function) = &entry.function else { return Some(Reason::Nameless) };
        let is_after = end.is_some_and(|end| index > end);
        if registered.contains(&(entry.phase, &entry.function)) {
            Some(Reason::Registered)
        } else if policy.by_hand(port, function.as_str()).is_some() {
            Some(Reason::Configured)
        } else if !entry.via.is_empty() {
            Some(Reason::InHelper)
        } else if helpers.contains(function) {
            Some(Reason::CallsOthers)
        } else if calls[&(entry.phase, &entry.function)] > 1 {
            Some(Reason::Repeated)
        } else if is_against_stage(entry) {
            Some(Reason::AgainstStage)
        } else if entry.stage == Some(Stage::Boot) && once == Once::ByHand {
            Some(Reason::Boot)
        } else if entry.stage == Some(Stage::Start) && runtime.is_some_and(|at| index < at) {
            Some(Reason::BeforeRuntime)
        } else if is_after && once == Once::ByHand {
            Some(Reason::AfterRuntime)
        } else if entry.conditional {
            Some(Reason::Conditional)
        } else if entry.condition.as_ref().is_some_and(|condition| condition.ends_with('…')) {
            Some(Reason::LongCondition)
        } else {
            of_text(entry, known).or_else(|| of_languages(entry, known))
        }
    };
    entries.iter().enumerate().map(reason).collect()
}

/// The calls that stay, in the order in which they run, with what is known of them.
pub(super) fn staying(
    entries: &[Entry],
    reasons: &[Option<Reason>],
    known: Known<'_>,
) -> Vec<StaysByHand> {
    let stays = |(entry, reason): (&Entry, &Option<Reason>)| {
        let reason = (*reason)?;
        let configured = entry
            .function
            .as_ref()
            .filter(|_| reason == Reason::Configured)
            .and_then(|function| known.policy.by_hand(known.port, function.as_str()));
        Some(StaysByHand {
            position: entry.position,
            function: entry.function.clone(),
            phase: entry.phase,
            stage: entry.stage,
            reason,
            because: configured.map(|item| item.reason.clone()),
            location: entry.location.clone(),
        })
    };
    entries.iter().zip(reasons).filter_map(stays).collect()
}

/// What the text of main says against registering a call.
fn of_text(entry: &Entry, known: Known<'_>) -> Option<Reason> {
    let written = known.written?;
    let function = entry.function.as_ref()?.as_str();
    if written.functions.contains(function) {
        return Some(Reason::DefinedInMain);
    }
    let Some(call) = known.call(entry) else { return Some(Reason::PartOfStatement) };
    if !call.is_alone {
        Some(Reason::PartOfStatement)
    } else if written.declares(function)
        && !known.headers.is_some_and(|headers| headers.declares(function))
    {
        Some(Reason::DeclaredInMain)
    } else if call.names_own {
        Some(Reason::LocalArguments)
    } else if entry.condition.as_deref().is_some_and(|condition| written.names_own(condition)) {
        Some(Reason::LocalCondition)
    } else {
        None
    }
}

/// What the languages of the registrations say against one. It is asked before
/// anything is planned, so that main keeps every call that no registration replaces.
fn of_languages(entry: &Entry, known: Known<'_>) -> Option<Reason> {
    let call = Call {
        function: entry.function.as_ref()?.as_str(),
        condition: entry.condition.as_deref(),
        arguments: known.arguments(entry),
    };
    known.languages.iter().find_map(|&language| unwritable(language, call))
}

/// Whether main is seen to call the entry by itself.
pub(super) fn is_call_by_hand(entry: &Entry) -> bool {
    entry.kind == EntryKind::Entry
        && entry.stage.is_some()
        && matches!(entry.origin, Origin::Calls | Origin::Source)
}

/// Whether a registry holds the entry.
pub(super) fn is_registered(entry: &Entry) -> bool {
    entry.kind == EntryKind::Entry && entry.origin == Origin::Registry
}

/// Whether the entry runs at power-up, or after the runtime ended.
pub(super) fn runs_once(entries: &[Entry], index: usize) -> bool {
    entries[index].stage == Some(Stage::Boot)
        || place_of(entries, "mp_deinit").is_some_and(|end| index > end)
}

fn is_against_stage(entry: &Entry) -> bool {
    match entry.phase {
        Some(Phase::Init) => entry.stage == Some(Stage::Stop),
        Some(Phase::Deinit) => entry.stage != Some(Stage::Stop),
        None => false,
    }
}

/// The place of a landmark.
fn place_of(entries: &[Entry], landmark: &str) -> Option<usize> {
    entries.iter().rposition(|entry| {
        entry.kind == EntryKind::Landmark
            && entry.function.as_ref().is_some_and(|function| function.as_str() == landmark)
    })
}
