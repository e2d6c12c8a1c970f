//! Tokens in exchange for the identity of a workflow.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::ProjectName;
use crate::store::{Exchange, TokenText};
use crate::web::identity::{Grant, Identity, IdentityError};
use crate::web::path::ApiPath;
use crate::web::state::blocking;
use crate::web::{AppError, AppState, ErrorEnvelope};

/// How long a token lasts: as long as the uploads of a run may take.
const LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// A token that was given in exchange.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct GivenToken {
    /// Its text, shown only now.
    token: String,
    /// What it may do: `upload`, `configure` or both.
    #[schema(example = "upload")]
    scopes: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Exchange the identity of a workflow for a token
///
/// For GitHub Actions, without a stored secret: the identity that a job with
/// `id-token: write` gets from its forge, for the host of this server as its
/// audience, is sent as `Authorization: Bearer`. Each counts once. The project has to
/// trust the repository (`initboard project trust add`).
#[utoipa::path(post, path = "/api/v1/projects/{project}/tokens", tag = "projects",
    params(("project" = String, Path, description = "Name of the project")),
    security(("identity" = [])),
    responses(
        (status = 201, description = "A token of the project, which expires", body = GivenToken),
        (status = 401, description = "No identity, or not a valid one", body = ErrorEnvelope),
        (status = 403, description = "The project does not trust it so, or it was used before", body = ErrorEnvelope),
        (status = 404, description = "There is no such project", body = ErrorEnvelope),
        (status = 501, description = "The server does not know its own address", body = ErrorEnvelope),
        (status = 503, description = "The keys of the issuer cannot be read, or the database is read-only or busy", body = ErrorEnvelope),
    ))]
pub(in crate::web) async fn exchange(
    State(app): State<AppState>,
    ApiPath(project): ApiPath<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<GivenToken>), AppError> {
    let found = app.read(move |reader| super::project(reader, &project)).await?;
    let audience = app.audience().ok_or_else(|| {
        AppError::new(
            StatusCode::NOT_IMPLEMENTED,
            "no-base-url",
            "this server does not know its own address, for which an identity has to be: start it with --base-url, or use a token that `initboard token create` made",
        )
    })?;
    let identity = bearer(&headers)?.to_owned();
    let verifier = app.issuer();
    let now = Timestamp::now();
    let identity = blocking(move || Ok(verifier.verify(&identity, &audience, now)?)).await?;
    let given = app
        .write(move |writer| {
            let repository = identity.claims.repository()?;
            let trusted = writer.reader().trusted_repository(found.id, &repository)?;
            let trusted = trusted.ok_or_else(|| not_trusted(&found.name, repository.as_str()))?;
            let Identity { claims, jti, valid_until } = &identity;
            let text = TokenText::generate().map_err(AppError::internal)?;
            let Grant { scopes, pull_request } = claims.grant(&trusted.trust)?;
            let expires_at = now.saturating_add(LIFETIME).map_err(AppError::internal)?;
            let is_first = writer.exchange(&Exchange {
                repository: &trusted,
                numbers: claims.numbers()?,
                jti,
                valid_until: *valid_until,
                name: &claims.purpose(),
                scopes,
                text: &text,
                now,
                expires_at,
                pull_request,
            })?;
            if !is_first {
                return Err(AppError::new(
                    StatusCode::FORBIDDEN,
                    "identity-used",
                    "this identity was exchanged before: expected a new one, each counts once",
                ));
            }
            tracing::info!(project = %found.name, repository = %repository, %scopes, "token given");
            Ok(GivenToken {
                token: text.reveal().to_owned(),
                scopes: scopes.to_string(),
                expires_at,
            })
        })
        .await?;
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok((StatusCode::CREATED, [no_store], Json(given)))
}

/// The identity that a request bears.
fn bearer(headers: &HeaderMap) -> Result<&str, AppError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, text)| text.trim())
        .ok_or_else(|| {
            AppError::new(
                StatusCode::UNAUTHORIZED,
                "identity-missing",
                "an identity is needed: send the one that ACTIONS_ID_TOKEN_REQUEST_URL gives as `Authorization: Bearer ...`",
            )
        })
}

fn not_trusted(project: &ProjectName, repository: &str) -> AppError {
    AppError::new(
        StatusCode::FORBIDDEN,
        "repository-not-trusted",
        format!(
            "the claim `repository` of the identity is `{repository}`, which `{project}` does not trust: `initboard project trust add {project} {repository}` on the server lets its workflows upload"
        ),
    )
}

impl From<IdentityError> for AppError {
    fn from(error: IdentityError) -> Self {
        let (status, code) = match &error {
            IdentityError::NoKeys { .. } => (StatusCode::SERVICE_UNAVAILABLE, "issuer-unreachable"),
            IdentityError::Claim { .. } => (StatusCode::FORBIDDEN, "identity-refused"),
            _ => (StatusCode::UNAUTHORIZED, "identity-invalid"),
        };
        if status.is_server_error() {
            tracing::error!(%error, "the keys of the issuer cannot be read");
        }
        Self::new(status, code, error.to_string())
    }
}
