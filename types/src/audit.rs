use serde::{Deserialize, Serialize};

use crate::{AuditId, RequestId, TenantId, UserId, WallTime};

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// The product itself.
    System,
    /// Somebody who has not signed in.
    Anonymous,
    /// A user.
    User {
        /// Which.
        id: UserId,
        /// The name at the time.
        name: String,
    },
    /// The holder of a capability that a user issued.
    Capability {
        /// Who issued it.
        issued_by: UserId,
    },
}

/// How the authorization point decided, or how the attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// Let through.
    Allowed,
    /// Refused.
    Denied,
}

/// Who did what to which object, from where: written by the authorization point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditRecord {
    /// Its id; sorts by time.
    pub id: AuditId,
    /// Whose log.
    pub tenant: TenantId,
    /// When.
    pub time: WallTime,
    /// Who.
    pub actor: Actor,
    /// What, as `resource.verb`, such as `camera.create`.
    pub action: String,
    /// To which object, as a path without secrets, such as `cameras/0192…`.
    pub object: String,
    /// From which address.
    pub remote: String,
    /// With which request.
    pub request: RequestId,
    /// How it ended.
    pub outcome: AuditOutcome,
}
