use eyrie_types::CameraId;

use crate::model::{GapsAnswer, RangeQuery, RecordingsAnswer};

/// Lists what is recorded.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/recordings", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), RangeQuery),
    responses((status = 200, description = "What is recorded in the range.", body = RecordingsAnswer)))]
pub(crate) fn list_recordings() {}

/// Lists what is missing, and why.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/gaps", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), RangeQuery),
    responses((status = 200, description = "What is missing in the range.", body = GapsAnswer)))]
pub(crate) fn list_gaps() {}
