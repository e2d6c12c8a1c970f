//! `/PROJECT/-/findings`: what the rules say of the mains of a source tree side by
//! side, or of the builds, each finding with its evidence and its waiver ready to
//! copy.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::build::{FindingView, Part};
use super::repository::Repository;
use super::{PageError, Section, Shell, counted, find_project, missing, no_port, page, query_of};
use crate::analyze::rules;
use crate::model::{CommitSha, Evidence, Location, ProjectName, Severity};
use crate::store::{Project, Reader};
use crate::web::api::parameters::unexpected;
use crate::web::derived::Derived;
use crate::web::findings::{Compared, Filter, FindingsQuery, Listed, Listing, Of};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// Most ports or boards that are named of which nothing was known.
const MAX_UNKNOWN: usize = 6;

/// Findings of a page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage {
    shell: Shell,
    project: ProjectName,
    answer: String,
    /// What was asked for, and among how many, where not all are.
    among: String,
    rest: String,
    /// How many ports or boards were checked.
    checked: usize,
    is_of_builds: bool,
    is_filtered: bool,
    is_configured: bool,
    /// What is said where there is no row.
    nothing: &'static str,
    /// What is said where what was found before is left out.
    newness: &'static str,
    since: String,
    /// What `since` was compared with, in words.
    compared: String,
    rules: Vec<Choice>,
    severities: Vec<Choice>,
    ports: Vec<Choice>,
    rows: Vec<Row>,
    /// Which of them these are, where they do not fit on one page.
    part: Option<PartOfAll>,
}

/// A part of the findings that are asked for.
struct PartOfAll {
    first: usize,
    last: usize,
    all: usize,
    /// The addresses of the pages before and after it.
    previous: Option<String>,
    next: Option<String>,
}

/// Which part of the findings is asked for.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct PartQuery {
    #[serde(default)]
    page: String,
}

