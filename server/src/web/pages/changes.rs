//! `/PROJECT/-/pulls/NUMBER`: what a pull request changes, live while its builds
//! come; and `/PROJECT/-/diff?base=&head=`: the same for any two commits.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::build::{Part, class};
use super::pulls::mark;
use super::repository::Repository;
use super::when::When;
use super::{PageError, Section, Shell, counted, encoded, find_project, page, query_of};
use crate::analyze::diff::{ChangeGroup, ExcerptLine, FindingChange, LineMark};
use crate::analyze::rules;
use crate::model::{CommitSha, EntryKind, ProjectName};
use crate::report::changes::{facts, headline, of_group};
use crate::store::{BuiltCommit, CommitPrefix, Project};
use crate::web::changes::{Changes, Head, in_words};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// Most commits of a pull request that are listed.
const COMMITS: usize = 20;
/// Most boards of a group whose names stand in its heading.
const NAMED: usize = 4;

#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage {
    shell: Shell,
    project: ProjectName,
    title: String,
    pull_request: Option<Pull>,
    sign: &'static str,
    class: &'static str,
    headline: String,
    facts: Vec<Vec<Part>>,
    head: CommitView,
    base: Option<CommitView>,
    base_choice: String,
    is_finished: bool,
    groups: Vec<Group>,
    findings: Vec<Finding>,
    not_compared: Vec<(String, String)>,
    commits: Vec<CommitView>,
    markdown: String,
}

struct Pull {
    number: u32,
    link: Option<String>,
}

struct CommitView {
    short: String,
    link: Option<String>,
    boards: String,
    when: Option<When>,
    /// Its own report.
    report: String,
}

/// Boards that changed alike.
struct Group {
    title: String,
    keeps_order: bool,
    sentences: Vec<Vec<Part>>,
    lines: Vec<Line>,
    boards: Vec<Board>,
    first: String,
}

struct Board {
    label: String,
    compare: String,
}

/// A line of both orders as one listing.
struct Line {
    skipped: usize,
    sign: &'static str,
    class: &'static str,
    title: &'static str,
    name: String,
    stage: &'static str,
}

struct Finding {
    word: &'static str,
    rule: String,
    name: &'static str,
    severity: &'static str,
    class: &'static str,
    message: Vec<Part>,
    boards: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct DiffQuery {
    #[serde(default)]
    base: String,
    #[serde(default)]
    head: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct BaseQuery {
    #[serde(default)]
    base: String,
}

/// `/PROJECT/-/pulls/NUMBER`.
pub(in crate::web) async fn pull(
    State(app): State<AppState>,
    PagePath((project, number)): PagePath<(String, u32)>,
    query: Result<Query<BaseQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let base = commit(&query_of(query)?.base)?;
    show(app, project, Head::PullRequest(number), base).await
}

/// `/PROJECT/-/diff`.
pub(in crate::web) async fn diff(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<DiffQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let query = query_of(query)?;
    let Some(head) = commit(&query.head)? else {
        return Err(PageError::bad_request(
            "Which commit is it about? Expected `head=` with at least the first 7 digits of one, and `base=` with another where that is not to be chosen.".to_owned(),
        ));
    };
    show(app, project, Head::Commit(head), commit(&query.base)?).await
}

/// `/PROJECT/-/pulls/NUMBER/events`: an event whenever there may be news.
pub(in crate::web) async fn events(
    State(app): State<AppState>,
    PagePath((project, number)): PagePath<(String, u32)>,
) -> Result<Response, PageError> {
    let project = app.read(move |reader| find_project(reader, &project)).await?.id;
    // A build of a branch may be one of the base.
    let stream = app.events().listen(move |happening| {
        happening.project == project && happening.pull_request.is_none_or(|of| of == number)
    })?;
    Ok(stream.into_response())
}

fn commit(text: &str) -> Result<Option<CommitPrefix>, PageError> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|error: crate::store::CommitPrefixError| {
            PageError::bad_request(error.to_string())
        }),
    }
}

