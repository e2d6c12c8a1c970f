//! Pictures for a README: `/PROJECT/-/badge.svg` says how many findings a project, a
//! port or a board has, or how often a rule holds; `/PROJECT/-/migration.svg`, how many
//! boards of a project or a port are migrated, of those with anything to register.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::api::parameters::{Parameters, unexpected};
use super::checked::OnSubject;
use super::findings::Of;
use super::migration::BoardProgress;
use super::migration_step::Step;
use super::path::ApiPath;
use super::{AppError, AppState, api};
use crate::analyze::migrate::state::State;
use crate::analyze::rules::{self, Rule};
use crate::model::{BoardId, PortName, Severity};
use crate::report::badge::{Tone, svg};

/// What the badge is about; empty for no matter which.
#[derive(Debug, Default, Deserialize)]
pub(super) struct BadgeQuery {
    #[serde(default)]
    port: String,
    #[serde(default)]
    board: String,
    #[serde(default)]
    rule: String,
}

struct Subject {
    port: Option<PortName>,
    board: Option<BoardId>,
    rule: Option<&'static Rule>,
}

impl BadgeQuery {
    fn subject(&self) -> Result<Subject, AppError> {
        let given = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
        let port = given_port(&self.port)?;
        let board = given(&self.board).map(|board| {
            board
                .parse()
                .map_err(|_| wrong("board", &self.board, "PORT/BOARD or PORT/BOARD-VARIANT"))
        });
        let rule = given(&self.rule).map(|rule| {
            rules::find(&rule)
                .map_err(|error| AppError::bad_request("bad-parameter", error.to_string()))
        });
        let subject = Subject { port, board: board.transpose()?, rule: rule.transpose()? };
        if subject.port.is_some() && subject.board.is_some() {
            return Err(AppError::bad_request(
                "bad-parameter",
                "both `port` and `board` are given: expected one of them, since a board names its port",
            ));
        }
        Ok(subject)
    }
}

fn wrong(name: &str, found: &str, expected: &str) -> AppError {
    AppError::bad_request("bad-parameter", unexpected(name, found, expected))
}

/// The port that a parameter names; none where it is empty.
fn given_port(text: &str) -> Result<Option<PortName>, AppError> {
    let port = (!text.is_empty()).then(|| text.parse());
    port.transpose().map_err(|_| wrong("port", text, "the name of a port"))
}

impl Subject {
    /// Whether a finding in the text of a main is meant.
    fn has_text(&self, on: &OnSubject) -> bool {
        let is_port = |port: &PortName| port.as_str() == on.found.of;
        self.board.is_none() && self.port.as_ref().is_none_or(is_port) && self.has_rule(on)
    }

    /// Whether a finding in a build is meant.
    fn has_build(&self, on: &OnSubject) -> bool {
        let is_it = |board: &BoardId| {
            self.board.as_ref().is_none_or(|wanted| wanted == board)
                && self.port.as_ref().is_none_or(|port| *port == board.port)
        };
        on.board.as_ref().is_some_and(is_it) && self.has_rule(on)
    }

    fn has_rule(&self, on: &OnSubject) -> bool {
        self.rule.is_none_or(|rule| rule.code == on.found.finding.rule)
    }

    fn label(&self) -> String {
        let of = match (&self.port, &self.board) {
            (_, Some(board)) => format!("{board} "),
            (Some(port), None) => format!("{port} "),
            (None, None) => String::new(),
        };
        match self.rule {
            Some(rule) => format!("{of}{}", rule.name),
            None => format!("{of}init order"),
        }
    }
}

