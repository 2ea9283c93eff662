use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_types::{CameraId, ProblemCode};

use super::footage::ledger_without_silent;
use crate::export::{Asked, ExportKey, body, describe, etag_matches, prepare};
use crate::extract::{ApiPath, ApiQuery, range_of};
use crate::fair_places::NoPlace;
use crate::known_camera::known_camera;
use crate::model::ExportQuery;
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// The longest range of a file: its tables take some 50 MB, which players read before they show anything.
const RANGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How often a file is laid out because a node died meanwhile: two of them would.
const PASSES_MAX: u32 = 3;
/// When to try again where all places are taken: a minute of footage is exported in less.
const RETRY_S: u32 = 5;

/// Takes footage out, as one MP4 file.
///
/// The file begins with the keyframe at or before `from` and ends with the fragment that holds `to`;
/// `Eyrie-Covered-From` and `Eyrie-Covered-To` tell exactly. What is missing is closed up, and told in `Eyrie-Gaps`: how many gaps
/// there are, then the first 20 as `"start/end";cause=word` (RFC 9651). A download that broke off is resumed with `Range` and
/// `If-Range`. Ask with HEAD for the headers alone.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/export.mp4", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), ExportQuery),
    responses((status = 200, description = "The file.", body = Vec<u8>, content_type = "video/mp4"),
        (status = 206, description = "The part asked for.", body = Vec<u8>, content_type = "video/mp4"),
        (status = 429, description = "As many exports run as may; `Retry-After` says when to come back.", body = Problem)))]
pub(crate) async fn export(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<ExportQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&state, &caller, id, &query, &method, &headers).await
}

/// Takes footage out by capability, for players and links that cannot send headers.
#[utoipa::path(get, path = "/media/{capability}/cameras/{id}/export.mp4", tag = "footage",
    params(("capability" = String, Path, description = "The capability, of the kind `export`."),
        ("id" = CameraId, Path, description = "Which camera."), ExportQuery),
    responses((status = 200, description = "The file.", body = Vec<u8>, content_type = "video/mp4"),
        (status = 206, description = "The part asked for.", body = Vec<u8>, content_type = "video/mp4"),
        (status = 429, description = "As many exports run as may; `Retry-After` says when to come back.", body = Problem)))]
pub(crate) async fn media_export(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath((_capability, id)): ApiPath<(String, CameraId)>,
    ApiQuery(query): ApiQuery<ExportQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&state, &caller, id, &query, &method, &headers).await
}

async fn answer(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    query: &ExportQuery,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let key =
        ExportKey { tenant: caller.tenant.clone(), camera: id, range: range_of(query.from, query.to, RANGE_MAX)? };
    let name = known_camera(state, &caller.tenant, id).await?;
    let place = state.exports().enter(caller.user).await.map_err(|refused| {
        let detail = match refused {
            NoPlace::Share => "As many of your exports run as may; wait for one to end.",
            NoPlace::All => "As many exports run on this node as may.",
        };
        Problem::new(ProblemCode::TooManyRequests, detail).retry_after(RETRY_S)
    })?;
    // A download that is resumed goes on in the file it began with, though there may be more footage by now.
    let resumed = headers
        .get(header::IF_RANGE)
        .and_then(|etag| state.exports().layout(&key).filter(|known| known.etag.as_bytes() == etag.as_bytes()));
    let prepared = match resumed {
        Some(known) => known,
        None => {
            let mut tries = 0;
            loop {
                tries += 1;
                let now = state.clock().now();
                let (ledger, silent) = ledger_without_silent(state, &caller.tenant, id, key.range, now).await?;
                // Without one, a node has just died: what was to come from it may be elsewhere, too.
                if let Some(prepared) = prepare(state, &key, ledger.gaps, &silent, tries == PASSES_MAX).await? {
                    break prepared;
                }
            }
        }
    };
    if etag_matches(headers, &prepared.etag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        describe(response.headers_mut(), &prepared, &name);
        return Ok(response);
    }
    let length = prepared.layout.bytes();
    // HEAD knows no ranges (RFC 9110 section 14.2).
    let asked = if method == Method::HEAD { Asked::Whole } else { Asked::of(headers, &prepared.etag, length) };
    let (status, range) = match asked {
        Asked::Whole => (StatusCode::OK, 0..length),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Asked::Unsatisfiable => {
            let status = StatusCode::RANGE_NOT_SATISFIABLE;
            let problem =
                Problem { status: status.as_u16(), ..Problem::query("Range", "lies beyond the end of the file") };
            let mut response = problem.into_response();
            set(response.headers_mut(), header::CONTENT_RANGE, format!("bytes */{length}"));
            return Ok(response);
        }
    };
    let mut fields = HeaderMap::new();
    describe(&mut fields, &prepared, &name);
    set(&mut fields, header::CONTENT_LENGTH, (range.end - range.start).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        set(&mut fields, header::CONTENT_RANGE, format!("bytes {}-{}/{length}", range.start, range.end - 1));
    }
    let body = if method == Method::HEAD { Body::empty() } else { body(state, key, prepared, range, place) };
    Ok((status, fields, body).into_response())
}

fn set(headers: &mut HeaderMap, field: header::HeaderName, value: String) {
    // Digits and words.
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(field, value);
    }
}
