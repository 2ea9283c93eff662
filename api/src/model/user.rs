use eyrie_types::{Secret, UserId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use eyrie_types::Role;

/// A user to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserInput {
    /// What the user signs in with; unique in the tenant.
    pub username: String,
    /// What the user may do.
    pub role: Role,
    /// The first password: write-only.
    pub password: Secret,
}

/// What to change of a user; fields left out stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// A new name.
    #[serde(default)]
    pub username: Option<String>,
    /// A new role.
    #[serde(default)]
    pub role: Option<Role>,
    /// A new password; it ends the user's sessions. Write-only.
    #[serde(default)]
    pub password: Option<Secret>,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserAnswer {
    /// The id.
    pub id: UserId,
    /// The name.
    pub username: String,
    /// What the user may do.
    pub role: Role,
    /// When the user was made.
    pub created_at: WallTime,
}
