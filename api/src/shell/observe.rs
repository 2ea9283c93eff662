use std::panic::AssertUnwindSafe;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use eyrie_types::{ProblemCode, RequestId};
use futures::FutureExt as _;
use tracing::Instrument as _;

use super::security_headers;
use crate::principal::Correlation;
use crate::problem::PROBLEM_JSON;
use crate::{GatewayState, Problem};

/// The correlation id, in answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its correlation id and span, turns panics and bare errors into problems, sets headers, counts and logs.
/// Logged is the route's pattern: paths hold capabilities and queries hold what people type.
pub(crate) async fn observe(State(state): State<GatewayState>, mut request: Request, next: Next) -> Response {
    let id = state.request_ids().next(state.clock().now());
    let started = state.clock().monotonic();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("other", MatchedPath::as_str);
    request.extensions_mut().insert(Correlation(id));
    let span = tracing::info_span!("request", request = %id, %method, route, user = tracing::field::Empty);

    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|_| {
        // The panic itself is logged by the process's panic hook, within the span.
        span.in_scope(|| tracing::error!("a handler panicked"));
        Problem::new(ProblemCode::Internal, "The node met a fault of its own.").into_response()
    });
    response = finish(response, id);

    let status = response.status();
    let took = state.clock().monotonic().since(started);
    state.request_counts().count(label(&method), route, status.as_u16(), took);
    let (status, took_ms) = (status.as_u16(), took.as_secs_f64() * 1000.0);
    span.in_scope(|| match status {
        500.. => tracing::info!(status, took_ms, "answered"),
        _ => tracing::debug!(status, took_ms, "answered"),
    });
    response
}

/// Methods are hostile text, too; a label has a fixed set of values.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Puts the correlation id into headers and problems; makes problems of errors that are none yet.
fn finish(response: Response, id: RequestId) -> Response {
    let (mut parts, body) = response.into_parts();
    let problem = parts.extensions.remove::<Problem>().or_else(|| bare_error(parts.status, &parts.headers));
    let body = match problem {
        Some(problem) => {
            let json = serde_json::to_vec(&Problem { request_id: Some(id), ..problem }).unwrap_or_default();
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
            parts.headers.remove(header::CONTENT_LENGTH);
            Body::from(json)
        }
        None => body,
    };
    let mut response = Response::from_parts(parts, body);
    security_headers(&mut response);
    // A UUID is printable ASCII.
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The problem for an error that a library answered in its own way.
fn bare_error(status: StatusCode, headers: &axum::http::HeaderMap) -> Option<Problem> {
    let is_problem = headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes() == PROBLEM_JSON.as_bytes());
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let (code, detail) = match status.as_u16() {
        401 => (ProblemCode::Unauthenticated, "Sign in first."),
        403 => (ProblemCode::Forbidden, "Not allowed."),
        404 => (ProblemCode::NotFound, "There is nothing at this address."),
        405 => (ProblemCode::MethodNotAllowed, "This address does not take that method."),
        413 => (ProblemCode::BodyTooLarge, "The body is too large."),
        503 => (ProblemCode::Unavailable, "Not available now."),
        500.. => (ProblemCode::Internal, "The node met a fault of its own."),
        _ => (ProblemCode::MalformedBody, "The request could not be understood."),
    };
    // The status stays what the library said, for protocols (WebSocket's 426) depend on it.
    Some(Problem { status: status.as_u16(), ..Problem::new(code, detail) })
}
