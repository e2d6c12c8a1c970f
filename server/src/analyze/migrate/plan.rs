//! What to register, what to remove from main, and which levels to run where, so
//! that everything runs in the order in which it ran.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::by_hand::{
    Known, Reason, StaysByHand, is_call_by_hand, is_registered, reasons, runs_once, staying,
};
use super::levels::{Item, LEVELS, Number, Placed, place};
use crate::analyze::diff::names;
use crate::analyze::policy::Policy;
use crate::model::{
    AnomalyKind, Entry, EntryKind, InitTable, Level, Location, Phase, Priority, RFC_LEVELS, Stage,
    SymbolName,
};

/// The level of what no configuration knows.
const DRIVER: usize = 2;

/// How to get from the calls of a main to a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Plan {
    /// Version of this format.
    pub schema: u32,
    /// Main, as it is now.
    pub main: SymbolName,
    /// What to register, in the order in which it runs.
    pub registrations: Vec<Registration>,
    /// The run-level calls, in the order in which they run.
    pub runs: Vec<RunLevel>,
    /// What stays in main, in the order in which it runs.
    pub by_hand: Vec<StaysByHand>,
    /// Whether the arguments of the calls are known, which only source text tells.
    pub knows_arguments: bool,
    /// Whether all calls of main could be read; else some may be missing.
    pub is_complete: bool,
}

/// A function to register in place of its call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Registration {
    /// The position of the call in the effective order.
    pub position: u32,
    /// The function.
    pub function: SymbolName,
    /// Whether it starts or stops something.
    pub phase: Phase,
    /// The level.
    pub level: Level,
    /// The priority.
    pub priority: Priority,
    /// What it starts or stops.
    pub subsystem: Option<String>,
    /// The preprocessor's condition around the call; only of source text.
    pub condition: Option<String>,
    /// The arguments, which need a wrapper: `(&repl, 115200)`, or `()` where the
    /// function may have a result. Null where a header declares it as
    /// `void name(void)`, or where nothing tells.
    pub arguments: Option<String>,
    /// The call to remove from main; only of source text.
    pub call: Option<CallLines>,
    /// Where the function is defined; only of firmware.
    pub defined: Option<Location>,
}

/// The lines of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallLines {
    /// The file.
    pub file: String,
    /// The first line, counted from 1.
    pub first: u32,
    /// The last line.
    pub last: u32,
}

/// A call that runs a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunLevel {
    /// Whether it runs the level's init functions or its deinit functions.
    pub phase: Phase,
    /// The level.
    pub level: Level,
    /// The stage in which it runs.
    pub stage: Stage,
    /// Whether main has the call already.
    pub is_there: bool,
    /// What stands right before it afterwards, where anything does.
    pub behind: Option<String>,
    /// What stands right behind it afterwards, where anything does.
    pub before: Option<String>,
    /// The registrations that it runs, as indexes into those of the plan.
    pub runs: Vec<usize>,
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Main was not found.
    #[error(
        "main was not found, so nothing tells what it calls: expected firmware that calls mp_init, built without link-time optimisation, or its source with --tree"
    )]
    NoMain,
}

/// The plan for a table whose subsystems were derived.
///
/// # Errors
/// When the table has no main.
pub(super) fn plan(table: &InitTable, known: Known<'_>) -> Result<Plan, PlanError> {
    let Known { policy, written, .. } = known;
    let main = table.main.as_ref().ok_or(PlanError::NoMain)?.function.clone();
    let mut reasons = reasons(&table.entries, known);
    let mut places: BTreeMap<usize, (usize, u8)> = BTreeMap::new();
    for phase in [Phase::Init, Phase::Deinit] {
        let wanted = Wanted::of(&table.entries, phase, &reasons);
        let items = wanted.items(policy, &places);
        for (&index, placed) in wanted.indexes.iter().zip(place(&items)) {
            match placed {
                Placed::At { level, priority } => {
                    places.insert(index, (level, priority));
                }
                Placed::NoLevel => reasons[index] = Some(Reason::NoLevel),
                Placed::NoPriority => reasons[index] = Some(Reason::NoPriority),
                Placed::Fixed => {}
            }
        }
    }
    let registrations: Vec<Registration> = places
        .iter()
        .filter_map(|(&index, &place)| registration(&table.entries[index], place, known))
        .collect();
    let incomplete =
        |kind| matches!(kind, AnomalyKind::MainIncomplete | AnomalyKind::SourceUnparsed);
    Ok(Plan {
        schema: super::SCHEMA_VERSION,
        main,
        runs: runs(&table.entries, &registrations),
        registrations,
        by_hand: staying(&table.entries, &reasons, known),
        knows_arguments: written.is_some(),
        is_complete: !table.anomalies.iter().any(|anomaly| incomplete(anomaly.kind)),
    })
}

