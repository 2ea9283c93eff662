use eyrie_types::{Secret, TenantId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use eyrie_types::Role;

/// Who wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginInput {
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: Secret,
}

/// The refresh token to use up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshInput {
    /// As the last sign-in or refresh answered it.
    pub refresh_token: Secret,
}

/// The tokens of a session. The one answer that carries secrets, for it is where they are handed over.
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// Goes into `Authorization: Bearer …`.
    pub access_token: String,
    /// Good for one refresh; using it a second time ends the session.
    pub refresh_token: String,
    /// Seconds until the access token expires.
    pub expires_in: u64,
}

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The user's id.
    pub id: UserId,
    /// The user's name.
    pub username: String,
    /// What the user may do.
    pub role: Role,
    /// Whose user.
    pub tenant: TenantId,
}

/// A change of one's own password. All other sessions of the user end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    pub current_password: Secret,
    /// The password from now on.
    pub new_password: Secret,
}
