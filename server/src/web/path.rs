//! The names in an address. What cannot be decoded is answered as everything
//! else on that side is: with the envelope by the API, with HTML by the pages.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::AppError;
use super::pages::PageError;

/// The names in an address of the API.
pub(super) struct ApiPath<T>(pub(super) T);

/// The names in the address of a page.
pub(super) struct PagePath<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(rejection) => Err(no_name(&rejection)),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PagePath<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(rejection) => Err(no_name(&rejection).into()),
        }
    }
}

/// 404: what cannot be a name names nothing that is here.
fn no_name(rejection: &PathRejection) -> AppError {
    AppError::not_found(
        "no-such-name",
        format!("there is nothing at this address: {}", rejection.body_text()),
    )
}
