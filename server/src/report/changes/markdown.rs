//! The report as GitHub shows it: the verdict, a table of what changed on how many
//! boards, the details folded.

use std::fmt::Write as _;

use super::Subject;
use super::words::{self, boards, boards_of, facts, headline, of_group, ports};
use crate::analyze::diff::{ChangeGroup, ChangeReport, FindingChange, Verdict};
use crate::model::ProjectName;
use crate::report::markdown::{block, code, html_code, in_block, link, prose};

/// Longest report, in bytes. GitHub takes 65,536 characters, and whoever posts it
/// may add a line.
pub const MAX_BYTES: usize = 64_000;
/// What the note of what is left out may take of that.
const NOTE_BYTES: usize = 600;
/// Most changes that the row of a group names.
const ROW_CHANGES: usize = 5;
/// Most changes, lines of an excerpt and boards in the details of a group.
const DETAIL_CHANGES: usize = 60;
const DETAIL_LINES: usize = 120;
const DETAIL_BOARDS: usize = 300;
/// Most boards whose names are links.
const LINKED_BOARDS: usize = 40;
/// Most boards that could not be compared and are named with the reason.
const REASONS: usize = 10;

/// The line that tells a report of a project from all other comments. It is the
/// first line of each.
pub fn marker(project: Option<&ProjectName>) -> String {
    match project {
        Some(project) => format!("<!-- initboard: order of {} -->", project.as_str()),
        None => "<!-- initboard: order -->".to_owned(),
    }
}

/// The report. The same report of the same subject is the same text.
pub fn markdown(report: &ChangeReport, subject: &Subject) -> String {
    below(&format!("### {}\n", headline(report)), report, subject)
}

/// The text of the comment that a pull request has already: as [`markdown`], and
/// where nothing changed any more, that it once did.
pub fn correction(report: &ChangeReport, subject: &Subject) -> String {
    if report.verdict != Verdict::Unchanged {
        return markdown(report, subject);
    }
    let gone = "### This pull request no longer changes the order";
    below(&format!("{gone}\n\n{}.\n", headline(report)), report, subject)
}

/// What there is to say below a head.
fn below(head: &str, report: &ChangeReport, subject: &Subject) -> String {
    let mut page = Page { text: String::new(), left_out: Vec::new() };
    page.text = format!("{}\n{head}", marker(subject.project.as_ref()));
    let facts = facts(report, subject.head_is_finished, &code);
    if !facts.is_empty() {
        page.text.push('\n');
        for fact in facts {
            let _ = writeln!(page.text, "- {fact}");
        }
    }
    let head = "\n| boards | what changed |\n|:--|:--|\n";
    page.rows(head, "groups", report.groups.iter().map(group_row));
    let head = "\n| finding | boards | what it says |\n|:--|:--|:--|\n";
    let row = |finding| finding_row(finding, subject);
    page.rows(head, "findings", report.findings.iter().map(row));
    let is_open = report.groups.len() == 1;
    let fold = |group| group_fold(group, subject, is_open);
    page.pieces("details of groups", report.groups.iter().map(fold));
    page.pieces("lists of boards", board_folds(report).into_iter());
    page.finish(report, subject)
}

/// A text that is filled up to its limit.
struct Page {
    text: String,
    /// What did not fit, in words.
    left_out: Vec<String>,
}

impl Page {
    /// A table, with as many rows as fit into half of what is left: what each row
    /// sums up is told below.
    fn rows(&mut self, head: &str, what: &str, rows: impl Iterator<Item = String>) {
        let end = usize::midpoint(self.text.len(), MAX_BYTES);
        let mut rows = rows.peekable();
        if rows.peek().is_some() {
            self.text.push_str(head);
        }
        self.add(end, what, rows);
    }

    /// As many pieces as fit.
    fn pieces(&mut self, what: &str, pieces: impl Iterator<Item = String>) {
        self.add(MAX_BYTES, what, pieces);
    }

    fn add(&mut self, end: usize, what: &str, pieces: impl Iterator<Item = String>) {
        let (mut all, mut shown) = (0, 0);
        for piece in pieces {
            all += 1;
            // A smaller one behind it might fit, but would stand out of order.
            if shown + 1 == all && self.text.len() + piece.len() + NOTE_BYTES <= end {
                self.text.push_str(&piece);
                shown += 1;
            }
        }
        if shown < all {
            self.left_out.push(format!("{} of {all} {what}", all - shown));
        }
    }