async fn show(
    app: AppState,
    project: String,
    head: Head,
    base: Option<CommitPrefix>,
) -> Result<Response, PageError> {
    let derived = app.derived();
    let asked = head.clone();
    let (project, changes, commits) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let changes = Changes::read(reader, &derived, &project, &asked, base.as_ref())?;
            let commits = match asked {
                Head::PullRequest(number) => {
                    reader.commits_of_pull_request(project.id, number, COMMITS)?
                }
                Head::Commit(_) => Vec::new(),
            };
            Ok::<_, AppError>((project, changes, commits))
        })
        .await?;
    let shown = Shown { project: &project, now: Timestamp::now(), changes: &changes };
    let report = &changes.report;
    let (sign, class) = mark(report.verdict);
    let quoted = |name: &str| format!("`{}`", name.replace('`', "'"));
    let number = match head {
        Head::PullRequest(number) => Some(number),
        Head::Commit(_) => None,
    };
    let repository = project.repository_url.as_deref().map(Repository::new);
    let of = match number {
        Some(number) => format!("pull_request={number}"),
        None => format!("head={}", changes.head.commit),
    };
    let api = format!("/api/v1/diff?project={}&{of}", project.name);
    let api = match &changes.base {
        Some(base) => format!("{api}&base={}", base.commit),
        None => api,
    };
    let is_finished = changes.head.finished_at.is_some();
    page(&ChangesPage {
        title: match number {
            Some(number) => format!("Pull request #{number}"),
            None => format!("What {} changes", changes.head.commit.short()),
        },
        pull_request: number.map(|number| Pull {
            number,
            link: repository.as_ref().map(|repository| repository.pull_request(number)),
        }),
        sign,
        class,
        headline: headline(report),
        facts: facts(report, is_finished, &quoted).iter().map(|fact| Part::all(fact)).collect(),
        base: changes.base.as_ref().map(|base| shown.named(&base.commit)),
        base_choice: changes.base.as_ref().map(|base| in_words(base.choice)).unwrap_or_default(),
        is_finished,
        groups: report.groups.iter().map(|group| shown.group(group, &quoted)).collect(),
        findings: report.findings.iter().map(finding).collect(),
        not_compared: report
            .not_compared
            .iter()
            .map(|not| (format!("{} at {}", not.board, not.revision.as_str()), not.why.clone()))
            .collect(),
        commits: commits
            .iter()
            .filter(|commit| commit.commit != changes.head.commit)
            .map(|commit| shown.commit(commit))
            .collect(),
        head: shown.commit(&changes.head),
        markdown: format!("curl -H 'Accept: text/markdown' '{}'", app.url(&api)),
        shell: Shell::within(Section::Pulls, &project.name, api),
        project: project.name.clone(),
    })
}

/// What the parts of the page need to know.
struct Shown<'a> {
    project: &'a Project,
    now: Timestamp,
    changes: &'a Changes,
}

impl Shown<'_> {
    fn named(&self, commit: &CommitSha) -> CommitView {
        let repository = self.project.repository_url.as_deref().map(Repository::new);
        CommitView {
            short: commit.short().to_owned(),
            link: repository.map(|repository| repository.commit(commit)),
            boards: String::new(),
            when: None,
            report: format!("/{}/-/diff?head={commit}", self.project.name),
        }
    }

    fn commit(&self, built: &BuiltCommit) -> CommitView {
        CommitView {
            boards: counted(built.boards as usize, "board"),
            when: Some(When::new(built.committed_at, self.now)),
            ..self.named(&built.commit)
        }
    }

    fn group(&self, group: &ChangeGroup, quoted: &dyn Fn(&str) -> String) -> Group {
        let compare = |label: &String| {
            let side = |commit: &CommitSha| format!("{}@{}", encoded(label), commit.short());
            let sides: Vec<String> = self
                .changes
                .base
                .iter()
                .map(|base| &base.commit)
                .chain([&self.changes.head.commit])
                .map(side)
                .collect();
            let boards = sides.join(",").replace("%2F", "/");
            Board {
                compare: format!("/{}/-/compare?boards={boards}", self.project.name),
                label: label.clone(),
            }
        };
        let title = boards(&group.boards);
        Group {
            title,
            keeps_order: group.keeps_order,
            sentences: of_group(group, quoted).iter().map(|said| Part::all(said)).collect(),
            lines: group.excerpt.iter().map(line).collect(),
            boards: group.boards.iter().map(compare).collect(),
            first: group.boards.first().cloned().unwrap_or_default(),
        }
    }
}

/// The names of a few boards; of more, how many there are, and of which port.
fn boards(labels: &[String]) -> String {
    let port = |label: &str| label.split('/').next().unwrap_or_default().to_owned();
    match labels {
        [first, rest @ ..] if labels.len() > NAMED => {
            let of = port(first);
            if rest.iter().all(|label| port(label) == of) {
                counted(labels.len(), &format!("{of} board"))
            } else {
                counted(labels.len(), "board")
            }
        }
        few => few.join(", "),
    }
}

fn finding(change: &FindingChange) -> Finding {
    Finding {
        word: if change.is_new { "new" } else { "gone" },
        rule: change.rule.clone(),
        name: rules::rule(&change.rule).map_or("", |rule| rule.name),
        severity: change.severity.as_str(),
        class: if change.is_new { class(change.severity) } else { "ok" },
        message: Part::all(&change.message),
        boards: boards(&change.boards),
    }
}

fn line(line: &ExcerptLine) -> Line {
    let (sign, class, title) = match line.mark {
        LineMark::Kept => ("", "", "stands as it did"),
        LineMark::Removed => ("−", "gone", "gone"),
        LineMark::Added => ("+", "added", "new"),
        LineMark::MovedAway => ("↶", "gone", "stood here before"),
        LineMark::MovedHere => ("↷", "added", "stands here now"),
        LineMark::Changed => ("~", "changed", "stands here in another way"),
    };
    Line {
        skipped: line.skipped,
        sign,
        class: if line.kind == EntryKind::Entry || !class.is_empty() { class } else { "landmark" },
        title,
        name: line.name.clone(),
        stage: line.stage.map_or("", |stage| stage.as_str()),
    }
}
