use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_types::{Layout, LayoutGrid, LayoutId};

use crate::extract::{ApiJson, ApiPath};
use crate::model::LayoutsAnswer;
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Lists the caller's layouts.
#[utoipa::path(get, path = "/api/v1/layouts", tag = "layouts",
    responses((status = 200, description = "All of them.", body = LayoutsAnswer)))]
pub(crate) async fn list_layouts(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
) -> Result<Json<LayoutsAnswer>, Problem> {
    Ok(Json(LayoutsAnswer { items: state.store().layouts(&caller.tenant, caller.user).await? }))
}

/// Keeps a layout.
///
/// It is the caller's alone. At most 50.
#[utoipa::path(post, path = "/api/v1/layouts", tag = "layouts", request_body = LayoutGrid,
    responses((status = 201, description = "Kept.", body = Layout,
        headers(("location" = String, description = "Its path.")))))]
pub(crate) async fn create_layout(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiJson(grid): ApiJson<LayoutGrid>,
) -> Result<Response, Problem> {
    grid.validate().map_err(Problem::fields)?;
    let now = state.clock().now();
    let layout = Layout { id: LayoutId::generate(), grid, created_at: now, updated_at: now };
    state.store().create_layout(&caller.tenant, caller.user, layout.clone()).await?;
    let location = format!("/api/v1/layouts/{}", layout.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(layout)).into_response())
}

/// Replaces a layout of the caller.
#[utoipa::path(put, path = "/api/v1/layouts/{id}", tag = "layouts",
    params(("id" = LayoutId, Path, description = "Which layout.")), request_body = LayoutGrid,
    responses((status = 200, description = "The layout as it is now.", body = Layout)))]
pub(crate) async fn update_layout(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<LayoutId>,
    ApiJson(grid): ApiJson<LayoutGrid>,
) -> Result<Json<Layout>, Problem> {
    grid.validate().map_err(Problem::fields)?;
    let now = state.clock().now();
    Ok(Json(state.store().update_layout(&caller.tenant, caller.user, id, grid, now).await?))
}

/// Deletes a layout of the caller.
#[utoipa::path(delete, path = "/api/v1/layouts/{id}", tag = "layouts",
    params(("id" = LayoutId, Path, description = "Which layout.")), responses((status = 204, description = "Gone.")))]
pub(crate) async fn delete_layout(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<LayoutId>,
) -> Result<StatusCode, Problem> {
    state.store().delete_layout(&caller.tenant, caller.user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
