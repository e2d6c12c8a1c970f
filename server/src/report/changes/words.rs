//! The sentences of a report. Names stand in them as `name` writes them, as code
//! or for a terminal.

use std::collections::BTreeMap;

use crate::analyze::diff::{
    ChangeGroup, ChangeReport, FindingChange, LineMark, OrderChange, Standing, Verdict,
};
use crate::model::{Origin, Severity, StepKind};

/// How a form of the report writes a name.
pub(crate) type Name<'a> = &'a dyn Fn(&str) -> String;

/// Most landmarks or entries that a sentence names.
const NAMED: usize = 3;

/// The answer, in one line without names.
pub(crate) fn headline(report: &ChangeReport) -> String {
    let all = boards(report.compared());
    match report.verdict {
        Verdict::Changed => {
            let (changed, compared) = (report.reordered_boards(), report.compared());
            let on =
                if changed == compared { of_all(compared) } else { format!("{changed} of {all}") };
            let lost = match report.lost_deinits().len() {
                0 => String::new(),
                1 => ", and a subsystem is no longer stopped".to_owned(),
                lost => format!(", and {lost} subsystems are no longer stopped"),
            };
            format!("The order changes on {on}{lost}")
        }
        Verdict::Findings => {
            format!(
                "The order is the same on {}; {}",
                of_all(report.compared()),
                came_and_went(report)
            )
        }
        Verdict::OrderKept => {
            format!("The order is the same on {}; {}", of_all(report.compared()), elsewhere(report))
        }
        Verdict::Unchanged => format!("No change of order on {all}"),
        Verdict::NothingCompared => {
            "Nothing could be compared: no board has two builds that can be read".to_owned()
        }
    }
}

/// `all 12 boards compared`: those without two builds are no part of it.
fn of_all(count: usize) -> String {
    match count {
        1 => "the one board compared".to_owned(),
        2 => "both boards compared".to_owned(),
        _ => format!("all {} compared", boards(count)),
    }
}

/// `1 board`, `2 boards`.
pub(crate) fn boards(count: usize) -> String {
    counted(count, "board")
}

/// `1 call`, `2 calls`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn came_and_went(report: &ChangeReport) -> String {
    let (new, gone) = (report.findings_that(true).count(), report.findings_that(false).count());
    let new = (new > 0).then(|| format!("{} new", counted(new, "finding")));
    let gone = (gone > 0).then(|| format!("{} gone", counted(gone, "finding")));
    [new, gone].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What changed where no order did.
fn elsewhere(report: &ChangeReport) -> String {
    let on = boards(report.groups.iter().map(|group| group.boards.len()).sum());
    let all_registered = report.groups.iter().all(|group| {
        group.changes.is_empty()
            && group
                .origins
                .iter()
                .all(|of| (of.before, of.after) == (Origin::Calls, Origin::Registry))
    });
    if all_registered {
        format!("{on} register now what main called")
    } else {
        format!("entries of {on} have another origin or level")
    }
}

/// What a person should know beside the groups, a sentence each.
pub(crate) fn facts(report: &ChangeReport, head_is_finished: bool, name: Name<'_>) -> Vec<String> {
    let mut facts = Vec::new();
    for (subsystem, count) in report.lost_deinits().into_iter().take(NAMED * 2) {
        facts.push(format!("{} is no longer stopped on {}.", name(subsystem), boards(count)));
    }
    let count = |is_new, severity| {
        let of =
            report.findings_that(is_new).filter(|finding| finding.severity == severity).count();
        let word = Severity::as_str(severity);
        (of > 0).then(|| counted(of, word))
    };
    for (is_new, word) in [(true, "New"), (false, "Gone")] {
        let counts = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .filter_map(|severity| count(is_new, severity));
        let counts: Vec<String> = counts.collect();
        if !counts.is_empty() {
            facts.push(format!("{word} findings: {}.", counts.join(", ")));
        }
    }
    let mut of_boards = |list: &[String], what: &str| {
        if !list.is_empty() {
            facts.push(format!("{} {what}: {}.", boards(list.len()), ports(list, name)));
        }
    };
    if report.verdict != Verdict::Unchanged {
        of_boards(&report.unchanged, "unchanged");
    }
    let missing_head = if head_is_finished {
        "without a build at head, which is finished: not built, so nothing is said of them"
    } else {
        "without a build at head, not built or not yet"
    };
    of_boards(&report.missing_head, missing_head);
    of_boards(&report.missing_base, "without a build at base, so nothing is said of them");
    of_boards(&report.nameless, "with entries that have no name, whose order nothing tells");
    let not_compared: Vec<String> =
        report.not_compared.iter().map(|not| not.board.clone()).collect();
    of_boards(&not_compared, "that could not be compared");
    facts
}

