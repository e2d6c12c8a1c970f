//! `/PROJECT/-/migration`: which boards still call from main, which register, and
//! what to do next.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::Response;

use super::compare::address;
use super::migration_chart::Chart;
use super::sort::Heading;
use super::{PageError, Shell, counted, find_project, page, query_of};
use crate::analyze::migrate::scripts::Placing;
use crate::analyze::migrate::state::State;
use crate::model::{BoardId, ProjectName};
use crate::store::CommitPrefix;
use crate::web::migration::{BoardProgress, BoardProof, Day, Progress};
use crate::web::migration_filter::{COLUMNS, MigrationQuery};
use crate::web::path::PagePath;
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
    chart: Option<Chart>,
    days: Vec<Day>,
    rows: Vec<Row>,
    columns: Vec<Heading>,
    /// The order of the boards, where it was chosen.
    sort: Option<String>,
    /// The query that leads to the same boards in the same order.
    same: String,
    /// The states, first the best, as headings of the ports.
    headings: Vec<StateHeading>,
    states: Vec<Choice>,
    port_choices: Vec<Choice>,
    is_filtered: bool,
    /// Whether the project has any board at all.
    is_empty: bool,
}

/// How far the boards of a port have come.
struct PortRow {
    name: String,
    total: usize,
    /// A part for each state, in their order.
    parts: Vec<Part>,
}

struct Part {
    state: &'static str,
    words: &'static str,
    count: usize,
    /// Its place and width in the bar, of 100.
    from: usize,
    width: usize,
}

struct Row {
    port: String,
    label: String,
    state: &'static str,
    words: &'static str,
    sign: &'static str,
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

struct StateHeading {
    state: &'static str,
    sign: &'static str,
    words: &'static str,
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
    let (project, progress) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let progress = derived.progress(reader, &project)?;
            Ok::<_, AppError>((project.name, progress))
        })
        .await?;
    let Progress { boards, history } = &*progress;
    let count = |wanted: State| boards.iter().filter(|board| board.state == wanted).count();
    let verified = count(State::Verified);
    let migrated = count(State::Migrated) + verified;
    // Where main calls nothing that could be registered.
    let has_nothing =
        |board: &&BoardProgress| board.state == State::Migrated && board.registered == 0;
    let nothing = boards.iter().filter(has_nothing).count();
    let ports = ports(boards);
    page(&MigrationPage {
        shell: Shell::of(&project, format!("/api/v1/projects/{project}/migration")),
        answer: format!("{migrated} of {} migrated", counted(boards.len(), "board")),
        rest: rest(
            [migrated, nothing, verified],
            [State::Partial, State::Calls, State::NotSeen].map(count),
        ),
        next: next(boards)
            .into_iter()
            .map(|(board, more)| NextRow { first: row(&project, board), more })
            .collect(),
        chart: Chart::of(history, boards.len()),
        days: history.iter().rev().take(30).cloned().collect(),
        rows: filter.shown(boards).into_iter().map(|board| row(&project, board)).collect(),
        columns: filter.chosen.headings_keeping(&COLUMNS, &filter.kept()),
        same: filter.address(),
        headings: State::ALL
            .iter()
            .rev()
            .map(|&of| StateHeading { state: of.as_str(), sign: sign(of), words: words(of) })
            .collect(),
        states: State::ALL
            .iter()
            .map(|&of| Choice {
                value: of.as_str().to_owned(),
                label: words(of).to_owned(),
                count: count(of),
                chosen: filter.state == Some(of),
            })
            .collect(),
        port_choices: ports
            .iter()
            .map(|port| Choice {
                value: port.name.clone(),
                label: port.name.clone(),
                count: port.total,
                chosen: port.name == filter.port,
            })
            .collect(),
        ports,
        is_filtered: filter.is_filtered(),
        sort: filter.sort,
        is_empty: boards.is_empty(),
        project,
    })
}

/// What follows on how many are migrated.
fn rest([migrated, nothing, verified]: [usize; 3], [partial, calls, unseen]: [usize; 3]) -> String {
    let nothing_to_do = match nothing {
        0 => String::new(),
        nothing if nothing == migrated => ", with nothing to register".to_owned(),
        nothing => format!(", {nothing} of them with nothing to register"),
    };
    let proof = match (migrated - nothing, verified) {
        (0, _) => String::new(),
        (_, 0) => ", none of them verified yet".to_owned(),
        _ => format!(
            ", {verified} of them verified: the order is proven to be that of the calls before"
        ),
    };
    let proof = nothing_to_do + &proof;
    let others = [(partial, "in part"), (calls, "called from main alone"), (unseen, "never seen")];
    let others: Vec<String> = others
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if others.is_empty() { format!("{proof}.") } else { format!("{proof}. {}.", others.join(", ")) }
}

pub(super) const fn words(state: State) -> &'static str {
    match state {
        State::NotSeen => "not seen",
        State::Calls => "calls",
        State::Partial => "partial",
        State::Migrated => "migrated",
        State::Verified => "verified",
    }
}

pub(super) const fn sign(state: State) -> &'static str {
    match state {
        State::NotSeen => "·",
        State::Calls => "○",
        State::Partial => "◐",
        State::Migrated => "●",
        State::Verified => "✓",
    }
}

/// The ports by name, each with its bar.
fn ports(boards: &[BoardProgress]) -> Vec<PortRow> {
    let by_port = boards.chunk_by(|one, other| one.board.port == other.board.port);
    let row = |boards: &[BoardProgress]| {
        let mut from = 0;
        let mut seen = 0;
        let part = |&state: &State| {
            let count = boards.iter().filter(|board| board.state == state).count();
            seen += count;
            // So that the parts meet, and the last one ends at 100.
            let until = seen * 100 / boards.len();
            let part = Part {
                state: state.as_str(),
                words: words(state),
                count,
                from,
                width: until - from,
            };
            from = until;
            part
        };
        PortRow {
            name: boards[0].board.port.to_string(),
            total: boards.len(),
            parts: State::ALL.iter().rev().map(part).collect(),
        }
    };
    by_port.map(row).collect()
}

/// The boards to migrate next: those with the fewest calls left that no other board
/// registers, then those with the fewest left at all. Boards of a port with the same
/// calls left come as one, with how many more there are: one edit migrates them all.
fn next(boards: &[BoardProgress]) -> Vec<(&BoardProgress, usize)> {
    let mut open: Vec<&BoardProgress> = boards
        .iter()
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
    let named = board.left.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let left_names = match board.left.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    };
    Row {
        port: board.board.port.to_string(),
        label: board.board.label(),
        state: board.state.as_str(),
        words: words(board.state),
        sign: sign(board.state),
        registered: board.registered,
        left: board.left.len(),
        left_names,
        twice: board.twice.join(", "),
        idle: board.idle.join(", "),
        by_hand: board.by_hand,
        scripts: match board.scripts {
            Placing::Placed => "✓ placed",
            Placing::Partly => "◐ in part",
            Placing::NoScript => "○ by no script",
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
        (State::Migrated, _) if board.registered == 0 => {
            "has nothing that could be registered".to_owned()
        }
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
