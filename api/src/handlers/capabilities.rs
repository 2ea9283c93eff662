use axum::Json;
use axum::extract::State;
use eyrie_storage::store::StoreError;
use eyrie_types::{CameraId, ProblemCode};

use crate::auth::{CAPABILITY_TTL, Capability};
use crate::extract::{ApiJson, ApiPath};
use crate::model::{CapabilityAnswer, CapabilityInput, CapabilityKind};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Issues a capability for players that cannot send headers.
///
/// It is part of the path, so that the relative addresses of a playlist inherit it; it is bound to this camera and to its kind,
/// and ends with the caller's session. What was recorded of a deleted camera can still be played and exported.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/capabilities", tag = "live",
    params(("id" = CameraId, Path, description = "Which camera.")), request_body = CapabilityInput,
    responses((status = 200, description = "The capability.", body = CapabilityAnswer)))]
pub(crate) async fn create_capability(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiJson(CapabilityInput { kind }): ApiJson<CapabilityInput>,
) -> Result<Json<CapabilityAnswer>, Problem> {
    let (tenant, store) = (&caller.tenant, state.store());
    let known = store.camera(tenant, id).await?.is_some()
        || (kind != CapabilityKind::Live && store.deleted_camera(tenant, id).await?.is_some());
    if !known {
        return Err(StoreError::NotFound("camera").into());
    }
    let now = state.clock().now();
    state.keep_signing_key(now).await?;
    let expires_at = now + CAPABILITY_TTL;
    let capability = Capability { tenant: tenant.clone(), kind, camera: id, session: caller.session, expires_at };
    let sealed = capability.seal(state.keys(), now).map_err(|error| {
        tracing::error!(%error, "a capability could not be sealed");
        Problem::new(ProblemCode::Internal, "The capability could not be made.")
    })?;
    let file = match kind {
        CapabilityKind::Live => "live/index.m3u8",
        CapabilityKind::Playback => "playback/index.m3u8",
        CapabilityKind::Export => "export.mp4",
    };
    Ok(Json(CapabilityAnswer { url: format!("/media/{sealed}/cameras/{id}/{file}"), expires_at }))
}
