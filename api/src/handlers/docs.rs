//! The interactive documentation: Swagger UI, from the binary.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use utoipa_swagger_ui::Config;

use crate::Problem;

/// Swagger UI sets styles from its code and has pictures in its styles; scripts come from files only, as everywhere.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Its files name each other relatively, so the slash matters.
pub(crate) async fn redirect() -> Redirect {
    Redirect::permanent("/docs/")
}

/// The page.
pub(crate) async fn index() -> Result<Response, Problem> {
    serve("index.html")
}

/// A script, style or picture of the page.
pub(crate) async fn file(Path(file): Path<String>) -> Result<Response, Problem> {
    serve(&file)
}

fn serve(path: &str) -> Result<Response, Problem> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::new(["/api/v1/openapi.json"])));
    let file = utoipa_swagger_ui::serve(path, CONFIG.clone()).ok().flatten();
    let file = file.ok_or_else(|| Problem::not_found("page"))?;
    let mut response = file.bytes.into_owned().into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(&file.content_type);
    headers.insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    if file.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}
