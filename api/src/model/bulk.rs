use eyrie_types::{CameraId, Labels};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Problem;

/// One change to many cameras.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkInput {
    /// Which cameras: 1 to 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    pub ids: Vec<CameraId>,
    /// What to do with each.
    pub action: BulkAction,
    /// The labels to add or remove.
    #[serde(default)]
    pub labels: Option<Labels>,
}

/// What to do with each camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Switch on.
    Enable,
    /// Switch off.
    Disable,
    /// Delete.
    Delete,
    /// Add `labels`.
    AddLabels,
    /// Remove `labels`.
    RemoveLabels,
}

/// How it went, camera by camera, in the order asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkAnswer {
    /// One entry for each id.
    pub results: Vec<BulkResult>,
}

/// How it went for one camera. One failure stops none of the others.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResult {
    /// Which camera.
    pub id: CameraId,
    /// It was done.
    pub ok: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}