/// The entries of a phase that have a level or are to have one, in the order in
/// which their tables are sorted.
struct Wanted<'a> {
    entries: &'a [Entry],
    phase: Phase,
    indexes: Vec<usize>,
    /// The segment of each.
    segments: Vec<usize>,
    /// Levels that run elsewhere, or nowhere.
    taken: HashSet<usize>,
}

impl<'a> Wanted<'a> {
    fn of(entries: &'a [Entry], phase: Phase, reasons: &[Option<Reason>]) -> Self {
        let mut wanted = Self {
            entries,
            phase,
            indexes: Vec::new(),
            segments: Vec::new(),
            taken: HashSet::new(),
        };
        let mut segment = 0;
        let mut stage = None;
        for (index, entry) in entries.iter().enumerate() {
            if entry.stage != stage {
                stage = entry.stage;
                segment += 1;
            }
            let number = entry.level.as_ref().and_then(number);
            let of_level = is_registered(entry) && number.is_some();
            let is_new = is_call_by_hand(entry) && reasons[index].is_none();
            if entry.phase == Some(phase) && entry.stage.is_some() && (of_level || is_new) {
                wanted.indexes.push(index);
                wanted.segments.push(segment);
                continue;
            }
            if entry.phase == Some(phase)
                && (is_registered(entry) || entry.kind == EntryKind::RunLevel)
            {
                match number {
                    Some(number) => wanted.taken.extend([number]),
                    // It may be any of them.
                    None if entry.level.is_none() => wanted.taken.extend(0..LEVELS),
                    None => {}
                }
            }
            segment += 1;
        }
        if phase == Phase::Deinit {
            let last = segment;
            wanted.indexes.reverse();
            wanted.segments.reverse();
            wanted.segments.iter_mut().for_each(|segment| *segment = last - *segment);
        }
        wanted
    }

    fn items(&self, policy: &Policy, places: &BTreeMap<usize, (usize, u8)>) -> Vec<Item> {
        let of_inits: HashMap<&str, usize> = places
            .iter()
            .filter_map(|(&index, &(level, _))| {
                Some((self.entries[index].subsystem.as_deref()?, level))
            })
            .collect();
        let item = |(&index, &segment): (&usize, &usize)| {
            let entry = &self.entries[index];
            let mut allowed = [false; LEVELS];
            if is_registered(entry) {
                let level = entry.level.as_ref().and_then(number).unwrap_or_default();
                allowed[level] = true;
                let number = Number::of(entry.priority.as_ref());
                return Item { segment, allowed, preferred: level, number };
            }
            let is_once = runs_once(self.entries, index);
            for (level, allowed) in allowed.iter_mut().enumerate() {
                *allowed = (level == 0) == is_once && !self.taken.contains(&level);
            }
            let subsystem = entry.subsystem.as_deref();
            let of_init = subsystem
                .filter(|_| self.phase == Phase::Deinit)
                .and_then(|subsystem| of_inits.get(subsystem).copied());
            let configured =
                || subsystem.and_then(|subsystem| policy.level(subsystem)).and_then(number);
            let preferred = of_init.or_else(configured).unwrap_or(DRIVER);
            Item { segment, allowed, preferred, number: Number::New }
        };
        self.indexes.iter().zip(&self.segments).map(item).collect()
    }
}

