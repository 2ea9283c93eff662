use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_storage::store::{MarkerQuery, StoreError};
use eyrie_types::{
    CameraId, MARKER_TITLE_CHARS_MAX, Marker, MarkerId, MarkerText, ProblemCode, Role, WallTime, check_category,
};
use serde_json::Value;

use super::page;
use crate::extract::{ApiJson, ApiPath, ApiQuery, from_value, range_of};
use crate::known_camera::known_camera;
use crate::merge_patch::merge_patch;
use crate::model::{MarkerInput, MarkerPage, MarkerPatch, MarkersQuery};
use crate::principal::{Authorized, Correlation, Principal};
use crate::{GatewayState, Problem};

/// Longest text to search for, in characters: that of a title.
const SEARCH_CHARS_MAX: usize = MARKER_TITLE_CHARS_MAX;

/// Lists the markers of a camera, the latest first.
///
/// Those of a camera that was deleted stay, for operators.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/markers", tag = "markers",
    params(("id" = CameraId, Path, description = "Which camera."), MarkersQuery),
    responses((status = 200, description = "A page of markers.", body = MarkerPage)))]
pub(crate) async fn list_camera_markers(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<MarkersQuery>,
) -> Result<Json<MarkerPage>, Problem> {
    let asked = MarkerQuery { camera: Some(id), of_deleted: true, ..asked(query)? };
    check_visible(&state, &caller, id).await?;
    list(&state, &caller, asked).await
}

/// Searches the markers of all cameras, the latest first.
#[utoipa::path(get, path = "/api/v1/markers", tag = "markers", params(MarkersQuery),
    responses((status = 200, description = "A page of markers.", body = MarkerPage)))]
pub(crate) async fn list_markers(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiQuery(query): ApiQuery<MarkersQuery>,
) -> Result<Json<MarkerPage>, Problem> {
    let asked = MarkerQuery { of_deleted: sees_deleted(&caller), ..asked(query)? };
    list(&state, &caller, asked).await
}

/// Notes something of a camera's footage.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/markers", tag = "markers",
    params(("id" = CameraId, Path, description = "Which camera.")), request_body = MarkerInput,
    responses((status = 201, description = "Made.", body = Marker,
        headers(("location" = String, description = "Its path.")))))]
pub(crate) async fn create_marker(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    correlation: Correlation,
    ApiPath(camera): ApiPath<CameraId>,
    ApiJson(input): ApiJson<MarkerInput>,
) -> Result<Response, Problem> {
    let text = MarkerText::from(input);
    text.validate().map_err(Problem::fields)?;
    check_visible(&state, &caller, camera).await?;
    let now = state.clock().now();
    let (id, author, author_id) = (MarkerId::generate(), caller.username.to_string(), caller.user);
    let marker = Marker { id, camera, text, author, author_id, created_at: now, updated_at: now };
    let event = state.store().create_marker(&caller.tenant, marker.clone(), caller.by(correlation)).await?;
    state.node().announce(event);
    let location = format!("/api/v1/cameras/{camera}/markers/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(marker)).into_response())
}

/// Changes a marker.
///
/// A JSON merge patch (RFC 7396): fields left out stay, `null` removes. Viewers change their own, operators any.
#[utoipa::path(patch, path = "/api/v1/cameras/{id}/markers/{marker}", tag = "markers",
    params(("id" = CameraId, Path, description = "Of which camera."),
        ("marker" = MarkerId, Path, description = "Which marker.")),
    request_body = MarkerPatch,
    responses((status = 200, description = "The marker as it is now.", body = Marker)))]
pub(crate) async fn update_marker(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    correlation: Correlation,
    ApiPath((camera, id)): ApiPath<(CameraId, MarkerId)>,
    ApiJson(patch): ApiJson<Value>,
) -> Result<Json<Marker>, Problem> {
    // Refused here, where the field can be named, before anything is read.
    drop(from_value::<MarkerPatch>("", patch.clone())?);
    check_own(&state, &caller, camera, id).await?;
    let (now, by) = (state.clock().now(), caller.by(correlation));
    let change = move |old| patched(&old, patch.clone());
    let (marker, event) = state.store().update_marker(&caller.tenant, camera, id, change, now, by).await?;
    state.node().announce(event);
    Ok(Json(marker))
}

