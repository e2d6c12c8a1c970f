//! The server: all routes, and what every answer has in common.
//!
//! - [`api`] is JSON, under `/api/v1`
//! - [`pages`] is HTML, under everything else, with its [`assets`]
//! - `configured` is what a project configures, in full
//! - `badge` is a picture for a README
//! - `changes` is what a commit changes against its base
//! - `checked` is what the rules say of all of a project
//! - `derived` keeps what is derived from all of a project, as `kept` answers
//! - `comparison` reads and aligns boards side by side, which `side` names
//! - [`error`] has errors as values that the API and the pages render
//! - [`auth`] checks tokens
//! - `events` tells pages what happens to builds while they look on
//! - [`openapi`] is the description of the API
//! - `findings` is what the rules say of a project, for both
//! - `fleet` puts the tables of ports or boards side by side
//! - `identity` is who a workflow is, as its forge signs it
//! - `matrix_filter` reads which part of a matrix an address asks for
//! - `board_migration` is how the calls of a board become registrations
//! - `migration` is how far the boards have come to the registry
//! - `path` reads the names in an address
//! - `policies` is what each project configures
//! - [`state`] is what every handler has
//! - `subsystem` is what there is to say of one subsystem
//! - `webhook` tells others that a report changed

mod answers;
mod api;
mod assets;
mod auth;
mod badge;
mod board_migration;
mod changes;
mod checked;
mod comparison;
mod configured;
mod derived;
mod error;
mod events;
mod findings;
mod fleet;
mod identity;
mod kept;
mod matrix_filter;
mod migration;
mod migration_filter;
mod migration_step;
pub mod openapi;
mod pages;
mod path;
mod policies;
mod side;
mod state;
mod subsystem;
mod webhook;

use std::any::Any;
use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, OriginalUri, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

pub use error::{AppError, ErrorEnvelope};
use pages::PageError;
pub use state::{AppState, Config, GITHUB_ACTIONS};
pub use webhook::Patience;

/// How long requests may go on after the server was told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a browser may load and where pages may stand: only what is ours, no
/// inline script or style, no frame of another site.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Every address of the server.
pub fn router(app: AppState) -> Router {
    let api = Router::new()
        .route("/builds", post(api::upload::upload))
        .route("/commits/{commit}/finish", post(api::commits::finish))
        .route("/projects", get(api::projects::list))
        .route("/projects/{project}", get(api::projects::show))
        .route("/projects/{project}/search", get(api::projects::search))
        .route("/projects/{project}/tree", post(api::tree::upload))
        .route("/projects/{project}/tokens", post(api::tokens::exchange))
        .route(
            "/projects/{project}/configuration",
            get(api::configuration::show).put(api::configuration::put),
        )
        .route("/diff", get(api::diff::diff))
        .route("/projects/{project}/pulls", get(api::pulls::list))
        .route("/projects/{project}/catalog", get(api::sources::catalog))
        .route("/projects/{project}/findings", get(api::sources::findings))
        .route("/projects/{project}/matrix", get(api::matrix::matrix))
        .route("/projects/{project}/subsystems/{name}", get(api::matrix::subsystem))
        .route("/projects/{project}/migration", get(api::migration::show))
        .route("/projects/{project}/history", get(api::sources::project_history))
        .route("/projects/{project}/compare", get(api::compare::compare))
        .route("/projects/{project}/ports/{port}", get(api::boards::port))
        .route("/projects/{project}/ports/{port}/source", get(api::sources::source))
        .route("/projects/{project}/ports/{port}/history", get(api::sources::history))
        .route("/projects/{project}/ports/{port}/boards/{board}", get(api::boards::board))
        .route(
            "/projects/{project}/ports/{port}/boards/{board}/builds/{commit}",
            get(api::boards::build),
        )
        .route(
            "/projects/{project}/ports/{port}/boards/{board}/migration",
            get(api::migration::board),
        )
        .route("/rules", get(api::rules::list))
        .route("/rules/{rule}", get(api::rules::show))
        .route("/openapi.json", get(openapi::serve))
        // Routes rather than a fallback: `/{project}/{port}` would take these.
        .route("/", any(no_endpoint))
        .route("/{*nothing}", any(no_endpoint))
        .method_not_allowed_fallback(wrong_method);
    let router = Router::new()
        .route("/healthz", get(healthz))
        .nest("/api/v1", api)
        .route("/api/v1/", any(no_endpoint))
        // For what stands above; pages answer in their own way.
        .method_not_allowed_fallback(wrong_method)
        .route("/-/static/{name}", get(assets::asset))
        .route("/-/rules", get(pages::rules))
        .route("/-/rules/{rule}", get(pages::rule))
        .route("/", get(pages::projects))
        .route("/{project}", get(pages::overview))
        .route("/{project}/-/search", get(pages::search))
        .route("/{project}/-/badge.svg", get(badge::badge))
        .route("/{project}/-/catalog", get(pages::catalog))
        .route("/{project}/-/configuration", get(pages::project_configuration))
        .route("/{project}/-/findings", get(pages::findings))
        .route("/{project}/-/matrix", get(pages::matrix))
        .route("/{project}/-/migration", get(pages::migration))
        .route("/{project}/-/migration.csv", get(api::migration::csv))
        .route("/{project}/-/migration.svg", get(badge::migration))
        .route("/{project}/-/subsystem/{name}", get(pages::subsystem))
        .route("/{project}/-/compare", get(pages::compare))
        .route("/{project}/-/diff", get(pages::diff))
        .route("/{project}/-/pulls", get(pages::pulls))
        .route("/{project}/-/pulls/{number}", get(pages::pull))
        .route("/{project}/-/pulls/{number}/events", get(pages::events))
        .route("/{project}/-/pulls/{number}/verdict", get(pages::pull_verdict))
        .route("/{project}/-/history", get(pages::project_history))
        .route("/{project}/-/history/{port}", get(pages::history))
        .route("/{project}/{port}", get(pages::port))
        .route("/{project}/{port}/{board}", get(pages::board))
        .route("/{project}/{port}/{board}/{commit}", get(pages::build))
        .fallback(no_page)
        .method_not_allowed_fallback(wrong_method_of_page)
        .layer(middleware::from_fn_with_state(app.clone(), pages::in_shell))
        .with_state(app);
    common(router)
}