/// The number of one of the RFC's levels.
fn number(level: &Level) -> Option<usize> {
    RFC_LEVELS.iter().position(|known| *known == level.as_str())
}

fn registration(
    entry: &Entry,
    (level, priority): (usize, u8),
    known: Known<'_>,
) -> Option<Registration> {
    let function = entry.function.clone()?;
    let place = entry.location.clone();
    let call = known.call(entry);
    Some(Registration {
        position: entry.position,
        phase: entry.phase?,
        level: RFC_LEVELS[level].parse().ok()?,
        priority: format!("{priority:02}").parse().ok()?,
        subsystem: entry.subsystem.clone(),
        condition: entry.condition.clone(),
        arguments: known.arguments(entry).map(str::to_owned),
        call: call.zip(place.clone()).map(|(call, place)| CallLines {
            file: place.file,
            first: call.line,
            last: call.end_line,
        }),
        defined: place.filter(|_| call.is_none()),
        function,
    })
}

/// The run-level calls that stand in place of the registered calls.
fn runs(entries: &[Entry], registrations: &[Registration]) -> Vec<RunLevel> {
    let names = names(entries);
    let registered: HashMap<u32, usize> = registrations
        .iter()
        .enumerate()
        .map(|(index, registration)| (registration.position, index))
        .collect();
    // Main afterwards: what stays, and the run-level calls.
    let mut runs: Vec<RunLevel> = Vec::new();
    let mut sequence: Vec<Result<String, usize>> = Vec::new();
    for (entry, name) in entries.iter().zip(names) {
        let Some(stage) = entry.stage else { continue };
        let new = registered.get(&entry.position).copied();
        let level = match new {
            Some(index) => Some(&registrations[index].level),
            None => entry.level.as_ref().filter(|_| is_registered(entry)),
        };
        let (Some(level), Some(phase)) = (level, entry.phase) else {
            sequence.push(Ok(name));
            continue;
        };
        let known = runs.iter().position(|run| (run.phase, &run.level) == (phase, level));
        let run = known.unwrap_or_else(|| {
            sequence.push(Err(runs.len()));
            runs.push(RunLevel {
                phase,
                level: level.clone(),
                stage,
                is_there: false,
                behind: None,
                before: None,
                runs: Vec::new(),
            });
            runs.len() - 1
        });
        match new {
            Some(index) => runs[run].runs.push(index),
            None => runs[run].is_there = true,
        }
    }
    let called = |at: Option<&Result<String, usize>>, runs: &[RunLevel]| {
        at.map(|at| match at {
            Ok(name) => name.clone(),
            Err(run) => runs[*run].call(),
        })
    };
    for (at, run) in
        sequence.iter().enumerate().filter_map(|(at, item)| Some((at, *item.as_ref().err()?)))
    {
        let behind = called(at.checked_sub(1).and_then(|at| sequence.get(at)), &runs);
        let before = called(sequence.get(at + 1), &runs);
        runs[run].behind = behind;
        runs[run].before = before;
    }
    runs
}

impl RunLevel {
    /// Where it stands in main afterwards: `between mp_init and boot.py`.
    pub fn place(&self) -> String {
        match (&self.behind, &self.before) {
            _ if self.is_there => "is there already".to_owned(),
            (Some(behind), Some(before)) => format!("between {behind} and {before}"),
            (Some(behind), None) => format!("behind {behind}"),
            (None, Some(before)) => format!("in front of {before}"),
            (None, None) => "in main".to_owned(),
        }
    }

    /// The call as C has it.
    pub fn call(&self) -> String {
        format!("mp_{}_run_level(MP_INIT_{})", self.phase, self.level.as_str().to_ascii_uppercase())
    }
}

