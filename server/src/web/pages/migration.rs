//! `/PROJECT/-/migration`: which boards still call from main, which register, and
//! what to do next.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use jiff::Timestamp;

use super::compare::address;
use super::migration_chart::Chart;
use super::sort::Heading;
use super::{PageError, Section, Shell, counted, encoded, find_project, no_port, page, query_of};
use crate::analyze::migrate::scripts::Placing;
use crate::analyze::migrate::state::State;
use crate::model::{BoardId, ProjectName};
use crate::store::CommitPrefix;
use crate::web::migration::{BoardProgress, BoardProof, Day, Progress};
use crate::web::migration_filter::{COLUMNS, MigrationQuery};
use crate::web::migration_step::Step;
use crate::web::path::PagePath;
use crate::web::policies::day_of;
use crate::web::side::{Side, Subject};
use crate::web::{AppError, AppState};

/// Most rows of boards that are proposed to be next.
const NEXT: usize = 8;
/// Most functions of a board that are named.
const NAMED: usize = 4;

#[derive(Template)]
#[template(path = "migration.html")]
struct MigrationPage {
    shell: Shell,
    project: ProjectName,
    answer: String,
    rest: String,
    ports: Vec<PortRow>,
    next: Vec<NextRow>,
    /// Whether any of them is next for a reason.
    has_reasons: bool,
    chart: Option<Chart>,
    days: Vec<Day>,
    rows: Vec<Row>,
    columns: Vec<Heading>,
    /// The order of the boards, where it was chosen.
    sort: Option<String>,
    /// The query that leads to the same boards in the same order.
    same: String,
    /// The states, first the best, as headings of the ports.
    headings: Vec<Step>,
    states: Vec<Choice>,
    port_choices: Vec<Choice>,
    is_filtered: bool,
    /// The port that alone is shown; empty for all.
    port: String,
    /// Whether the project has any board at all.
    is_empty: bool,
}

/// How far the boards of a port have come.
struct PortRow {
    name: String,
    total: usize,
    /// A part for each step that any board has taken, the last first.
    parts: Vec<Part>,
}

struct Part {
    step: Step,
    count: usize,
    /// Its place and width in the bar, of 100.
    from: usize,
    width: usize,
}

struct Row {
    port: String,
    label: String,
    step: Step,
    registered: u32,
    left: usize,
    left_names: String,
    twice: String,
    by_hand: usize,
    scripts: &'static str,
    idle: String,
    why: String,
    /// What `why` counts, side by side.
    compared: Option<String>,
}

/// Boards of a port that have the same calls left: one of them, and how many more.
struct NextRow {
    first: Row,
    more: usize,
}

struct Choice {
    value: String,
    label: String,
    count: usize,
    chosen: bool,
}

pub(in crate::web) async fn migration(
    Shared(app): Shared<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<MigrationQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let filter = query_of(query)?.filter().map_err(PageError::bad_request)?;
    let derived = app.derived();
    let port = filter.port.clone();
    let (project, progress) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let progress = derived.progress(reader, &project)?;
            let is_of_port = |board: &BoardProgress| board.board.port.as_str() == port;
            if !port.is_empty() && !progress.boards.iter().any(is_of_port) {
                return Err(no_port(&port));
            }
            Ok::<_, AppError>((project.name, progress))
        })
        .await?;
    let Progress { boards: all, history } = &*progress;
    let is_of_port =
        |board: &&BoardProgress| filter.port.is_empty() || board.board.port.as_str() == filter.port;
    let boards: Vec<&BoardProgress> = all.iter().filter(is_of_port).collect();
    let steps: Vec<Step> = boards.iter().map(|board| Step::of(board)).collect();
    let (answer, rest) = answer(&steps, &filter.port);
    let next: Vec<NextRow> = next(&boards)
        .into_iter()
        .map(|(board, more)| NextRow { first: row(&project, board), more })
        .collect();
    page(&MigrationPage {
        shell: Shell::at(Section::Migration, &project, json(&project, &filter.port, filter.step)),
        answer,
        rest,
        has_reasons: next.iter().any(|group| !group.first.why.is_empty()),
        next,
        chart: Chart::of(history, all.len(), day_of(Timestamp::now())),
        days: history.iter().rev().take(30).cloned().collect(),
        rows: filter.shown(all).into_iter().map(|board| row(&project, board)).collect(),
        columns: filter.chosen.headings_keeping(&COLUMNS, &filter.kept()),
        same: filter.address(),
        headings: taken(&steps).collect(),
        states: Step::ALL
            .into_iter()
            .map(|of| Choice {
                value: of.as_str().to_owned(),
                label: of.words().to_owned(),
                count: steps.iter().filter(|step| **step == of).count(),
                chosen: filter.step == Some(of),
            })
            .collect(),
        port_choices: all
            .chunk_by(|one, other| one.board.port == other.board.port)
            .map(|of_port| Choice {
                value: of_port[0].board.port.to_string(),
                label: of_port[0].board.port.to_string(),
                count: of_port.len(),
                chosen: of_port[0].board.port.as_str() == filter.port,
            })
            .collect(),
        ports: ports(&boards, &steps),
        is_filtered: filter.is_filtered(),
        sort: filter.sort,
        port: filter.port,
        is_empty: all.is_empty(),
        project,
    })
}

/// The address of the same boards as JSON.
fn json(project: &ProjectName, port: &str, step: Option<Step>) -> String {
    let port = (!port.is_empty()).then(|| format!("port={}", encoded(port)));
    let state = step.map(|step| format!("state={}", step.state().as_str()));
    let query: Vec<String> = port.into_iter().chain(state).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("/api/v1/projects/{project}/migration{query}")
}

