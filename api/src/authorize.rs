//! The one authorization point: every request passes here, and only what the route table permits goes on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use eyrie_types::{Actor, AuditId, AuditOutcome, AuditRecord, CameraId, MarkerId, ProblemCode, Role, TenantId};

use crate::auth::{Capability, CapabilityError, TicketError, TokenError, sign_in_pause};
use crate::model::CapabilityKind;
use crate::permission::{Access, Audited, Permission};
use crate::principal::{Authorized, Correlation, Principal, Via};
use crate::routes::RouteTable;
use crate::{GatewayState, Problem};

/// The address of the other end of the connection; set by the server. Forwarding headers are not believed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Left in an answer by handlers that know more than the authorization point does: who signed in.
#[derive(Debug, Clone)]
pub(crate) struct ActedAs(pub(crate) Actor);

/// Left in an answer by handlers whose object is more than an id: which drill, what it may touch, what came of it.
#[derive(Debug, Clone)]
pub(crate) struct ActedOn(pub(crate) String);

/// What the layer needs.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) state: GatewayState,
    pub(crate) table: Arc<RouteTable>,
}

/// Authenticates, authorizes, passes on and audits.
pub(crate) async fn authorize(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        // No route matched: the dashboard, or nothing. Both are open.
        return next.run(request).await;
    };
    let Some(permission) = guard.table.permission(request.method(), path.as_str()) else {
        return undeclared(&guard.table, path.as_str());
    };
    let Ok(params) = request.extract_parts::<RawPathParams>().await else {
        return Problem::not_found("path").into_response();
    };
    let param = |wanted: &str| params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let (mut parts, body) = request.into_parts();
    let seen = Seen::of(&parts, param("id"), param("marker"));
    match admit(&guard.state, permission, &mut parts, param("capability"), param("id")).await {
        Ok(principal) => {
            let seen = Seen { principal: principal.clone(), ..seen };
            if let Some(principal) = principal {
                tracing::Span::current().record("user", tracing::field::display(principal.user));
                parts.extensions.insert(Authorized::grant(principal));
            }
            let response = next.run(Request::from_parts(parts, body)).await;
            if let Some((seen, actor, outcome)) = worth_auditing(permission, seen, &response) {
                record(&guard.state, permission, seen, actor, outcome).await;
            }
            response
        }
        Err(refusal) => {
            let Refusal { problem, principal } = *refusal;
            audit_refusal(&guard.state, permission, Seen { principal, ..seen }).await;
            problem.into_response()
        }
    }
}