impl Plan {
    /// The run-level calls that main does not have yet.
    pub fn new_runs(&self) -> impl Iterator<Item = &RunLevel> {
        self.runs.iter().filter(|run| !run.is_there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::derive_with;
    use crate::analyze::diff::made;
    use crate::analyze::migrate::by_hand::Once;
    use crate::analyze::migrate::code::Language;
    use crate::config::Config;

    fn planned(words: &str, once: Once) -> Vec<String> {
        let mut table = made::table(words);
        let policy = Config::shipped().policy;
        derive_with(&mut table, &policy, None);
        let known = Known {
            policy: &policy,
            port: None,
            written: None,
            headers: None,
            once,
            languages: &[Language::C],
        };
        let plan = plan(&table, known).unwrap();
        let registered = plan.registrations.iter().map(|registration| {
            let Registration { phase, level, priority, function, .. } = registration;
            format!("{phase} {level} {priority} {function}")
        });
        let runs = plan.runs.iter().map(|run| {
            let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
            let there = if run.is_there { "there: " } else { "" };
            format!("{there}{} < {} < {}", name(&run.behind), run.call(), name(&run.before))
        });
        let by_hand = plan.by_hand.iter().map(|stays| {
            let name = stays.function.as_ref().map_or("-", |name| name.as_str());
            format!("{name}: {}", stays.reason.as_str())
        });
        registered.chain(runs).chain(by_hand).collect()
    }

    const WORDS: &str = "boot: clock_init start: thread_init gc_init mp_init readline_init0 pin_init0 can_init0 pyexec_file \
        accel_init ?led_init stop: uart_init network_deinit can_deinit pin_deinit gc_sweep_all pwm_deinit mp_deinit clock_deinit";

    #[test]
    fn the_order_between_what_stays_is_kept_by_levels() {
        assert_eq!(
            planned(WORDS, Once::ByHand),
            [
                "init core 10 readline_init0",
                "init core 20 pin_init0",
                "init driver 10 can_init0",
                "init service 10 accel_init",
                "deinit service 10 network_deinit",
                "deinit driver 20 can_deinit",
                "deinit driver 10 pin_deinit",
                "deinit core 10 pwm_deinit",
                "mp_init < mp_init_run_level(MP_INIT_CORE) < mp_init_run_level(MP_INIT_DRIVER)",
                "mp_init_run_level(MP_INIT_CORE) < mp_init_run_level(MP_INIT_DRIVER) < boot.py",
                "boot.py < mp_init_run_level(MP_INIT_SERVICE) < led_init",
                "uart_init < mp_deinit_run_level(MP_INIT_SERVICE) < mp_deinit_run_level(MP_INIT_DRIVER)",
                "mp_deinit_run_level(MP_INIT_SERVICE) < mp_deinit_run_level(MP_INIT_DRIVER) < gc_sweep_all",
                "gc_sweep_all < mp_deinit_run_level(MP_INIT_CORE) < mp_deinit",
                "clock_init: boot",
                "thread_init: before-runtime",
                "led_init: conditional",
                "uart_init: against-stage",
                "clock_deinit: after-runtime",
            ]
        );
    }

    #[test]
    fn what_runs_once_can_be_registered_at_the_first_level() {
        let early: Vec<String> = planned(WORDS, Once::Early)
            .into_iter()
            .filter(|line| line.contains("early") || line.contains("EARLY"))
            .collect();
        assert_eq!(
            early,
            [
                "init early 10 clock_init",
                "deinit early 10 clock_deinit",
                "- < mp_init_run_level(MP_INIT_EARLY) < thread_init",
                "mp_deinit < mp_deinit_run_level(MP_INIT_EARLY) < -",
            ]
        );
    }

    #[test]
    fn a_migration_that_began_is_gone_on_with() {
        assert_eq!(
            planned(
                "start: mp_init a_init @core/b_init c_init @driver/d_init b_init stop: gc_sweep_all",
                Once::ByHand
            ),
            [
                "init core 01 a_init",
                "init driver 02 c_init",
                "there: mp_init < mp_init_run_level(MP_INIT_CORE) < mp_init_run_level(MP_INIT_DRIVER)",
                "there: mp_init_run_level(MP_INIT_CORE) < mp_init_run_level(MP_INIT_DRIVER) < b_init",
                "b_init: registered",
            ]
        );
    }
}
