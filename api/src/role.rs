use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user may do; each role includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees cameras, live pictures, recordings and health.
    Viewer,
    /// Also makes, changes and deletes cameras and sites.
    Operator,
    /// Also manages users and reads the audit log.
    Admin,
}
