//! The rules: what each looks at, and how often each project has it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::analyze::rules::{self, Explanation, RULES, Rule};
use crate::model::Severity;
use crate::web::findings::{self, RuleCount};
use crate::web::path::ApiPath;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// A rule in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RuleSummary {
    /// Its code, such as `IB301`.
    code: &'static str,
    /// Its name, such as `missing-deinit`.
    name: &'static str,
    /// How much a finding matters where the project says nothing else.
    severity: Severity,
    /// When it holds, in a clause.
    summary: &'static str,
}

/// A rule with its documentation, and how often each project has it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RuleAnswer {
    /// Its code, such as `IB301`.
    code: &'static str,
    /// Its name, such as `missing-deinit`.
    name: &'static str,
    /// How much a finding matters where the project says nothing else.
    severity: Severity,
    #[serde(flatten)]
    explanation: Explanation,
    /// How often each project of the server has it.
    projects: Vec<RuleCount>,
}

/// List the rules
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", responses(
    (status = 200, description = "The rules by code", body = Vec<RuleSummary>),
))]
pub(in crate::web) async fn list() -> Json<Vec<RuleSummary>> {
    let summary = |rule: &Rule| RuleSummary {
        code: rule.code,
        name: rule.name,
        severity: rule.severity,
        summary: rule.doc.summary,
    };
    Json(RULES.iter().map(summary).collect())
}

/// What a rule looks at, why, and what to do
#[utoipa::path(get, path = "/api/v1/rules/{rule}", tag = "rules",
    params(("rule" = String, Path, description = "Its code or its name")),
    responses(
        (status = 200, description = "The rule", body = RuleAnswer),
        (status = 404, description = "There is no such rule", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn show(
    State(app): State<AppState>,
    ApiPath(wanted): ApiPath<String>,
) -> Result<Json<RuleAnswer>, AppError> {
    let rule = rules::find(&wanted)
        .map_err(|error| AppError::not_found("no-such-rule", error.to_string()))?;
    let derived = app.derived();
    let projects = app.read(move |reader| findings::counts_of_rule(reader, &derived, rule)).await?;
    Ok(Json(RuleAnswer {
        code: rule.code,
        name: rule.name,
        severity: rule.severity,
        explanation: rule.doc.explanation(),
        projects,
    }))
}
