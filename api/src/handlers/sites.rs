use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_storage::store::StoreError;
use eyrie_types::{Site, SiteId};

use super::page;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::model::{PageQuery, SiteInput, SitePage, SitePatch};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Lists sites.
#[utoipa::path(get, path = "/api/v1/sites", tag = "sites", params(PageQuery),
    responses((status = 200, description = "A page of sites.", body = SitePage)))]
pub(crate) async fn list_sites(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<SitePage>, Problem> {
    let limit = page::limit(query.limit)?;
    let mut items = state.store().sites(&caller.tenant).await?;
    let total = items.len() as u64;
    // The store lists sites whole, by name; a page of them begins after the site that the cursor names.
    if let Some(cursor) = query.cursor {
        let last: SiteId = cursor.parse().map_err(|_| StoreError::BadCursor)?;
        let at = items.iter().position(|site| site.id == last).ok_or(StoreError::BadCursor)?;
        items.drain(..=at);
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|site| site.id.to_string());
    Ok(Json(SitePage { items, next_cursor, total }))
}

/// Makes a site.
#[utoipa::path(post, path = "/api/v1/sites", tag = "sites", request_body = SiteInput,
    responses((status = 201, description = "Made.", body = Site,
        headers(("location" = String, description = "Its path.")))))]
pub(crate) async fn create_site(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiJson(input): ApiJson<SiteInput>,
) -> Result<Response, Problem> {
    Site::validate(&input.name, &input.zone).map_err(Problem::fields)?;
    let SiteInput { name, zone } = input;
    let (id, tenant, created_at) = (SiteId::generate(), caller.tenant.clone(), state.clock().now());
    let site = Site { id, tenant, name, zone, created_at };
    state.store().create_site(site.clone()).await?;
    let location = format!("/api/v1/sites/{}", site.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(site)).into_response())
}

/// Shows a site.
#[utoipa::path(get, path = "/api/v1/sites/{id}", tag = "sites", params(("id" = SiteId, Path, description = "Which site.")),
    responses((status = 200, description = "The site.", body = Site)))]
pub(crate) async fn get_site(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<SiteId>,
) -> Result<Json<Site>, Problem> {
    Ok(Json(state.store().site(&caller.tenant, id).await?.ok_or(StoreError::NotFound("site"))?))
}

/// Changes a site.
#[utoipa::path(patch, path = "/api/v1/sites/{id}", tag = "sites",
    params(("id" = SiteId, Path, description = "Which site.")), request_body = SitePatch,
    responses((status = 200, description = "The site as it is now.", body = Site)))]
pub(crate) async fn update_site(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<SiteId>,
    ApiJson(patch): ApiJson<SitePatch>,
) -> Result<Json<Site>, Problem> {
    let site = state.store().site(&caller.tenant, id).await?.ok_or(StoreError::NotFound("site"))?;
    let (name, zone) = (patch.name.unwrap_or(site.name), patch.zone.unwrap_or(site.zone));
    Site::validate(&name, &zone).map_err(Problem::fields)?;
    Ok(Json(state.store().update_site(&caller.tenant, id, name, zone).await?))
}

/// Deletes a site.
///
/// Refused while cameras stand at it.
#[utoipa::path(delete, path = "/api/v1/sites/{id}", tag = "sites",
    params(("id" = SiteId, Path, description = "Which site.")), responses((status = 204, description = "Gone.")))]
pub(crate) async fn delete_site(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<SiteId>,
) -> Result<StatusCode, Problem> {
    state.store().delete_site(&caller.tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