/// A path that exists without an entry for the method: 405 if it has others, closed if it has none.
fn undeclared(table: &RouteTable, path: &str) -> Response {
    let methods = table.methods(path);
    if methods.is_empty() {
        return Problem::new(ProblemCode::Forbidden, "This route is closed.").into_response();
    }
    let allow = methods.join(", ");
    let mut response = Problem::new(ProblemCode::MethodNotAllowed, format!("Allowed here: {allow}.")).into_response();
    if let Ok(value) = HeaderValue::from_str(&allow) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

/// Why somebody is not let in, and who it was if that is known.
struct Refusal {
    problem: Problem,
    principal: Option<Principal>,
}

impl From<Problem> for Box<Refusal> {
    fn from(problem: Problem) -> Self {
        Box::new(Refusal { problem, principal: None })
    }
}

/// Decides. `None` is let in without being anybody: only where the table says so.
async fn admit(
    state: &GatewayState,
    permission: &Permission,
    parts: &mut Parts,
    capability: Option<&str>,
    object: Option<&str>,
) -> Result<Option<Principal>, Box<Refusal>> {
    let principal = match permission.access {
        Access::Open => return Ok(None),
        Access::Gate => {
            let pause = state.attempts().take(peer(parts)).await.err();
            return pause.map_or(Ok(None), |pause| Err(sign_in_pause(pause).into()));
        }
        Access::Role(least) | Access::RoleOrDriller(least) | Access::RoleOrDrillerHead(least) => {
            let principal = by_token(state, &parts.headers).await?;
            let for_drills = match permission.access {
                Access::RoleOrDriller(_) => true,
                Access::RoleOrDrillerHead(_) => parts.method == Method::HEAD,
                _ => false,
            };
            let drills = for_drills && principal.role == Role::Driller;
            if !principal.role.may(least) && !drills {
                let detail = format!("This needs the role {}; yours is {}.", least.as_str(), principal.role.as_str());
                let problem = Problem::new(ProblemCode::Forbidden, detail);
                return Err(Box::new(Refusal { problem, principal: Some(principal) }));
            }
            principal
        }
        Access::Capability(kind) => by_capability(state, kind, capability, object).await?,
        Access::Ticket => by_ticket(state, &parts.headers).await?,
        Access::Metrics => return metrics_reader(state, parts).await,
    };
    Ok(Some(principal))
}

async fn by_token(state: &GatewayState, headers: &HeaderMap) -> Result<Principal, Problem> {
    let token = bearer(headers).ok_or_else(|| unauthenticated("Send Authorization: Bearer with an access token."))?;
    let now = state.clock().now();
    let mut verified = state.tokens().verify(token, state.keys(), now);
    if matches!(verified, Err(TokenError::UnknownKey)) && state.look_for_key().await {
        verified = state.tokens().verify(token, state.keys(), now);
    }
    let verified = verified.map_err(|error| match error {
        TokenError::Expired => Problem::new(ProblemCode::TokenExpired, "The access token has expired; refresh it."),
        TokenError::Invalid | TokenError::UnknownKey => unauthenticated("The access token is not valid."),
    })?;
    let claims = &verified.claims;
    let found = state.principal(&claims.tenant, claims.sid, Via::Token).await?;
    found
        .filter(|principal| principal.user == claims.sub)
        .ok_or_else(|| unauthenticated("The session has ended; sign in again."))
}

async fn by_capability(
    state: &GatewayState,
    kind: CapabilityKind,
    capability: Option<&str>,
    object: Option<&str>,
) -> Result<Principal, Box<Refusal>> {
    let text = capability.ok_or_else(|| unauthenticated("The address lacks its capability."))?;
    let mut opened = Capability::open(text, state.keys(), state.clock().now());
    if matches!(opened, Err(CapabilityError::UnknownKey)) && state.look_for_key().await {
        opened = Capability::open(text, state.keys(), state.clock().now());
    }
    let capability = opened.map_err(|error| match error {
        CapabilityError::Expired => Problem::new(ProblemCode::TokenExpired, "The capability has expired."),
        CapabilityError::Invalid | CapabilityError::UnknownKey => unauthenticated("The capability is not valid."),
    })?;
    let found =
        state.principal(&capability.tenant, capability.session, Via::Capability).await.map_err(Problem::from)?;
    let principal = found.ok_or_else(|| unauthenticated("The session it was issued in has ended."))?;
    let camera = object.and_then(|id| id.parse::<CameraId>().ok());
    let opens = camera == Some(capability.camera) && capability.kind == kind;
    if !opens || !principal.role.may(Role::Viewer) {
        let problem = Problem::new(ProblemCode::Forbidden, "The capability is for something else.");
        return Err(Box::new(Refusal { problem, principal: Some(principal) }));
    }
    Ok(principal)
}

async fn by_ticket(state: &GatewayState, headers: &HeaderMap) -> Result<Principal, Problem> {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let mut offered = offered.flat_map(|list| list.split(',')).map(str::trim);
    let ticket = offered.find_map(|protocol| protocol.strip_prefix("ticket."));
    let ticket = ticket.ok_or_else(|| unauthenticated("Offer the subprotocol ticket.<ticket>."))?;
    let invalid = |_: TicketError| unauthenticated("The ticket is not valid, or was used.");
    let redeemed = state.tickets().redeem(ticket).await.map_err(invalid)?;
    let mut opened = redeemed.open(state.keys(), state.clock().now());
    if opened == Err(TicketError::UnknownKey) && state.look_for_key().await {
        opened = redeemed.open(state.keys(), state.clock().now());
    }
    let (tenant, session) = opened.map_err(invalid)?;
    // The session may have ended since the ticket was issued.
    let found = state.principal(&tenant, session, Via::Ticket).await?;
    found.ok_or_else(|| unauthenticated("The session has ended; sign in again."))
}

/// Metrics tell names of routes and counts, no footage: processes of the machine may read them, others need the token or an
/// admin.
async fn metrics_reader(state: &GatewayState, parts: &Parts) -> Result<Option<Principal>, Box<Refusal>> {
    let Some(token) = bearer(&parts.headers) else {
        // A proxy on this machine makes everybody local: whoever comes through one says so.
        let proxied =
            ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| parts.headers.contains_key(*name));
        if peer(parts).to_canonical().is_loopback() && !proxied {
            return Ok(None);
        }
        return Err(unauthenticated("Send the metrics token.").into());
    };
    if state.is_metrics_token(token) {
        return Ok(None);
    }
    let principal = by_token(state, &parts.headers).await?;
    if principal.role.may(Role::Admin) {
        return Ok(Some(principal));
    }
    let problem = Problem::new(ProblemCode::Forbidden, "This needs the role admin, or the metrics token.");
    Err(Box::new(Refusal { problem, principal: Some(principal) }))
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(ProblemCode::Unauthenticated, detail)
}