/// Deletes a marker.
///
/// Viewers delete their own, operators any.
#[utoipa::path(delete, path = "/api/v1/cameras/{id}/markers/{marker}", tag = "markers",
    params(("id" = CameraId, Path, description = "Of which camera."),
        ("marker" = MarkerId, Path, description = "Which marker.")),
    responses((status = 204, description = "Gone.")))]
pub(crate) async fn delete_marker(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    correlation: Correlation,
    ApiPath((camera, id)): ApiPath<(CameraId, MarkerId)>,
) -> Result<StatusCode, Problem> {
    check_own(&state, &caller, camera, id).await?;
    let now = state.clock().now();
    let event = state.store().delete_marker(&caller.tenant, camera, id, now, caller.by(correlation)).await?;
    state.node().announce(event);
    Ok(StatusCode::NO_CONTENT)
}

async fn list(state: &GatewayState, caller: &Principal, query: MarkerQuery) -> Result<Json<MarkerPage>, Problem> {
    let found = state.store().markers(&caller.tenant, query).await?;
    Ok(Json(MarkerPage { items: found.items, next_cursor: page::next(found.next_cursor) }))
}

/// What is asked for, of all cameras that are there.
fn asked(query: MarkersQuery) -> Result<MarkerQuery, Problem> {
    let MarkersQuery { search, from, to, category, limit, cursor } = query;
    if search.as_ref().is_some_and(|text| text.chars().count() > SEARCH_CHARS_MAX) {
        return Err(Problem::query("search", format!("must be at most {SEARCH_CHARS_MAX} characters long")));
    }
    // Markers come in pages, so any length will do.
    let range = range_of(from.unwrap_or(WallTime::EPOCH), to.unwrap_or(WallTime::MAX), Duration::MAX)?;
    if let Some(category) = &category {
        check_category("category", category).map_err(|error| Problem::query(error.field, error.reason))?;
    }
    let (limit, cursor) = (page::limit(limit)?, page::cursor(cursor));
    Ok(MarkerQuery { camera: None, of_deleted: false, range, category, search, limit, cursor })
}

/// Whether the caller sees the markers of deleted cameras.
pub(super) fn sees_deleted(caller: &Principal) -> bool {
    caller.role.may(Role::Operator)
}

/// Passes for a camera of the tenant; for operators also for one that was deleted.
async fn check_visible(state: &GatewayState, caller: &Principal, id: CameraId) -> Result<(), Problem> {
    if sees_deleted(caller) {
        return known_camera(state, &caller.tenant, id).await.map(drop);
    }
    let there = state.directory().camera(&caller.tenant, id).await?.is_some();
    if there { Ok(()) } else { Err(StoreError::NotFound("camera").into()) }
}

/// Passes for a marker that the caller may change. Authors never change, so what is found here still holds when it is written.
async fn check_own(state: &GatewayState, caller: &Principal, camera: CameraId, id: MarkerId) -> Result<(), Problem> {
    check_visible(state, caller, camera).await?;
    let marker = state.store().marker(&caller.tenant, camera, id).await?.ok_or(StoreError::NotFound("marker"))?;
    if marker.author_id == caller.user || caller.role.may(Role::Operator) {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::Forbidden, "This marker is somebody else's; operators may change it."))
}

/// What a marker says once `patch` is applied.
fn patched(old: &MarkerText, patch: Value) -> Result<MarkerText, StoreError> {
    let invalid = |error: &dyn ToString| StoreError::Invalid(error.to_string());
    let mut merged = serde_json::to_value(old).map_err(|error| invalid(&error))?;
    merge_patch(&mut merged, patch);
    let input: MarkerInput = from_value("", merged).map_err(|problem| invalid(&problem.detail))?;
    let text = MarkerText::from(input);
    text.validate()
        .map_err(|errors| errors.first().map_or_else(|| invalid(&"body: cannot be applied"), |e| invalid(e)))?;
    Ok(text)
}
