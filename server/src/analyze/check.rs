//! A check: what all rules say of tables side by side, with the severities and
//! waivers of a project, against a baseline.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::Digest;
use utoipa::ToSchema;

use super::consensus::Consensus;
use super::fleet::{Fleet, Unit, entry};
use super::policy::{Policy, Waiver};
use super::rules;
use crate::model::{Finding, InitTable, Location, PortName, Sha256};

/// A table to be checked.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What to call it: `stm32` or `stm32/PYBV10`.
    pub label: String,
    /// Its port.
    pub port: PortName,
    /// The board with its variant, where it is of one.
    pub board: Option<String>,
    /// The table.
    pub table: InitTable,
}

/// A finding with where it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Found {
    /// The port or board.
    pub of: String,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// The function concerned.
    pub function: Option<String>,
    /// Where the call or the function stands.
    pub place: Option<Location>,
    /// The file whose text was read, for findings about all of it.
    pub file: Option<String>,
    /// What tells the finding from others, and stays when lines move.
    pub fingerprint: String,
    /// Whether the baseline has it.
    pub is_known: bool,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// The findings, by port or board, then by code.
    pub findings: Vec<Found>,
    /// The tables that were checked.
    pub checked: Vec<String>,
    /// Waivers that nothing needed, and those that have run out: each as it stands
    /// in the configuration, with why it is listed.
    pub waivers: Vec<UnusedWaiver>,
}

/// A waiver that waives nothing.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct UnusedWaiver {
    /// The waiver.
    #[serde(flatten)]
    pub waiver: Waiver,
    /// Whether it belongs to the shipped configuration, which no project need tidy
    /// up.
    pub is_shipped: bool,
    /// Whether its day has passed; otherwise no finding is like it.
    pub has_run_out: bool,
}

/// The findings that a project has accepted for now, by fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Version of this format.
    pub schema: u32,
    /// The fingerprints, each with what it stood for when it was written.
    pub findings: BTreeMap<String, String>,
}

impl Report {
    /// The findings that count: neither waived nor known.
    pub fn open(&self) -> impl Iterator<Item = &Found> {
        self.findings.iter().filter(|found| found.finding.waived.is_none() && !found.is_known)
    }

    /// A baseline of all that is not waived.
    pub fn baseline(&self) -> Baseline {
        let unwaived = self.findings.iter().filter(|found| found.finding.waived.is_none());
        let line = |found: &Found| {
            let text = format!("{} {}: {}", found.finding.rule, found.of, found.finding.message);
            (found.fingerprint.clone(), text)
        };
        Baseline { schema: 1, findings: unwaived.map(line).collect() }
    }
}

/// Checks tables side by side. `today` decides which waivers have run out.
pub fn check(
    subjects: &mut [Subject],
    policy: &Policy,
    baseline: &Baseline,
    today: Date,
) -> Report {
    for subject in subjects.iter_mut() {
        super::derive_with(&mut subject.table, policy, Some(&subject.port));
    }
    let units = subjects
        .iter()
        .map(|subject| Unit { label: &subject.label, port: &subject.port, table: &subject.table })
        .collect();
    let fleet = Fleet::new(units, policy);
    let consensus = Consensus::of(&fleet);
    let mut all = own(subjects);
    all.extend(rules::findings_across(&fleet, &consensus));
    let mut used = BTreeSet::new();
    let found = settled(subjects, all, policy, baseline, today, &mut used);
    let own = policy.waivers.len().saturating_sub(policy.shipped_waivers);
    let unused = policy.waivers.iter().enumerate().filter(|(index, _)| !used.contains(index));
    Report {
        findings: found.into_iter().map(|(_, found)| found).collect(),
        checked: subjects.iter().map(|subject| subject.label.clone()).collect(),
        waivers: unused
            .map(|(index, waiver)| UnusedWaiver {
                is_shipped: index >= own,
                waiver: waiver.clone(),
                has_run_out: waiver.until.is_some_and(|until| until < today),
            })
            .collect(),
    }
}

