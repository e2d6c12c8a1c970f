//! `/-/rules`: all rules by family, each in a line.

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::build::{Part, class};
use super::shell::project_of;
use super::{PageError, Section, Shell, page};
use crate::analyze::rules::{FAMILIES, RULES};
use crate::web::AppState;

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    shell: Shell,
    count: usize,
    families: Vec<Family>,
}

struct Family {
    code: &'static str,
    question: &'static str,
    rules: Vec<Row>,
}

struct Row {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    class: &'static str,
    is_opt_in: bool,
    summary: Vec<Part>,
}

pub(in crate::web) async fn rules(
    State(app): State<AppState>,
    uri: Uri,
) -> Result<Response, PageError> {
    let project = app.read(move |reader| project_of(reader, &uri)).await?;
    let family = |(code, question): (&'static str, &'static str)| Family {
        code,
        question,
        rules: RULES
            .iter()
            .filter(|rule| rule.code.starts_with(code))
            .map(|rule| Row {
                code: rule.code,
                name: rule.name,
                severity: rule.severity.as_str(),
                class: class(rule.severity),
                is_opt_in: rule.is_opt_in,
                summary: Part::all(rule.doc.summary),
            })
            .collect(),
    };
    let mut families: Vec<Family> = FAMILIES.into_iter().map(family).collect();
    families.retain(|family| !family.rules.is_empty());
    page(&RulesPage {
        shell: Shell::shared(Section::Findings, project, "/api/v1/rules".to_owned()),
        count: RULES.len(),
        families,
    })
}
