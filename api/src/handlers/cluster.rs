use std::ops::Bound;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eyrie_cluster::{CellPlacement, CellState, PlacementKey};
use eyrie_storage::store::StoreError;
use eyrie_types::{CameraId, NodeId, ProblemCode, Slot, TenantId};

use super::page;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::model::{ClusterAnswer, ClusterNode, DrainInput, PlacementAnswer, PlacementPage, PlacementQuery};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Shows the cell.
///
/// Any node answers, also one that is cut off: `stale` says so.
#[utoipa::path(get, path = "/api/v1/cluster", tag = "cluster",
    responses((status = 200, description = "The cell.", body = ClusterAnswer)))]
pub(crate) async fn get_cluster(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
) -> Result<Json<ClusterAnswer>, Problem> {
    Ok(Json(cell(&state).await?))
}

/// The cell as this node sees it. Whether the rest could take over what a node has takes milliseconds to find out in a large cell:
/// not on a thread that other requests wait for.
pub(super) async fn cell(state: &GatewayState) -> Result<ClusterAnswer, Problem> {
    let control = state.control().clone();
    let looked = tokio::task::spawn_blocking(move || ClusterAnswer::of(control.view(), &control.state())).await;
    looked.map_err(|_| Problem::new(ProblemCode::Internal, "The node met a fault of its own."))
}

/// Lists where cameras are recorded.
#[utoipa::path(get, path = "/api/v1/cluster/placements", tag = "cluster", params(PlacementQuery),
    responses((status = 200, description = "A page of placements.", body = PlacementPage)))]
pub(crate) async fn list_placements(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiQuery(query): ApiQuery<PlacementQuery>,
) -> Result<Json<PlacementPage>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = query.cursor.as_deref().filter(|text| !text.is_empty()).map(place_of).transpose()?;
    let cell = state.control().state();
    let of_tenant = |from| placements_from(&cell, &caller.tenant, from).filter(|(_, placed)| query.takes(placed));
    let total = of_tenant(None).count() as u64;
    let mut found: Vec<_> = of_tenant(after).take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|(key, _)| format!("{}.{}", key.camera, key.slot));
    let mut items = Vec::with_capacity(found.len());
    for (key, placement) in found {
        let camera = state.directory().camera(&caller.tenant, key.camera).await?;
        items.push(PlacementAnswer::of(key, placement, camera.map(|entry| entry.name())));
    }
    Ok(Json(PlacementPage { items, next_cursor, total }))
}

/// The place in the list that a cursor names.
fn place_of(cursor: &str) -> Result<(CameraId, Slot), StoreError> {
    let (camera, slot) = cursor.split_once('.').ok_or(StoreError::BadCursor)?;
    let camera = camera.parse().map_err(|_| StoreError::BadCursor)?;
    let slot = slot.parse().map_err(|_| StoreError::BadCursor)?;
    Ok((camera, Slot(slot)))
}

/// The placements of a tenant behind `after`.
fn placements_from<'a>(
    cell: &'a CellState,
    tenant: &'a TenantId,
    after: Option<(CameraId, Slot)>,
) -> impl Iterator<Item = (&'a PlacementKey, &'a CellPlacement)> {
    let key = |camera, slot| PlacementKey { tenant: tenant.clone(), camera, slot };
    let from = match after {
        Some((camera, slot)) => Bound::Excluded(key(camera, slot)),
        None => Bound::Included(key(CameraId::from_uuid(uuid::Uuid::nil()), Slot::OWNER)),
    };
    cell.placements().range((from, Bound::Unbounded)).take_while(move |(key, _)| key.tenant == *tenant)
}

/// Drains a node, or ends its drain.
///
/// Its placements move to other nodes, each without losing a picture where the camera allows two sessions. They are gone once
/// `placements` is 0; those that no other node has room for stay. A restart of the node ends its drain.
#[utoipa::path(post, path = "/api/v1/cluster/nodes/{id}/drain", tag = "cluster",
    params(("id" = NodeId, Path, description = "Which node.")), request_body = Option<DrainInput>,
    responses((status = 200, description = "The node, which takes placements again, or has none left.", body = ClusterNode),
        (status = 202, description = "The node, whose placements have begun to leave.", body = ClusterNode)))]
pub(crate) async fn drain_node(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiPath(id): ApiPath<NodeId>,
    input: Option<ApiJson<DrainInput>>,
) -> Result<(StatusCode, Json<ClusterNode>), Problem> {
    let DrainInput { draining } = input.map(|ApiJson(input)| input).unwrap_or_default();
    state.control().set_drain(id, draining).await?;
    let node = cell(&state).await?.nodes.into_iter().find(|node| node.id == id).ok_or_else(no_such_node)?;
    let status = if draining && node.placements > 0 { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(node)))
}

/// Takes a dead node out of the cell for good.
///
/// Refused while it lives: drain it and stop it first. Should it come back nevertheless, it has to join anew.
#[utoipa::path(delete, path = "/api/v1/cluster/nodes/{id}", tag = "cluster",
    params(("id" = NodeId, Path, description = "Which node.")), responses((status = 204, description = "Gone.")))]
pub(crate) async fn remove_node(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiPath(id): ApiPath<NodeId>,
) -> Result<StatusCode, Problem> {
    // The cell takes the removal of a node it does not have for done; whoever asks may have mistyped.
    state.control().state().member(id).ok_or_else(no_such_node)?;
    state.control().remove_node(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn no_such_node() -> Problem {
    Problem::not_found("node in the cell")
}
