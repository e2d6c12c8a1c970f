//! `GET /api/v1/diff`: what a commit or a pull request changes.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::parameters::Parameters;
use crate::model::ProjectName;
use crate::report::changes::{markdown, text};
use crate::store::CommitPrefix;
use crate::web::changes::{Changes, Head};
use crate::web::{AppError, AppState, ErrorEnvelope};

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Markdown,
    Text,
}

impl Form {
    /// The form that a client accepts first of those that there are (RFC 9110,
    /// 12.5.1); JSON where it takes any.
    fn of(headers: &HeaderMap) -> Result<Self, AppError> {
        let accepted: Vec<&str> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let mut best: Option<(f32, Self)> = accepted.is_empty().then_some((1.0, Self::Json));
        for range in &accepted {
            let mut parts = range.split(';').map(str::trim);
            let form = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "*/*" | "application/*" | "application/json" => Self::Json,
                "text/markdown" => Self::Markdown,
                "text/plain" | "text/*" => Self::Text,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight: f32 = weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0);
            if weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
                best = Some((weight, form));
            }
        }
        best.map(|(_, form)| form).ok_or_else(|| {
            AppError::new(
                StatusCode::NOT_ACCEPTABLE,
                "not-acceptable",
                format!(
                    "there is no report of the type `{}`: expected application/json, text/markdown or text/plain in `Accept`",
                    super::parameters::shown(&accepted.join(","))
                ),
            )
        })
    }
}

/// Show what a commit or a pull request changes
///
/// The builds of `head` against those of `base`. Without a base it is chosen: the
/// first parent of a merge commit, else the commit that the upload named, else the
/// nearest ancestor with builds, else the newest build of the default branch before
/// it; `base.choice` says which. As Markdown it is the comment of a bot.
#[utoipa::path(get, path = "/api/v1/diff", tag = "builds",
    params(
        ("project" = String, Query, description = "The project"),
        ("head" = Option<String>, Query, description = "A commit with builds, or at least its first 7 digits"),
        ("pull_request" = Option<u32>, Query, description = "In place of `head`: the newest commit of this pull request"),
        ("base" = Option<String>, Query, description = "The commit to compare with; chosen where it is left out"),
    ),
    responses(
        (status = 200, description = "The report", content(
            (Changes = "application/json"), (String = "text/markdown"), (String = "text/plain"))),
        (status = 400, description = "A parameter is wrong", body = ErrorEnvelope),
        (status = 404, description = "There is no such project, or no build of a commit", body = ErrorEnvelope),
        (status = 406, description = "No such form is there", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn diff(
    State(app): State<AppState>,
    headers: HeaderMap,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let form = Form::of(&headers)?;
    let given = Parameters::new(given, &["project", "head", "pull_request", "base"])?;
    let project: ProjectName =
        given.required("project", "the name of a project, such as micropython")?;
    let head = match (given.optional("head")?, given.optional("pull_request")?) {
        (Some(head), None) => Head::Commit(head),
        (None, Some(number)) => Head::PullRequest(number),
        _ => {
            return Err(AppError::bad_request(
                "missing-parameter",
                "expected either `head`, a commit with builds, or `pull_request`, a number",
            ));
        }
    };
    let base: Option<CommitPrefix> = given.optional("base")?;
    let derived = app.derived();
    let mut changes = app
        .read(move |reader| {
            let project = super::project(reader, project.as_str())?;
            Changes::read(reader, &derived, &project, &head, base.as_ref())
        })
        .await?;
    changes.url = app.url(&changes.url);
    let subject = changes.subject(app.config().base_url.as_deref());
    let plain = |kind, text: String| ([(header::CONTENT_TYPE, kind)], text).into_response();
    let mut response = match form {
        Form::Json => Json(&changes).into_response(),
        Form::Markdown => {
            plain("text/markdown; charset=utf-8", markdown(&changes.report, &subject))
        }
        Form::Text => plain("text/plain; charset=utf-8", text(&changes.report, &subject)),
    };
    response.headers_mut().append(header::VARY, header::HeaderValue::from_static("accept"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Form::of(&headers).ok()
    }

    #[test]
    fn the_form_is_what_the_client_likes_best() {
        assert_eq!(Form::of(&HeaderMap::new()), Ok(Form::Json));
        assert_eq!(form("text/markdown"), Some(Form::Markdown));
        assert_eq!(form("text/html, */*;q=0.1"), Some(Form::Json));
        assert_eq!(form("text/plain;q=0.5, text/markdown;q=0.9, */*;q=0.1"), Some(Form::Markdown));
        assert_eq!(form("application/json;q=0, text/plain"), Some(Form::Text));
        assert_eq!(form("image/png"), None);
    }
}
