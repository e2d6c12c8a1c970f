//! What a project says of its own names and exceptions: which functions belong
//! to which subsystem, how a missing deinit is satisfied, how much each rule
//! matters, which findings are accepted, and how it moves to a registry.
//!
//! It is configured in `initboard.toml` (docs/configuration.md); here it is only
//! given a meaning.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::subsystem::Aliases;
use crate::model::{Level, Means, PortName, RFC_LEVELS, Severity};

/// Most declarations, waivers or aliases of one project.
pub const MAX_ITEMS: usize = 4096;

/// What a project configures for the analysis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Which functions belong to which subsystem.
    pub aliases: Aliases,
    /// Deinits that need no call.
    pub satisfied: Vec<Satisfied>,
    /// Severities that differ from those of the rules; `None` for a rule that is
    /// switched off.
    pub severities: BTreeMap<String, Option<Severity>>,
    /// Findings that are accepted: the project's own, then the shipped ones that
    /// it builds on.
    pub waivers: Vec<Waiver>,
    /// How many of the waivers are shipped: no project need tidy those up.
    pub shipped_waivers: usize,
    /// How many of `satisfied` are; they are the last ones.
    pub shipped_satisfied: usize,
    /// How many of `by_hand` are; they are the last ones.
    pub shipped_by_hand: usize,
    /// The subsystems, or patterns of such with `*`, that belong to each level.
    pub levels: BTreeMap<Level, Vec<String>>,
    /// Calls that stay in main whatever is registered.
    pub by_hand: Vec<ByHand>,
}

/// A call that stays in main.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ByHand {
    /// The function, or a pattern of such with `*`.
    pub function: String,
    /// The ports of which it holds; empty for all.
    #[serde(default)]
    pub ports: Vec<PortName>,
    /// Why it stays.
    pub reason: String,
    /// Keys that there are not.
    #[serde(flatten, skip_serializing)]
    pub(crate) unknown: toml::Table,
}

/// How a deinit that nobody calls is satisfied all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Satisfied {
    /// The subsystem, or a pattern of subsystems with `*`; or functions.
    #[serde(default)]
    pub subsystem: Option<String>,
    /// The init function, or a pattern of such with `*`.
    #[serde(default)]
    pub function: Option<String>,
    /// The ports of which it holds; empty for all.
    #[serde(default)]
    pub ports: Vec<PortName>,
    /// How.
    pub by: Means,
    /// The function that stops it together with something else, where it is
    /// [`Means::Call`].
    #[serde(default)]
    pub call: Option<String>,
    /// Why that is enough.
    pub reason: String,
    /// Where that can be seen: a file and line, or an issue.
    #[serde(default)]
    pub evidence: Option<String>,
    /// Keys that there are not.
    #[serde(flatten, skip_serializing)]
    pub(crate) unknown: toml::Table,
}

/// A finding that is accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Waiver {
    /// The rule, by code or name.
    pub rule: String,
    /// The port; all where there is none.
    #[serde(default)]
    pub port: Option<PortName>,
    /// The board with its variant; all where there is none.
    #[serde(default)]
    pub board: Option<String>,
    /// The subsystem; all where there is none.
    #[serde(default)]
    pub subsystem: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
    /// Keys that there are not.
    #[serde(flatten, skip_serializing)]
    #[schema(ignore)]
    pub(crate) unknown: toml::Table,
}

/// Why a section describes no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A declaration or waiver has no reason.
    #[error("`{what}` number {number} has no reason: expected a sentence that says why")]
    NoReason {
        /// The section.
        what: &'static str,
        /// Which one, counted from 1.
        number: usize,
    },
    /// A declaration is about nothing.
    #[error(
        "`satisfied` number {number} names neither `subsystem` nor `function`: expected one of them"
    )]
    NoSubject {
        /// Which one, counted from 1.
        number: usize,
    },
    /// A name that nothing has.
    #[error(
        "{place} is `{found}`: expected a name as functions and subsystems have it, in which * may stand for anything, without spaces and brackets"
    )]
    Name {
        /// Where it stands.
        place: String,
        /// The text, shortened.
        found: String,
    },
    /// A declaration names a call and is of another kind, or the other way round.
    #[error(
        "`satisfied` number {number} has `by = \"call\"` or `call`, and not both: expected `by = \"call\"` together with the function that stops it in `call`"
    )]
    Call {
        /// Which one, counted from 1.
        number: usize,
    },
    /// A rule that there is not.
    #[error(transparent)]
    UnknownRule(#[from] super::rules::UnknownRule),
    /// A severity that there is not.
    #[error("`{found}` is no severity of rule {rule}: expected off, note, warning or error")]
    UnknownSeverity {
        /// The rule.
        rule: String,
        /// The text, shortened.
        found: String,
    },
    /// A level that is none of the RFC's.
    #[error("there is no level `migrate.{found}`: expected early, core, driver or service")]
    UnknownLevel {
        /// The text, shortened.
        found: String,
    },
    /// Too much of something.
    #[error("`{what}` has {found} items: expected at most {MAX_ITEMS}")]
    TooMany {
        /// The section.
        what: &'static str,
        /// How many there are.
        found: usize,
    },
}

