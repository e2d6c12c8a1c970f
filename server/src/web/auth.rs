//! Who may upload and configure. Reading is public.

use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

use super::{AppError, AppState};
use crate::store::{Project, Scope, Token, TokenText};

/// The token that a request bears, when it is one of ours, neither revoked nor
/// expired.
///
/// # Errors
/// 401 otherwise. What is wrong with a token is said only as far as whoever
/// holds its text may know it.
pub(super) async fn bearer(app: &AppState, headers: &HeaderMap) -> Result<Token, AppError> {
    let refuse =
        |code, message: &str| AppError::new(StatusCode::UNAUTHORIZED, code, message.to_owned());
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(refuse(
            "token-missing",
            "a token is needed: send it as `Authorization: Bearer ibt_...`; `initboard token create` makes one",
        ));
    };
    let text = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, text)| text.trim().parse::<TokenText>().ok());
    let Some(text) = text else {
        return Err(refuse(
            "token-malformed",
            "the Authorization header holds no token of initboard: expected `Bearer ibt_` and 64 characters, as `initboard token create` printed it",
        ));
    };
    match app.read(move |reader| reader.token(&text)).await? {
        None => Err(refuse(
            "token-unknown",
            "the token is not known here: check that it belongs to this server; `initboard token list` shows what there is",
        )),
        Some(Token { revoked_at: Some(at), .. }) => {
            Err(refuse("token-revoked", &format!("the token was revoked at {at}")))
        }
        Some(Token { expires_at: Some(at), .. }) if at <= Timestamp::now() => Err(refuse(
            "token-expired",
            &format!(
                "the token expired at {at}: those of a workflow last for one run of `initboard upload`"
            ),
        )),
        Some(token) => Ok(token),
    }
}

/// Checks that a token may do something with a project.
///
/// # Errors
/// 403 when it belongs to another one, or was made for something else: one for a
/// pull request sends builds of that, and does nothing besides.
pub(super) fn may(token: &Token, scope: Scope, project: &Project) -> Result<(), AppError> {
    belongs(token, scope, project)?;
    is_bound_to(token, None)
}

/// Checks that a token may send a build to a project: of that pull request, if of
/// one.
///
/// # Errors
/// 403 when it belongs to another project, or was made for something else.
pub(super) fn may_send_build(
    token: &Token,
    project: &Project,
    pull_request: Option<u32>,
) -> Result<(), AppError> {
    belongs(token, Scope::Upload, project)?;
    is_bound_to(token, pull_request)
}

fn is_bound_to(token: &Token, pull_request: Option<u32>) -> Result<(), AppError> {
    match token.pull_request {
        Some(own) if pull_request != Some(own) => Err(AppError::new(
            StatusCode::FORBIDDEN,
            "token-of-pull-request",
            format!(
                "the token {}... was given to a run for pull request {own}, and may send builds of that alone: say so with `--pull-request {own}` (the parameter `pull_request`), and send the rest from the branch",
                token.prefix
            ),
        )),
        _ => Ok(()),
    }
}

fn belongs(token: &Token, scope: Scope, project: &Project) -> Result<(), AppError> {
    if token.project_id != project.id {
        return Err(AppError::new(
            StatusCode::FORBIDDEN,
            "token-of-another-project",
            format!(
                "the token {}... is for `{}`, not for `{}`: use a token of that project",
                token.prefix, token.project, project.name
            ),
        ));
    }
    if !token.scopes.allow(scope) {
        return Err(AppError::new(
            StatusCode::FORBIDDEN,
            "token-without-scope",
            lacks(token, scope),
        ));
    }
    Ok(())
}

/// What a token lacks, and how to get one that does not.
pub(super) fn lacks(token: &Token, scope: Scope) -> String {
    let scope = scope.as_str();
    format!(
        "the token {}... lacks the scope `{scope}`, it has only {}: `initboard token create --project {} --scope {scope}` on the server makes one that has",
        token.prefix, token.scopes, token.project
    )
}
