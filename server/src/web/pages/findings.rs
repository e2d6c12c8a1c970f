//! `/PROJECT/-/findings`: what the rules say of the mains of a source tree side by
//! side, each finding with its evidence and its waiver ready to copy.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::build::{FindingView, Part};
use super::repository::Repository;
use super::{PageError, Shell, counted, find_project, page, query_of};
use crate::analyze::check::Found;
use crate::analyze::rules;
use crate::model::{CommitSha, Location, ProjectName, Severity};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState, checked};

#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct FindingsQuery {
    #[serde(default)]
    rule: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    port: String,
}

#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage {
    shell: Shell,
    project: ProjectName,
    answer: String,
    rest: String,
    /// How many ports were checked.
    checked: usize,
    is_filtered: bool,
    is_configured: bool,
    rules: Vec<Choice>,
    severities: Vec<Choice>,
    ports: Vec<Choice>,
    rows: Vec<Row>,
}

/// A value of a filter.
struct Choice {
    value: String,
    label: String,
    count: usize,
    chosen: bool,
}

struct Row {
    id: String,
    view: FindingView,
    name: &'static str,
    port: String,
    place: Option<Place>,
    suggestion: Vec<Part>,
    confidence: &'static str,
    evidence: Vec<Piece>,
    waiver: String,
}

/// A call of another port.
struct Piece {
    port: String,
    function: String,
    place: Option<Place>,
}

/// A line of a file, with its address where the project has a repository.
struct Place {
    text: String,
    link: Option<String>,
}

pub(in crate::web) async fn findings(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<FindingsQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let query = query_of(query)?;
    let policies = app.policies();
    let (project, report, commits) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let report = checked::report(reader, project.id, &policies.judge(reader, &project)?)?;
            let sources = reader.sources(project.id)?;
            let commits: BTreeMap<String, CommitSha> = sources
                .into_iter()
                .map(|source| (source.port.to_string(), source.commit))
                .collect();
            Ok::<_, AppError>((project, report, commits))
        })
        .await?;
    let repository = project.repository_url.as_deref().map(Repository::new);
    let place = |port: &str, place: &Option<Location>| {
        let place = place.as_ref()?;
        let link = repository.as_ref().zip(commits.get(port));
        let link = link.and_then(|(repository, commit)| repository.line(commit, place));
        Some(Place { text: place.to_string(), link })
    };
    let row = |found: &Found| Row {
        id: found.fingerprint.clone(),
        view: FindingView::new(&found.finding),
        name: rules::rule(&found.finding.rule).map_or("", |rule| rule.name),
        port: found.of.clone(),
        place: place(&found.of, &found.place),
        suggestion: found.finding.suggestion.as_deref().map(Part::all).unwrap_or_default(),
        confidence: found.finding.confidence.as_str(),
        evidence: found
            .finding
            .evidence
            .iter()
            .map(|piece| Piece {
                port: piece.of.clone(),
                function: piece.function.as_ref().map(ToString::to_string).unwrap_or_default(),
                place: place(&piece.of, &piece.place),
            })
            .collect(),
        waiver: waiver(found),
    };
    let fits = |found: &&Found| {
        (query.rule.is_empty() || query.rule == found.finding.rule)
            && (query.severity.is_empty() || query.severity == found.finding.severity.as_str())
            && (query.port.is_empty() || query.port == found.of)
    };
    let count = |severity| report.open().filter(|found| found.finding.severity == severity).count();
    let waived = report.findings.iter().filter(|found| found.finding.waived.is_some()).count();
    // What matters most comes first, and what is waived last.
    let mut shown: Vec<&Found> = report.findings.iter().filter(fits).collect();
    shown.sort_by_key(|found| {
        (found.finding.waived.is_some(), std::cmp::Reverse(found.finding.severity))
    });
    let choices = |key: fn(&Found) -> String, label: fn(&str) -> String, chosen: &str| {
        let values: BTreeSet<String> = report.findings.iter().map(key).collect();
        let choice = |value: String| Choice {
            count: report.findings.iter().filter(|found| key(found) == value).count(),
            chosen: value == chosen,
            label: label(&value),
            value,
        };
        values.into_iter().map(choice).collect::<Vec<_>>()
    };
    let name_of = |code: &str| {
        rules::rule(code).map_or_else(|| code.to_owned(), |rule| format!("{code} {}", rule.name))
    };
    page(&FindingsPage {
        shell: Shell::of(&project.name, format!("/api/v1/projects/{}/findings", project.name)),
        answer: format!(
            "{}, {} and {}",
            counted(count(Severity::Error), "error"),
            counted(count(Severity::Warning), "warning"),
            counted(count(Severity::Note), "note")
        ),
        rest: if waived > 0 { format!("; {waived} more are waived") } else { String::new() },
        checked: report.checked.len(),
        is_filtered: !(query.rule.is_empty() && query.severity.is_empty() && query.port.is_empty()),
        is_configured: project.configuration.is_some(),
        rules: choices(|found| found.finding.rule.clone(), name_of, &query.rule),
        severities: choices(
            |found| found.finding.severity.as_str().to_owned(),
            str::to_owned,
            &query.severity,
        ),
        ports: choices(|found| found.of.clone(), str::to_owned, &query.port),
        rows: shown.into_iter().map(row).collect(),
        project: project.name,
    })
}

/// The lines that waive a finding, for `initboard.toml`.
fn waiver(found: &Found) -> String {
    let subsystem = found.finding.subsystem.as_deref();
    let keys = [
        ("rule", Some(found.finding.rule.as_str())),
        ("port", Some(found.of.as_str())),
        ("subsystem", subsystem),
        ("reason", Some("")),
    ];
    let lines = keys.iter().filter_map(|(key, value)| {
        // A string of JSON is one of TOML: the name of a function may hold anything.
        Some(format!("{key} = {}", serde_json::Value::from((*value)?)))
    });
    std::iter::once("[[waiver]]".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}