impl Policy {
    /// The policy that sections describe.
    ///
    /// # Errors
    /// When a reason is missing, or a rule, a severity or a name is none.
    pub fn new(
        subsystems: &BTreeMap<String, Vec<String>>,
        satisfied: Vec<Satisfied>,
        severities: &BTreeMap<String, String>,
        waivers: Vec<Waiver>,
    ) -> Result<Self, PolicyError> {
        let count = [
            ("subsystems", subsystems.values().map(Vec::len).sum()),
            ("satisfied", satisfied.len()),
            ("waiver", waivers.len()),
        ];
        if let Some(&(what, found)) = count.iter().find(|(_, found)| *found > MAX_ITEMS) {
            return Err(PolicyError::TooMany { what, found });
        }
        for (index, item) in satisfied.iter().enumerate() {
            if item.reason.trim().is_empty() {
                return Err(PolicyError::NoReason { what: "satisfied", number: index + 1 });
            }
            if item.subsystem.is_none() && item.function.is_none() {
                return Err(PolicyError::NoSubject { number: index + 1 });
            }
            if item.call.is_some() != (item.by == Means::Call) {
                return Err(PolicyError::Call { number: index + 1 });
            }
            let names = [
                ("subsystem", &item.subsystem),
                ("function", &item.function),
                ("call", &item.call),
            ];
            for (key, name) in names {
                check_name(name.as_deref(), || {
                    format!("`{key}` of `satisfied` number {}", index + 1)
                })?;
            }
        }
        for (subsystem, names) in subsystems {
            check_name(Some(subsystem), || "a key of `subsystems`".to_owned())?;
            for name in names {
                let place = || format!("a function of `subsystems.{subsystem}`");
                check_name(Some(name), place)?;
            }
        }
        for (index, waiver) in waivers.iter().enumerate() {
            if waiver.reason.trim().is_empty() {
                return Err(PolicyError::NoReason { what: "waiver", number: index + 1 });
            }
            super::rules::find(&waiver.rule)?;
            check_name(waiver.subsystem.as_deref(), || {
                format!("`subsystem` of `waiver` number {}", index + 1)
            })?;
        }
        let severities = severities
            .iter()
            .map(|(rule, severity)| {
                let known = super::rules::find(rule)?;
                let value = match severity.as_str() {
                    "off" => None,
                    "note" => Some(Severity::Note),
                    "warning" => Some(Severity::Warning),
                    "error" => Some(Severity::Error),
                    _ => {
                        return Err(PolicyError::UnknownSeverity {
                            rule: known.code.to_owned(),
                            found: crate::model::quoted(severity),
                        });
                    }
                };
                Ok((known.code.to_owned(), value))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            aliases: Aliases::new(subsystems),
            satisfied,
            severities,
            waivers,
            shipped_waivers: 0,
            shipped_satisfied: 0,
            shipped_by_hand: 0,
            levels: BTreeMap::new(),
            by_hand: Vec::new(),
        })
    }

    /// The same policy with the subsystems of each level, and the calls that stay in
    /// main.
    ///
    /// # Errors
    /// When a level is none of the RFC's, which are those that migrating fills, a
    /// reason is missing, or a name is none.
    pub fn with_migration(
        self,
        sections: BTreeMap<String, Vec<String>>,
        by_hand: Vec<ByHand>,
    ) -> Result<Self, PolicyError> {
        let count =
            [("migrate", sections.values().map(Vec::len).sum()), ("by-hand", by_hand.len())];
        if let Some(&(what, found)) = count.iter().find(|(_, found)| *found > MAX_ITEMS) {
            return Err(PolicyError::TooMany { what, found });
        }
        if let Some(index) = by_hand.iter().position(|item| item.reason.trim().is_empty()) {
            return Err(PolicyError::NoReason { what: "by-hand", number: index + 1 });
        }
        for (index, item) in by_hand.iter().enumerate() {
            check_name(Some(&item.function), || {
                format!("`function` of `by-hand` number {}", index + 1)
            })?;
        }
        let mut levels = BTreeMap::new();
        for (name, subsystems) in sections {
            let level = name.parse().ok().filter(|_| RFC_LEVELS.contains(&name.as_str()));
            let unknown = || PolicyError::UnknownLevel { found: crate::model::quoted(&name) };
            for subsystem in &subsystems {
                check_name(Some(subsystem), || {
                    format!("a subsystem of `migrate.{}`", crate::model::quoted(&name))
                })?;
            }
            levels.insert(level.ok_or_else(unknown)?, subsystems);
        }
        Ok(Self { levels, by_hand, ..self })
    }

