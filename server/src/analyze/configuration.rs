//! Which of the conditional calls of a source text a build really has.
//!
//! The text says under which conditions each call is compiled, the firmware says
//! which calls are there: a call that is there proves its conditions. So a call
//! that is missing is compiled out where its condition is not proven, and hidden
//! from sight (inlined, or empty) where it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::clause::{Clause, clauses};
use crate::model::{Entry, EntryKind, InitTable};

/// A source text held against one build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Configuration {
    /// For each entry of the source table, whether the build has it.
    pub standings: Vec<Standing>,
    /// Every clause that the conditions ask for, and what the build says of it.
    pub clauses: Vec<ClauseValue>,
    /// Positions in the build of calls that the source text does not have.
    pub unexplained: Vec<u32>,
}

/// Whether a build has a call of the source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    /// It has.
    Present {
        /// Its position in the build.
        position: u32,
    },
    /// It has not, and nothing proves that its condition holds.
    CompiledOut,
    /// It is not seen, though it stands under no condition, or under one that
    /// other calls prove: the compiler inlined it, or it does nothing.
    Unseen,
    /// It is one of several calls of one function, and the build has fewer: which
    /// ones cannot be told.
    Unclear,
    /// It is a macro, and which function it stands for is not known.
    Hook,
}

/// What a build says of one clause of a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClauseValue {
    /// The clause.
    pub clause: String,
    /// Whether it holds; `null` where the calls do not tell.
    pub holds: Option<bool>,
}

/// Holds a source text against a build of it; `None` where the calls of the
/// build cannot be read, so that nothing could be said.
pub fn compare(source: &InitTable, build: &InitTable) -> Option<Configuration> {
    build.main.as_ref()?;
    let asked: Vec<BTreeSet<Clause>> =
        source.entries.iter().map(|entry| clauses(entry.condition.as_deref())).collect();
    let sites = sites(source);
    let mut occurrences = occurrences(source, build);
    let mut standings = vec![Standing::Unseen; source.entries.len()];
    let mut known: BTreeMap<String, bool> = BTreeMap::new();

    // A level that is run is there with its entries.
    for (index, entry) in source.entries.iter().enumerate() {
        if entry.kind == EntryKind::RunLevel
            && let Some(position) = first_of_level(build, entry)
        {
            standings[index] = Standing::Present { position };
            prove(&asked[index], &mut known);
        }
    }
    // A function with as many calls in the build as in the text is there.
    for (name, sites) in &sites {
        let found = occurrences.entry(name).or_default();
        if found.len() >= sites.len() {
            for (&site, position) in sites.iter().zip(found.drain(..)) {
                standings[site] = Standing::Present { position };
                prove(&asked[site], &mut known);
            }
        }
    }
    // One that is missing leaves out a clause, if it is the only one in doubt.
    let missing = |sites: &[usize], standings: &[Standing]| -> bool {
        sites.iter().all(|&site| standings[site] == Standing::Unseen)
    };
    for (name, sites) in &sites {
        if missing(sites, &standings) && occurrences[name.as_str()].is_empty() {
            for &site in sites {
                let doubtful: Vec<&Clause> = asked[site]
                    .iter()
                    .filter(|clause| known.get(&clause.text) != Some(&clause.holds))
                    .collect();
                if let [only] = doubtful.as_slice() {
                    known.entry(only.text.clone()).or_insert(!only.holds);
                }
                standings[site] = match (doubtful.is_empty(), is_hook(&source.entries[site])) {
                    (false, _) => Standing::CompiledOut,
                    (true, true) => Standing::Hook,
                    (true, false) => Standing::Unseen,
                };
            }
        }
    }
    // Fewer calls than the text has: what is known by now may tell which.
    for (name, sites) in &sites {
        let found = &occurrences[name.as_str()];
        if found.is_empty() {
            continue;
        }
        let ruled_out = |site: usize| {
            asked[site].iter().any(|clause| known.get(&clause.text) == Some(&!clause.holds))
        };
        let (out, left): (Vec<usize>, Vec<usize>) =
            sites.iter().copied().partition(|&site| ruled_out(site));
        for site in out {
            standings[site] = Standing::CompiledOut;
        }
        let is_told = left.len() <= found.len();
        for (&site, &position) in left.iter().zip(found.iter().chain(std::iter::repeat(&0))) {
            standings[site] =
                if is_told { Standing::Present { position } } else { Standing::Unclear };
        }
        if is_told {
            for site in left {
                prove(&asked[site], &mut known);
            }
        }
    }
    let all: BTreeSet<&String> = asked.iter().flatten().map(|clause| &clause.text).collect();
    let named: BTreeSet<&str> = sites.keys().map(String::as_str).collect();
    Some(Configuration {
        standings,
        clauses: all
            .into_iter()
            .map(|clause| ClauseValue { clause: clause.clone(), holds: known.get(clause).copied() })
            .collect(),
        unexplained: build
            .entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::RunLevel && entry.level.is_none())
            .filter(|entry| {
                let name = entry.function.as_ref().map_or("", |name| name.as_str());
                // What stands inside a call of the text is explained by that.
                let is_inside = entry.via.iter().any(|helper| named.contains(helper.as_str()));
                !is_inside && !named.contains(name) && hook_of(source, name).is_none()
            })
            .map(|entry| entry.position)
            .collect(),
    })
}

