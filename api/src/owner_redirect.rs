//! Media of a camera that another node of the cell runs: the player is sent there, with a capability in the address, for what it
//! sent in headers does not follow a redirect to another host.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_types::CameraId;

use crate::GatewayState;
use crate::auth::{CAPABILITY_TTL, Capability};
use crate::model::CapabilityKind;
use crate::permission::{Access, Permission};
use crate::principal::Principal;

/// The answer that sends the caller to the camera's owner; `None` where this node answers itself: it runs the camera, nobody does,
/// or the route has nothing to do with media.
pub(crate) fn to_owner(
    state: &GatewayState,
    permission: &Permission,
    principal: &Principal,
    parts: &Parts,
    camera: Option<&str>,
) -> Option<Response> {
    let kind = permission.at_owner?;
    let camera: CameraId = camera?.parse().ok()?;
    if state.node().runs(&principal.tenant, camera) {
        return None;
    }
    let (node, url) = state.control().owner(&principal.tenant, camera)?;
    if node == state.control().node() {
        return None;
    }
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = match permission.access {
        // It holds a capability already, which every node of the cell can check.
        Access::Capability(_) => parts.uri.path().to_owned(),
        _ => media_path(state, principal, camera, kind, parts)?,
    };
    metrics::counter!("eyrie_media_redirects_total").increment(1);
    let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&format!("{url}{path}{query}")).ok()?);
    open_to_other_nodes(response.headers_mut());
    Some(response)
}

/// The same request by capability.
fn media_path(
    state: &GatewayState,
    principal: &Principal,
    camera: CameraId,
    kind: CapabilityKind,
    parts: &Parts,
) -> Option<String> {
    let rest = parts.uri.path().strip_prefix(&format!("/api/v1/cameras/{camera}/"))?;
    let latest = parts.uri.query().is_none_or(|query| !query.split('&').any(|pair| pair.starts_with("at=")));
    let (kind, rest) = match rest {
        "thumbnail.jpg" if latest => (CapabilityKind::Live, "live/thumbnail.jpg"),
        "thumbnail.jpg" => (CapabilityKind::Playback, "playback/thumbnail.jpg"),
        "sprite.jpg" => (CapabilityKind::Playback, "playback/sprite.jpg"),
        rest => (kind, rest),
    };
    let now = state.clock().now();
    let (tenant, expires_at) = (principal.tenant.clone(), now + CAPABILITY_TTL);
    let capability = Capability { tenant, kind, camera, session: principal.session, expires_at };
    let sealed = capability.seal(state.keys(), now).ok()?;
    Some(format!("/media/{sealed}/cameras/{camera}/{rest}"))
}

/// Lets a page of another node read the answer: whoever may, holds the capability, and no cookie opens anything here.
pub(crate) fn open_to_other_nodes(headers: &mut HeaderMap) {
    const ANSWERS: [(HeaderName, &str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    for (name, value) in ANSWERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// What a browser asks before it sends headers of a page's own to another host (Fetch, section 3.3.6).
pub(crate) fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    open_to_other_nodes(headers);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, range, if-range"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}
