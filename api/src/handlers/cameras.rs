use eyrie_types::{CameraId, CameraSpec, CameraStatus};

use crate::model::{CameraAnswer, CameraPage, CameraPatch, CameraQuery};

/// Lists cameras.
#[utoipa::path(get, path = "/api/v1/cameras", tag = "cameras", params(CameraQuery),
    responses((status = 200, description = "A page of cameras.", body = CameraPage)))]
pub(crate) fn list_cameras() {}

/// Adds a camera.
#[utoipa::path(post, path = "/api/v1/cameras", tag = "cameras", request_body = CameraSpec,
    responses((status = 201, description = "Added; it is being connected to.", body = CameraAnswer,
        headers(("location" = String, description = "Its path."), ("etag" = String, description = "Its revision.")))))]
pub(crate) fn create_camera() {}

/// Shows a camera.
#[utoipa::path(get, path = "/api/v1/cameras/{id}", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "The camera.", body = CameraAnswer,
        headers(("etag" = String, description = "Its revision.")))))]
pub(crate) fn get_camera() {}

/// Changes a camera.
///
/// A JSON merge patch (RFC 7396): fields left out stay, `null` removes. With `If-Match`, only if the revision still is the one
/// the caller read (412 otherwise).
#[utoipa::path(patch, path = "/api/v1/cameras/{id}", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera."),
        ("if-match" = Option<String>, Header, description = "The `ETag` the change is based on.")),
    request_body = CameraPatch,
    responses((status = 200, description = "The camera as it is now.", body = CameraAnswer,
        headers(("etag" = String, description = "Its revision.")))))]
pub(crate) fn update_camera() {}

/// Removes a camera.
#[utoipa::path(delete, path = "/api/v1/cameras/{id}", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera."),
        ("if-match" = Option<String>, Header, description = "The `ETag` the decision is based on.")),
    responses((status = 204, description = "Gone.")))]
pub(crate) fn delete_camera() {}

/// Shows what a camera is doing.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/status", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "Its status.", body = CameraStatus)))]
pub(crate) fn get_camera_status() {}
