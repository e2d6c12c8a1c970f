//! What a project declares and nothing matches: a name with a slip in it declares
//! nothing, and what it was meant for stays as if nobody had declared anything.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::fleet::{Fleet, stops};
use super::policy::{ByHand, Policy, Satisfied, matches};
use crate::model::{Entry, Phase, PortName, SymbolName};

/// A declaration of a project that matches nothing of what was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unmatched {
    /// The section that has it.
    pub section: Section,
    /// The function, or a pattern of such with `*`, if it names one.
    pub function: Option<String>,
    /// The subsystem, or a pattern of such with `*`, if it names one.
    pub subsystem: Option<String>,
    /// The ports of which it holds; empty for all.
    pub ports: Vec<PortName>,
}

/// A section of declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// `[[satisfied]]`.
    Satisfied,
    /// `[[by-hand]]`.
    ByHand,
}

impl Section {
    /// Its name in `initboard.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::ByHand => "by-hand",
        }
    }
}

impl Unmatched {
    /// The declarations of a policy that match nothing of a fleet, without those that
    /// are shipped.
    pub fn of(fleet: &Fleet<'_>, policy: &Policy) -> Vec<Self> {
        let own = policy.satisfied.len().saturating_sub(policy.shipped_satisfied);
        let satisfied = policy.satisfied.iter().take(own);
        let satisfied =
            satisfied.filter(|item| !is_satisfied_anywhere(fleet, item)).map(|item| Self {
                section: Section::Satisfied,
                function: item.function.clone(),
                subsystem: item.subsystem.clone(),
                ports: item.ports.clone(),
            });
        let own = policy.by_hand.len().saturating_sub(policy.shipped_by_hand);
        let called = if own == 0 { BTreeSet::new() } else { called(fleet) };
        let by_hand = policy.by_hand.iter().take(own);
        let by_hand = by_hand.filter(|item| !is_called(&called, item)).map(|item| Self {
            section: Section::ByHand,
            function: Some(item.function.clone()),
            subsystem: None,
            ports: item.ports.clone(),
        });
        satisfied.chain(by_hand).collect()
    }
}

/// Whether a declaration is about anything that a main starts, or about a driver.
fn is_satisfied_anywhere(fleet: &Fleet<'_>, item: &Satisfied) -> bool {
    fleet.units.iter().zip(&fleet.drivers).any(|(unit, drivers)| {
        let stops = stops(unit.table);
        let is_it = |entry: &Entry| {
            let function = entry.function.as_ref().map(SymbolName::as_str);
            entry.phase == Some(Phase::Init)
                && entry.subsystem.as_ref().is_some_and(|of| item.is_about(unit.port, of))
                && item.holds(function, &stops)
        };
        unit.table.entries.iter().any(is_it)
            || drivers.keys().any(|of| item.is_about(unit.port, of) && item.holds(None, &stops))
    })
}

/// The functions that the mains of each port run.
fn called<'a>(fleet: &Fleet<'a>) -> BTreeSet<(&'a PortName, &'a str)> {
    let of_unit = |unit: &super::fleet::Unit<'a>| {
        let (port, entries) = (unit.port, &unit.table.entries);
        entries.iter().filter_map(move |entry| Some((port, entry.function.as_ref()?.as_str())))
    };
    fleet.units.iter().flat_map(of_unit).collect()
}

fn is_called(called: &BTreeSet<(&PortName, &str)>, item: &ByHand) -> bool {
    called.iter().any(|(port, function)| {
        (item.ports.is_empty() || item.ports.contains(port)) && matches(&item.function, function)
    })
}