impl PartQuery {
    /// The number of the page, from 1, or in words what is wrong with it.
    fn number(&self) -> Result<usize, String> {
        match self.page.as_str() {
            "" => Ok(1),
            text => text
                .parse()
                .ok()
                .filter(|&page| page > 0)
                .ok_or_else(|| unexpected("page", text, "a number from 1 on")),
        }
    }
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
    port: String,
    /// The boards that have it; empty for the text of the port's main.
    boards: Vec<String>,
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

/// What the first line goes on with.
fn besides(waived: usize) -> String {
    match waived {
        0 => String::new(),
        1 => "; 1 more is waived".to_owned(),
        waived => format!("; {waived} more are waived"),
    }
}

pub(in crate::web) async fn findings(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<FindingsQuery>, QueryRejection>,
    part: Result<Query<PartQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let query = query_of(query)?;
    let filter = query.filter().map_err(PageError::bad_request)?;
    let number = query_of(part)?.number().map_err(PageError::bad_request)?;
    let derived = app.derived();
    let (project, listing, filter) = app
        .read(move |reader| {
            let (project, listing) = read(reader, &derived, &project, &filter)?;
            Ok::<_, AppError>((project, listing, filter))
        })
        .await?;
    let repository = project.repository_url.as_deref().map(Repository::new);
    let place = |commit: Option<&CommitSha>, place: &Option<Location>| {
        let place = place.as_ref()?;
        let link = repository.as_ref().zip(commit);
        let link = link.and_then(|(repository, commit)| repository.line(commit, place));
        Some(Place { text: place.to_string(), link })
    };
    let piece = |piece: &Evidence| Piece {
        port: piece.of.clone(),
        function: piece.function.as_ref().map(ToString::to_string).unwrap_or_default(),
        place: place(listing.commits.get(&piece.of), &piece.place),
    };
    let row = |listed: &Listed| {
        let Listed { found, boards, commit } = listed;
        Row {
            id: found.fingerprint.clone(),
            view: FindingView::new(&found.finding),
            port: found.of.clone(),
            boards: boards.clone(),
            place: place(Some(commit), &found.place),
            suggestion: found.finding.suggestion.as_deref().map(Part::all).unwrap_or_default(),
            confidence: found.finding.confidence.as_str(),
            evidence: found.finding.evidence.iter().map(piece).collect(),
            waiver: waiver(listed),
        }
    };
    let is_waived = |listed: &&Listed| listed.found.finding.waived.is_some();
    let count = |severity| {
        let open = listing.findings.iter().filter(|listed| !is_waived(listed));
        let open = open.filter(|listed| filter.fits(listed));
        open.filter(|listed| listed.found.finding.severity == severity).count()
    };
    let is_new = listing.since.as_ref().is_some_and(|since| since.commit.is_some());
    let fitting = || listing.findings.iter().filter(|listed| filter.fits(listed));
    let waived = fitting().filter(is_waived).count();
    // What matters most comes first, and what is waived last.
    let mut shown: Vec<&Listed> = fitting().collect();
    shown.sort_by_key(|listed| {
        (is_waived(listed), std::cmp::Reverse(listed.found.finding.severity))
    });
    let name_of = |code: &str| {
        rules::rule(code).map_or_else(|| code.to_owned(), |rule| format!("{code} {}", rule.name))
    };
    let part = part_of(shown.len(), number, &query)?;
    let first = part.as_ref().map_or(0, |part| part.first - 1);
    page(&FindingsPage {
        shell: Shell::at(
            Section::Findings,
            &project.name,
            format!("/api/v1/projects/{}/findings{}", project.name, query.address()),
        ),
        answer: format!(
            "{}, {} and {}",
            counted(count(Severity::Error), "error"),
            counted(count(Severity::Warning), "warning"),
            counted(count(Severity::Note), "note")
        ),
        among: among(&query, &filter, listing.findings.len()),
        rest: besides(waived),
        checked: listing.checked.len(),
        is_of_builds: listing.of == Of::Builds,
        is_configured: project.configuration.is_some(),
        nothing: match (filter.narrows(), is_new) {
            (true, _) => "No finding is like that.",
            (false, true) => "Nothing is new.",
            (false, false) => "The rules find nothing.",
        },
        newness: if is_new { ", all of them new," } else { "" },
        is_filtered: filter.narrows() || listing.since.is_some(),
        compared: listing.since.as_ref().map(|since| compared(&listing, since)).unwrap_or_default(),
        rules: choices(
            &listing,
            |listed| listed.found.finding.rule.clone(),
            name_of,
            filter.rule.map_or("", |rule| rule.code),
        ),
        severities: choices(
            &listing,
            |listed| listed.found.finding.severity.as_str().to_owned(),
            str::to_owned,
            &query.severity,
        ),
        ports: choices(&listing, |listed| listed.found.of.clone(), str::to_owned, &query.port),
        rows: shown.into_iter().skip(first).take(ROWS).map(row).collect(),
        part,
        since: query.since,
        project: project.name,
    })
}

/// The findings of a project.
///
/// # Errors
/// 404 where there is no such project or port, or nothing of the commit since which
/// they are asked for.
fn read(
    reader: &Reader<'_>,
    derived: &Derived,
    name: &str,
    filter: &Filter,
) -> Result<(Project, Listing), AppError> {
    let project = find_project(reader, name)?;
    let ports = derived.ports(reader, &project)?;
    if let Some(port) = filter.port().filter(|port| !ports.iter().any(|of| of.name == **port)) {
        return Err(no_port(port.as_str()));
    }
    let listing = filter.read(reader, derived, &project)?;
    if let Some(since) = listing.since.as_ref().filter(|since| since.until.is_none()) {
        return Err(missing(format!(
            "Nothing of commit {} was uploaded, so nobody knows when it was and what was found then.",
            since.asked
        )));
    }
    Ok((project, listing))
}

/// ` of IB305 on esp32, among 90`: which part of all findings a filter gives.
fn among(query: &FindingsQuery, filter: &Filter, all: usize) -> String {
    if !filter.narrows() {
        return String::new();
    }
    let rule = filter.rule.map(|rule| format!(" of {}", rule.code)).unwrap_or_default();
    let port = match query.port.as_str() {
        "" => String::new(),
        port => format!(" on {port}"),
    };
    format!("{rule}{port}, among {all}")
}

/// Which of `all` findings page `number` shows; `None` where one page shows them all.
fn part_of(
    all: usize,
    number: usize,
    query: &FindingsQuery,
) -> Result<Option<PartOfAll>, PageError> {
    let pages = all.div_ceil(ROWS).max(1);
    if number > pages {
        let pages = counted(pages, "page");
        return Err(PageError::not_found(format!(
            "There is no page {number}: these findings are on {pages}."
        )));
    }
    let page = |number: usize| match query.address() {
        asked if asked.is_empty() => format!("?page={number}"),
        asked => format!("{asked}&page={number}"),
    };
    Ok((pages > 1).then(|| PartOfAll {
        first: (number - 1) * ROWS + 1,
        last: all.min(number * ROWS),
        all,
        previous: (number > 1).then(|| page(number - 1)),
        next: (number < pages).then(|| page(number + 1)),
    }))
}

/// The values that findings have, with how many of them have each.
fn choices(
    listing: &Listing,
    key: fn(&Listed) -> String,
    label: fn(&str) -> String,
    chosen: &str,
) -> Vec<Choice> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for listed in &listing.findings {
        *counts.entry(key(listed)).or_default() += 1;
    }
    let choice = |(value, count): (String, usize)| Choice {
        count,
        chosen: value == chosen,
        label: label(&value),
        value,
    };
    counts.into_iter().map(choice).collect()
}

/// What the findings were compared with, and what was not known then.
fn compared(listing: &Listing, since: &Compared) -> String {
    let what = match listing.of {
        Of::Source => "source tree",
        Of::Builds => "build",
    };
    let asked = &since.asked;
    let (Some(until), Some(commit)) = (since.until, &since.commit) else {
        return format!(
            "No {what} of {asked} or before was uploaded, so nobody knows what was found then: all findings are listed."
        );
    };
    let mut text = if commit.as_str() == asked {
        format!("Only what the {what} of {commit} did not have ({}).", until.strftime("%Y-%m-%d"))
    } else {
        format!("Only what the newest {what} up to {asked} did not have: that of {commit}.")
    };
    if !since.unknown.is_empty() {
        let names: Vec<&str> = since.unknown.iter().take(MAX_UNKNOWN).map(String::as_str).collect();
        let more = match since.unknown.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names = names.join(", ");
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            " Of {names}{more} nothing was known then, and all of their findings are listed."
        );
    }
    text
}

/// The lines that waive a finding, for `initboard.toml`.
fn waiver(listed: &Listed) -> String {
    let Listed { found, boards, .. } = listed;
    let board = match boards.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    };
    let keys = [
        ("rule", Some(found.finding.rule.as_str())),
        ("port", Some(found.of.as_str())),
        ("board", board),
        ("subsystem", found.finding.subsystem.as_deref()),
        ("reason", Some("")),
    ];
    let lines = keys.iter().filter_map(|(key, value)| {
        // A string of JSON is one of TOML: the name of a function may hold anything.
        Some(format!("{key} = {}", serde_json::Value::from((*value)?)))
    });
    std::iter::once("[[waiver]]".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}
