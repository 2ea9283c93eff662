use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use axum::{Router, middleware};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;

use super::GatewayState;
use crate::authorize::{Guard, authorize};
use crate::limits::BODY_BYTES_MAX;
use crate::shell::observe;
use crate::{dashboard, openapi, routes};

/// The whole gateway as a service: every request goes through observation, then authorization, then its handler.
pub(super) fn router(state: GatewayState) -> Router {
    let (routes, table, _) = routes::build(openapi::base());
    let guard = Guard { state: state.clone(), table: Arc::new(table) };
    routes
        .fallback(dashboard::serve)
        .with_state(state.clone())
        // As one layer: each of its own would box request and answer once more. The first is the outermost.
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn_with_state(state, observe))
                .layer(CompressionLayer::new().gzip(true).compress_when(worth_compressing))
                .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
                .layer(middleware::from_fn_with_state(guard, authorize)),
        )
}

/// Playlists and the dashboard's files are text that repeats itself. Media is compressed already, and answers that mix secrets
/// with what others choose must not be (BREACH).
fn worth_compressing(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    matches!(
        kind,
        "application/vnd.apple.mpegurl"
            | "text/html"
            | "text/css"
            | "text/javascript"
            | "application/javascript"
            | "image/svg+xml"
    )
}
