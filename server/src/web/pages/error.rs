//! Errors as pages, with a way back.
//!
//! An error does not know which request it answers, and a way back needs the project.
//! So it travels as an extension of its answer, and [`in_shell`] makes the page of it.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::build::Part;
use super::shell::{Shell, project_of};
use super::{html_response, missing};
use crate::web::{AppError, AppState};

/// An error of a page.
#[derive(Clone)]
pub(in crate::web) struct PageError(AppError);

impl PageError {
    pub(super) fn not_found(message: String) -> Self {
        Self(missing(message))
    }

    pub(super) fn bad_request(message: String) -> Self {
        Self(AppError::bad_request("bad-query", message))
    }
}

impl<E: Into<AppError>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.0.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    title: &'static str,
    message: Vec<Part>,
}

/// Makes a page of an error, around it the project that the address names.
pub(in crate::web) async fn in_shell(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let uri = request.uri().clone();
    let mut response = next.run(request).await;
    let Some(PageError(error)) = response.extensions_mut().remove() else { return response };
    let project = app.read(move |reader| Ok::<_, AppError>(project_of(reader, &uri)?)).await;
    let page = ErrorPage {
        // Where the database is what failed, the page goes without.
        shell: Shell { project: project.unwrap_or_default(), ..Shell::default() },
        title: title(error.status()),
        message: Part::all(&sentence(error.message())),
    };
    match page.render() {
        Ok(html) => html_response(error.status(), html),
        Err(_) => error.status().into_response(),
    }
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

/// A message as a sentence: those of the API go on behind a name, and begin small.
pub(super) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let text: String = first.chain(letters).collect();
    if text.ends_with(['.', '?', '!']) { text } else { text + "." }
}
