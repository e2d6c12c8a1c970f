//! `/PROJECT/PORT/BOARD/COMMIT`: one build, and what its firmware runs.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::repository::Repository;
use super::run::{Place, Row, Run};
use super::when::When;
use super::{PageError, Section, Shell, counted, find_board, find_project, no_board, page, shown};
use crate::analyze::number::numbers;
use crate::analyze::rules;
use crate::model::{
    BoardId, Entry, EntryKind, Finding, InitTable, Origin, ProjectName, Severity, Stage, SymbolName,
};
use crate::store::{Build as StoredBuild, CommitPrefix};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "build.html")]
struct Build {
    shell: Shell,
    project: ProjectName,
    board: BoardId,
    commit_short: String,
    chips: Vec<Chip>,
    counts: String,
    answer: &'static str,
    findings: Vec<FindingView>,
    run: Option<Run>,
    facts: Vec<Fact>,
    entries: Vec<EntryView>,
    /// Whether any of them is registered, at a level.
    has_levels: bool,
    others: Vec<String>,
}

/// What the pages of a board and of a build have in common.
pub(super) struct BuildBody {
    pub(super) findings: Vec<FindingView>,
    /// `None` where nothing could be read.
    pub(super) run: Option<Run>,
    pub(super) facts: Vec<Fact>,
    pub(super) entries: Vec<EntryView>,
}

/// A word beside the title.
pub(super) struct Chip {
    pub(super) text: String,
    pub(super) class: &'static str,
}

pub(super) struct FindingView {
    pub(super) rule: String,
    /// The name of the rule.
    pub(super) name: &'static str,
    pub(super) severity: &'static str,
    pub(super) class: &'static str,
    pub(super) message: Vec<Part>,
    /// Why the project accepts it.
    pub(super) waived: Option<String>,
}

/// A part of a message.
pub(super) struct Part {
    pub(super) text: String,
    /// Whether it stood in backquotes: a name or a piece of code.
    pub(super) code: bool,
}

impl FindingView {
    pub(super) fn new(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            name: rules::rule(&finding.rule).map_or("", |rule| rule.name),
            severity: finding.severity.as_str(),
            class: if finding.waived.is_some() { "ok" } else { class(finding.severity) },
            message: Part::all(&finding.message),
            waived: finding.waived.clone(),
        }
    }
}

impl Part {
    /// The parts of a text with code in backquotes.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let part =
            |(index, text): (usize, &str)| Self { text: text.to_owned(), code: index % 2 == 1 };
        text.split('`').enumerate().map(part).collect()
    }
}

/// One fact of a build.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) link: Option<String>,
    pub(super) mono: bool,
}

/// An entry as a row of the full table.
pub(super) struct EntryView {
    /// Its number in the picture; empty for a landmark.
    pub(super) number: String,
    pub(super) phase: &'static str,
    pub(super) stage: &'static str,
    pub(super) level: String,
    pub(super) slot: String,
    pub(super) priority: String,
    pub(super) function: String,
    pub(super) subsystem: String,
    pub(super) address: String,
    pub(super) place: Option<Place>,
}

pub(in crate::web) async fn build(
    State(app): State<AppState>,
    PagePath((project, port, label, commit)): PagePath<(String, String, String, String)>,
) -> Result<Response, PageError> {
    let board = find_board(&port, &label)?;
    let missing = PageError::not_found(format!(
        "There is no build of {board} at commit “{}”.",
        shown(&commit)
    ));
    let Ok(prefix) = commit.parse::<CommitPrefix>() else {
        return Err(missing);
    };
    let id = board.clone();
    let policies = app.policies();
    let (project, build) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let (row, _) =
                reader.board_row(project.id, &id)?.ok_or_else(|| no_board(&port, &label))?;
            let mut build = reader.build(project.id, row, &prefix)?;
            if let Some(build) = &mut build {
                let judge = policies.judge(reader, &project)?;
                judge.derive(&mut build.table, &id.port, Some(&id.label()));
            }
            Ok::<_, AppError>((project, build))
        })
        .await?;
    let build = build.ok_or(missing)?;
    if commit != build.summary.commit.as_str() {
        // An abbreviation may become ambiguous; the whole identifier stays.
        let to = format!("/{}/{board}/{}", project.name, build.summary.commit);
        return Ok(Redirect::temporary(&to).into_response());
    }
    let now = Timestamp::now();
    let repository = project.repository_url.as_deref().map(Repository::new);
    let table = &build.table;
    let body = BuildBody::new(&build, repository.as_ref(), now);
    page(&Build {
        shell: Shell::within(
            Section::Overview,
            &project.name,
            format!(
                "/api/v1/projects/{}/ports/{}/boards/{}/builds/{commit}",
                project.name,
                board.port,
                board.label()
            ),
        ),
        commit_short: build.summary.commit.short().to_owned(),
        chips: chips(table),
        counts: counts(table),
        answer: match &build.summary {
            summary if summary.pull_request.is_some() => "This build belongs to a pull request.",
            summary if summary.first => "It is the first build of this board on its branch.",
            summary if summary.changed => "Its order differs from that of the build before.",
            _ => "Its order is that of the build before.",
        },
        findings: body.findings,
        run: body.run,
        facts: body.facts,
        has_levels: table.entries.iter().any(|entry| entry.level.is_some()),
        entries: body.entries,
        others: build
            .others
            .iter()
            .map(|other| format!("{} ({} bytes)", other.sha256, other.size))
            .collect(),
        project: project.name,
        board,
    })
}

