//! What the gateway says while its store is down at the start: cameras run meanwhile, from what the node keeps of its cell.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use eyrie_types::ProblemCode;

use super::{GatewayError, GatewayParts, GatewayState};
use crate::Problem;
use crate::auth::ensure_admin;
use crate::handlers::ops;

/// How often the store is asked again.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Lives, and is not ready.
pub(super) fn router() -> Router {
    Router::new().route("/healthz", get(ops::healthz)).fallback(|| async { not_ready() })
}

fn not_ready() -> Response {
    let detail = "The metadata store cannot be reached yet. Cameras are recorded meanwhile.";
    let mut response = Problem::new(ProblemCode::Unavailable, detail).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    // The connection was made for a gateway that is not the one to come.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Waits until the gateway can be made.
///
/// # Errors
/// When no waiting will help.
pub(super) async fn ready(parts: GatewayParts) -> Result<GatewayState, GatewayError> {
    loop {
        let error = match open(&parts).await {
            Ok(state) => return Ok(state),
            Err(error) => error,
        };
        if !error.is_unavailable() {
            return Err(error);
        }
        tracing::warn!(%error, "the gateway waits for the metadata store; cameras run meanwhile");
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// Makes the gateway, if the store answers.
///
/// # Errors
/// What is missing.
pub(super) async fn open(parts: &GatewayParts) -> Result<GatewayState, GatewayError> {
    if ensure_admin(&parts.store, parts.clock.as_ref(), parts.admin_password.clone()).await?.is_some() {
        tracing::warn!("made user admin in an empty store; set its password with `eyrie admin reset-password`");
    }
    GatewayState::new(parts.clone()).await
}
