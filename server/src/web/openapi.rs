//! The description of the API, made from the handlers themselves.
//!
//! `docs/openapi.json` is the same text, committed. A test fails when it is
//! stale; `initboard openapi > docs/openapi.json` writes it anew.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::api::{
    boards, commits, compare, configuration, diff, matrix, migration, projects, pulls, rules,
    sources, tokens, tree, upload,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Initboard",
        description = "Which init and deinit functions a firmware runs, in which order, and how that differs elsewhere. Reading is public; uploading and configuring need a token of the project.",
    ),
    paths(
        projects::list,
        projects::show,
        projects::search,
        configuration::show,
        configuration::put,
        boards::port,
        boards::board,
        boards::build,
        matrix::matrix,
        migration::show,
        migration::board,
        matrix::subsystem,
        compare::compare,
        sources::source,
        sources::history,
        sources::project_history,
        sources::catalog,
        sources::findings,
        rules::list,
        rules::show,
        upload::upload,
        commits::finish,
        diff::diff,
        pulls::list,
        tree::upload,
        tokens::exchange,
        super::healthz,
    ),
    modifiers(&TokenScheme),
)]
struct Description;

struct TokenScheme;

impl Modify for TokenScheme {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token as `initboard token create` prints it"))
            .build();
        let identity = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("What a forge signs of a workflow, for the host of this server"))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        components.add_security_scheme("identity", SecurityScheme::Http(identity));
    }
}

/// The description as `docs/openapi.json` holds it.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn text() -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&Description::openapi())?;
    text.push('\n');
    Ok(text)
}

/// `GET /api/v1/openapi.json`.
pub(super) async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
