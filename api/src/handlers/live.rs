use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_actors::{LiveError, LiveResponse};
use eyrie_media::hls::{CachePolicy, LiveRequest, LiveRequestError, Rendition};
use eyrie_types::{CameraId, ProblemCode};

use crate::extract::ApiPath;
use crate::model::LiveQuery;
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// The live multivariant playlist.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/live/index.m3u8", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "RFC 8216bis.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn live_index(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
) -> Result<Response, Problem> {
    deliver(&state, &caller, None, id, None, LiveRequest::Multivariant).await
}

/// A live media playlist, init section, part or segment.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/live/{placement}/{file}", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera."),
        ("placement" = String, Path, description = "Slot and epoch, joined by a hyphen."),
        ("file" = String, Path, description = "As the playlist names it."), LiveQuery),
    responses((status = 200, description = "A playlist, or fragmented MP4.", body = Vec<u8>, content_type = "video/mp4")))]
pub(crate) async fn live_file(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((id, placement, file)): ApiPath<(CameraId, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    deliver_file(&state, &caller, None, id, &placement, &file, query.as_deref()).await
}

/// The live multivariant playlist, by capability.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/live/index.m3u8", tag = "live",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "RFC 8216bis.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn media_index(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((capability, id)): ApiPath<(String, CameraId)>,
) -> Result<Response, Problem> {
    deliver(&state, &caller, Some(&capability), id, None, LiveRequest::Multivariant).await
}

/// A live media playlist, init section, part or segment, by capability.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/live/{placement}/{file}", tag = "live",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."),
        ("placement" = String, Path, description = "Slot and epoch, joined by a hyphen."),
        ("file" = String, Path, description = "As the playlist names it."), LiveQuery),
    responses((status = 200, description = "A playlist, or fragmented MP4.", body = Vec<u8>, content_type = "video/mp4")))]
pub(crate) async fn media_file(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((capability, id, placement, file)): ApiPath<(String, CameraId, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    deliver_file(&state, &caller, Some(&capability), id, &placement, &file, query.as_deref()).await
}

async fn deliver_file(
    state: &GatewayState,
    caller: &Principal,
    capability: Option<&str>,
    id: CameraId,
    placement: &str,
    file: &str,
    query: Option<&str>,
) -> Result<Response, Problem> {
    let rendition: Rendition = placement.parse().map_err(|_| gone())?;
    let request = LiveRequest::parse(file, query.unwrap_or_default()).map_err(|error| match error {
        LiveRequestError::UnknownName => gone(),
        LiveRequestError::Directive(name) => Problem::query(name, "is malformed"),
    })?;
    deliver(state, caller, capability, id, Some(rendition), request).await
}

/// Answers a player: waits for what it asks of the near future, and no longer than the session stands.
async fn deliver(
    state: &GatewayState,
    caller: &Principal,
    capability: Option<&str>,
    id: CameraId,
    rendition: Option<Rendition>,
    request: LiveRequest,
) -> Result<Response, Problem> {
    let live = state.node().live(&caller.tenant, id).map_err(problem)?;
    if rendition.is_some_and(|rendition| rendition != live.rendition()) {
        return Err(gone());
    }
    // A capability is handed on, so it is a viewer of its own beside the session that made it.
    live.seen((caller.session, capability));
    tokio::select! {
        answer = live.get(request) => answer.map(respond).map_err(problem),
        () = state.stopping().cancelled() => Err(Problem::new(ProblemCode::Unavailable, "The node is stopping.")),
    }
}

/// The body is the packager's own bytes, chunk after chunk: nothing is copied.
fn respond(answer: LiveResponse) -> Response {
    let LiveResponse { content_type, cache, chunks } = answer;
    let length: usize = chunks.iter().map(bytes::Bytes::len).sum();
    let chunks = chunks.into_iter().map(Ok::<_, std::convert::Infallible>);
    let mut response = Body::from_stream(futures::stream::iter(chunks)).into_response();
    let cache = match cache {
        // Asked for again at once; a stale playlist stalls the player.
        CachePolicy::Playlist => "no-store",
        // A part's name never names other bytes. The viewer was authorized, so no shared cache may answer for us.
        CachePolicy::Immutable => "private, max-age=60, immutable",
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn gone() -> Problem {
    Problem::new(ProblemCode::NotFound, "There is no such live file; start again at index.m3u8.")
}

fn problem(error: LiveError) -> Problem {
    match error {
        LiveError::NotFound => Problem::not_found("camera"),
        LiveError::Gone => gone(),
        LiveError::TooFarAhead => Problem::query("_HLS_msn", "is too far ahead"),
        LiveError::NotLive(status) => {
            let detail = format!("The camera is {}: {}", status.state.as_str(), status.reason);
            Problem::new(ProblemCode::CameraNotLive, detail).retry_after(NOT_LIVE_RETRY_S)
        }
        LiveError::Busy => {
            Problem::new(ProblemCode::LimitReached, "Too many viewers wait for this camera.").retry_after(1)
        }
    }
}

/// When to look again for a camera without pictures: about as long as a reconnect takes.
const NOT_LIVE_RETRY_S: u32 = 3;
