/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "It runs.", body = String)))]
pub(crate) fn healthz() {}

/// The node can answer requests: its store does.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, description = "It can.", body = String)))]
pub(crate) fn readyz() {}

/// Metrics in the Prometheus text format.
///
/// For admins, for the metrics token, and for connections from the machine itself.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain")))]
pub(crate) fn metrics() {}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object, content_type = "application/json")))]
pub(crate) fn openapi() {}
