use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_storage::ledger::LATE_TAIL_GRACE;
use eyrie_types::{CameraId, FieldError, ProblemCode, WallTime};

use crate::export::etag_matches;
use crate::extract::{ApiPath, ApiQuery, range_of};
use crate::known_camera::known_camera;
use crate::model::{LatestQuery, SpriteQuery, ThumbnailQuery};
use crate::pictures::{LOOK_BACK, Picture, PictureError, Sheet, cells, latest, newest, newest_before, recorded, sheet};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// The longest range of a sprite: what a timeline shows at once.
const RANGE_MAX: Duration = Duration::from_secs(366 * 24 * 3600);
/// Pixels of a picture's width.
const WIDTHS: std::ops::RangeInclusive<u32> = 16..=1920;
/// Of a thumbnail, unless asked otherwise.
const THUMBNAIL_WIDTH: u32 = 320;
/// Of a sprite's cell, unless asked otherwise.
const CELL_WIDTH: u32 = 160;
/// Columns and rows of a sprite; together at most 256 pictures, each of which is a fragment to read.
const SIDES: std::ops::RangeInclusive<u32> = 1..=16;
/// Columns and rows unless asked otherwise.
const SIDE: u32 = 10;

/// When a picture was taken.
const PICTURE_AT: HeaderName = HeaderName::from_static("eyrie-picture-at");

/// A picture of a camera: that of a moment, or the latest.
///
/// It is the keyframe at or before `at`; `Eyrie-Picture-At` tells its time. Damaged ones are passed over. Without `at` it is at
/// most some seconds old, or the last that was recorded.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/thumbnail.jpg", tag = "pictures",
    params(("id" = CameraId, Path, description = "Which camera."), ThumbnailQuery),
    responses((status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 304, description = "It is the one whose ETag was sent."),
        (status = 429, description = "Too many pictures are being made; `Retry-After` says when to come back.", body = Problem),
        (status = 503, description = "The machine lacks ffmpeg.", body = Problem)))]
pub(crate) async fn thumbnail(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<ThumbnailQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer_thumbnail(&state, &caller, id, query.at, query.width, &headers).await
}

/// Pictures of a camera at even steps of a range, row after row in one JPEG.
///
/// Each cell shows the keyframe of the GOP that its moment lies in: `from`, and so on in steps of the range divided by the number
/// of cells. Cells in which nothing was recorded are dark.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/sprite.jpg", tag = "pictures",
    params(("id" = CameraId, Path, description = "Which camera."), SpriteQuery),
    responses((status = 200, description = "The pictures.", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 304, description = "They are those whose ETag was sent."),
        (status = 429, description = "Too many pictures are being made; `Retry-After` says when to come back.", body = Problem),
        (status = 503, description = "The machine lacks ffmpeg.", body = Problem)))]
pub(crate) async fn sprite(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<SpriteQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer_sprite(&state, &caller, id, &query, &headers).await
}