/// What the rules say of each table by itself, with the index of its subject.
/// Findings must have been derived.
pub fn check_each(subjects: &[Subject], policy: &Policy, today: Date) -> Vec<(usize, Found)> {
    let (baseline, mut used) = (Baseline::default(), BTreeSet::new());
    settled(subjects, own(subjects), policy, &baseline, today, &mut used)
}

/// What the rules say of tables by themselves.
fn own(subjects: &[Subject]) -> Vec<(usize, Finding)> {
    let of_subject = |(unit, subject): (usize, &Subject)| {
        let findings = subject.table.findings.iter();
        findings.map(|finding| (unit, finding.clone())).collect::<Vec<_>>()
    };
    subjects.iter().enumerate().flat_map(of_subject).collect()
}

/// Findings with the severities and waivers of a project, by subject and code;
/// notes which waivers were `used`.
fn settled(
    subjects: &[Subject],
    mut all: Vec<(usize, Finding)>,
    policy: &Policy,
    baseline: &Baseline,
    today: Date,
    used: &mut BTreeSet<usize>,
) -> Vec<(usize, Found)> {
    all.retain_mut(|(unit, finding)| {
        let Subject { port, board, .. } = &subjects[*unit];
        match weigh(finding, port, board.as_deref(), policy, today) {
            Weight::Off => return false,
            Weight::Open => {}
            Weight::Waived(index) => drop(used.insert(index)),
        }
        true
    });
    all.sort_by(|(a, first), (b, second)| {
        (a, &first.rule, first.entry).cmp(&(b, &second.rule, second.entry))
    });
    all.into_iter()
        .map(|(unit, finding)| (unit, found(&subjects[unit], finding, baseline)))
        .collect()
}

/// What a project makes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Its rule is switched off.
    Off,
    /// It counts.
    Open,
    /// It is waived by the waiver with that index.
    Waived(usize),
}

/// Gives a finding about a port, or about one of its boards, the severity of a
/// project and the reason that waives it. `today` decides which waivers have run
/// out.
pub fn weigh(
    finding: &mut Finding,
    port: &PortName,
    board: Option<&str>,
    policy: &Policy,
    today: Date,
) -> Weight {
    match policy.severities.get(&finding.rule) {
        Some(None) => return Weight::Off,
        Some(Some(severity)) => finding.severity = *severity,
        None if rules::rule(&finding.rule).is_some_and(|rule| rule.is_opt_in) => {
            return Weight::Off;
        }
        None => {}
    }
    let waives = |waiver: &Waiver| {
        rules::rule(&waiver.rule).is_some_and(|rule| rule.code == finding.rule)
            && waiver.port.as_ref().is_none_or(|of| of == port)
            && (waiver.board.is_none() || waiver.board.as_deref() == board)
            && (waiver.subsystem.is_none() || waiver.subsystem == finding.subsystem)
            && waiver.until.is_none_or(|until| today <= until)
    };
    match policy.waivers.iter().position(waives) {
        Some(index) => {
            finding.waived = Some(policy.waivers[index].reason.clone());
            Weight::Waived(index)
        }
        None => Weight::Open,
    }
}

fn found(subject: &Subject, finding: Finding, baseline: &Baseline) -> Found {
    let at = finding.entry.and_then(|position| entry(&subject.table, position));
    let function = at.and_then(|entry| entry.function.as_ref()).map(ToString::to_string);
    // Neither positions nor lines: they move when something else does. A finding
    // about no entry is told apart by its words.
    let about = (&finding.subsystem, &function);
    let text = if about == (&None, &None) { finding.message.as_str() } else { "" };
    let content = format!(
        "{}\n{}\n{}\n{}\n{text}",
        finding.rule,
        subject.label,
        finding.subsystem.as_deref().unwrap_or_default(),
        function.as_deref().unwrap_or_default()
    );
    let fingerprint = Sha256(sha2::Sha256::digest(content).into()).to_string()[..16].to_owned();
    Found {
        of: subject.label.clone(),
        is_known: baseline.findings.contains_key(&fingerprint),
        place: at.and_then(|entry| entry.location.clone()),
        file: subject.table.source.as_ref().map(|source| source.path.clone()),
        finding,
        function,
        fingerprint,
    }
}
