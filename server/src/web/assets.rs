//! The stylesheet, the scripts and the icon, embedded in the binary. Their
//! addresses carry a digest of their content, so that a browser keeps them for
//! good and never shows an old one.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::pages;
use super::path::PagePath;

#[derive(RustEmbed)]
#[folder = "../static"]
#[include = "*.css"]
#[include = "*.js"]
#[include = "*.svg"]
struct Assets;

/// The address of an asset: `/-/static/initboard.css?v=0f3a9c21`.
pub(super) fn url(name: &str) -> String {
    match Assets::get(name) {
        Some(file) => format!("/-/static/{name}?v={}", version(&file)),
        None => format!("/-/static/{name}"),
    }
}

fn version(file: &EmbeddedFile) -> String {
    let digest = file.metadata.sha256_hash();
    digest[..4].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// `/-/static/NAME`.
pub(super) async fn asset(PagePath(name): PagePath<String>) -> Response {
    let Some(file) = Assets::get(&name) else {
        return pages::not_found().into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::ETAG, format!("\"{}\"", version(&file))),
    ];
    (headers, Body::from(file.data)).into_response()
}
