use eyrie_types::{Site, SiteId, TenantId};

use super::cells::{Cells, cells};
use super::cql::Cql;
use crate::store::fold::fold;
use crate::store::{SITES_MAX, StoreError};

const SITE: &str = "site";

/// Raises the version of a tenant's sites, on the condition that nobody else did: the first of the statements of every change.
const RAISE: &str = "UPDATE sites SET version = ? WHERE tenant = ? IF version = ?";
const PUT_ID: &str = "INSERT INTO sites (tenant, kind, key, id, name, zone, created_us) VALUES (?, 0, ?, ?, ?, ?, ?)";
const PUT_NAME: &str = "INSERT INTO sites (tenant, kind, key, id) VALUES (?, 1, ?, ?)";
const DELETE: &str = "DELETE FROM sites WHERE tenant = ? AND kind = ? AND key = ?";

impl Cql {
    pub(in crate::store) async fn create_site(&self, site: Site) -> Result<(), StoreError> {
        let (cql, tenant) = (self.clone(), site.tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(tenant.as_str().as_bytes()).await;
            for number in 0.. {
                cql.again(number).await?;
                let version = cql.version_of_sites(&tenant).await?;
                let count =
                    cql.count("SELECT count(*) FROM sites WHERE tenant = ? AND kind = 0", cells![tenant]).await?;
                if count >= SITES_MAX as u64 {
                    return Err(StoreError::TooMany { what: "sites", max: SITES_MAX });
                }
                if cql.site(&tenant, site.id).await?.is_some() || cql.site_named(&tenant, &site.name).await?.is_some() {
                    return Err(StoreError::AlreadyExists(SITE));
                }
                let name = fold(&site.name);
                let changes = vec![
                    (RAISE, cells![version.unwrap_or(0) + 1, tenant, version]),
                    (PUT_ID, cells![tenant, site.id, site.id, site.name, site.zone, site.created_at]),
                    (PUT_NAME, cells![tenant, name.as_bytes(), site.id]),
                ];
                if cql.run_all_if(changes).await? {
                    return Ok(());
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    pub(in crate::store) async fn site(&self, tenant: &TenantId, id: SiteId) -> Result<Option<Site>, StoreError> {
        let text = "SELECT tenant, id, name, zone, created_us FROM sites WHERE tenant = ? AND kind = 0 AND key = ?";
        self.one(SITE, text, cells![tenant, id]).await?.map(read).transpose()
    }

    pub(in crate::store) async fn sites(&self, tenant: &TenantId) -> Result<Vec<Site>, StoreError> {
        let text = "SELECT tenant, id, name, zone, created_us FROM sites WHERE tenant = ? AND kind = 0";
        let mut sites = self.all(SITE, text, cells![tenant], read).await?;
        sites.sort_by_cached_key(|site| fold(&site.name));
        Ok(sites)
    }

    pub(in crate::store) async fn update_site(
        &self,
        tenant: &TenantId,
        id: SiteId,
        name: String,
        zone: String,
    ) -> Result<Site, StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(tenant.as_str().as_bytes()).await;
            for number in 0.. {
                cql.again(number).await?;
                let version = cql.version_of_sites(&tenant).await?;
                if cql.site_named(&tenant, &name).await?.is_some_and(|other| other != id) {
                    return Err(StoreError::AlreadyExists(SITE));
                }
                let old = cql.site(&tenant, id).await?.ok_or(StoreError::NotFound(SITE))?;
                let site = Site { name: name.clone(), zone: zone.clone(), ..old.clone() };
                let mut changes = vec![
                    (RAISE, cells![version.unwrap_or(0) + 1, tenant, version]),
                    (PUT_ID, cells![tenant, id, id, site.name, site.zone, site.created_at]),
                ];
                if fold(&old.name) != fold(&name) {
                    changes.push((DELETE, cells![tenant, 1i64, fold(&old.name).as_bytes()]));
                    changes.push((PUT_NAME, cells![tenant, fold(&name).as_bytes(), id]));
                }
                if cql.run_all_if(changes).await? {
                    cql.0.watches.tell(|watch| watch.site_renamed(&tenant));
                    return Ok(site);
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    /// As on SQLite, but for a camera that is put at the site in the same moment: it stands at none then, as its answers say.
    pub(in crate::store) async fn delete_site(&self, tenant: &TenantId, id: SiteId) -> Result<(), StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(tenant.as_str().as_bytes()).await;
            for number in 0.. {
                cql.again(number).await?;
                let version = cql.version_of_sites(&tenant).await?;
                let cameras = cql.cameras_at(&tenant, id).await?;
                if cameras > 0 {
                    return Err(StoreError::SiteInUse { cameras });
                }
                let old = cql.site(&tenant, id).await?.ok_or(StoreError::NotFound(SITE))?;
                let changes = vec![
                    (RAISE, cells![version.unwrap_or(0) + 1, tenant, version]),
                    (DELETE, cells![tenant, 0i64, id]),
                    (DELETE, cells![tenant, 1i64, fold(&old.name).as_bytes()]),
                ];
                if cql.run_all_if(changes).await? {
                    return Ok(());
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    /// Writes the rows of a site, in a keyspace that nobody uses yet.
    pub(in crate::store) async fn put_site_rows(&self, site: &Site) -> Result<(), StoreError> {
        let Site { id, tenant, name, zone, created_at } = site;
        self.know_tenant(tenant).await?;
        self.run(PUT_ID, cells![tenant, id, id, name, zone, created_at]).await?;
        self.run(PUT_NAME, cells![tenant, fold(name).as_bytes(), id]).await
    }

    async fn version_of_sites(&self, tenant: &TenantId) -> Result<Option<i64>, StoreError> {
        let row = self.one_settled(SITE, "SELECT version FROM sites WHERE tenant = ? LIMIT 1", cells![tenant]).await?;
        row.map_or(Ok(None), |mut row| row.get(0))
    }

    async fn site_named(&self, tenant: &TenantId, name: &str) -> Result<Option<SiteId>, StoreError> {
        let text = "SELECT id FROM sites WHERE tenant = ? AND kind = 1 AND key = ?";
        self.one(SITE, text, cells![tenant, fold(name).as_bytes()]).await?.map(|mut row| row.get(0)).transpose()
    }
}

pub(in crate::store) fn read(mut row: Cells) -> Result<Site, StoreError> {
    Ok(Site { tenant: row.get(0)?, id: row.get(1)?, name: row.get(2)?, zone: row.get(3)?, created_at: row.get(4)? })
}
