//! The form of a comparison: where an address names no sides, or some that there are
//! not; with what was probably meant.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::build::Part;
use super::compare::address;
use super::compare_words;
use super::error::sentence;
use super::{PageError, Section, Shell, find_project, html_response};
use crate::model::{PortName, ProjectName};
use crate::store::{ListedBoard, Project, Reader};
use crate::web::derived::Derived;
use crate::web::side::{FEWEST, MOST, Side, Subject};
use crate::web::{AppError, AppState};

/// Most sides that a field proposes, and most comparisons that the form does.
const PROPOSED: usize = 2000;
const SUGGESTED: usize = 6;

#[derive(Template)]
#[template(path = "compare_form.html")]
struct FormPage {
    shell: Shell,
    project: ProjectName,
    /// What was wrong with the sides that were asked for.
    error: Option<Vec<Part>>,
    /// What was probably meant.
    instead: Option<Suggestion>,
    /// The fields, with what was typed.
    fields: Vec<String>,
    proposed: Vec<String>,
    suggestions: Vec<Suggestion>,
}

/// A comparison that may be worth a look.
struct Suggestion {
    link: String,
    sides: String,
    why: &'static str,
}

/// The form with what was `asked`, one side behind each comma, and what is wrong with it.
pub(super) async fn form(
    app: &AppState,
    project: String,
    asked: &str,
    error: Option<AppError>,
) -> Result<Response, PageError> {
    let derived = app.derived();
    let typed: Vec<String> = asked
        .split(',')
        .map(|side| side.trim().to_owned())
        .filter(|side| !side.is_empty())
        .collect();
    let sides = if error.is_some() { typed.clone() } else { Vec::new() };
    let (project, proposed, suggestions, instead) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let proposed = proposed(reader, &derived, &project)?;
            let suggestions = suggestions(reader, &derived, &project)?;
            let instead = instead(reader, &derived, &project, &sides)?;
            Ok::<_, AppError>((project, proposed, suggestions, instead))
        })
        .await?;
    let mut fields = typed;
    fields.resize(MOST, String::new());
    let status = error.as_ref().map_or(StatusCode::OK, AppError::status);
    let form = FormPage {
        shell: Shell { json: None, ..Shell::at(Section::Compare, &project.name, String::new()) },
        error: error.map(|error| Part::all(&sentence(error.message()))),
        instead,
        fields,
        proposed,
        suggestions,
        project: project.name,
    };
    Ok(html_response(status, form.render().map_err(AppError::internal)?))
}

/// The comparison that was probably meant: a board that was named without its port, or
/// in other letters; of a board that was not built, the text of its port.
fn instead(
    reader: &Reader<'_>,
    derived: &Derived,
    project: &Project,
    typed: &[String],
) -> Result<Option<Suggestion>, AppError> {
    let boards = derived.catalog(reader, project)?;
    let sources = reader.sources(project.id)?;
    let has_text = |port: &PortName| sources.iter().any(|source| source.port == *port);
    let known = |side: &Side| {
        let is_here = |board: &ListedBoard| match &side.subject {
            Subject::Board(id) => board.board == *id && board.build.is_some(),
            Subject::Source(_) => false,
        };
        side.project.is_some()
            || matches!(&side.subject, Subject::Source(port) if has_text(port))
            || boards.iter().any(is_here)
    };
    let meant = |typed: &String| -> Option<Side> {
        let side = typed.parse::<Side>().ok();
        if let Some(side) = side.filter(known) {
            return Some(side);
        }
        let is_it = |board: &&ListedBoard| {
            board.board.label().eq_ignore_ascii_case(typed)
                || board.board.to_string().eq_ignore_ascii_case(typed)
        };
        // One that was built, where several ports have a board of that name.
        let found = || boards.iter().filter(is_it);
        let board = found().find(|board| board.build.is_some()).or_else(|| found().next())?;
        let subject = match &board.build {
            Some(_) => Subject::Board(board.board.clone()),
            None if has_text(&board.board.port) => Subject::Source(board.board.port.clone()),
            None => return None,
        };
        Some(Side { project: None, subject, commit: None })
    };
    let mut sides: Vec<Side> = Vec::new();
    for side in typed.iter().take(MOST) {
        let Some(side) = meant(side) else { return Ok(None) };
        if !sides.contains(&side) {
            sides.push(side);
        }
    }
    if sides.len() < FEWEST {
        return Ok(None);
    }
    let names: Vec<String> = sides.iter().map(Side::to_string).collect();
    let is_text = |side: &Side| matches!(side.subject, Subject::Source(_));
    Ok(Some(Suggestion {
        link: address(&project.name, &sides),
        sides: compare_words::list(&names, names.len()),
        why: if sides.iter().any(is_text) { "a port stands for the text of its main" } else { "" },
    }))
}

/// What the fields propose: boards that were built and ports whose text is known,
/// those of this project first.
pub(super) fn proposed(
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