/// The position of the first entry that a run-level call of the source text
/// stands for in a build, or of the call itself where its level is not known.
fn first_of_level(build: &InitTable, call: &Entry) -> Option<u32> {
    let is_meant = |entry: &&Entry| {
        entry.phase == call.phase
            && match entry.kind {
                EntryKind::RunLevel => call.level.is_none(),
                _ => entry.level.is_some() && entry.level == call.level,
            }
    };
    build.entries.iter().find(is_meant).map(|entry| entry.position)
}

/// The entries of a source table by the function that they call; run-level calls
/// are no such entries.
fn sites(source: &InitTable) -> BTreeMap<String, Vec<usize>> {
    let mut sites: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let calls = source.entries.iter().enumerate();
    for (index, entry) in calls.filter(|(_, entry)| entry.kind != EntryKind::RunLevel) {
        if let Some(name) = &entry.function {
            sites.entry(name.to_string()).or_default().push(index);
        }
    }
    sites
}

/// The positions in a build of each function that the source text calls, hooks
/// under the name of their macro.
fn occurrences<'a>(source: &'a InitTable, build: &'a InitTable) -> HashMap<&'a str, Vec<u32>> {
    let mut found: HashMap<&str, Vec<u32>> = HashMap::new();
    for entry in &source.entries {
        if let Some(name) = &entry.function {
            found.entry(name.as_str()).or_default();
        }
    }
    for entry in &build.entries {
        let Some(name) = &entry.function else { continue };
        let known = found.contains_key(name.as_str()).then_some(name.as_str());
        let Some(name) = known.or_else(|| hook_of(source, name.as_str())) else { continue };
        found.entry(name).or_default().push(entry.position);
    }
    found
}

/// The macro of the source text that a function of a build fills in: boards call
/// `boardctrl_startup` through `MICROPY_BOARD_STARTUP`.
fn hook_of<'a>(source: &'a InitTable, function: &str) -> Option<&'a str> {
    let stands_for = |entry: &&Entry| {
        let word = entry.function.as_ref()?.as_str().split_once("BOARD_")?.1.to_ascii_lowercase();
        (is_hook(entry) && function.strip_suffix(word.as_str())?.ends_with('_')).then_some(())
    };
    let entry = source.entries.iter().find(|entry| stands_for(entry).is_some())?;
    entry.function.as_ref().map(|name| name.as_str())
}

/// Whether an entry of a source table is a macro.
fn is_hook(entry: &Entry) -> bool {
    let in_capitals = |name: &str| !name.bytes().any(|byte| byte.is_ascii_lowercase());
    entry.kind == EntryKind::Landmark
        && entry.function.as_ref().is_some_and(|name| in_capitals(name.as_str()))
}

fn prove(asked: &BTreeSet<Clause>, known: &mut BTreeMap<String, bool>) {
    for clause in asked {
        known.insert(clause.text.clone(), clause.holds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::source;
    use crate::model::{MainFunction, SourceFile};

    const MAIN: &str = "
int main(void) {
    BOARD_STARTUP();
    led_init();
    #if USE_NET
    net_init();
    wifi_init();
    #endif
    #if USE_CAN
    can_init();
    #endif
    #if SPLIT
    gc_add_init();
    #else
    gc_add_init();
    #endif
    mp_init();
    #if !USE_CAN
    no_can_init();
    #endif
    BOARD_END();
}";

    fn table(text: &str) -> InitTable {
        let file = SourceFile {
            port: "demo".parse().unwrap(),
            path: "m.c".to_owned(),
            commit: None,
            drivers: vec![],
        };
        source::read(text.as_bytes(), file).unwrap().unwrap()
    }

    /// A build whose firmware calls these functions.
    fn compared(calls: &[&str]) -> Configuration {
        let text = calls.join("(); ");
        compare(&table(MAIN), &table(&format!("int main(void) {{ {text}(); }}"))).unwrap()
    }

    #[test]
    fn a_call_that_is_there_proves_its_condition() {
        let all = compared(&[
            "boardctrl_startup",
            "led_init",
            "net_init",
            "gc_add_init",
            "mp_init",
            "no_can_init",
            "other_init",
        ]);
        let present = |position| Standing::Present { position };
        assert_eq!(
            all.standings,
            [
                present(0),
                present(1),
                present(2),
                // Not seen, though net_init proves its condition.
                Standing::Unseen,
                Standing::CompiledOut,
                Standing::Unclear,
                Standing::Unclear,
                present(4),
                present(5),
                Standing::Hook,
            ]
        );
        let known: Vec<(&str, Option<bool>)> =
            all.clauses.iter().map(|value| (value.clause.as_str(), value.holds)).collect();
        assert_eq!(known, [("SPLIT", None), ("USE_CAN", Some(false)), ("USE_NET", Some(true))]);
        assert_eq!(all.unexplained, [6]);
    }

    #[test]
    fn a_call_that_is_missing_leaves_its_only_doubtful_clause_out() {
        let few = compared(&["led_init", "mp_init"]);
        assert_eq!(few.standings[2], Standing::CompiledOut);
        let known: Vec<Option<bool>> = few.clauses.iter().map(|value| value.holds).collect();
        assert_eq!(known[2], Some(false), "USE_NET");
    }

    #[test]
    fn nothing_is_said_of_a_build_whose_calls_cannot_be_read() {
        let mut build = table("int main(void) { mp_init(); }");
        build.main = None::<MainFunction>;
        assert_eq!(compare(&table(MAIN), &build), None);
    }
}
