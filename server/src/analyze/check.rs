//! A check: what all rules say of tables side by side, with the severities and
//! waivers of a project, against a baseline.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::Digest;
use utoipa::ToSchema;

use super::consensus::Consensus;
use super::distinct::Distinct;
use super::fleet::{Fleet, Unit, entry};
use super::policy::{Policy, Waiver};
use super::rules::{self, Rule};
use super::unmatched::Unmatched;
use crate::model::{Finding, InitTable, Location, PortName, Severity, Sha256, SymbolName};

/// A table to be checked.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What to call it: `stm32` or `stm32/PYBV10`.
    pub label: String,
    /// Its port.
    pub port: PortName,
    /// The board with its variant, where it is of one.
    pub board: Option<String>,
    /// The table; boards that run the same may share it.
    pub table: Arc<InitTable>,
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
    /// Other declarations of the project that match nothing of what was checked.
    pub unmatched: Vec<Unmatched>,
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
pub fn check(subjects: &[Subject], policy: &Policy, baseline: &Baseline, today: Date) -> Report {
    let (distinct, [places]) = Distinct::of([subjects], policy);
    let fleet = distinct.fleet(policy);
    let found = side_by_side(&fleet, subjects, &places, policy);
    let all = of_subjects(&found, &places);
    let mut used = BTreeSet::new();
    let found = settled(subjects, all, policy, baseline, today, &mut used);
    let own = policy.waivers.len().saturating_sub(policy.shipped_waivers);
    let unused = policy.waivers.iter().enumerate().filter(|(index, _)| !used.contains(index));
    Report {
        unmatched: Unmatched::of(&fleet, policy),
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

/// What the rules say of subjects side by side, for each table of a fleet of which
/// `places` tells which one is whose: first what they say of the table by itself.
/// Tables of no subject have no part in it.
pub(super) fn side_by_side(
    fleet: &Fleet<'_>,
    subjects: &[Subject],
    places: &[usize],
    policy: &Policy,
) -> Vec<Vec<Finding>> {
    let mut members: Vec<(usize, &str, u32)> = Vec::new();
    let mut member_of: Vec<Option<usize>> = vec![None; fleet.units.len()];
    for (subject, &place) in subjects.iter().zip(places) {
        let member = *member_of[place].get_or_insert(members.len());
        match members.get_mut(member) {
            Some((_, _, boards)) => *boards += 1,
            None => members.push((place, &subject.label, 1)),
        }
    }
    let own = |place: &Option<usize>, unit: usize| match place {
        Some(_) => fleet.units[unit].table.findings.clone(),
        None => Vec::new(),
    };
    let mut found: Vec<Vec<Finding>> =
        member_of.iter().enumerate().map(|(unit, member)| own(member, unit)).collect();
    let side = fleet.select(&members);
    let is_on = |rule: &Rule| severity(rule, policy).is_some();
    for (member, finding) in rules::findings_across(&side, &Consensus::of(&side), is_on) {
        found[members[member].0].push(finding);
    }
    found
}

/// What is said of tables as said of the subjects that have them, by index.
fn of_subjects(found: &[Vec<Finding>], places: &[usize]) -> Vec<(usize, Finding)> {
    let of_subject = |(subject, place): (usize, &usize)| {
        found[*place].iter().map(move |finding| (subject, finding.clone()))
    };
    places.iter().enumerate().flat_map(of_subject).collect()
}

/// How much a project makes of what a rule finds; `None` where the rule is off.
fn severity(rule: &Rule, policy: &Policy) -> Option<Severity> {
    match policy.severities.get(rule.code) {
        Some(severity) => *severity,
        None => (!rule.is_opt_in).then_some(rule.severity),
    }
}

/// What the rules say of boards side by side, with the index of the subject. Subsystems
/// and findings of their tables must have been derived; boards that run the same share
/// a table.
pub fn check_boards(subjects: &[Subject], policy: &Policy, today: Date) -> Vec<(usize, Found)> {
    let mut units = Vec::new();
    let mut known = HashMap::new();
    let place = |subject| {
        let Subject { port, table, .. }: &Subject = subject;
        *known.entry((Arc::as_ptr(table), port)).or_insert_with(|| {
            units.push(Unit::new("", port, table));
            units.len() - 1
        })
    };
    let places: Vec<usize> = subjects.iter().map(place).collect();
    let found = side_by_side(&Fleet::new(units, policy), subjects, &places, policy);
    let all = of_subjects(&found, &places);
    let (baseline, mut used) = (Baseline::default(), BTreeSet::new());
    settled(subjects, all, policy, &baseline, today, &mut used)
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
    let Some(severity) = severity_of(finding, policy) else { return Weight::Off };
    finding.severity = severity;
    match waiver(&finding.rule, finding.subsystem.as_deref(), (port, board), policy, today) {
        Some(index) => {
            finding.waived = Some(policy.waivers[index].reason.clone());
            Weight::Waived(index)
        }
        None => Weight::Open,
    }
}

/// The severity of a finding about a port or one of its boards, where it counts: its
/// rule is on, and nothing waives it.
pub(super) fn counting(
    finding: &Finding,
    port: &PortName,
    board: Option<&str>,
    policy: &Policy,
    today: Date,
) -> Option<Severity> {
    let severity = severity_of(finding, policy)?;
    let waiver = waiver(&finding.rule, finding.subsystem.as_deref(), (port, board), policy, today);
    waiver.is_none().then_some(severity)
}

/// Whether what a rule says of a subsystem of a port counts: the rule is on, and
/// nothing waives it.
pub(super) fn counts(
    rule: &Rule,
    subsystem: &str,
    port: &PortName,
    policy: &Policy,
    today: Date,
) -> bool {
    severity(rule, policy).is_some()
        && waiver(rule.code, Some(subsystem), (port, None), policy, today).is_none()
}

/// One of a rule that there is no more has the severity that it had.
fn severity_of(finding: &Finding, policy: &Policy) -> Option<Severity> {
    rules::rule(&finding.rule).map_or(Some(finding.severity), |rule| severity(rule, policy))
}

/// The index of the waiver that waives what a rule says of a port, or one of its
/// boards.
fn waiver(
    code: &str,
    subsystem: Option<&str>,
    (port, board): (&PortName, Option<&str>),
    policy: &Policy,
    today: Date,
) -> Option<usize> {
    let waives = |waiver: &Waiver| {
        rules::rule(&waiver.rule).is_some_and(|rule| rule.code == code)
            && waiver.port.as_ref().is_none_or(|of| of == port)
            && (waiver.board.is_none() || waiver.board.as_deref() == board)
            && (waiver.subsystem.is_none() || waiver.subsystem.as_deref() == subsystem)
            && waiver.until.is_none_or(|until| today <= until)
    };
    policy.waivers.iter().position(waives)
}

/// What tells a finding from others of its board: neither positions nor lines, which
/// move when something else does. One about no entry is told apart by its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct About<'a> {
    pub(super) rule: &'a str,
    pub(super) subsystem: Option<&'a str>,
    pub(super) function: Option<&'a str>,
    pub(super) text: &'a str,
}

impl<'a> About<'a> {
    /// What a finding about a table is about.
    pub(super) fn of(finding: &'a Finding, table: &'a InitTable) -> Self {
        let at = finding.entry.and_then(|position| entry(table, position));
        let function = at.and_then(|entry| entry.function.as_ref()).map(SymbolName::as_str);
        let subsystem = finding.subsystem.as_deref();
        let text = match (subsystem, function) {
            (None, None) => finding.message.as_str(),
            _ => "",
        };
        Self { rule: &finding.rule, subsystem, function, text }
    }
}

fn found(subject: &Subject, finding: Finding, baseline: &Baseline) -> Found {
    let About { rule, subsystem, function, text } = About::of(&finding, &subject.table);
    let content = format!(
        "{rule}\n{}\n{}\n{}\n{text}",
        subject.label,
        subsystem.unwrap_or_default(),
        function.unwrap_or_default()
    );
    let fingerprint = Sha256(sha2::Sha256::digest(content).into()).to_string()[..16].to_owned();
    let at = finding.entry.and_then(|position| entry(&subject.table, position));
    Found {
        of: subject.label.clone(),
        is_known: baseline.findings.contains_key(&fingerprint),
        place: at.and_then(|entry| entry.location.clone()),
        file: subject.table.source.as_ref().map(|source| source.path.clone()),
        function: function.map(str::to_owned),
        finding,
        fingerprint,
    }
}
