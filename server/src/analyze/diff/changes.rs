//! What changed between two sets of builds: what a pull request does to the order.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::excerpt::ExcerptLine;
use super::grouping::{Versions, diffs, groups};
use super::matching::Movers;
use super::table::{self, DeinitChange, OrderChange, OriginChange, TableDiff};
use crate::analyze::check::{Baseline, Found, Subject, check};
use crate::analyze::policy::Policy;
use crate::model::{InitTable, Severity};

/// The builds of one commit.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Those that could be read, each under another label.
    pub builds: Vec<Subject>,
    /// Those that could not.
    pub unreadable: Vec<Unreadable>,
}

/// A build that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Which one: `stm32/PYBV10`.
    pub board: String,
    /// What was wrong with it.
    pub why: String,
}

/// What changed between the builds of two commits. Boards are written as build
/// folders are, `stm32/PYBV10-DP_THREAD`, and listed by name.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChangeReport {
    /// Version of this format.
    pub schema: u32,
    /// The answer in a word.
    pub verdict: Verdict,
    /// What changed, with the boards that changed alike: first where the order is
    /// another one, then where only origins or levels are; the largest group first.
    pub groups: Vec<ChangeGroup>,
    /// Boards on which nothing changed.
    pub unchanged: Vec<String>,
    /// Boards that have a build at head and none at base, so that nothing can be
    /// said of them.
    pub missing_base: Vec<String>,
    /// Boards that have a build at base and none at head: not built, or not yet.
    pub missing_head: Vec<String>,
    /// Boards with a build on either side that could not be compared.
    pub not_compared: Vec<NotCompared>,
    /// Compared boards with entries that have no name (a stripped file): nothing
    /// tells whether these changed places among themselves.
    pub nameless: Vec<String>,
    /// Findings that are new or gone on boards that were compared: the new ones
    /// first, the gravest first.
    pub findings: Vec<FindingChange>,
}

/// The answer to what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The order changed on some board.
    Changed,
    /// The order is the same everywhere; findings came or went.
    Findings,
    /// The order is the same everywhere; entries are registered elsewhere than
    /// before.
    OrderKept,
    /// Nothing changed on any board.
    Unchanged,
    /// No board could be compared.
    NothingCompared,
}

impl Verdict {
    /// Whether there is something that a reviewer would want to be told.
    pub fn is_news(self) -> bool {
        matches!(self, Self::Changed | Self::Findings | Self::OrderKept)
    }
}

/// Boards that changed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeGroup {
    /// The boards, by name.
    pub boards: Vec<String>,
    /// Whether everything runs as before, and only origins or levels changed.
    pub keeps_order: bool,
    /// What happened to the order, as on the first board.
    pub changes: Vec<OrderChange>,
    /// Entries that were read elsewhere than before, such as calls that are
    /// registered now.
    pub origins: Vec<OriginChange>,
    /// Subsystems that lost or gained a deinit.
    pub deinits: Vec<DeinitChange>,
    /// Both orders of the first board as one listing, around what changed.
    pub excerpt: Vec<ExcerptLine>,
}

/// A board with a build that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct NotCompared {
    /// The board.
    pub board: String,
    /// Which of its builds is at fault.
    pub revision: Revision,
    /// What is wrong with it.
    pub why: String,
}

/// One of the two commits that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Revision {
    /// What the change starts from.
    Base,
    /// What the change leads to.
    Head,
}

/// A finding that is new or gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingChange {
    /// Whether it is new; else it is gone.
    pub is_new: bool,
    /// The rule's code.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it says of the first board.
    pub message: String,
    /// The subsystem concerned.
    pub subsystem: Option<String>,
    /// The function concerned.
    pub function: Option<String>,
    /// The boards, by name.
    pub boards: Vec<String>,
}

impl Revision {
    /// The word for it: `base` or `head`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }
}

