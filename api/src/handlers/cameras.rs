use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_storage::store::StoreError;
use eyrie_types::{CameraId, CameraSpec, CameraStatus};

use super::page;
use crate::camera_changes;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::model::{CameraAnswer, CameraPage, CameraPatch, CameraQuery, LabelCount, LabelsAnswer};
use crate::principal::{Authorized, Correlation, Principal};
use crate::{GatewayState, Problem};

/// Lists cameras.
#[utoipa::path(get, path = "/api/v1/cameras", tag = "cameras", params(CameraQuery),
    responses((status = 200, description = "A page of cameras.", body = CameraPage)))]
pub(crate) async fn list_cameras(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiQuery(query): ApiQuery<CameraQuery>,
) -> Result<Json<CameraPage>, Problem> {
    // What cameras are doing is known to the node, in memory; the store sorts, searches and pages among those it is given.
    let ids = query.state.map(|wanted| state.node().cameras_in_state(&caller.tenant, wanted));
    let asked = eyrie_storage::store::CameraQuery {
        search: query.search,
        labels: query.label.into_iter().collect(),
        site: query.site,
        ids,
        limit: page::limit(query.limit)?,
        cursor: page::cursor(query.cursor),
    };
    let found = state.store().cameras(&caller.tenant, asked).await?;
    Ok(Json(CameraPage {
        items: found.items.into_iter().map(|stored| camera_changes::answer(&state, stored)).collect(),
        next_cursor: page::next(found.next_cursor),
        total: found.total,
    }))
}

/// Lists the labels that cameras carry.
#[utoipa::path(get, path = "/api/v1/labels", tag = "cameras",
    responses((status = 200, description = "Each with how many cameras carry it.", body = LabelsAnswer)))]
pub(crate) async fn list_labels(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
) -> Result<Json<LabelsAnswer>, Problem> {
    let labels = state.store().labels(&caller.tenant).await?;
    let items = labels.into_iter().map(|(label, cameras)| LabelCount { label, cameras }).collect();
    Ok(Json(LabelsAnswer { items }))
}

/// Adds a camera.
#[utoipa::path(post, path = "/api/v1/cameras", tag = "cameras", request_body = CameraSpec,
    responses((status = 201, description = "Added; it is being connected to.", body = CameraAnswer,
        headers(("location" = String, description = "Its path."), ("etag" = String, description = "Its revision.")))))]
pub(crate) async fn create_camera(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    correlation: Correlation,
    ApiJson(body): ApiJson<serde_json::Value>,
) -> Result<Response, Problem> {
    let camera = camera_changes::create(&state, &caller, caller.by(correlation), body).await?;
    let location = camera.links.itself.clone();
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(camera)).into_response())
}

/// Shows a camera.
#[utoipa::path(get, path = "/api/v1/cameras/{id}", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "The camera.", body = CameraAnswer,
        headers(("etag" = String, description = "Its revision.")))))]
pub(crate) async fn get_camera(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
) -> Result<Response, Problem> {
    let stored = state.store().camera(&caller.tenant, id).await?.ok_or(StoreError::NotFound("camera"))?;
    Ok(tagged(camera_changes::answer(&state, stored)).into_response())
}

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
pub(crate) async fn update_camera(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    correlation: Correlation,
    ApiPath(id): ApiPath<CameraId>,
    headers: HeaderMap,
    ApiJson(patch): ApiJson<serde_json::Value>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let camera = camera_changes::update(&state, &caller, caller.by(correlation), id, expected, patch).await?;
    Ok(tagged(camera).into_response())
}

/// Removes a camera.
#[utoipa::path(delete, path = "/api/v1/cameras/{id}", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera."),
        ("if-match" = Option<String>, Header, description = "The `ETag` the decision is based on.")),
    responses((status = 204, description = "Gone.")))]
pub(crate) async fn delete_camera(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    correlation: Correlation,
    ApiPath(id): ApiPath<CameraId>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    camera_changes::delete(&state, &caller, caller.by(correlation), id, if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows what a camera is doing.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/status", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "Its status.", body = CameraStatus)))]
pub(crate) async fn get_camera_status(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
) -> Result<Json<CameraStatus>, Problem> {
    let stored = state.store().camera(&caller.tenant, id).await?.ok_or(StoreError::NotFound("camera"))?;
    Ok(Json(camera_changes::status(&state, &stored.camera)))
}

/// The camera with its revision as the entity tag.
fn tagged(camera: CameraAnswer) -> impl axum::response::IntoResponse {
    ([(header::ETAG, format!("\"{}\"", camera.revision))], Json(camera))
}

/// The revision that `If-Match` names (RFC 9110 section 13.1.1); `None` without the header or for `*`.
fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    // A tag of another form is none of ours, so it matches nothing.
    let mismatch =
        || Problem::new(eyrie_types::ProblemCode::RevisionMismatch, "If-Match names no revision of this camera.");
    tag.parse().map(Some).map_err(|_| mismatch())
}
