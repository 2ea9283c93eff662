use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_storage::store::{Cursor, StoreError, fold};
use eyrie_types::{CameraId, CameraSpec, CameraStatus, Role};

use super::page;
use crate::camera_changes;
use crate::directory::{Filter, Whereabouts, camera_json, page_json};
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::model::{CameraAnswer, CameraPage, CameraPatch, CameraQuery, LabelCount, LabelsAnswer};
use crate::principal::{Authorized, Correlation, Principal};
use crate::publish::{AskedHost, link};
use crate::{GatewayState, Problem};

/// Lists cameras.
#[utoipa::path(get, path = "/api/v1/cameras", tag = "cameras", params(CameraQuery),
    responses((status = 200, description = "A page of cameras.", body = CameraPage)))]
pub(crate) async fn list_cameras(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiQuery(query): ApiQuery<CameraQuery>,
) -> Result<Response, Problem> {
    let filter = Filter {
        search: query.search.as_deref().map(fold).filter(|text| !text.is_empty()),
        label: query.label,
        site: query.site,
        state: query.state,
    };
    let (limit, cursor) = (page::limit(query.limit)?, page::cursor(query.cursor));
    let found = state.directory().page(&caller.tenant, filter, limit, cursor).await?;
    let next_cursor = found.next_cursor.as_ref().map(Cursor::as_str);
    let places = Whereabouts::new(state.control().state(), caller.tenant.clone());
    Ok(json(page_json(state.node(), places, &found.items, next_cursor, found.total)))
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
    asked: AskedHost,
    ApiJson(body): ApiJson<serde_json::Value>,
) -> Result<Response, Problem> {
    let camera = camera_changes::create(&state, &caller, caller.by(correlation), &asked, body).await?;
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
    asked: AskedHost,
    ApiPath(id): ApiPath<CameraId>,
) -> Result<Response, Problem> {
    let entry = state.directory().camera(&caller.tenant, id).await?.ok_or(StoreError::NotFound("camera"))?;
    // Its key is nowhere kept ready: few look at cameras that publish, and fewer may see it.
    let publish = match entry.pushed && caller.role.may(Role::Operator) {
        true => state.store().camera(&caller.tenant, id).await?.and_then(|stored| link(&state, &asked, &stored)),
        false => None,
    };
    let places = Whereabouts::new(state.control().state(), caller.tenant.clone());
    Ok((etag(entry.revision), json(camera_json(state.node(), places, &entry, publish.as_deref()))).into_response())
}

/// Makes a camera another address to publish to.
///
/// The new one is `links.publish`; with the old one nobody publishes any more, and whoever does is cut off.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/publish-key", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "The camera with its new address.", body = CameraAnswer,
        headers(("etag" = String, description = "Its revision.")))))]
pub(crate) async fn change_publish_key(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    correlation: Correlation,
    asked: AskedHost,
    ApiPath(id): ApiPath<CameraId>,
) -> Result<Response, Problem> {
    let camera = camera_changes::change_key(&state, &caller, caller.by(correlation), &asked, id).await?;
    Ok(tagged(camera).into_response())
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
    asked: AskedHost,
    ApiPath(id): ApiPath<CameraId>,
    headers: HeaderMap,
    ApiJson(patch): ApiJson<serde_json::Value>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let camera = camera_changes::update(&state, &caller, caller.by(correlation), &asked, id, expected, patch).await?;
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
    let entry = state.directory().camera(&caller.tenant, id).await?.ok_or(StoreError::NotFound("camera"))?;
    Ok(Json(state.node().status(id).unwrap_or_else(|| entry.first_status())))
}

/// The camera with its revision as the entity tag.
fn tagged(camera: CameraAnswer) -> impl axum::response::IntoResponse {
    (etag(camera.revision), Json(camera))
}

fn etag(revision: u64) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{revision}\""))]
}

/// An answer that is JSON already.
fn json(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response()
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