/// Compares the builds of two commits. `today` decides which waivers have run out.
pub fn compare(base: Side, head: Side, policy: &Policy, today: Date) -> ChangeReport {
    let unreadable = |side: &Side, revision| {
        let list = side.unreadable.iter().cloned();
        let not_compared = |Unreadable { board, why }| NotCompared { board, revision, why };
        list.map(not_compared).collect::<Vec<_>>()
    };
    let mut not_compared = unreadable(&base, Revision::Base);
    not_compared.extend(unreadable(&head, Revision::Head));
    let [mut base, mut head] = [base, head].map(by_label);
    for NotCompared { board, .. } in &not_compared {
        base.remove(board);
        head.remove(board);
    }
    let missing = |here: &Builds, there: &Builds| -> Vec<String> {
        there.keys().filter(|label| !here.contains_key(*label)).cloned().collect()
    };
    let (missing_base, missing_head) = (missing(&base, &head), missing(&head, &base));
    base.retain(|label, _| head.contains_key(label));
    head.retain(|label, _| base.contains_key(label));
    let one_sided: Vec<NotCompared> = base
        .iter()
        .zip(head.values())
        .filter_map(|((label, base), head)| one_sided(label, &base.table, &head.table))
        .collect();
    for NotCompared { board, .. } in &one_sided {
        base.remove(board);
        head.remove(board);
    }
    not_compared.extend(one_sided);
    not_compared.sort();

    let mut base: Vec<Subject> = base.into_values().collect();
    let mut head: Vec<Subject> = head.into_values().collect();
    // Subsystems are derived here as well.
    let findings = findings(&mut base, &mut head, policy, today);
    let versions: Vec<Versions<'_>> = base
        .iter()
        .zip(&head)
        .map(|(base, head)| Versions { port: &head.port, before: &base.table, after: &head.table })
        .collect();
    let (diffs, movers) = diffs(&versions, policy);
    let labels = |is_wanted: &dyn Fn(&TableDiff) -> bool| -> Vec<String> {
        let wanted = head.iter().zip(&diffs).filter(|(_, diff)| is_wanted(diff));
        wanted.map(|(head, _)| head.label.clone()).collect()
    };
    let groups = change_groups(&head, &versions, &diffs, &movers);
    let verdict = if head.is_empty() {
        let nothing = missing_base.is_empty() && missing_head.is_empty() && not_compared.is_empty();
        if nothing { Verdict::Unchanged } else { Verdict::NothingCompared }
    } else if groups.iter().any(|group| !group.keeps_order) {
        Verdict::Changed
    } else if !findings.is_empty() {
        Verdict::Findings
    } else if !groups.is_empty() {
        Verdict::OrderKept
    } else {
        Verdict::Unchanged
    };
    ChangeReport {
        schema: super::SCHEMA_VERSION,
        verdict,
        groups,
        unchanged: labels(&TableDiff::is_empty),
        missing_base,
        missing_head,
        not_compared,
        nameless: labels(&|diff| diff.nameless > 0),
        findings,
    }
}

/// Builds by label.
type Builds = BTreeMap<String, Subject>;

fn by_label(side: Side) -> Builds {
    side.builds.into_iter().map(|build| (build.label.clone(), build)).collect()
}

/// Why two tables cannot be compared: main could be read in one of them only, so
/// that all its calls would look removed or added.
fn one_sided(board: &str, base: &InitTable, head: &InitTable) -> Option<NotCompared> {
    let has_main = |table: &InitTable| table.main.is_some() || table.source.is_some();
    let revision = match (has_main(base), has_main(head)) {
        (true, false) => Revision::Head,
        (false, true) => Revision::Base,
        _ => return None,
    };
    let why = "main could not be read in this build, but in the other one: what it calls by hand cannot be compared"
        .to_owned();
    Some(NotCompared { board: board.to_owned(), revision, why })
}

