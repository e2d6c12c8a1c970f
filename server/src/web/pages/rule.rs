//! `/-/rules/CODE`: what one rule looks at, why, what to do, and how often each
//! project has it.

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};

use super::build::{Part, class};
use super::shell::project_of;
use super::{PageError, Section, Shell, page};
use crate::analyze::rules::{self, Piece};

use crate::web::findings::{self, RuleCount};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "rule.html")]
struct RulePage {
    shell: Shell,
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    class: &'static str,
    summary: Vec<Part>,
    blocks: Vec<Block>,
    counts: Vec<RuleCount>,
}

/// A piece of the documentation as it is shown.
enum Block {
    Heading(&'static str),
    Paragraph(Vec<Part>),
    Code { caption: &'static str, text: String },
}

pub(in crate::web) async fn rule(
    State(app): State<AppState>,
    PagePath(wanted): PagePath<String>,
    uri: Uri,
) -> Result<Response, PageError> {
    let rule = rules::find(&wanted)
        .map_err(|error| PageError::not_found(format!("Here, {error}; /-/rules lists all.")))?;
    if wanted != rule.code {
        let beside = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let to = format!("/-/rules/{}{beside}", rule.code);
        return Ok(Redirect::permanent(&to).into_response());
    }
    let derived = app.derived();
    let (project, counts) = app
        .read(move |reader| {
            let counts = findings::counts_of_rule(reader, &derived, rule)?;
            Ok::<_, AppError>((project_of(reader, &uri)?, counts))
        })
        .await?;
    let block = |piece| match piece {
        Piece::Heading(heading) => Block::Heading(heading),
        Piece::Paragraph(text) => Block::Paragraph(Part::all(&text)),
        Piece::Code { is_mended, text, .. } => {
            Block::Code { caption: Piece::caption(is_mended), text }
        }
    };
    page(&RulePage {
        shell: Shell::shared(Section::Findings, project, format!("/api/v1/rules/{}", rule.code)),
        code: rule.code,
        name: rule.name,
        severity: rule.severity.as_str(),
        class: class(rule.severity),
        summary: Part::all(rule.doc.summary),
        blocks: rule.doc.pieces().into_iter().map(block).collect(),
        counts,
    })
}
