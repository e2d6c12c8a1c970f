//! What changed between two sets of builds: what a pull request does to the order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use super::change_report::{ChangeGroup, ChangeReport, NotCompared, Revision, Verdict};
use super::finding_change::{self, BothSides};
use super::grouping::{Versions, diffs, groups};
use super::matching::Movers;
use super::table::{self, TableDiff};
use crate::analyze::check::Subject;
use crate::analyze::distinct::Distinct;
use crate::analyze::fleet::Fleet;
use crate::analyze::policy::Policy;
use crate::model::InitTable;

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

    let [base, head] = [base, head].map(|side| side.into_values().collect::<Vec<Subject>>());
    let (distinct, places) = Distinct::of([&base, &head], policy);
    let fleet = distinct.fleet(policy);
    let versions = versions(&places);
    let (diffs, movers) = diffs(&fleet, &versions, policy);
    let labels = |is_wanted: &dyn Fn(&TableDiff) -> bool| -> Vec<String> {
        let wanted = versions.iter().zip(&diffs).filter(|(_, diff)| is_wanted(diff));
        names(&head, wanted.flat_map(|(of, _)| &of.boards))
    };
    let is_unread = |versions: &&Versions| {
        versions.places.iter().any(|&place| !fleet.units[place].table.tells_all_of_main())
    };
    let unread = versions.iter().filter(is_unread).flat_map(|versions| &versions.boards);
    let unread = names(&head, unread);
    let groups = change_groups(&head, &fleet, &versions, &diffs, &movers);
    let sides = BothSides { subjects: [&base, &head], places: &places };
    let findings = finding_change::findings(&sides, &fleet, &versions, policy, today);
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
        unread,
        findings,
    }
}

/// Builds by label.
type Builds = BTreeMap<String, Subject>;

fn by_label(side: Side) -> Builds {
    side.builds.into_iter().map(|build| (build.label.clone(), build)).collect()
}

/// Why two tables cannot be compared: main, or anything at all, could be read in one of
/// them only, so that all its calls would look removed or added.
fn one_sided(board: &str, base: &InitTable, head: &InitTable) -> Option<NotCompared> {
    let has_main = |table: &InitTable| table.main.is_some() || table.source.is_some();
    let tells = |table: &InitTable| has_main(table) || !table.entries.is_empty();
    let answers = [
        (
            [base, head].map(tells),
            "nothing could be read in this build: main was not found, and nothing is registered; build both without -flto to compare them",
        ),
        (
            [base, head].map(has_main),
            "main could not be read in this build, but in the other one: what it calls by hand cannot be compared",
        ),
    ];
    let (revision, why) = answers.into_iter().find_map(|(is_there, why)| match is_there {
        [true, false] => Some((Revision::Head, why)),
        [false, true] => Some((Revision::Base, why)),
        _ => None,
    })?;
    Some(NotCompared { board: board.to_owned(), revision, why: why.to_owned() })
}

/// The labels of boards, in their order.
fn names<'a>(subjects: &[Subject], boards: impl Iterator<Item = &'a usize>) -> Vec<String> {
    let boards: BTreeSet<&usize> = boards.collect();
    boards.into_iter().map(|&board| subjects[board].label.clone()).collect()
}

/// Boards by what they ran and run, by the first board of each.
fn versions([before, after]: &[Vec<usize>; 2]) -> Vec<Versions> {
    let mut all: Vec<Versions> = Vec::new();
    let mut known: HashMap<[usize; 2], usize> = HashMap::new();
    for (board, places) in before.iter().zip(after).map(|(&old, &new)| [old, new]).enumerate() {
        let of = *known.entry(places).or_insert(all.len());
        match all.get_mut(of) {
            Some(versions) => versions.boards.push(board),
            None => all.push(Versions { places, boards: vec![board] }),
        }
    }
    all
}

fn change_groups(
    head: &[Subject],
    fleet: &Fleet<'_>,
    versions: &[Versions],
    diffs: &[TableDiff],
    movers: &Movers,
) -> Vec<ChangeGroup> {
    let changed: Vec<usize> = (0..diffs.len()).filter(|&of| !diffs[of].is_empty()).collect();
    let of_changed: Vec<&TableDiff> = changed.iter().map(|&of| &diffs[of]).collect();
    let group = |members: Vec<usize>| {
        let first = changed[members[0]];
        let diff = &diffs[first];
        let [before, after] = versions[first].places.map(|place| fleet.units[place].table);
        let boards = members.iter().flat_map(|&member| &versions[changed[member]].boards);
        ChangeGroup {
            boards: names(head, boards),
            keeps_order: diff.keeps_order(),
            changes: diff.changes.clone(),
            origins: diff.origins.clone(),
            deinits: diff.deinits.clone(),
            excerpt: table::excerpt(before, after, movers),
        }
    };
    let mut groups: Vec<ChangeGroup> = groups(&of_changed).into_iter().map(group).collect();
    groups.sort_by(|one, other| {
        let key = |group: &ChangeGroup| (group.keeps_order, std::cmp::Reverse(group.boards.len()));
        (key(one), &one.boards).cmp(&(key(other), &other.boards))
    });
    groups
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
        Arc::make_mut(&mut base.builds[0].table).main = None;
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
    fn a_build_of_which_nothing_is_known_is_not_one_that_ran_nothing() {
        // As link-time optimisation leaves it before a migration, and after.
        let mut base = side(&[("stm32/LTO", "")]);
        let mut head = side(&[("stm32/LTO", "@core/a_init")]);
        for side in [&mut base, &mut head] {
            Arc::make_mut(&mut side.builds[0].table).main = None;
        }
        let report = compare(base, head, &made::policy(), DAY);
        assert_eq!((report.groups.len(), report.verdict), (0, Verdict::NothingCompared));
        let [not] = &report.not_compared[..] else { panic!("{:?}", report.not_compared) };
        assert_eq!((not.board.as_str(), not.revision), ("stm32/LTO", Revision::Base));
        assert!(not.why.starts_with("nothing could be read in this build"), "{}", not.why);
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
        after
            .builds
            .iter_mut()
            .for_each(|build| Arc::make_mut(&mut build.table).anomalies.push(lost.clone()));
        let policy = Config::shipped().policy;
        let said = |report: &ChangeReport| -> Vec<String> {
            let said = |finding: &finding_change::FindingChange| {
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

    #[test]
    fn builds_whose_main_hides_calls_have_no_certain_order() {
        let hidden =
            "main could not be read in full, so nothing tells what it calls by hand: rp2/A";
        let build = |change: &dyn Fn(&mut InitTable)| {
            let mut side = side(&[("rp2/A", "start: mp_init @core/a_init")]);
            change(Arc::make_mut(&mut side.builds[0].table));
            side
        };
        let whole = || build(&|_| {});
        let without = || build(&|table| table.main = None);
        let jumps = || {
            let anomaly = Anomaly::new(AnomalyKind::MainIncomplete);
            build(&|table| table.anomalies.push(anomaly.clone()))
        };
        let said = |base, head| compare(base, head, &made::policy(), DAY).obstacles_to_same_order();
        assert_eq!(said(whole(), whole()), [""; 0]);
        assert_eq!(said(without(), without()), [hidden]);
        assert_eq!(said(whole(), jumps()), [hidden]);
    }
}
