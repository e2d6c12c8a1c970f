//! `/PROJECT/-/compare?boards=SIDE,SIDE`: two to six boards side by side, or the
//! texts of their ports, else a form.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::compare_form::{form, proposed};
use super::compare_words::{self, Answer, Facts};
use super::slope::{Row, Slope};
use super::when::When;
use super::{PageError, Section, Shell, find_project, page, query_of};
use crate::model::ProjectName;
use crate::web::comparison::{ComparedSide, Comparison};
use crate::web::path::PagePath;
use crate::web::side::{MOST, Side, Sides, read, value};
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    shell: Shell,
    project: ProjectName,
    title: String,
    answer: Answer,
    heads: Vec<Head>,
    slope: Slope,
    facts: Vec<Facts>,
    /// The address of the same comparison at the commits that it shows.
    pinned: Option<String>,
    /// The sides, where another one has room beside them.
    others: Option<String>,
    proposed: Vec<String>,
}

/// A side, with what else can be done with it.
struct Head {
    label: String,
    /// The page of the build, or of the port.
    link: String,
    /// The project, where it is another one than that of the address.
    project: Option<ProjectName>,
    is_source: bool,
    /// Whether nothing could be read.
    is_unread: bool,
    commit: String,
    when: When,
    /// The same comparison with this side further left, or without it.
    left: Option<String>,
    without: Option<String>,
}

pub(in crate::web) async fn compare(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, PageError> {
    let given: Vec<String> = query_of(query)?
        .into_iter()
        .filter_map(|(name, value)| (name == "boards").then_some(value))
        .collect();
    let asked = given.join(",");
    let sides = match read(&asked) {
        Ok(sides) if sides.len() < crate::web::side::FEWEST => {
            return form(&app, project, &asked, None).await;
        }
        sides => sides.and_then(Sides::try_from),
    };
    let sides = match sides {
        Ok(sides) => sides,
        Err(error) => {
            let error = AppError::bad_request("bad-query", error.to_string());
            return form(&app, project, &asked, Some(error)).await;
        }
    };
    if given.len() > 1 {
        // Several fields of a form: one address for one comparison.
        let project = app.read(move |reader| find_project(reader, &project)).await?;
        return Ok(Redirect::to(&address(&project.name, sides.all())).into_response());
    }
    let wanted = sides.clone();
    let derived = app.derived();
    let name = project.clone();
    let read = app
        .read(move |reader| {
            let project = find_project(reader, &name)?;
            let comparison = Comparison::read(reader, derived.policies(), &project, &wanted)?;
            let proposed = proposed(reader, &derived, &project)?;
            Ok::<_, AppError>((project, comparison, proposed))
        })
        .await;
    let (project, comparison, proposed) = match read {
        Ok(read) => read,
        // What was typed is there to be corrected.
        Err(error) if error.code() == "no-side" => {
            return form(&app, project, &asked, Some(error)).await;
        }
        Err(error) => return Err(error.into()),
    };
    let now = Timestamp::now();
    let labels = labels(&comparison.sides);
    let pinned: Vec<Side> = comparison.sides.iter().map(ComparedSide::pinned).collect();
    let all = sides.all();
    page(&ComparePage {
        shell: Shell::within(
            Section::Compare,
            &project.name,
            format!("/api/v1/projects/{}/compare?boards={}", project.name, value(all)),
        ),
        title: compare_words::list(&labels, labels.len()),
        answer: compare_words::answer(&comparison, &labels),
        heads: (0..all.len())
            .map(|at| head(&project.name, &comparison, at, &labels, now))
            .collect(),
        slope: Slope::new(&comparison, &labels),
        facts: compare_words::facts(&comparison, &labels),
        pinned: Some(address(&project.name, &pinned)).filter(|_| pinned != all),
        others: Some(value(all).replace("%2B", "+")).filter(|_| all.len() < MOST),
        proposed,
        project: project.name,
    })
}

/// The address of a comparison.
pub(super) fn address(project: &ProjectName, sides: &[Side]) -> String {
    format!("/{project}/-/compare?boards={}", value(sides))
}

fn head(
    project: &ProjectName,
    comparison: &Comparison,
    at: usize,
    labels: &[String],
    now: Timestamp,
) -> Head {
    let side = &comparison.sides[at];
    let base = format!("/{}/{}", side.project, side.port);
    let all: Vec<Side> = comparison.sides.iter().map(|side| side.side.clone()).collect();
    Head {
        label: labels[at].clone(),
        link: match &side.board {
            Some(board) => format!("{base}/{board}/{}", side.commit),
            None => format!("{base}#source"),
        },
        project: Some(side.project.clone()).filter(|of_side| of_side != project),
        is_source: side.board.is_none(),
        is_unread: side.table.origins.is_empty(),
        commit: side.commit.short().to_owned(),
        when: When::new(side.committed_at, now),
        left: at.checked_sub(1).map(|before| {
            let mut swapped = all.clone();
            swapped.swap(before, at);
            address(project, &swapped)
        }),
        without: (all.len() > crate::web::side::FEWEST).then(|| {
            let mut rest = all.clone();
            rest.remove(at);
            address(project, &rest)
        }),
    }
}

/// What to call each side: as little of its name as tells it from the others.
fn labels(sides: &[ComparedSide]) -> Vec<String> {
    let alone = |side: &ComparedSide| side.board.clone().unwrap_or_else(|| side.port.to_string());
    let with_port = |side: &ComparedSide| match &side.board {
        Some(board) => format!("{}/{board}", side.port),
        None => side.port.to_string(),
    };
    let with_project = |side: &ComparedSide| format!("{}:{}", side.project, with_port(side));
    let with_commit = |side: &ComparedSide| format!("{}@{}", with_port(side), side.commit.short());
    let whole = |side: &ComparedSide| format!("{}@{}", with_project(side), side.commit.short());
    let ways: [&dyn Fn(&ComparedSide) -> String; 4] =
        [&alone, &with_port, &with_project, &with_commit];
    for way in ways {
        let labels: Vec<String> = sides.iter().map(way).collect();
        if labels.iter().collect::<BTreeSet<_>>().len() == labels.len() {
            return labels;
        }
    }
    sides.iter().map(whole).collect()
}
