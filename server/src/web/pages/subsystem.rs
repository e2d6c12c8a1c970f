//! `/PROJECT/-/subsystem/NAME`: what every port does with one subsystem.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;

use super::change::ChangeRow;
use super::repository::Repository;
use super::run::Place;
use super::{PageError, Shell, encoded, find_project, missing, page, shown};
use crate::model::{CommitSha, Phase, PortName, ProjectName, Stage};
use crate::report::matrix::{class, mark, sign};
use crate::web::path::PagePath;
use crate::web::subsystem::{CallInOrder, OnPort, Subsystem};
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "subsystem.html")]
struct SubsystemPage {
    shell: Shell,
    project: ProjectName,
    name: String,
    /// `Started on 12 of 20 ports, stopped on 8`
    bold: String,
    rest: String,
    ports: Vec<PortRow>,
    absent: Vec<PortName>,
    changes: Vec<(PortName, ChangeRow)>,
}

/// What a port does with it.
struct PortRow {
    port: PortName,
    /// What was read of it, where that is a build.
    board: Option<String>,
    link: String,
    /// What starts it, and what stops it.
    halves: [Vec<CallView>; 2],
    /// Why nothing has to stop it.
    satisfied: Option<&'static str>,
    marks: Vec<MarkView>,
}

struct MarkView {
    sign: &'static str,
    word: &'static str,
    class: &'static str,
    text: String,
}

struct CallView {
    arrow: &'static str,
    class: &'static str,
    number: u32,
    link: String,
    function: String,
    stage: &'static str,
    level: Option<String>,
    conditional: bool,
    condition: Option<String>,
    before: Option<String>,
    after: Option<String>,
    place: Option<Place>,
}

pub(in crate::web) async fn subsystem(
    State(app): State<AppState>,
    PagePath((project, name)): PagePath<(String, String)>,
) -> Result<Response, PageError> {
    let (project, subsystem, total, commits) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let found = Subsystem::find(reader, &project, &name)?;
            let (subsystem, tables) = found.ok_or_else(|| {
                missing(format!("No port of this project has a subsystem “{}”.", shown(&name)))
            })?;
            let commits: Vec<(PortName, CommitSha)> = reader
                .sources(project.id)?
                .into_iter()
                .map(|source| (source.port, source.commit))
                .collect();
            Ok::<_, AppError>((project, subsystem, tables.read.len(), commits))
        })
        .await?;
    let now = Timestamp::now();
    let repository = project.repository_url.as_deref().map(Repository::new);
    let (bold, rest) = answer(&subsystem, total);
    let port = |on: &OnPort| {
        let commit = commits.iter().find(|(port, _)| on.board.is_none() && *port == on.port);
        let commit = commit.map(|(_, commit)| commit);
        PortRow::new(&project.name, on, repository.as_ref(), commit)
    };
    let changes = subsystem.changes.iter().map(|of| {
        (of.port.clone(), ChangeRow::new(&of.change, repository.as_ref(), now, Vec::new()))
    });
    page(&SubsystemPage {
        shell: Shell::of(
            &project.name,
            format!("/api/v1/projects/{}/subsystems/{}", project.name, encoded(&subsystem.name)),
        ),
        ports: subsystem.ports.iter().map(port).collect(),
        changes: changes.collect(),
        bold,
        rest,
        absent: subsystem.absent,
        name: subsystem.name,
        project: project.name,
    })
}

/// `Started on 12 of 20 ports, stopped on 8`, and where most do.
fn answer(subsystem: &Subsystem, total: usize) -> (String, String) {
    let ports = if total == 1 { "port" } else { "ports" };
    let bold = match (subsystem.inits, subsystem.deinits) {
        (0, deinits) => format!("Stopped on {deinits} of {total} {ports}, started by none"),
        (inits, 0) => format!("Started on {inits} of {total} {ports}, stopped by none"),
        (inits, deinits) => format!("Started on {inits} of {total} {ports}, stopped on {deinits}"),
    };
    let usual: Vec<String> = [
        subsystem.stage.map(|stage| format!("in stage {}", stage.as_str())),
        subsystem.level.as_ref().map(|level| format!("at level {level}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let verb = if subsystem.inits > 0 { "start" } else { "stop" };
    let usual = match usual.as_slice() {
        [] => String::new(),
        _ if subsystem.inits.max(subsystem.deinits) < 2 => String::new(),
        places => format!(" Most {verb} it {}.", places.join(", ")),
    };
    let marks = subsystem.ports.iter().map(|port| port.marks.len()).sum::<usize>();
    let marks = match marks {
        0 => " Nothing stands out.".to_owned(),
        1 => " One thing stands out.".to_owned(),
        count => format!(" {count} things stand out."),
    };
    (bold, format!("{usual}{marks}"))
}

impl PortRow {
    fn new(
        project: &ProjectName,
        on: &OnPort,
        repository: Option<&Repository<'_>>,
        commit: Option<&CommitSha>,
    ) -> Self {
        let link = match &on.board {
            Some(board) => format!("/{project}/{}/{board}", on.port),
            None => format!("/{project}/{}", on.port),
        };
        let half = |phase| {
            let calls = on.calls.iter().filter(|of| of.call.phase == phase);
            calls.map(|of| CallView::new(of, &link, repository, commit)).collect()
        };
        let view = |found| {
            let (sign, word) = sign(found);
            MarkView { sign, word, class: class(found), text: mark(found) }
        };
        Self {
            port: on.port.clone(),
            board: on.board.clone(),
            halves: [half(Phase::Init), half(Phase::Deinit)],
            satisfied: on.satisfied.map(|means| means.as_str()),
            marks: on.marks.iter().map(view).collect(),
            link,
        }
    }
}

impl CallView {
    fn new(
        of: &CallInOrder,
        page: &str,
        repository: Option<&Repository<'_>>,
        commit: Option<&CommitSha>,
    ) -> Self {
        let call = &of.call;
        let (arrow, class) = match call.phase {
            Phase::Init => ("↑", "init"),
            Phase::Deinit => ("↓", "deinit"),
        };
        Self {
            arrow,
            class,
            number: call.number,
            link: format!("{page}#e{}", call.position),
            function: call.function.clone(),
            stage: call.stage.map_or("not seen to run", Stage::as_str),
            level: call.level.as_ref().map(ToString::to_string),
            conditional: call.conditional,
            condition: call.condition.clone(),
            before: of.before.clone(),
            after: of.after.clone(),
            place: of
                .location
                .as_ref()
                .zip(commit)
                .map(|(place, commit)| Place::new(place, repository, commit)),
        }
    }
}
