//! `/PROJECT/-/compare?boards=SIDE,SIDE`: two to six boards side by side, or the
//! texts of their ports; without `boards` a form.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::compare_words::{self, Answer, Facts};
use super::slope::{Row, Slope};
use super::when::When;
use super::{PageError, Shell, find_project, page, query_of};
use crate::model::{PortName, ProjectName};
use crate::store::{Project, Reader};
use crate::web::comparison::{ComparedSide, Comparison};
use crate::web::derived::Derived;
use crate::web::path::PagePath;
use crate::web::side::{MOST, Side, Sides, read, value};
use crate::web::{AppError, AppState};

/// Most sides that a field proposes, and most comparisons that the form does.
const PROPOSED: usize = 2000;
const SUGGESTED: usize = 6;

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

#[derive(Template)]
#[template(path = "compare_form.html")]
struct FormPage {
    shell: Shell,
    project: ProjectName,
    /// The side that the address names already.
    first: String,
    proposed: Vec<String>,
    suggestions: Vec<Suggestion>,
}

/// A comparison that may be worth a look.
struct Suggestion {
    link: String,
    sides: String,
    why: &'static str,
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
    let bad = |error: &dyn std::fmt::Display| {
        PageError::bad_request(format!("The parameter “boards”: {error}."))
    };
    let sides = read(&asked).map_err(|error| bad(&error))?;
    if sides.len() < crate::web::side::FEWEST {
        return form(&app, project, sides.first()).await;
    }
    let sides = Sides::try_from(sides).map_err(|error| bad(&error))?;
    if given.len() > 1 {
        // Several fields of a form: one address for one comparison.
        let project = app.read(move |reader| find_project(reader, &project)).await?;
        return Ok(Redirect::to(&address(&project.name, sides.all())).into_response());
    }
    let wanted = sides.clone();
    let derived = app.derived();
    let (project, comparison, proposed) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let comparison = Comparison::read(reader, derived.policies(), &project, &wanted)?;
            let proposed = proposed(reader, &derived, &project)?;
            Ok::<_, AppError>((project, comparison, proposed))
        })
        .await?;
    let now = Timestamp::now();
    let labels = labels(&comparison.sides);
    let pinned: Vec<Side> = comparison.sides.iter().map(ComparedSide::pinned).collect();
    let all = sides.all();
    page(&ComparePage {
        shell: Shell::of(
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

async fn form(
    app: &AppState,
    project: String,
    first: Option<&Side>,
) -> Result<Response, PageError> {
    let derived = app.derived();
    let (project, proposed, suggestions) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let proposed = proposed(reader, &derived, &project)?;
            let suggestions = suggestions(reader, &derived, &project)?;
            Ok::<_, AppError>((project, proposed, suggestions))
        })
        .await?;
    page(&FormPage {
        shell: Shell { project: Some(project.name.clone()), ..Shell::default() },
        first: first.map(Side::to_string).unwrap_or_default(),
        proposed,
        suggestions,
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

/// What the fields propose: boards that were built and ports whose text is known,
/// those of this project first.
fn proposed(
    reader: &Reader<'_>,
    derived: &Derived,
    project: &Project,
) -> Result<Vec<String>, AppError> {
    let mut proposed = Vec::new();
    let others = reader.projects()?.into_iter().map(|other| other.project);
    let others = others.filter(|other| other.name != project.name);
    for (of_project, prefix) in
        std::iter::once((project.clone(), String::new())).chain(others.map(|other| {
            let prefix = format!("{}:", other.name);
            (other, prefix)
        }))
    {
        if proposed.len() >= PROPOSED {
            break;
        }
        let sources = reader.sources(of_project.id)?;
        proposed.extend(sources.iter().map(|source| format!("{prefix}{}", source.port)));
        let boards = derived.boards(reader, &of_project)?;
        proposed.extend(boards.iter().map(|board| format!("{prefix}{}", board.board)));
    }
    proposed.truncate(PROPOSED);
    Ok(proposed)
}

fn suggestions(
    reader: &Reader<'_>,
    derived: &Derived,
    project: &Project,
) -> Result<Vec<Suggestion>, AppError> {
    let boards = derived.boards(reader, project)?;
    let mut sources = reader.sources(project.id)?;
    let suggest = |sides: &[String], why: &'static str| -> Option<Suggestion> {
        // They were names before, and are sides.
        let parsed =
            sides.iter().map(|side| side.parse()).collect::<Result<Vec<Side>, _>>().ok()?;
        Some(Suggestion {
            link: address(&project.name, &parsed),
            sides: compare_words::list(sides, sides.len()),
            why,
        })
    };
    let mut by_port: BTreeMap<&PortName, Vec<_>> = BTreeMap::new();
    for board in boards.iter().filter(|board| board.latest.order.is_some()) {
        let of_port = by_port.entry(&board.board.port).or_default();
        if of_port.iter().all(|(order, _)| *order != board.latest.order) {
            of_port.push((board.latest.order, board.board.to_string()));
        }
    }
    let mut suggestions = Vec::new();
    for orders in by_port.values().filter(|orders| orders.len() > 1).take(2) {
        let sides = [orders[0].1.clone(), orders[1].1.clone()];
        suggestions.extend(suggest(&sides, "two boards of one port that run different orders"));
    }
    let firsts: Vec<String> = by_port.values().map(|orders| orders[0].1.clone()).collect();
    if let [first, second, ..] = &firsts[..] {
        suggestions
            .extend(suggest(&[first.clone(), second.clone()], "two boards of different ports"));
    }
    for (port, orders) in &by_port {
        if suggestions.len() < SUGGESTED - 2 && sources.iter().any(|source| source.port == **port) {
            let sides = [port.to_string(), orders[0].1.clone()];
            suggestions.extend(suggest(&sides, "the text of a port, and what a build has of it"));
        }
    }
    sources.sort_by_key(|source| std::cmp::Reverse(source.init_count + source.deinit_count));
    let longest: Vec<String> =
        sources.iter().take(3).map(|source| source.port.to_string()).collect();
    if longest.len() > 1 {
        suggestions.extend(suggest(&longest, "the ports whose mains do the most"));
    }
    for other in reader.projects()?.into_iter().map(|other| other.project) {
        if other.name == project.name {
            continue;
        }
        let theirs = reader.sources(other.id)?;
        let both = theirs.iter().find(|their| sources.iter().any(|our| our.port == their.port));
        if let Some(both) = both {
            let sides = [both.port.to_string(), format!("{}:{}", other.name, both.port)];
            suggestions.extend(suggest(&sides, "one port of two projects"));
        }
    }
    suggestions.truncate(SUGGESTED);
    Ok(suggestions)
}
