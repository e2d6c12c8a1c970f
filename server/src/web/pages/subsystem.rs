//! `/PROJECT/-/subsystem/NAME`: what every port does with one subsystem, or every
//! board of one port with `?port=`.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use super::change::ChangeRow;
use super::repository::Repository;
use super::run::Place;
use super::{
    PageError, Section, Shell, counted, encoded, find_port, find_project, missing, page, query_of,
    shown,
};
use crate::model::{CommitSha, Phase, PortName, ProjectName, Stage};
use crate::report::matrix::{class, mark, satisfied, sign};
use crate::web::path::PagePath;
use crate::web::subsystem::{CallInOrder, OnUnit, Subsystem};
use crate::web::{AppError, AppState};

#[derive(Debug, Deserialize)]
pub(in crate::web) struct SubsystemQuery {
    #[serde(default)]
    port: String,
}

#[derive(Template)]
#[template(path = "subsystem.html")]
struct SubsystemPage {
    shell: Shell,
    project: ProjectName,
    name: String,
    /// `Started on 12 of 20 ports, stopped on 8`
    bold: String,
    rest: String,
    is_configured: bool,
    /// The port whose boards are shown, if it is boards.
    port: Option<PortName>,
    units: Vec<UnitRow>,
    /// The name and the page of each that does not have it.
    absent: Vec<(String, String)>,
    changes: Vec<(PortName, ChangeRow)>,
}

/// What a port or board does with it.
struct UnitRow {
    name: String,
    /// The board that stands for a port, where a build was read.
    board: Option<String>,
    link: String,
    /// What starts it, and what stops it.
    halves: [Vec<CallView>; 2],
    /// How its deinit is satisfied without a call, why, and who says so.
    satisfied: Option<String>,
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
    query: Result<Query<SubsystemQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let port = match query_of(query)?.port.as_str() {
        "" => None,
        port => Some(find_port(port)?),
    };
    let of = port.clone();
    let derived = app.derived();
    let (project, subsystem, commits) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let found = Subsystem::find(reader, &derived, &project, of.as_ref(), &name)?;
            let subsystem = found.ok_or_else(|| {
                missing(format!("Nothing that was read has a subsystem “{}”.", shown(&name)))
            })?;
            let commits: Vec<(PortName, CommitSha)> = reader
                .sources(project.id)?
                .into_iter()
                .map(|source| (source.port, source.commit))
                .collect();
            Ok::<_, AppError>((project, subsystem, commits))
        })
        .await?;
    let now = Timestamp::now();
    let repository = project.repository_url.as_deref().map(Repository::new);
    let (bold, rest) = answer(&subsystem, if port.is_some() { "board" } else { "port" });
    let unit = |on: &OnUnit| {
        let commit = commits.iter().find(|(port, _)| on.board.is_none() && *port == on.port);
        let commit = commit.map(|(_, commit)| commit);
        UnitRow::new(&project.name, on, repository.as_ref(), commit)
    };
    let changes = subsystem.changes.iter().map(|of| {
        (of.port.clone(), ChangeRow::new(&of.change, repository.as_ref(), now, Vec::new()))
    });
    let absent = subsystem.absent.iter().map(|label| {
        let page = match &port {
            Some(port) => format!("/{}/{port}/{label}", project.name),
            None => format!("/{}/{label}", project.name),
        };
        (label.clone(), page)
    });
    let of_port = port.as_ref().map(|port| format!("?port={port}")).unwrap_or_default();
    let json = format!(
        "/api/v1/projects/{}/subsystems/{}{of_port}",
        project.name,
        encoded(&subsystem.name)
    );
    page(&SubsystemPage {
        shell: Shell::within(Section::Matrix, &project.name, json),
        units: subsystem.units.iter().map(unit).collect(),
        changes: changes.collect(),
        absent: absent.collect(),
        bold,
        rest,
        is_configured: project.configuration.is_some(),
        name: subsystem.name,
        project: project.name,
        port,
    })
}

/// `Started on 12 of 20 ports, stopped on 8`, and where most do.
fn answer(subsystem: &Subsystem, what: &str) -> (String, String) {
    let having = subsystem.units.iter().filter(|on| !on.calls.is_empty()).count();
    let all = counted(having + subsystem.absent.len(), what);
    let bold = match (subsystem.inits, subsystem.deinits) {
        (0, deinits) => format!("Stopped on {deinits} of {all}, started by none"),
        (inits, 0) => format!("Started on {inits} of {all}, stopped by none"),
        (inits, deinits) => format!("Started on {inits} of {all}, stopped on {deinits}"),
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
    let marks = subsystem.units.iter().map(|on| on.marks.len()).sum::<usize>();
    let marks = match marks {
        0 => " Nothing stands out.".to_owned(),
        1 => " One thing stands out.".to_owned(),
        count => format!(" {count} things stand out."),
    };
    (bold, format!("{usual}{marks}"))
}

impl UnitRow {
    fn new(
        project: &ProjectName,
        on: &OnUnit,
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
            name: on.unit.clone(),
            board: on.board.clone().filter(|board| *board != on.unit),
            halves: [half(Phase::Init), half(Phase::Deinit)],
            satisfied: on.satisfied.as_ref().map(satisfied),
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
