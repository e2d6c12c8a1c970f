//! The pages, one file each: its template, its handler and its queries.
//!
//! What pages share stands beside them: [`run`] draws what a board runs,
//! [`source`] what the text of a port's main says, [`change`] words what a commit
//! did to it, [`listed`] says what the catalog knows of a board,
//! [`configuration`] holds a text against a build,
//! [`shell`] stands around the content, [`error`] makes pages of errors,
//! [`repository`] links into the project's repository, [`slope`] draws orders side by side [`compare_words`] says them and
//! [`compare_form`] asks for them, [`sort`] reads the order
//! of a table from the address, [`when`] says times.

mod board;
mod board_migration;
mod build;
mod catalog;
mod change;
mod changes;
mod compare;
mod compare_form;
mod compare_words;
mod configuration;
mod error;
mod findings;
mod history;
mod listed;
mod matrix;
mod migration;
mod migration_chart;
mod overview;
mod port;
mod project_configuration;
mod project_history;
mod projects;
mod pulls;
mod repository;
mod rule;
mod rules;
mod run;
mod search;
mod shell;
mod slope;
pub(super) mod sort;
mod source;
mod subsystem;
mod when;

use askama::Template;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

pub(super) use board::board;
pub(super) use build::build;
pub(super) use catalog::catalog;
pub(super) use changes::{diff, events, pull};
pub(super) use compare::compare;
pub(super) use error::{PageError, in_shell};
pub(super) use findings::findings;
pub(super) use history::history;
pub(super) use matrix::matrix;
pub(super) use migration::migration;
pub(super) use overview::overview;
pub(super) use port::port;
pub(super) use project_configuration::project_configuration;
pub(super) use project_history::project_history;
pub(super) use projects::projects;
pub(super) use pulls::{pull_verdict, pulls};
pub(super) use rule::rule;
pub(super) use rules::rules;
pub(super) use search::search;
pub(super) use subsystem::subsystem;

use shell::{Section, Shell};

use super::AppError;
use crate::model::{BoardId, PortName};
use crate::store::{Project, Reader};

/// The version that stands at the foot of every page.
const VERSION: &str = env!("CARGO_PKG_VERSION");

const NOTHING_HERE: &str = "There is nothing at this address.";

/// A finished page. It is made from the database on every request, so a browser
/// asks again each time.
fn page(template: &impl Template) -> Result<Response, PageError> {
    let html = template.render().map_err(AppError::internal)?;
    Ok(html_response(StatusCode::OK, html))
}

fn html_response(status: StatusCode, html: String) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (status, headers, html).into_response()
}

/// The query of an address, or an error in words.
fn query_of<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, PageError> {
    let Query(query) = query.map_err(|rejection| PageError::bad_request(rejection.body_text()))?;
    Ok(query)
}

fn find_project(reader: &Reader<'_>, name: &str) -> Result<Project, AppError> {
    let found = match name.parse() {
        Ok(name) => reader.project(&name)?,
        Err(_) => None,
    };
    found.ok_or_else(|| missing(format!("There is no project “{}” here.", shown(name))))
}

fn find_port(name: &str) -> Result<PortName, AppError> {
    name.parse().map_err(|_| no_port(name))
}

fn no_port(name: &str) -> AppError {
    missing(format!("There is no port “{}” in this project.", shown(name)))
}

fn find_board(port: &str, label: &str) -> Result<BoardId, AppError> {
    let board = port.parse().and_then(|port| BoardId::from_port_and_label(port, label));
    board.map_err(|_| no_board(port, label))
}

fn no_board(port: &str, label: &str) -> AppError {
    if port == "-" {
        // What stands there is no port: an address of ours, misspelt.
        return missing(NOTHING_HERE.to_owned());
    }
    missing(format!("There is no board “{}/{}” in this project.", shown(port), shown(label)))
}

/// 404, in words for a page.
fn missing(message: String) -> AppError {
    AppError::not_found("not-found", message)
}

/// A query parameter's value (WHATWG URL, application/x-www-form-urlencoded).
pub(super) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect::<Vec<_>>()
        .concat()
}

/// `1 board`, `2 boards`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A text from an address, short enough to show.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Any address that is not one of ours.
pub(super) fn not_found() -> PageError {
    PageError::not_found(NOTHING_HERE.to_owned())
}