/// The token of an `Authorization: Bearer` header (RFC 6750 section 2.1); the scheme in any case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The address of the other end. A request without one came from no socket and gets the strictest bucket of all.
fn peer(parts: &Parts) -> IpAddr {
    parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip())
}

/// The address of the other end, for the sign-in routes.
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(peer(parts)))
    }
}

/// What of a request the audit log remembers. Few requests are audited, so it is read no further than the request itself would
/// be gone afterwards.
struct Seen {
    principal: Option<Principal>,
    /// What it was about. Only what is an id goes into the log: a path may hold anything.
    id: Option<CameraId>,
    /// Which of the camera's markers.
    marker: Option<MarkerId>,
    /// What it made, as its answer says.
    made: Option<String>,
    remote: IpAddr,
    correlation: Option<Correlation>,
    method: Method,
}

impl Seen {
    fn of(parts: &Parts, id: Option<&str>, marker: Option<&str>) -> Self {
        let id = id.and_then(|id| id.parse::<CameraId>().ok());
        let marker = marker.and_then(|id| id.parse::<MarkerId>().ok());
        let correlation = parts.extensions.get::<Correlation>().copied();
        let (remote, method) = (peer(parts), parts.method.clone());
        Self { principal: None, id, marker, made: None, remote, correlation, method }
    }

    fn object(&mut self, permission: &Permission) -> String {
        match (self.made.take(), self.id, self.marker) {
            (Some(made), _, _) => made,
            (None, Some(id), Some(marker)) => format!("{}/{id}/markers/{marker}", permission.object),
            (None, Some(id), None) if !permission.object.is_empty() => format!("{}/{id}", permission.object),
            _ => permission.object.to_owned(),
        }
    }
}

/// What the handler's answer puts into the audit log: successes where the table asks for it, and refusals that only the handler
/// could know of (a wrong password).
fn worth_auditing(
    permission: &Permission,
    mut seen: Seen,
    response: &Response,
) -> Option<(Seen, Option<Actor>, AuditOutcome)> {
    let status = response.status();
    let outcome = if status.is_success() || status.is_informational() {
        if permission.audited != Audited::Successes || seen.method == Method::HEAD {
            return None;
        }
        AuditOutcome::Allowed
    } else if matches!(status.as_u16(), 401 | 403 | 429) {
        AuditOutcome::Denied
    } else {
        // Malformed, missing, conflicting: nothing happened, and nobody was refused.
        return None;
    };
    // What was made has its id in Location.
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    seen.made = location.and_then(|path| path.strip_prefix("/api/v1/")).map(str::to_owned);
    if let Some(ActedOn(object)) = response.extensions().get::<ActedOn>() {
        seen.made = Some(object.clone());
    }
    let actor = response.extensions().get::<ActedAs>().map(|acted| acted.0.clone());
    Some((seen, actor, outcome))
}

async fn audit_refusal(state: &GatewayState, permission: &Permission, seen: Seen) {
    metrics::counter!("eyrie_http_refusals_total", "action" => permission.action).increment(1);
    // Anonymous refusals are free to cause, so what is written of them is bounded; the counter has them all.
    if seen.principal.is_none() && !state.may_audit_anonymous() {
        metrics::counter!("eyrie_audit_refusals_unwritten_total").increment(1);
        return;
    }
    record(state, permission, seen, None, AuditOutcome::Denied).await;
}

async fn record(
    state: &GatewayState,
    permission: &Permission,
    mut seen: Seen,
    actor: Option<Actor>,
    outcome: AuditOutcome,
) {
    let Some(Correlation(request)) = seen.correlation else { return };
    let tenant = seen.principal.as_ref().map_or_else(TenantId::default_tenant, |principal| principal.tenant.clone());
    let actor = actor.or_else(|| seen.principal.as_ref().map(Principal::actor)).unwrap_or(Actor::Anonymous);
    let record = AuditRecord {
        id: AuditId::generate(),
        tenant,
        time: state.clock().now(),
        actor,
        action: permission.action.to_owned(),
        object: seen.object(permission),
        remote: seen.remote.to_canonical().to_string(),
        request,
        outcome,
    };
    // What was done is done: a store in trouble costs the record, and the log says so.
    if let Err(error) = state.store().append_audit(record.clone()).await {
        metrics::counter!("eyrie_audit_records_lost_total").increment(1);
        tracing::error!(%error, action = record.action, object = record.object, "an audit record could not be stored");
    }
}
