//! The dashboard's files, from the binary. It is a client like any other: nothing here needs a session.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Response};
use eyrie_types::ProblemCode;

use crate::Problem;

#[derive(rust_embed::RustEmbed)]
#[folder = "../dashboard/dist"]
struct Files;

/// Shown by a binary that was built before the dashboard was.
const NOT_BUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Eyrie</title>\
    <h1>Eyrie is running</h1><p>This binary was built without its dashboard. Run <code>make dashboard</code> and build \
    again. The API is documented at <a href=/docs/>/docs</a>.</p></html>";

/// Answers whatever no route matches: a file of the dashboard, its page for its own addresses, or a problem.
pub(crate) async fn serve(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if matches!(first, "api" | "media" | "metrics" | "healthz" | "readyz" | "docs") {
        return Problem::new(ProblemCode::NotFound, "There is nothing at this address.").into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        let problem = Problem::new(ProblemCode::MethodNotAllowed, "Allowed here: GET.");
        return ([(header::ALLOW, "GET")], problem).into_response();
    }
    if let Some(file) = (!path.is_empty()).then(|| Files::get(path)).flatten() {
        // The build puts the hash of its content into the name of everything below assets/.
        let cache = if first == "assets" { "public, max-age=31536000, immutable" } else { "no-cache" };
        return respond(path, file, cache);
    }
    // A file that is not there is not a page: answering a missing script with HTML hides the mistake.
    let last = path.rsplit('/').next().unwrap_or_default();
    if first == "assets" || last.contains('.') {
        return Problem::new(ProblemCode::NotFound, "There is nothing at this address.").into_response();
    }
    match Files::get("index.html") {
        Some(file) => respond("index.html", file, "no-cache"),
        None => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], Html(NOT_BUILT)).into_response(),
    }
}

fn respond(path: &str, file: rust_embed::EmbeddedFile, cache: &'static str) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind =
        HeaderValue::from_str(kind.essence_str()).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let body = match file.data {
        std::borrow::Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => bytes.into(),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static(cache))], body).into_response()
}