    /// The level that a subsystem belongs to, where it is configured.
    pub fn level(&self, subsystem: &str) -> Option<&Level> {
        let is_of = |patterns: &[String]| patterns.iter().any(|text| matches(text, subsystem));
        self.levels.iter().find(|(_, patterns)| is_of(patterns)).map(|(level, _)| level)
    }

    /// Why a call stays in the main of a port, where that is declared.
    pub fn by_hand(&self, port: Option<&PortName>, function: &str) -> Option<&ByHand> {
        let is_on =
            |ports: &[PortName]| ports.is_empty() || port.is_some_and(|port| ports.contains(port));
        self.by_hand.iter().find(|item| is_on(&item.ports) && matches(&item.function, function))
    }

    /// How the deinit of a subsystem is satisfied on a port, where it is
    /// declared. `stops` are the functions that main calls on its way out.
    pub fn satisfied(
        &self,
        port: &PortName,
        subsystem: &str,
        function: Option<&str>,
        stops: &[&str],
    ) -> Option<&Satisfied> {
        self.satisfied
            .iter()
            .find(|item| item.is_about(port, subsystem) && item.holds(function, stops))
    }
}

/// Checks that a name, if there is one, or a pattern of such is one that something
/// can have: what nothing matches would be declared in vain.
fn check_name(name: Option<&str>, place: impl Fn() -> String) -> Result<(), PolicyError> {
    let is_wrong = |c: char| c.is_whitespace() || c.is_control() || "();,".contains(c);
    match name {
        Some(name) if name.is_empty() || name.contains(is_wrong) => {
            Err(PolicyError::Name { place: place(), found: crate::model::quoted(name) })
        }
        _ => Ok(()),
    }
}

/// Whether `text` is what a pattern says, in which each `*` stands for anything.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

impl Satisfied {
    /// The keys of the section `[[satisfied]]`.
    pub const KEYS: [&str; 7] =
        ["subsystem", "function", "ports", "by", "call", "reason", "evidence"];

    /// Whether it may be about a subsystem on a port.
    pub(super) fn is_about(&self, port: &PortName, subsystem: &str) -> bool {
        (self.ports.is_empty() || self.ports.contains(port))
            && self.subsystem.as_ref().is_none_or(|text| matches(text, subsystem))
    }

    /// Whether it holds of an init function of that subsystem in a main that calls
    /// `stops` on its way out.
    pub(super) fn holds(&self, function: Option<&str>, stops: &[&str]) -> bool {
        let is = |pattern: &str| function.is_some_and(|function| matches(pattern, function));
        let is_called = |call: &str| stops.iter().any(|function| matches(call, function));
        self.function.as_deref().is_none_or(is) && self.call.as_deref().is_none_or(is_called)
    }
}

impl ByHand {
    /// The keys of the section `[[by-hand]]`.
    pub const KEYS: [&str; 3] = ["function", "ports", "reason"];
}

impl Waiver {
    /// The keys of the section `[[waiver]]`.
    pub const KEYS: [&str; 6] = ["rule", "port", "board", "subsystem", "reason", "until"];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_name_that_nothing_has_is_refused_wherever_it_stands() {
        let expected = "expected a name as functions and subsystems have it, in which * may stand for anything, without spaces and brackets";
        for (text, place) in [
            ("[[by-hand]]\nfunction = ''\nreason = 'x'", "`function` of `by-hand` number 1 is ``"),
            (
                "[[by-hand]]\nfunction = 'usb_init()'\nreason = 'x'",
                "`function` of `by-hand` number 1 is `usb_init()`",
            ),
            (
                "[[satisfied]]\nsubsystem = 'usb '\nby = 'persistent'\nreason = 'x'",
                "`subsystem` of `satisfied` number 1 is `usb `",
            ),
            (
                "[[satisfied]]\nfunction = ''\nby = 'persistent'\nreason = 'x'",
                "`function` of `satisfied` number 1 is ``",
            ),
            ("[subsystems]\npin = ['pins', '']", "a function of `subsystems.pin` is ``"),
            ("[subsystems]\n'' = 'pins'", "a key of `subsystems` is ``"),
            ("[migrate]\ncore = ''", "a subsystem of `migrate.core` is ``"),
            (
                "[[waiver]]\nrule = 'IB301'\nsubsystem = ''\nreason = 'x'",
                "`subsystem` of `waiver` number 1 is ``",
            ),
        ] {
            let error = Config::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("{place}: {expected}"));
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("*_init0", "pin_init0", true),
            ("*_init0", "pin_init", false),
            ("mp_cstack_init_*", "mp_cstack_init_with_top", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "acb", false),
            ("uart", "uart", true),
            ("uart", "uart2", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
