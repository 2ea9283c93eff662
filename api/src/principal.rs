use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use eyrie_types::{Actor, By, ProblemCode, RequestId, Role, SessionId, TenantId, UserId};

use crate::Problem;

/// How a principal showed who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// An access token.
    Token,
    /// A capability in the path.
    Capability,
    /// A WebSocket ticket.
    Ticket,
}

/// Who is calling, as the authorization point found out. Role and name are those the store has now, not those of the time
/// when the token was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The user; for a capability, the one who issued it.
    pub(crate) user: UserId,
    /// The user's name; shared, because a principal is handed on within each request.
    pub(crate) username: Arc<str>,
    /// Whose user: every look-up is made within this tenant.
    pub(crate) tenant: TenantId,
    /// What the user may do.
    pub(crate) role: Role,
    /// The sign-in.
    pub(crate) session: SessionId,
    /// How it was shown.
    pub(crate) via: Via,
}

impl Principal {
    /// The actor for the audit log and for events.
    pub(crate) fn actor(&self) -> Actor {
        match self.via {
            Via::Token | Via::Ticket => Actor::User { id: self.user, name: self.username.to_string() },
            Via::Capability => Actor::Capability { issued_by: self.user },
        }
    }

    /// Who made it happen, and with which request, for events.
    pub(crate) fn by(&self, Correlation(trace): Correlation) -> By {
        By { actor: self.actor(), trace: Some(trace) }
    }
}

/// Proof that the authorization point let the request through. Only it makes one, and handlers take nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Authorized<T>(T);

impl<T> std::ops::Deref for Authorized<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Authorized<Principal> {
    /// Called by the authorization point alone.
    pub(crate) fn grant(principal: Principal) -> Self {
        Self(principal)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Authorized<Principal> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // Absent only where a route is declared open and its handler asks for a caller nevertheless: closed, then.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::new(ProblemCode::Unauthenticated, "Sign in first."))
    }
}

/// The correlation id of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correlation(pub(crate) RequestId);

impl<S: Send + Sync> FromRequestParts<S> for Correlation {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(|| Problem::new(ProblemCode::Internal, ""))
    }
}