/// What every answer has: headers, compression, a span in the log; and an
/// envelope instead of a broken connection when a handler panics. The last layer
/// is the outermost.
fn common(router: Router) -> Router {
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| answer_panic(&*panic)))
        .layer(CompressionLayer::new())
        .layer(set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request| {
            let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
            tracing::info_span!(
                "request",
                method = %request.method(),
                // The path alone: parameters are long, and in the log once.
                path = request.uri().path(),
                route,
            )
        }))
}

/// Answers requests on `listener` until `stop` is ready, then lets those that
/// run finish.
pub async fn serve(
    listener: TcpListener,
    app: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    // Not `axum::serve`, which waits for the head of a request for ever.
    let mut connections = http1::Builder::new();
    connections.timer(TokioTimer::new()).header_read_timeout(app.config().head_total);
    let events = app.events().clone();
    tokio::spawn(webhook::run(app.clone()));
    let service = TowerToHyperService::new(router(app));
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection =
                    open.watch(connections.serve_connection(TokioIo::new(stream), service.clone()));
                // How a connection ends is the client's affair.
                tokio::spawn(async move { drop(connection.await) });
            }
            Err(error) => {
                // Out of file descriptors, most likely: others may close some.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    tracing::info!("stopping");
    drop(listener);
    events.stop();
    if tokio::time::timeout(SHUTDOWN_GRACE, open.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Whether the server and its database answer.
#[utoipa::path(get, path = "/healthz", tag = "server", responses(
    (status = 200, description = "The database answers", body = String, content_type = "text/plain"),
    (status = 503, description = "It does not", body = ErrorEnvelope),
))]
async fn healthz(State(app): State<AppState>) -> Result<&'static str, AppError> {
    app.read(|reader| reader.ping()).await?;
    Ok("ok\n")
}

async fn no_endpoint(OriginalUri(uri): OriginalUri) -> AppError {
    AppError::not_found(
        "no-such-address",
        format!("there is nothing at {}; /api/v1/openapi.json lists what there is", uri.path()),
    )
}

async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> AppError {
    AppError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong-method",
        format!("{} does not answer {method}; the Allow header lists what it answers", uri.path()),
    )
}

async fn wrong_method_of_page(method: Method, uri: OriginalUri) -> PageError {
    wrong_method(method, uri).await.into()
}

/// No page: an address with a `/` too many leads to the one without it.
async fn no_page(uri: Uri) -> Response {
    match without_slash(&uri) {
        Some(address) => Redirect::permanent(&address).into_response(),
        None => pages::not_found().into_response(),
    }
}

/// The address without the `/` at its end. Not where a browser would take what
/// is left for the address of another host: `//example.org`.
fn without_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?;
    if path.len() < 2 || path.ends_with('/') || path[1..].starts_with(['/', '\\']) {
        return None;
    }
    Some(match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

fn answer_panic(panic: &(dyn Any + Send)) -> Response {
    let cause = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    AppError::internal(cause).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_too_many_never_leads_to_another_host() {
        for (address, expected) in [
            ("/micropython/?sort=-boards", Some("/micropython?sort=-boards")),
            ("/micropython/stm32/", Some("/micropython/stm32")),
            ("/", None),
            ("//", None),
            ("//example.org/", None),
            ("/\\example.org/", None),
            ("/micropython//", None),
            ("/micropython", None),
        ] {
            let uri: Uri = address.parse().unwrap();
            assert_eq!(without_slash(&uri).as_deref(), expected, "{address}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_the_envelope_and_without_its_cause() {
        async fn panics() -> &'static str {
            panic!("the secret cause")
        }
        let router = common(Router::new().route("/panics", get(panics)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/panics", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        let (status, body) = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut response = agent.get(url).call().unwrap();
            (response.status(), response.body_mut().read_to_string().unwrap())
        })
        .await
        .unwrap();
        assert_eq!(status, 500);
        assert!(body.contains(r#""code":"internal""#), "{body}");
        assert!(!body.contains("secret"), "{body}");
    }
}