fn change_groups(
    head: &[Subject],
    versions: &[Versions<'_>],
    diffs: &[TableDiff],
    movers: &Movers,
) -> Vec<ChangeGroup> {
    let changed: Vec<usize> = (0..diffs.len()).filter(|&board| !diffs[board].is_empty()).collect();
    let of_changed: Vec<&TableDiff> = changed.iter().map(|&board| &diffs[board]).collect();
    let group = |members: Vec<usize>| {
        let first = changed[members[0]];
        let diff = &diffs[first];
        ChangeGroup {
            boards: members.iter().map(|&member| head[changed[member]].label.clone()).collect(),
            keeps_order: diff.keeps_order(),
            changes: diff.changes.clone(),
            origins: diff.origins.clone(),
            deinits: diff.deinits.clone(),
            excerpt: table::excerpt(versions[first].before, versions[first].after, movers),
        }
    };
    let mut groups: Vec<ChangeGroup> = groups(&of_changed).into_iter().map(group).collect();
    groups.sort_by(|one, other| {
        let key = |group: &ChangeGroup| (group.keeps_order, std::cmp::Reverse(group.boards.len()));
        (key(one), &one.boards).cmp(&(key(other), &other.boards))
    });
    groups
}

/// The findings that came and went. Derives subsystems on both sides.
fn findings(
    base: &mut [Subject],
    head: &mut [Subject],
    policy: &Policy,
    today: Date,
) -> Vec<FindingChange> {
    let [before, after] =
        [base, head].map(|side| check(side, policy, &Baseline::default(), today).findings);
    let prints = |found: &[Found]| -> HashSet<String> {
        found.iter().filter(|found| counts(found)).map(|found| found.fingerprint.clone()).collect()
    };
    let (known, left) = (prints(&before), prints(&after));
    let mut changes = of_boards(&after, &known, true);
    changes.extend(of_boards(&before, &left, false));
    changes
}

/// Whether a finding counts: it is not waived.
fn counts(found: &Found) -> bool {
    found.finding.waived.is_none()
}

/// The findings that the other side does not have, those of one kind together:
/// the gravest first, then those on most boards.
fn of_boards(found: &[Found], others: &HashSet<String>, is_new: bool) -> Vec<FindingChange> {
    let mut by_kind: BTreeMap<_, (FindingChange, BTreeSet<String>)> = BTreeMap::new();
    let here_only = |found: &&Found| counts(found) && !others.contains(&found.fingerprint);
    for found in found.iter().filter(here_only) {
        let finding = &found.finding;
        // A finding about neither is told apart by what it says.
        let about = (&finding.subsystem, &found.function);
        let text = if about == (&None, &None) { finding.message.as_str() } else { "" };
        let kind = (
            &finding.rule,
            std::cmp::Reverse(finding.severity),
            &finding.subsystem,
            &found.function,
            text,
        );
        let (_, boards) = by_kind.entry(kind).or_insert_with(|| {
            let change = FindingChange {
                is_new,
                rule: finding.rule.clone(),
                severity: finding.severity,
                message: finding.message.clone(),
                subsystem: finding.subsystem.clone(),
                function: found.function.clone(),
                boards: Vec::new(),
            };
            (change, BTreeSet::new())
        });
        boards.insert(found.of.clone());
    }
    let mut changes: Vec<FindingChange> = by_kind
        .into_values()
        .map(|(change, boards)| FindingChange { boards: boards.into_iter().collect(), ..change })
        .collect();
    // Stable: of those alike by rule and by what they are about.
    changes.sort_by_key(|change| {
        (std::cmp::Reverse(change.severity), std::cmp::Reverse(change.boards.len()))
    });
    changes
}

impl ChangeReport {
    /// How many boards were compared.
    pub fn compared(&self) -> usize {
        self.unchanged.len() + self.groups.iter().map(|group| group.boards.len()).sum::<usize>()
    }

    /// The groups in which something runs otherwise than before.
    pub fn reordered(&self) -> impl Iterator<Item = &ChangeGroup> {
        self.groups.iter().filter(|group| !group.keeps_order)
    }

    /// On how many boards the order changed.
    pub fn reordered_boards(&self) -> usize {
        self.reordered().map(|group| group.boards.len()).sum()
    }

    /// The subsystems that are no longer stopped, by name, each with the number of
    /// boards of which that holds.
    pub fn lost_deinits(&self) -> BTreeMap<&str, usize> {
        let mut lost = BTreeMap::new();
        for group in &self.groups {
            for deinit in group.deinits.iter().filter(|deinit| deinit.is_lost) {
                *lost.entry(deinit.subsystem.as_str()).or_default() += group.boards.len();
            }
        }
        lost
    }

    /// The findings that are new, or those that are gone.
    pub fn findings_that(&self, is_new: bool) -> impl Iterator<Item = &FindingChange> {
        self.findings.iter().filter(move |finding| finding.is_new == is_new)
    }

    /// Why it is not proven that every board of base runs the same as before, in
    /// the same order and stages; nothing where it is. Levels and origins may
    /// differ, and boards that are new at head have nothing to keep.
    pub fn obstacles_to_same_order(&self) -> Vec<String> {
        let mut obstacles = Vec::new();
        let mut because = |what: &str, boards: Vec<&String>| {
            let Some(first) = boards.first() else { return };
            let more = match boards.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            obstacles.push(format!("{what}: {first}{more}"));
        };
        let reordered = self.reordered().flat_map(|group| &group.boards).collect();
        because("the order is another one", reordered);
        because(
            "entries have no name, so nothing tells whether they changed places",
            self.nameless.iter().collect(),
        );
        let not_compared = self.not_compared.iter().map(|not| &not.board).collect();
        because("builds could not be compared", not_compared);
        because("boards of base have no build at head", self.missing_head.iter().collect());
        if self.compared() == 0 && obstacles.is_empty() {
            obstacles.push("no board has a build at base and at head".to_owned());
        }
        obstacles
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::diff::made;
    use crate::config::Config;
    use crate::model::{Anomaly, AnomalyKind};

    const DAY: Date = jiff::civil::date(2026, 11, 23);

    fn side(builds: &[(&str, &str)]) -> Side {
        let builds = builds.iter().map(|(board, words)| made::build(board, words)).collect();
        Side { builds, unreadable: vec![] }
    }

    fn report(base: &[(&str, &str)], head: &[(&str, &str)]) -> ChangeReport {
        compare(side(base), side(head), &made::policy(), DAY)
    }

    #[test]
    fn the_largest_group_comes_first_and_what_keeps_its_order_last() {
        let report = report(
            &[
                ("rp2/A", "start: a_init b_init"),
                ("rp2/B", "start: a_init b_init"),
                ("rp2/C", "start: a_init b_init"),
                ("stm32/D", "start: a_init b_init"),
                ("stm32/E", "start: a_init"),
            ],
            &[
                ("rp2/A", "start: a_init @core/b_init"),
                ("rp2/B", "start: a_init @core/b_init"),
                ("rp2/C", "start: b_init a_init"),
                ("stm32/D", "start: b_init a_init"),
                ("stm32/E", "start: a_init"),
            ],
        );
        let groups: Vec<_> =
            report.groups.iter().map(|group| (group.keeps_order, group.boards.join(" "))).collect();
        assert_eq!(groups, [(false, "rp2/C stm32/D".to_owned()), (true, "rp2/A rp2/B".to_owned())]);
        assert_eq!(report.verdict, Verdict::Changed);
        assert_eq!((report.compared(), report.reordered_boards()), (5, 2));
        assert_eq!(report.unchanged, ["stm32/E"]);
    }

    #[test]
    fn a_missing_build_is_missing() {
        let report = report(
            &[("rp2/A", "start: a_init"), ("rp2/B", "start: a_init")],
            &[("rp2/B", "start: a_init"), ("rp2/C", "start: a_init")],
        );
        assert_eq!(report.missing_head, ["rp2/A"]);
        assert_eq!(report.missing_base, ["rp2/C"]);
        assert_eq!((report.verdict, report.groups.len()), (Verdict::Unchanged, 0));
        assert_eq!(
            report.obstacles_to_same_order(),
            ["boards of base have no build at head: rp2/A"]
        );
    }

    #[test]
    fn a_build_that_cannot_be_read_is_neither_removed_nor_missing() {
        let mut base = side(&[("rp2/A", "start: a_init"), ("rp2/B", "start: a_init")]);
        let mut head = side(&[("rp2/A", "start: a_init")]);
        let why = "offset 4: expected a class".to_owned();
        head.unreadable = vec![Unreadable { board: "rp2/B".to_owned(), why: why.clone() }];
        base.builds[0].table.main = None;
        let report = compare(base, head, &made::policy(), DAY);
        let said: Vec<_> = report
            .not_compared
            .iter()
            .map(|not| (not.board.as_str(), not.revision, not.why.as_str()))
            .collect();
        let one_sided = "main could not be read in this build, but in the other one: what it calls by hand cannot be compared";
        assert_eq!(
            said,
            [("rp2/A", Revision::Base, one_sided), ("rp2/B", Revision::Head, why.as_str())]
        );
        assert_eq!((report.missing_head.len(), report.verdict), (0, Verdict::NothingCompared));
    }

    #[test]
    fn a_level_that_main_no_longer_runs_is_another_order() {
        let report =
            report(&[("rp2/A", "start: @core/a_init b_init")], &[("rp2/A", "start: b_init")]);
        assert_eq!(report.obstacles_to_same_order(), ["the order is another one: rp2/A"]);
    }

    #[test]
    fn findings_that_come_and_go_are_told_once_for_all_boards() {
        let lost = Anomaly::new(AnomalyKind::MissingBounds);
        let boards = ["rp2/A", "rp2/B"];
        let before = side(&boards.map(|board| (board, "start: a_init")));
        let mut after = before.clone();
        after.builds.iter_mut().for_each(|build| build.table.anomalies.push(lost.clone()));
        let policy = Config::shipped().policy;
        let said = |report: &ChangeReport| -> Vec<String> {
            let said = |finding: &FindingChange| {
                let what = if finding.is_new { "new" } else { "gone" };
                format!("{what} {} {}", finding.rule, finding.boards.join(" "))
            };
            report.findings.iter().map(said).collect()
        };
        let there = compare(before.clone(), after.clone(), &policy, DAY);
        let back = compare(after, before, &policy, DAY);
        assert_eq!(said(&there), ["new IB103 rp2/A rp2/B"]);
        assert_eq!((there.verdict, there.unchanged.len()), (Verdict::Findings, 2));
        assert_eq!(said(&back), ["gone IB103 rp2/A rp2/B"]);
    }

    #[test]
    fn the_same_order_is_proven_only_where_something_was_compared() {
        let nothing = report(&[], &[("rp2/A", "start: a_init")]);
        assert_eq!(nothing.obstacles_to_same_order(), ["no board has a build at base and at head"]);
        let kept = report(
            &[("rp2/A", "start: gc_init a_init stop: a_deinit")],
            &[("rp2/A", "start: gc_init @core/a_init stop: @core/a_deinit")],
        );
        assert_eq!((kept.verdict, kept.obstacles_to_same_order().len()), (Verdict::OrderKept, 0));
        let nameless = report(&[("rp2/A", "start: @core/-")], &[("rp2/A", "start: @core/-")]);
        assert_eq!(
            nameless.obstacles_to_same_order(),
            ["entries have no name, so nothing tells whether they changed places: rp2/A"]
        );
    }
}
