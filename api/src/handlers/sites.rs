use eyrie_types::{Site, SiteId};

use crate::model::{PageQuery, SiteInput, SitePage, SitePatch};

/// Lists sites.
#[utoipa::path(get, path = "/api/v1/sites", tag = "sites", params(PageQuery),
    responses((status = 200, description = "A page of sites.", body = SitePage)))]
pub(crate) fn list_sites() {}

/// Makes a site.
#[utoipa::path(post, path = "/api/v1/sites", tag = "sites", request_body = SiteInput,
    responses((status = 201, description = "Made.", body = Site,
        headers(("location" = String, description = "Its path.")))))]
pub(crate) fn create_site() {}

/// Shows a site.
#[utoipa::path(get, path = "/api/v1/sites/{id}", tag = "sites", params(("id" = SiteId, Path, description = "Which site.")),
    responses((status = 200, description = "The site.", body = Site)))]
pub(crate) fn get_site() {}

/// Changes a site.
#[utoipa::path(patch, path = "/api/v1/sites/{id}", tag = "sites",
    params(("id" = SiteId, Path, description = "Which site.")), request_body = SitePatch,
    responses((status = 200, description = "The site as it is now.", body = Site)))]
pub(crate) fn update_site() {}

/// Deletes a site.
///
/// Its cameras stay, without a site.
#[utoipa::path(delete, path = "/api/v1/sites/{id}", tag = "sites",
    params(("id" = SiteId, Path, description = "Which site.")), responses((status = 204, description = "Gone.")))]
pub(crate) fn delete_site() {}