/// The first line: how many boards are migrated, and where the others are.
fn answer(steps: &[Step], port: &str) -> (String, String) {
    let count = |wanted: Step| steps.iter().filter(|step| **step == wanted).count();
    let verified = count(Step::Verified);
    let migrated = count(Step::Migrated) + verified;
    let proof = match (migrated, verified) {
        (0, _) => String::new(),
        (_, 0) => ", none of them verified yet".to_owned(),
        _ => format!(
            ", {verified} of them verified: the order is proven to be that of the calls before"
        ),
    };
    let others = [Step::Nothing, Step::Partial, Step::Calls, Step::NoBuild, Step::Unread];
    let others: Vec<String> = others
        .into_iter()
        .map(|step| (count(step), step))
        .filter(|(count, _)| *count > 0)
        .map(|(count, step)| format!("{count} {}", step.does(count)))
        .collect();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!(" {}.", others.join(", ")),
    };
    let of = if port.is_empty() { String::new() } else { format!("{port} ") };
    let all = counted(steps.len(), &format!("{of}board"));
    (format!("{migrated} of {all} migrated"), format!("{proof}.{others}"))
}

/// The steps that any board has taken, the last first.
fn taken(steps: &[Step]) -> impl Iterator<Item = Step> {
    Step::ALL.into_iter().rev().filter(|step| steps.contains(step))
}

/// The ports by name, each with its bar.
fn ports(boards: &[&BoardProgress], all: &[Step]) -> Vec<PortRow> {
    let mut rows = Vec::new();
    let mut done = 0;
    for of_port in boards.chunk_by(|one, other| one.board.port == other.board.port) {
        let steps = &all[done..done + of_port.len()];
        done += of_port.len();
        let mut from = 0;
        let mut seen = 0;
        let part = |step: Step| {
            let count = steps.iter().filter(|of| **of == step).count();
            seen += count;
            // So that the parts meet, and the last one ends at 100.
            let until = seen * 100 / steps.len();
            let part = Part { step, count, from, width: until - from };
            from = until;
            part
        };
        rows.push(PortRow {
            name: of_port[0].board.port.to_string(),
            total: steps.len(),
            parts: taken(all).map(part).collect(),
        });
    }
    rows
}

/// The boards to migrate next: those with the fewest calls left that no other board
/// registers, then those with the fewest left at all. Boards of a port with the same
/// calls left come as one, with how many more there are: one edit migrates them all.
fn next<'a>(boards: &[&'a BoardProgress]) -> Vec<(&'a BoardProgress, usize)> {
    let mut open: Vec<&BoardProgress> = boards
        .iter()
        .copied()
        .filter(|board| matches!(board.state, State::Calls | State::Partial))
        .filter(|board| !board.left.is_empty())
        .collect();
    open.sort_by_key(|board| {
        let new = board.left.len() - board.known_elsewhere;
        (new, board.left.len(), board.board.clone())
    });
    let mut next: Vec<(&BoardProgress, usize)> = Vec::new();
    for board in open {
        let is_alike = |(first, _): &(&BoardProgress, usize)| {
            (&first.board.port, first.state, &first.left)
                == (&board.board.port, board.state, &board.left)
        };
        match next.iter().position(is_alike) {
            Some(at) => next[at].1 += 1,
            None if next.len() < NEXT => next.push((board, 0)),
            None => {}
        }
    }
    next
}

fn row(project: &ProjectName, board: &BoardProgress) -> Row {
    let step = Step::of(board);
    let named = board.left.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let left_names = match board.left.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    };
    Row {
        port: board.board.port.to_string(),
        label: board.board.label(),
        step,
        registered: board.registered,
        left: board.left.len(),
        left_names,
        twice: board.twice.join(", "),
        idle: board.idle.join(", "),
        by_hand: board.by_hand,
        scripts: match board.scripts {
            Placing::Placed => "✓ place the tables",
            Placing::Partly => "◧ some of them do",
            Placing::NoScript => "– do not place them",
            Placing::NoneNeeded => "✓ none needed",
            Placing::Unknown => "",
        },
        why: why(board),
        compared: board.proof.as_ref().map(|proof| compared(project, &board.board, proof)),
    }
}

/// The address of the last build of a board that called everything beside the first
/// that was migrated.
pub(super) fn compared(project: &ProjectName, board: &BoardId, proof: &BoardProof) -> String {
    let side = |commit| Side {
        project: None,
        subject: Subject::Board(board.clone()),
        commit: Some(CommitPrefix::from(commit)),
    };
    address(project, &[&proof.before, &proof.after].map(side))
}

/// Why a board is next, or what keeps it from being verified.
fn why(board: &BoardProgress) -> String {
    match (board.state, &board.proof) {
        (State::Migrated, _) if board.registered == 0 => String::new(),
        (State::Migrated, Some(proof)) if !proof.is_certain => {
            "not proven: not everything has a name, or main could not be read in full".to_owned()
        }
        (State::Migrated, Some(proof)) => {
            format!("{} from the calls before", counted(proof.changed, "difference"))
        }
        (State::Migrated, None) => "no build of it called from main".to_owned(),
        (State::Calls | State::Partial, _) if board.known_elsewhere > 0 => format!(
            "{} of {} registered on another board already",
            board.known_elsewhere,
            counted(board.left.len(), "call")
        ),
        _ => String::new(),
    }
}