/// Boards in short: their names where they are few, else their ports.
pub(crate) fn ports(list: &[String], name: Name<'_>) -> String {
    if list.len() <= NAMED {
        return list.iter().map(|board| name(board)).collect::<Vec<_>>().join(", ");
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for board in list {
        *counts.entry(board.split_once('/').map_or("others", |(port, _)| port)).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let more = counts.iter().skip(8).map(|(_, count)| count).sum::<usize>();
    let mut said: Vec<String> =
        counts.iter().take(8).map(|(port, count)| format!("{} {count}", name(port))).collect();
    if more > 0 {
        said.push(format!("{more} more"));
    }
    said.join(", ")
}

/// What happened to a group, a sentence without a full stop each: the gravest
/// first.
pub(crate) fn of_group(group: &ChangeGroup, name: Name<'_>) -> Vec<String> {
    let mut said = Vec::new();
    for deinit in group.deinits.iter().filter(|deinit| deinit.is_lost) {
        said.push(format!("{} is no longer stopped", name(&deinit.subsystem)));
    }
    said.extend(group.changes.iter().map(|change| sentence(change, name)));
    for deinit in group.deinits.iter().filter(|deinit| !deinit.is_lost) {
        said.push(format!("{} is stopped now", name(&deinit.subsystem)));
    }
    let mut origins: BTreeMap<(Origin, Origin), Vec<&str>> = BTreeMap::new();
    for of in &group.origins {
        origins.entry((of.before, of.after)).or_default().push(of.function.as_str());
    }
    for ((before, after), functions) in origins {
        let count = functions.len();
        let names: Vec<String> = functions.into_iter().map(name).collect();
        let list = listed(&names, count);
        said.push(match (before, after) {
            (Origin::Calls, Origin::Registry) => {
                format!("registered now, called by main before: {list}")
            }
            (Origin::Registry, Origin::Calls) => {
                format!("called by main now, registered before: {list}")
            }
            _ => format!("origin {} now, {} before: {list}", after.as_str(), before.as_str()),
        });
    }
    if group.keeps_order {
        said.push("everything runs in the same order".to_owned());
    }
    said
}

/// `a, b, c and 2 more`: the first of `count` names.
fn listed(names: &[String], count: usize) -> String {
    let shown = names.len().min(NAMED);
    let more = match count - shown {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names[..shown].join(", "))
}

/// What happened to one entry.
fn sentence(change: &OrderChange, name: Name<'_>) -> String {
    let function = match (&change.function, &change.before, &change.after) {
        (Some(function), ..) => name(function.as_str()),
        (None, before, after) => {
            let level = after.as_ref().or(before.as_ref()).and_then(|of| of.level.as_ref());
            let of = level.map_or(String::new(), |level| format!(" of level {}", level.as_str()));
            format!("an entry without a name{of}")
        }
    };
    let place = |standing: &Standing| {
        let mut said = vec![stage(standing)];
        said.extend(standing.level.as_ref().map(|level| format!("level {}", name(level.as_str()))));
        said.push(match &standing.behind {
            Some(behind) => format!("after {}", name(behind)),
            None => "first of all".to_owned(),
        });
        said.extend(standing.conditional.then(|| "on some paths only".to_owned()));
        said.extend(standing.condition.as_ref().map(|text| format!("if {}", name(text))));
        said.join(", ")
    };
    match (change.what, &change.before, &change.after) {
        (StepKind::Added, _, Some(after)) => format!("{function} added {}", place(after)),
        (StepKind::Removed, Some(before), _) => {
            format!("{function} removed, was {}", place(before))
        }
        (_, Some(before), Some(after)) => {
            let mut said = Vec::new();
            if let Some(shift) = &change.moved {
                let way = if shift.later { "later" } else { "earlier" };
                // What a move leads over matters most where it is a landmark.
                let names = |list: &[String]| list.iter().map(|of| name(of)).collect::<Vec<_>>();
                let landmarks = shift.landmarks.len();
                let over = match shift.places - landmarks {
                    places if landmarks == 0 => listed(&names(&shift.over), places),
                    0 => listed(&names(&shift.landmarks), landmarks),
                    others => format!(
                        "{} and {}",
                        listed(&names(&shift.landmarks), landmarks),
                        counted(others, "other")
                    ),
                };
                // Where it moved over one, it now stands behind that.
                let is_told = |behind: &&String| shift.later && shift.over == [(*behind).clone()];
                let behind = after.behind.as_ref().filter(|behind| !is_told(behind));
                let behind =
                    behind.map_or_else(String::new, |at| format!(", now after {}", name(at)));
                said.push(format!("moved {way}, over {over}{behind}"));
            }
            said.extend(differences(before, after, name));
            format!("{function} {}", said.join("; "))
        }
        _ => function,
    }
}

/// How an entry stands otherwise than before, its neighbours left out.
fn differences(before: &Standing, after: &Standing, name: Name<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if before.stage != after.stage {
        said.push(format!("runs {} now, {} before", stage(after), stage(before)));
    }
    if let (Some(old), Some(new)) = (&before.level, &after.level)
        && old != new
    {
        said.push(format!("level {} now, {} before", name(new.as_str()), name(old.as_str())));
    }
    match (before.conditional, after.conditional) {
        (false, true) => said.push("runs on some paths only now".to_owned()),
        (true, false) => said.push("runs on all paths now".to_owned()),
        _ => {}
    }
    if before.condition != after.condition {
        let condition = |of: &Standing| match &of.condition {
            Some(condition) => format!("if {}", name(condition)),
            None => "without a condition".to_owned(),
        };
        said.push(format!("{} now, {} before", condition(after), condition(before)));
    }
    said
}

fn stage(standing: &Standing) -> String {
    match standing.stage {
        Some(stage) => format!("in {}", stage.as_str()),
        None => "where main is not seen to run it".to_owned(),
    }
}

/// What a finding concerns and says, in a row: `error`, the rule, the boards.
pub(super) fn boards_of(finding: &FindingChange, name: Name<'_>) -> String {
    match finding.boards.len() {
        0..=NAMED => ports(&finding.boards, name),
        count => format!("{}: {}", boards(count), ports(&finding.boards, name)),
    }
}

/// The sign in front of a line of an excerpt, as `diff` has it.
pub(super) const fn sign(mark: LineMark) -> char {
    match mark {
        LineMark::Kept => ' ',
        LineMark::Removed | LineMark::MovedAway => '-',
        LineMark::Added | LineMark::MovedHere => '+',
        LineMark::Changed => '!',
    }
}

/// The note behind a line of an excerpt.
pub(super) const fn note(mark: LineMark) -> &'static str {
    match mark {
        LineMark::Kept => "",
        LineMark::Removed => "removed",
        LineMark::Added => "added",
        LineMark::MovedAway => "moved from here",
        LineMark::MovedHere => "moved here",
        LineMark::Changed => "changed",
    }
}

/// The lines of an excerpt: sign, name and note, with a heading where a stage
/// begins and where entries are left out. `name` may style a name by its mark.
pub(super) fn excerpt(
    group: &ChangeGroup,
    name: &dyn Fn(&str) -> String,
) -> Vec<(Option<LineMark>, String)> {
    let widest = group.excerpt.iter().map(|line| name(&line.name).chars().count()).max();
    let width = widest.unwrap_or_default().min(40);
    let mut lines = Vec::new();
    let mut stage = None;
    for line in &group.excerpt {
        if stage != Some(line.stage) || line.skipped > 0 {
            let title = line.stage.map_or("not seen to run", |stage| stage.as_str());
            lines.push((None, format!("@@ {title} @@")));
            stage = Some(line.stage);
        }
        let text = format!("{} {:width$}  {}", sign(line.mark), name(&line.name), note(line.mark));
        lines.push((Some(line.mark), text.trim_end().to_owned()));
    }
    lines
}
