use eyrie_types::CameraId;

use crate::model::{CapabilityAnswer, CapabilityInput, LiveQuery};

/// Issues a capability for players that cannot send headers.
///
/// It is part of the path, so that the relative addresses of a playlist inherit it; it is bound to this camera and to live
/// delivery, and ends with the caller's session.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/capabilities", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera.")), request_body = CapabilityInput,
    responses((status = 200, description = "The capability.", body = CapabilityAnswer)))]
pub(crate) fn create_capability() {}

/// The live multivariant playlist.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/live/index.m3u8", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "RFC 8216bis.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) fn live_index() {}

/// A live media playlist, init section, part or segment.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/live/{placement}/{file}", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera."),
        ("placement" = String, Path, description = "Slot and epoch, joined by a hyphen."),
        ("file" = String, Path, description = "As the playlist names it."), LiveQuery),
    responses((status = 200, description = "A playlist, or fragmented MP4.", body = Vec<u8>, content_type = "video/mp4")))]
pub(crate) fn live_file() {}

/// The live multivariant playlist, by capability.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/live/index.m3u8", tag = "live",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "RFC 8216bis.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) fn media_index() {}

/// A live media playlist, init section, part or segment, by capability.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/live/{placement}/{file}", tag = "live",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."),
        ("placement" = String, Path, description = "Slot and epoch, joined by a hyphen."),
        ("file" = String, Path, description = "As the playlist names it."), LiveQuery),
    responses((status = 200, description = "A playlist, or fragmented MP4.", body = Vec<u8>, content_type = "video/mp4")))]
pub(crate) fn media_file() {}
