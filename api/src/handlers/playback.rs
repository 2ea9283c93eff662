use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use eyrie_media::vod::PlaylistTooLarge;
use eyrie_types::CameraId;

use crate::extract::{ApiPath, ApiQuery};
use crate::model::PlaybackQuery;
use crate::playback::{Listing, deliver, list};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// The multivariant playlist of what was recorded in a range.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/playback/index.m3u8", tag = "playback",
    params(("id" = CameraId, Path, description = "Which camera."), PlaybackQuery),
    responses((status = 200, description = "RFC 8216.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn playback_index(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<PlaybackQuery>,
) -> Result<Response, Problem> {
    index(&state, &caller, id, &query).await
}

/// A playlist of what was recorded in a range: media or I-frames.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/playback/{playlist}", tag = "playback",
    params(("id" = CameraId, Path, description = "Which camera."),
        ("playlist" = String, Path, description = "`media.m3u8` or `iframes.m3u8`."), PlaybackQuery),
    responses((status = 200, description = "RFC 8216.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn playback_playlist(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((id, name)): ApiPath<(CameraId, String)>,
    ApiQuery(query): ApiQuery<PlaybackQuery>,
) -> Result<Response, Problem> {
    playlist(&state, &caller, id, &name, &query).await
}

/// An init segment, fragments or a keyframe of what was recorded.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/playback/{segment}/{file}", tag = "playback",
    params(("id" = CameraId, Path, description = "Which camera."),
        ("segment" = String, Path, description = "The recorded file, as the playlist names it."),
        ("file" = String, Path, description = "`init.mp4`, `{first}-{last}.m4s` or `{number}.key.m4s`.")),
    responses((status = 200, description = "Fragmented MP4.", body = Vec<u8>, content_type = "video/mp4")))]
pub(crate) async fn playback_file(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((id, segment, file)): ApiPath<(CameraId, String, String)>,
) -> Result<Response, Problem> {
    deliver(&state, &caller, id, &segment, &file).await
}

/// The multivariant playlist of what was recorded in a range, by capability.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/playback/index.m3u8", tag = "playback",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."), PlaybackQuery),
    responses((status = 200, description = "RFC 8216.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn media_playback_index(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((_capability, id)): ApiPath<(String, CameraId)>,
    ApiQuery(query): ApiQuery<PlaybackQuery>,
) -> Result<Response, Problem> {
    index(&state, &caller, id, &query).await
}

/// A playlist of what was recorded in a range, by capability: media or I-frames.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/playback/{playlist}", tag = "playback",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."),
        ("playlist" = String, Path, description = "`media.m3u8` or `iframes.m3u8`."), PlaybackQuery),
    responses((status = 200, description = "RFC 8216.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn media_playback_playlist(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((_capability, id, name)): ApiPath<(String, CameraId, String)>,
    ApiQuery(query): ApiQuery<PlaybackQuery>,
) -> Result<Response, Problem> {
    playlist(&state, &caller, id, &name, &query).await
}

/// An init segment, fragments or a keyframe of what was recorded, by capability.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/playback/{segment}/{file}", tag = "playback",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."),
        ("segment" = String, Path, description = "The recorded file, as the playlist names it."),
        ("file" = String, Path, description = "`init.mp4`, `{first}-{last}.m4s` or `{number}.key.m4s`.")),
    responses((status = 200, description = "Fragmented MP4.", body = Vec<u8>, content_type = "video/mp4")))]
pub(crate) async fn media_playback_file(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((_capability, id, segment, file)): ApiPath<(String, CameraId, String, String)>,
) -> Result<Response, Problem> {
    deliver(&state, &caller, id, &segment, &file).await
}

async fn index(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    query: &PlaybackQuery,
) -> Result<Response, Problem> {
    let _place = state.playback().playlist(caller.session).await?;
    let listing = list(state, caller, id, query).await?;
    let text = listing.playlist.multivariant(&format!("from={}&to={}", query.from, query.to));
    Ok(respond(text, &listing))
}

async fn playlist(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    name: &str,
    query: &PlaybackQuery,
) -> Result<Response, Problem> {
    let too_large = |error: PlaylistTooLarge| Problem::query("to", error.to_string());
    let _place = state.playback().playlist(caller.session).await?;
    let render = match name {
        "media.m3u8" => |listing: &Listing| listing.playlist.media().map(Some),
        "iframes.m3u8" => |listing: &Listing| listing.playlist.i_frames(),
        _ => return Err(Problem::not_found("playlist")),
    };
    let listing = list(state, caller, id, query).await?;
    let text = render(&listing).map_err(too_large)?.ok_or_else(|| Problem::not_found("picture in this range"))?;
    Ok(respond(text, &listing))
}

fn respond(text: String, listing: &Listing) -> Response {
    let cache = if listing.grows {
        // More of the range is still on its way to the disk.
        "no-store"
    } else {
        // Old footage may be deleted, or found damaged.
        "private, max-age=30"
    };
    ([(header::CONTENT_TYPE, "application/vnd.apple.mpegurl"), (header::CACHE_CONTROL, cache)], text).into_response()
}