/// `GET /PROJECT/-/badge.svg?port=|board=|rule=`.
pub(super) async fn badge(
    Shared(app): Shared<AppState>,
    ApiPath(project): ApiPath<String>,
    query: Result<Query<BadgeQuery>, QueryRejection>,
) -> Result<Response, AppError> {
    let Query(query) =
        query.map_err(|rejection| AppError::bad_request("bad-query", rejection.body_text()))?;
    let subject = query.subject()?;
    let derived = app.derived();
    let (label, answer, tone) = app
        .read(move |reader| {
            let project = api::project(reader, &project)?;
            let text = derived.checked(reader, &project, Of::Source, None)?;
            let builds = derived.checked(reader, &project, Of::Builds, None)?;
            let is_known = match (&subject.port, &subject.board) {
                (_, Some(board)) => builds.subjects.contains(&board.to_string()),
                (Some(port), None) => {
                    let of_port = |board: &String| board.split('/').next() == Some(port.as_str());
                    text.subjects.iter().any(|subject| subject == port.as_str())
                        || builds.subjects.iter().any(of_port)
                }
                (None, None) => !(text.subjects.is_empty() && builds.subjects.is_empty()),
            };
            let label = subject.label();
            if !is_known {
                return Ok::<_, AppError>((label, "not seen".to_owned(), Tone::Unknown));
            }
            let in_text = text.found.iter().filter(|on| subject.has_text(on));
            let in_builds = builds.found.iter().filter(|on| subject.has_build(on));
            let mut open: Vec<(&str, &str, Severity)> = in_text
                .chain(in_builds)
                .filter(|on| on.found.finding.waived.is_none())
                .map(|on| {
                    let finding = &on.found.finding;
                    (on.found.of.as_str(), finding.message.as_str(), finding.severity)
                })
                .collect();
            // What boards of a port share, or text and builds, is one.
            open.sort_unstable();
            open.dedup();
            let count = |of| open.iter().filter(|(.., severity)| *severity == of).count();
            let (answer, tone) =
                said([count(Severity::Error), count(Severity::Warning), count(Severity::Note)]);
            Ok((label, answer, tone))
        })
        .await?;
    Ok(answered(&label, &answer, tone))
}

/// `GET /PROJECT/-/migration.svg?port=`.
pub(super) async fn migration(
    Shared(app): Shared<AppState>,
    ApiPath(project): ApiPath<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let port = Parameters::new(given, &["port"])?.optional::<String>("port")?;
    let port = given_port(&port.unwrap_or_default())?;
    let derived = app.derived();
    let (label, answer, tone) = app
        .read(move |reader| {
            let project = api::project(reader, &project)?;
            let progress = derived.progress(reader, &project)?;
            let is_meant =
                |board: &&BoardProgress| port.as_ref().is_none_or(|of| board.board.port == *of);
            if let Some(port) = &port
                && !progress.boards.iter().any(|board| board.board.port == *port)
            {
                return Err(AppError::not_found(
                    "no-port",
                    format!("there is no port `{port}` in `{}`", project.name),
                ));
            }
            // What has nothing to register is no progress, and nothing left to do.
            let boards: Vec<&BoardProgress> = progress.boards.iter().filter(is_meant).collect();
            let open = boards.iter().filter(|board| Step::of(board) != Step::Nothing);
            let states: Vec<State> = open.map(|board| board.state).collect();
            let of = port.map_or_else(String::new, |port| format!("{port} "));
            let (answer, tone) = match (boards.len(), states.len()) {
                (1.., 0) => ("nothing to register".to_owned(), Tone::Unknown),
                _ => progressed(&states),
            };
            Ok::<_, AppError>((format!("{of}init registry"), answer, tone))
        })
        .await?;
    Ok(answered(&label, &answer, tone))
}

/// How many boards are migrated, or that all are verified, of those that have anything
/// to register.
fn progressed(states: &[State]) -> (String, Tone) {
    let all = states.len();
    let boards = |count: usize| format!("{count} board{}", if count == 1 { "" } else { "s" });
    let at_least = |least| states.iter().filter(|state| **state >= least).count();
    if at_least(State::Calls) == 0 {
        ("not seen".to_owned(), Tone::Unknown)
    } else if at_least(State::Verified) == all {
        (format!("{} verified", boards(all)), Tone::Good)
    } else {
        let migrated = at_least(State::Migrated);
        let tone = if migrated == all { Tone::Good } else { Tone::Unknown };
        (format!("{migrated} of {} migrated", boards(all)), tone)
    }
}

/// A badge as an answer.
fn answered(label: &str, answer: &str, tone: Tone) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        // READMEs are shown through caches that ask again seldom.
        (header::CACHE_CONTROL, "public, max-age=300"),
        // It is made to stand on pages of others.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, svg(label, answer, tone)).into_response()
}

/// How many errors, warnings and notes there are, the gravest in words.
fn said([errors, warnings, notes]: [usize; 3]) -> (String, Tone) {
    let counted =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    if errors > 0 {
        (counted(errors, "error"), Tone::Bad)
    } else if warnings > 0 {
        (counted(warnings, "warning"), Tone::Warning)
    } else if notes > 0 {
        (counted(notes, "note"), Tone::Good)
    } else {
        ("no findings".to_owned(), Tone::Good)
    }
}