    fn finish(mut self, report: &ChangeReport, subject: &Subject) -> String {
        if !self.left_out.is_empty() {
            let _ = write!(
                self.text,
                "\n**Too long for one comment: left out {}.** `initboard diff --format json` has all of it.\n",
                self.left_out.join(", ")
            );
        }
        let compared = match (&subject.base, &subject.head) {
            (Some(base), Some(head)) => format!("{} with {}", base.short(), head.short()),
            _ => "base with head".to_owned(),
        };
        let note = subject.base_note.as_ref();
        let note = note.map_or_else(String::new, |note| format!(" (base: {})", prose(note)));
        if report.verdict != Verdict::NothingCompared {
            let _ = writeln!(
                self.text,
                "\n<sub>Compared {compared}{note}. Other priorities, addresses and lines are no change.</sub>"
            );
        }
        self.text
    }
}

/// One row of a table, whose cells hold no line feed.
fn group_row(group: &ChangeGroup) -> String {
    let changes = of_group(group, &code);
    let mut said = changes.iter().take(ROW_CHANGES).cloned().collect::<Vec<_>>().join("<br>");
    if let Some(more @ 1..) = changes.len().checked_sub(ROW_CHANGES) {
        let _ = write!(said, "<br>and {more} more");
    }
    format!("| **{}**<br>{} | {said} |\n", group.boards.len(), ports(&group.boards, &code))
}

fn finding_row(finding: &FindingChange, subject: &Subject) -> String {
    let what = if finding.is_new { "new" } else { "gone" };
    let rule = match subject.rule_page(&finding.rule) {
        Some(page) => link(&code(&finding.rule), &page),
        None => code(&finding.rule),
    };
    let severity = finding.severity.as_str();
    let message: String = finding.message.chars().take(600).collect();
    format!(
        "| **{what}** {severity} {rule} | {} | {} |\n",
        boards_of(finding, &code),
        prose(&message)
    )
}

/// All that is known of a group, folded.
fn group_fold(group: &ChangeGroup, subject: &Subject, is_open: bool) -> String {
    let open = if is_open { " open" } else { "" };
    let first = group.boards.first().map_or("", String::as_str);
    let others = match group.boards.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more that changed alike", count - 1),
    };
    let mut text = format!("\n<details{open}><summary>{}{others}</summary>\n\n", html_code(first));
    if !group.excerpt.is_empty() {
        let lines: Vec<String> =
            words::excerpt(group, &in_block).into_iter().map(|(_, line)| line).collect();
        let mut shown: Vec<String> = lines.iter().take(DETAIL_LINES).cloned().collect();
        if let Some(more @ 1..) = lines.len().checked_sub(DETAIL_LINES) {
            shown.push(format!("# {more} more lines"));
        }
        text.push_str(&block("diff", &shown));
        text.push('\n');
    }
    let changes = of_group(group, &code);
    for change in changes.iter().take(DETAIL_CHANGES) {
        let _ = writeln!(text, "- {change}");
    }
    if let Some(more @ 1..) = changes.len().checked_sub(DETAIL_CHANGES) {
        let _ = writeln!(text, "- and {more} more");
    }
    let _ = writeln!(text, "\n{}: {}", boards(group.boards.len()), names(&group.boards, subject));
    text.push_str("\n</details>\n");
    text
}

/// The names of boards, with links where they are few.
fn names(list: &[String], subject: &Subject) -> String {
    let few = list.len() <= LINKED_BOARDS;
    let name = |board: &String| match subject.board_page(board).filter(|_| few) {
        Some(page) => link(&code(board), &page),
        None => code(board),
    };
    let mut said = list.iter().take(DETAIL_BOARDS).map(name).collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = list.len().checked_sub(DETAIL_BOARDS) {
        let _ = write!(said, " and {more} more");
    }
    said
}

/// The boards of which nothing can be said, folded.
fn board_folds(report: &ChangeReport) -> Vec<String> {
    let fold = |title: &str, body: String| {
        format!("\n<details><summary>{title}</summary>\n\n{body}\n\n</details>\n")
    };
    let mut folds = Vec::new();
    if !report.not_compared.is_empty() {
        let reason = |not: &crate::analyze::diff::NotCompared| {
            let why: String = not.why.chars().take(300).collect();
            format!("- {} at {}: {}", code(&not.board), not.revision.as_str(), prose(&why))
        };
        let mut body: Vec<String> = report.not_compared.iter().take(REASONS).map(reason).collect();
        if let Some(more @ 1..) = report.not_compared.len().checked_sub(REASONS) {
            body.push(format!("- and {more} more"));
        }
        let title = format!("{} that could not be compared", boards(report.not_compared.len()));
        folds.push(fold(&title, body.join("\n")));
    }
    for (list, what) in [
        (&report.missing_head, "without a build at head"),
        (&report.missing_base, "without a build at base"),
    ] {
        // Up to three are named where they are counted.
        if list.len() > 3 {
            let title = format!("{} {what}", boards(list.len()));
            folds.push(fold(&title, names(list, &Subject::default())));
        }
    }
    folds
}
