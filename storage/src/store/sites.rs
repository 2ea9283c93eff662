use eyrie_types::{Site, SiteId, TenantId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, col};
use super::fold::fold;
use super::store::sqlite_or;
use super::{Store, StoreError};

/// Most sites of one tenant: they are listed whole.
pub const SITES_MAX: usize = 10_000;
const SITE: &str = "site";

impl Store {
    /// Makes a site.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for its id or its name (in any case), [`StoreError::TooMany`] beyond [`SITES_MAX`].
    pub async fn create_site(&self, site: Site) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.create_site(site));
        db.write(move |connection| {
            let count: usize = connection
                .prepare_cached("SELECT count(*) FROM sites WHERE tenant = ?1")?
                .query_row([Col(site.tenant.clone())], |row| row.get::<_, Col<u64>>(0))
                .map(|count| usize::try_from(count.0).unwrap_or(usize::MAX))?;
            if count >= SITES_MAX {
                return Err(StoreError::TooMany { what: "sites", max: SITES_MAX });
            }
            let made = connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO sites (tenant, id, name, name_folded, zone, created_us)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    Col(site.tenant.clone()),
                    Col(site.id),
                    site.name,
                    fold(&site.name),
                    site.zone,
                    Col(site.created_at)
                ])?;
            if made == 0 { Err(StoreError::AlreadyExists(SITE)) } else { Ok(()) }
        })
        .await
    }

    /// The site `id`, if there is one.
    pub async fn site(&self, tenant: &TenantId, id: SiteId) -> Result<Option<Site>, StoreError> {
        let db = sqlite_or!(self, cql => cql.site(tenant, id));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM sites WHERE tenant = ?1 AND id = ?2");
            Ok(connection.prepare_cached(&sql)?.query_row(params![Col(tenant), Col(id)], read).optional()?)
        })
        .await
    }

    /// All sites of a tenant, sorted by name.
    pub async fn sites(&self, tenant: &TenantId) -> Result<Vec<Site>, StoreError> {
        let db = sqlite_or!(self, cql => cql.sites(tenant));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM sites WHERE tenant = ?1 ORDER BY name_folded");
            let mut statement = connection.prepare_cached(&sql)?;
            let sites = statement.query_map([Col(tenant)], read)?.collect::<Result<_, _>>()?;
            Ok(sites)
        })
        .await
    }

    /// Changes name and zone of a site; returns what it is now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::AlreadyExists`] for its name.
    pub async fn update_site(
        &self,
        tenant: &TenantId,
        id: SiteId,
        name: String,
        zone: String,
    ) -> Result<Site, StoreError> {
        let db = sqlite_or!(self, cql => cql.update_site(tenant, id, name, zone));
        let (tenant, watches) = (tenant.clone(), db.watches.clone());
        let work = move |connection: &Connection| {
            let taken = "SELECT 1 FROM sites WHERE tenant = ?1 AND name_folded = ?2 AND id <> ?3";
            if connection.prepare_cached(taken)?.exists(params![Col(tenant.clone()), fold(&name), Col(id)])? {
                return Err(StoreError::AlreadyExists(SITE));
            }
            let sql = format!(
                "UPDATE sites SET name = ?3, name_folded = ?4, zone = ?5 WHERE tenant = ?1 AND id = ?2
                 RETURNING {COLUMNS}"
            );
            let mut update = connection.prepare_cached(&sql)?;
            let site = update.query_row(params![Col(tenant), Col(id), name, fold(&name), zone], read).optional()?;
            site.ok_or(StoreError::NotFound(SITE))
        };
        db.write_then(work, move |site: &Site| watches.tell(|watch| watch.site_renamed(&site.tenant))).await
    }

    /// Deletes a site that no camera stands at.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::SiteInUse`].
    pub async fn delete_site(&self, tenant: &TenantId, id: SiteId) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.delete_site(tenant, id));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let Col(cameras) = connection
                .prepare_cached("SELECT count(*) FROM cameras WHERE tenant = ?1 AND site = ?2")?
                .query_row(params![Col(tenant.clone()), Col(id)], |row| row.get::<_, Col<u64>>(0))?;
            if cameras > 0 {
                return Err(StoreError::SiteInUse { cameras });
            }
            let gone = connection
                .prepare_cached("DELETE FROM sites WHERE tenant = ?1 AND id = ?2")?
                .execute(params![Col(tenant), Col(id)])?;
            if gone == 0 { Err(StoreError::NotFound(SITE)) } else { Ok(()) }
        })
        .await
    }
}

const COLUMNS: &str = "tenant, id, name, zone, created_us";

fn read(row: &Row<'_>) -> rusqlite::Result<Site> {
    Ok(Site { tenant: col(row, 0)?, id: col(row, 1)?, name: row.get(2)?, zone: row.get(3)?, created_at: col(row, 4)? })
}

pub(super) fn exists(connection: &Connection, tenant: &TenantId, id: SiteId) -> Result<bool, StoreError> {
    let mut found = connection.prepare_cached("SELECT 1 FROM sites WHERE tenant = ?1 AND id = ?2")?;
    Ok(found.exists(params![Col(tenant.clone()), Col(id)])?)
}

/// The sites whose name contains `folded`.
pub(super) fn matching(connection: &Connection, tenant: &TenantId, folded: &str) -> Result<Vec<SiteId>, StoreError> {
    let sql = "SELECT id FROM sites WHERE tenant = ?1 AND instr(name_folded, ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map(params![Col(tenant.clone()), folded], |row| row.get::<_, Col<SiteId>>(0))?;
    ids.map(|id| Ok(id?.0)).collect()
}
