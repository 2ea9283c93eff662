use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use eyrie_types::TenantId;

use crate::openapi::openapi_json;
use crate::{GatewayState, Problem};

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "It runs.", body = String)))]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// The node can answer requests: its store does.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, description = "It can.", body = String)))]
pub(crate) async fn readyz(State(state): State<GatewayState>) -> Result<&'static str, Problem> {
    if state.stopping().is_cancelled() {
        return Err(Problem::new(eyrie_types::ProblemCode::Unavailable, "The node is stopping."));
    }
    state.store().users(&TenantId::default_tenant(), None, 1).await?;
    Ok("ready\n")
}

/// Metrics in the Prometheus text format.
///
/// For admins, for the metrics token, and for connections from the machine itself.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(state): State<GatewayState>) -> Response {
    // The content type of the text format, version 0.0.4.
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], state.metrics().render()).into_response()
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object, content_type = "application/json")))]
pub(crate) async fn openapi() -> Response {
    static DOCUMENT: std::sync::LazyLock<bytes::Bytes> = std::sync::LazyLock::new(|| openapi_json().into());
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}
