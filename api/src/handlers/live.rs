use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_actors::{LiveError, LiveResponse};
use eyrie_media::hls::{CachePolicy, LiveRequest, LiveRequestError, Rendition};
use eyrie_types::{CameraId, ProblemCode};

use crate::extract::ApiPath;
use crate::model::LiveQuery;
use crate::principal::{Authorized, Principal};
use crate::relay::{LiveRelay, RelayError};
use crate::{GatewayState, Problem};

/// The live multivariant playlist.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/live/index.m3u8", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "RFC 8216bis.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn live_index(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    deliver(&state, &caller, None, id, None, LiveRequest::Multivariant, &headers).await
}

/// The live media playlist. Its address stays when another node takes the camera over, and its numbers go on.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/live/media.m3u8", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera."), LiveQuery),
    responses((status = 200, description = "RFC 8216bis.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn live_playlist(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    deliver(&state, &caller, None, id, None, parse("media.m3u8", query.as_deref())?, &headers).await
}

/// A live init section, part or segment.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/live/{placement}/{file}", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera."),
        ("placement" = String, Path, description = "Slot and epoch, joined by a hyphen."),
        ("file" = String, Path, description = "As the playlist names it.")),
    responses((status = 200, description = "Fragmented MP4.", body = Vec<u8>, content_type = "video/mp4")))]
pub(crate) async fn live_file(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((id, placement, file)): ApiPath<(CameraId, String, String)>,
) -> Result<Response, Problem> {
    deliver_file(&state, &caller, None, id, &placement, &file).await
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
    headers: HeaderMap,
) -> Result<Response, Problem> {
    deliver(&state, &caller, Some(&capability), id, None, LiveRequest::Multivariant, &headers).await
}

/// The live media playlist, by capability.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/live/media.m3u8", tag = "live",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."), LiveQuery),
    responses((status = 200, description = "RFC 8216bis.", body = String, content_type = "application/vnd.apple.mpegurl")))]
pub(crate) async fn media_playlist(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((capability, id)): ApiPath<(String, CameraId)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    deliver(&state, &caller, Some(&capability), id, None, parse("media.m3u8", query.as_deref())?, &headers).await
}

/// A live init section, part or segment, by capability.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/live/{placement}/{file}", tag = "live",
    params(("capability" = String, Path, description = "The capability."),
        ("id" = CameraId, Path, description = "Which camera."),
        ("placement" = String, Path, description = "Slot and epoch, joined by a hyphen."),
        ("file" = String, Path, description = "As the playlist names it.")),
    responses((status = 200, description = "Fragmented MP4.", body = Vec<u8>, content_type = "video/mp4")))]
pub(crate) async fn media_file(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((capability, id, placement, file)): ApiPath<(String, CameraId, String, String)>,
) -> Result<Response, Problem> {
    deliver_file(&state, &caller, Some(&capability), id, &placement, &file).await
}

async fn deliver_file(
    state: &GatewayState,
    caller: &Principal,
    capability: Option<&str>,
    id: CameraId,
    placement: &str,
    file: &str,
) -> Result<Response, Problem> {
    let rendition: Rendition = placement.parse().map_err(|_| gone())?;
    let request = parse(file, None)?;
    // Playlists are one directory up: they outlive the placement.
    let is_media = !matches!(request, LiveRequest::Multivariant | LiveRequest::Media(_));
    let request = is_media.then_some(request).ok_or_else(gone)?;
    deliver(state, caller, capability, id, Some(rendition), request, &HeaderMap::new()).await
}

fn parse(file: &str, query: Option<&str>) -> Result<LiveRequest, Problem> {
    LiveRequest::parse(file, query.unwrap_or_default()).map_err(|error| match error {
        LiveRequestError::UnknownName => gone(),
        LiveRequestError::Directive(name) => Problem::query(name, "is malformed"),
    })
}

/// Answers a player: waits for what it asks of the near future, and no longer than the session stands.
async fn deliver(
    state: &GatewayState,
    caller: &Principal,
    capability: Option<&str>,
    id: CameraId,
    rendition: Option<Rendition>,
    request: LiveRequest,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    // A capability is handed on, so it is a viewer of its own beside the session that made it.
    let (live, tenant, viewer) = (state.live(), &caller.tenant, (caller.session, capability));
    let answer = async {
        match rendition {
            Some(rendition) => live.media(tenant, id, rendition, request, viewer).await,
            None => live.playlist(tenant, id, request, viewer).await,
        }
    };
    tokio::select! {
        answer = answer => answer.map(|answer| respond(live, answer, headers)).map_err(problem),
        () = state.stopping().cancelled() => Err(Problem::new(ProblemCode::Unavailable, "The node is stopping.")),
    }
}

/// The body is the packager's own bytes, chunk after chunk: nothing is copied. Playlists go compressed to who takes them so.
fn respond(live: &LiveRelay, answer: LiveResponse, headers: &HeaderMap) -> Response {
    let LiveResponse { content_type, cache, mut chunks } = answer;
    let packs = cache == CachePolicy::Playlist && takes_gzip(headers);
    if packs {
        chunks = vec![live.gzip(chunks)];
    }
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
    if packs {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// Whether `accept-encoding` names gzip, and not to say that it is unwanted (RFC 9110 section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}

fn gone() -> Problem {
    Problem::new(ProblemCode::NotFound, "There is no such live file; start again at index.m3u8.")
}

fn problem(error: RelayError) -> Problem {
    let error = match error {
        RelayError::Live(error) => error,
        RelayError::Unreachable => {
            let detail = "The node that runs this camera does not answer, and no other has taken it over yet.";
            return Problem::new(ProblemCode::Unavailable, detail).retry_after(NOT_LIVE_RETRY_S);
        }
        RelayError::Garbled => {
            let detail = "The node that runs this camera answers with what is no live media, and no other has it.";
            return Problem::new(ProblemCode::Unavailable, detail).retry_after(NOT_LIVE_RETRY_S);
        }
    };
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
        LiveError::CutOff => {
            let detail =
                "The node that runs this camera is cut off from its cell. It goes on recording; ask another node.";
            Problem::new(ProblemCode::Unavailable, detail).retry_after(NOT_LIVE_RETRY_S)
        }
    }
}

/// When to look again for a camera without pictures: about as long as a reconnect takes.
const NOT_LIVE_RETRY_S: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_who_names_it_and_wants_it() {
        let takes = |value: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        assert!(takes("gzip") && takes("gzip, deflate, br") && takes("br;q=1.0, GZIP;q=0.5"));
        assert!(!takes("identity") && !takes("gzip;q=0") && !takes("br, gzip; q=0.0") && !takes("x-gzipped"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