/// `20 init, 10 deinit in stm32_main.`
pub(super) fn counts(table: &InitTable) -> String {
    let (init, deinit) = table.counts();
    let registered = table.entries.iter().filter(|entry| entry.level.is_some()).count();
    let levels = match table.levels.len() {
        1 => "1 level".to_owned(),
        levels => format!("{levels} levels"),
    };
    match &table.main {
        None if table.origins.is_empty() => "Nothing could be read.".to_owned(),
        None => format!("{init} init, {deinit} deinit in {levels}."),
        Some(main) if registered == 0 => {
            format!("{init} init, {deinit} deinit in {}.", main.function)
        }
        Some(main) => {
            format!(
                "{init} init, {deinit} deinit in {}, {registered} of them registered.",
                main.function
            )
        }
    }
}

/// Where the table was read, and whether something is wrong with it.
pub(super) fn chips(table: &InitTable) -> Vec<Chip> {
    let chip = |text: &str| Chip { text: text.to_owned(), class: "" };
    let mut chips: Vec<Chip> = table
        .origins
        .iter()
        .map(|origin| match origin {
            Origin::Calls => chip("calls in main"),
            other => chip(other.as_str()),
        })
        .collect();
    if chips.is_empty() {
        chips.push(chip("nothing read"));
    }
    chips.extend(chip_of(&table.findings));
    chips
}

/// The open findings by severity, in the colour of the gravest: `✕ 1 error, 2 notes`.
pub(super) fn chip_of(findings: &[Finding]) -> Option<Chip> {
    let worst = open(findings).map(|finding| finding.severity).max()?;
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let count = open(findings).filter(|finding| finding.severity == severity).count();
        (count > 0).then(|| counted(count, severity.as_str()))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let sign = match worst {
        Severity::Error => "✕ ",
        Severity::Warning => "△ ",
        Severity::Note => "",
    };
    Some(Chip { text: format!("{sign}{}", counts.join(", ")), class: class(worst) })
}

/// The findings that the project does not accept.
pub(super) fn open(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.waived.is_none())
}

pub(super) fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "bad",
        Severity::Warning => "warn",
        Severity::Note => "",
    }
}

/// `41,332`.
pub(super) fn bytes(size: u64) -> String {
    let digits = size.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

impl BuildBody {
    pub(super) fn new(
        build: &StoredBuild,
        repository: Option<&Repository<'_>>,
        now: Timestamp,
    ) -> Self {
        let table = &build.table;
        let commit = &build.summary.commit;
        let entry = |(entry, number): (&Entry, Option<u32>)| EntryView {
            number: number.map(|number| number.to_string()).unwrap_or_default(),
            phase: entry.phase.map_or("", crate::model::Phase::as_str),
            stage: entry.stage.map_or("", Stage::as_str),
            level: entry.level.as_ref().map(ToString::to_string).unwrap_or_default(),
            slot: entry.slot.map(|slot| slot.to_string()).unwrap_or_default(),
            priority: entry.priority.as_ref().map(ToString::to_string).unwrap_or_default(),
            function: entry.display_name(),
            // A landmark starts and stops nothing.
            subsystem: entry
                .subsystem
                .clone()
                .filter(|_| entry.kind == EntryKind::Entry)
                .unwrap_or_default(),
            address: entry.address.map(|address| address.to_string()).unwrap_or_default(),
            place: entry.location.as_ref().map(|place| Place::new(place, repository, commit)),
        };
        Self {
            findings: table.findings.iter().map(FindingView::new).collect(),
            run: Run::new(table, repository, commit),
            facts: facts(build, table, repository, now),
            entries: table.entries.iter().zip(numbers(table)).map(entry).collect(),
        }
    }
}

fn facts(
    build: &StoredBuild,
    table: &InitTable,
    repository: Option<&Repository<'_>>,
    now: Timestamp,
) -> Vec<Fact> {
    let summary = &build.summary;
    let plain = |name, value: String| Fact { name, value, link: None, mono: false };
    let mono = |name, value: String| Fact { name, value, link: None, mono: true };
    let time = |at| {
        let when = When::new(at, now);
        format!("{} ({})", when.full, when.ago)
    };
    let mut facts = vec![Fact {
        link: repository.map(|repository| repository.commit(&summary.commit)),
        ..mono("commit", summary.commit.to_string())
    }];
    for parent in &build.parents {
        facts.push(Fact {
            link: repository.map(|repository| repository.commit(parent)),
            ..mono("parent", parent.to_string())
        });
    }
    facts.extend(summary.branch.clone().map(|branch| plain("branch", branch)));
    facts.extend(summary.pull_request.map(|number| Fact {
        link: repository.map(|repository| repository.pull_request(number)),
        ..plain("pull request", format!("#{number}"))
    }));
    facts.extend(summary.base.as_ref().map(|base| mono("compared with", base.to_string())));
    facts.push(plain("committed", time(summary.committed_at)));
    facts.push(plain("received", time(summary.received_at)));
    facts.push(plain("firmware", format!("{}, {} bytes", table.file.format, bytes(summary.size))));
    facts.push(mono("sha256", summary.sha256.to_string()));
    if let Some(main) = &table.main {
        let evidence: Vec<&str> = main.evidence.iter().map(SymbolName::as_str).collect();
        let others = match main.folded {
            1 => "1 other function".to_owned(),
            folded => format!("{folded} other functions"),
        };
        facts.push(plain(
            "main",
            format!("{}: it calls {}, and {others}", main.function, evidence.join(", ")),
        ));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_grouped_by_thousands() {
        assert_eq!(bytes(7), "7");
        assert_eq!(bytes(1_000), "1,000");
        assert_eq!(bytes(5_382_220), "5,382,220");
    }
}
