//! What a request can be answered with when it does not succeed.
//!
//! Which error type belongs where:
//! - the model, extraction and store have their own `thiserror` enums
//!   (`NameError`, `ExtractError`, `StoreError` ...): they know what is wrong,
//!   and nothing of HTTP;
//! - [`AppError`] is made of them here, at the edge: it adds the status and the
//!   code that programs test for. It is a value, not an answer: the API renders
//!   it with [`AppError::into_json`] (also its `IntoResponse`), pages as HTML;
//! - `anyhow` is for the command line only.
//!
//! Whatever a client sends, the answer is a 4xx that says what was found, what
//! was expected and what to do. A 500 is our mistake: its cause goes to the log,
//! not to the client.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::ExtractError;
use crate::model::{NameError, TableError};
use crate::store::StoreError;

/// An answer to a request that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// The JSON of an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorEnvelope {
    error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorBody {
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What programs test for.
    #[schema(example = "no-project")]
    code: &'static str,
    /// What people read.
    message: String,
}

impl AppError {
    /// An error with a message for people.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What programs test for, in kebab case; it does not change.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What people read: a full sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// 400: the request itself is wrong.
    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 404: nothing of that name.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 500: our mistake. `cause` goes to the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server failed to answer; its log says why. Nothing was stored",
        )
    }

    /// 507: the disk is full.
    pub fn disk_full() -> Self {
        StoreError::Full.into()
    }

    /// The error of a failed write to the file system.
    pub fn from_write(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::disk_full()
            }
            std::io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly.into(),
            _ => Self::internal(error),
        }
    }

    /// The error as the API answers it.
    pub fn into_json(self) -> Response {
        let body =
            ErrorBody { status: self.status.as_u16(), code: self.code, message: self.message };
        let mut response = (self.status, Json(ErrorEnvelope { error: body })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"initboard\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        self.into_json()
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let (status, code) = match &error {
            StoreError::Full => (StatusCode::INSUFFICIENT_STORAGE, "disk-full"),
            StoreError::ReadOnly => (StatusCode::SERVICE_UNAVAILABLE, "read-only"),
            StoreError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            StoreError::NoProject(_) => (StatusCode::NOT_FOUND, "no-project"),
            StoreError::NoToken(_) => (StatusCode::NOT_FOUND, "no-token"),
            StoreError::Trusted { .. } => (StatusCode::CONFLICT, "trusted"),
            StoreError::NotTrusted { .. } => (StatusCode::NOT_FOUND, "not-trusted"),
            StoreError::ProjectExists(_) => (StatusCode::CONFLICT, "project-exists"),
            StoreError::AmbiguousCommit { .. } => (StatusCode::BAD_REQUEST, "ambiguous-commit"),
            StoreError::AmbiguousToken(_) => (StatusCode::BAD_REQUEST, "ambiguous-token"),
            StoreError::Open { .. }
            | StoreError::Missing { .. }
            | StoreError::Foreign { .. }
            | StoreError::Newer { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Migration(_)
            | StoreError::Sqlite(_) => return Self::internal(error),
        };
        if status.is_server_error() {
            tracing::error!(%error, "the database refused");
        }
        Self::new(status, code, error.to_string())
    }
}

impl From<ExtractError> for AppError {
    fn from(error: ExtractError) -> Self {
        if matches!(error, ExtractError::Unreadable { .. }) {
            // Our disk, not their file.
            return Self::internal(error);
        }
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable-firmware", error.to_string())
    }
}

impl From<TableError> for AppError {
    fn from(error: TableError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable-table", error.to_string())
    }
}

impl From<NameError> for AppError {
    /// A name that cannot be one names nothing that is here.
    fn from(error: NameError) -> Self {
        Self::not_found("no-such-name", error.to_string())
    }
}
