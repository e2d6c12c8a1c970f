//! `/PROJECT/-/matrix`: every subsystem on every port, or on every board of one
//! with `?port=`.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;

use super::{
    PageError, Section, Shell, counted, encoded, find_port, find_project, no_port, page, query_of,
};
use crate::model::ProjectName;
use crate::report::matrix::{Column, Summary, Table, summary};
use crate::web::fleet::Read;
use crate::web::matrix_filter::MatrixQuery;
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "matrix.html")]
struct MatrixPage {
    shell: Shell,
    project: ProjectName,
    query: MatrixQuery,
    title: String,
    answer: Summary,
    table: Table,
    /// Ports with builds, whose boards can be held side by side.
    ports: Vec<String>,
    levels: Vec<String>,
    is_filtered: bool,
}

pub(in crate::web) async fn matrix(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<MatrixQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let query = query_of(query)?;
    let filter = query.filter().map_err(PageError::bad_request)?;
    let port = match query.port.as_str() {
        "" => None,
        port => Some(find_port(port)?),
    };
    let of = port.clone();
    let derived = app.derived();
    let (project, matrix, columns, ports) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let tables = derived.side_by_side(reader, &project, of.as_ref())?;
            let matrix = tables.matrix.clone();
            let column = |read: &Read| {
                Column::new(read.label.clone(), Some(read.note()), Some(read.link(&project)))
            };
            let columns: Vec<Column> = tables.read.iter().map(column).collect();
            let ports = derived.ports(reader, &project)?;
            if let Some(port) = of.filter(|port| !ports.iter().any(|known| known.name == *port)) {
                return Err(no_port(port.as_str()));
            }
            let ports = ports.iter().filter(|port| port.built > 0);
            let ports = ports.map(|port| port.name.to_string()).collect();
            Ok::<_, AppError>((project, matrix, columns, ports))
        })
        .await?;
    let levels = matrix.levels().iter().map(ToString::to_string).collect();
    let matrix = matrix.filtered(&filter);
    let what = if port.is_some() { "board" } else { "port" };
    let is_filtered = query.given().next().is_some();
    let of_port = port.as_ref().map(|port| format!("?port={port}")).unwrap_or_default();
    let subsystem =
        |name: &str| format!("/{}/-/subsystem/{}{of_port}", project.name, encoded(name));
    page(&MatrixPage {
        shell: Shell::at(
            Section::Matrix,
            &project.name,
            format!("/api/v1/projects/{}/matrix{}", project.name, text(&query)),
        ),
        title: match &port {
            Some(port) => format!("Subsystems on the boards of {port}"),
            None => "Subsystems on the ports".to_owned(),
        },
        answer: if matrix.rows.is_empty() && is_filtered {
            nothing_fits(&query, &counted(matrix.units.len(), what))
        } else {
            summary(&matrix, what)
        },
        table: Table::new(&matrix, columns, Some(&subsystem)),
        ports,
        levels,
        is_filtered,
        query,
        project: project.name,
    })
}

/// What the answer is where a filter leaves no subsystem.
fn nothing_fits(query: &MatrixQuery, units: &str) -> Summary {
    let words = [("in stage ", &query.stage), ("", &query.phase), ("at level ", &query.level)];
    let words = words.iter().filter(|(_, value)| !value.is_empty());
    let words: Vec<String> = words.map(|(before, value)| format!("{before}{value}")).collect();
    let (bold, of) = match words.as_slice() {
        [] => ("Nothing stands out", String::new()),
        words if query.only.is_empty() => ("Nothing runs", format!(" {}", words.join(", "))),
        words => ("Nothing stands out", format!(" among what runs {}", words.join(", "))),
    };
    Summary { bold: format!("{bold}{of}"), rest: format!(" on {units}."), worst: Vec::new() }
}

/// The same query, as it stands in an address.
fn text(query: &MatrixQuery) -> String {
    let given = query.given().map(|(name, value)| format!("{name}={}", encoded(value)));
    let given: Vec<String> = given.collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}