/// The latest picture of a camera, by a capability of the kind `live`.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/live/thumbnail.jpg", tag = "pictures",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."), LatestQuery),
    responses((status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/jpeg")))]
pub(crate) async fn media_latest(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((_capability, id)): ApiPath<(String, CameraId)>,
    ApiQuery(query): ApiQuery<LatestQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer_thumbnail(&state, &caller, id, None, query.width, &headers).await
}

/// A picture of a camera, by a capability of the kind `playback`.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/playback/thumbnail.jpg", tag = "pictures",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."), ThumbnailQuery),
    responses((status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/jpeg")))]
pub(crate) async fn media_thumbnail(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((_capability, id)): ApiPath<(String, CameraId)>,
    ApiQuery(query): ApiQuery<ThumbnailQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = query
        .at
        .ok_or_else(|| Problem::query("at", "must be there; the latest picture wants a capability of the kind live"))?;
    answer_thumbnail(&state, &caller, id, Some(at), query.width, &headers).await
}

/// Pictures of a camera at even steps of a range, by a capability of the kind `playback`.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/playback/sprite.jpg", tag = "pictures",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."), SpriteQuery),
    responses((status = 200, description = "The pictures.", body = Vec<u8>, content_type = "image/jpeg")))]
pub(crate) async fn media_sprite(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((_capability, id)): ApiPath<(String, CameraId)>,
    ApiQuery(query): ApiQuery<SpriteQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer_sprite(&state, &caller, id, &query, &headers).await
}

async fn answer_thumbnail(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    at: Option<WallTime>,
    width: Option<u32>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let width = width.unwrap_or(THUMBNAIL_WIDTH);
    wrong_width(width).map_or(Ok(()), |error| Err(Problem::queries(vec![error])))?;
    known_camera(state, &caller.tenant, id).await?;
    let (tenant, now) = (&caller.tenant, state.clock().now());
    let Some(at) = at else {
        let found = match latest(state, tenant, caller.session, id, width).await {
            // What the camera sends now cannot be decoded; what it sent before may be.
            Ok(None) | Err(PictureError::Undecodable) => None,
            made => made?,
        };
        let picture = match found {
            Some(picture) => picture,
            None => {
                let candidates = newest(state, tenant, id, now).await.map_err(PictureError::from)?;
                if candidates.is_empty() {
                    return Err(Problem::new(ProblemCode::NotFound, "There is no picture of this camera yet."));
                }
                recorded(state, caller.session, candidates, width).await?
            }
        };
        return Ok(respond(&picture, "private, max-age=2", headers));
    };
    let candidates = newest_before(state, tenant, id, at).await.map_err(PictureError::from)?;
    if candidates.is_empty() {
        let minutes = LOOK_BACK.as_secs() / 60;
        let detail =
            format!("Nothing that can be shown was recorded at this moment or in the {minutes} minutes before it.");
        return Err(Problem::new(ProblemCode::NotFound, detail));
    }
    let picture = recorded(state, caller.session, candidates, width).await?;
    Ok(respond(&picture, caching(at, now), headers))
}

async fn answer_sprite(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    query: &SpriteQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let layout = Sheet {
        columns: query.columns.unwrap_or(SIDE),
        rows: query.rows.unwrap_or(SIDE),
        width: query.width.unwrap_or(CELL_WIDTH),
    };
    let sides =
        [("columns", layout.columns), ("rows", layout.rows)].into_iter().filter(|(_, side)| !SIDES.contains(side));
    let mut wrong: Vec<FieldError> =
        sides.map(|(name, _)| FieldError::new(name, format!("must be {} to {}", SIDES.start(), SIDES.end()))).collect();
    wrong.extend(wrong_width(layout.width));
    if !wrong.is_empty() {
        return Err(Problem::queries(wrong));
    }
    let range = range_of(query.from, query.to, RANGE_MAX)?;
    known_camera(state, &caller.tenant, id).await?;
    let count = layout.columns * layout.rows;
    let length_us = range.end.signed_us_since(range.start);
    let moments = (0..count).map(|cell| range.start.offset_us(length_us / i64::from(count) * i64::from(cell)));
    let cells = {
        let _place = state.playback().playlist(caller.session).await?;
        cells(state, &caller.tenant, id, moments).await.map_err(PictureError::from)?
    };
    if cells.iter().all(Option::is_none) {
        let detail = "Nothing was recorded at any of the moments of this range.";
        return Err(Problem::new(ProblemCode::NotFound, detail));
    }
    let picture = sheet(state, caller.session, layout, cells).await?;
    Ok(respond(&picture, caching(range.end, state.clock().now()), headers))
}

fn wrong_width(width: u32) -> Option<FieldError> {
    let right = WIDTHS.contains(&width) && width.is_multiple_of(2);
    (!right).then(|| FieldError::new("width", format!("must be even, {} to {}", WIDTHS.start(), WIDTHS.end())))
}

/// How long a picture of a moment may be kept. The viewer was authorized, so no shared cache may answer for us.
fn caching(moment: WallTime, now: WallTime) -> &'static str {
    if moment > now - LATE_TAIL_GRACE {
        // More of it is still on its way to the disk.
        "private, max-age=2"
    } else {
        "private, max-age=3600, immutable"
    }
}

fn respond(picture: &Picture, cache: &'static str, asked: &HeaderMap) -> Response {
    let mut response = if etag_matches(asked, &picture.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "image/jpeg")], picture.jpeg.clone()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    let at = picture.at.map(|at| (PICTURE_AT, at.to_string()));
    for (field, value) in at.into_iter().chain([(header::ETAG, picture.etag.to_string())]) {
        // Both are printable ASCII.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(field, value);
        }
    }
    response
}
