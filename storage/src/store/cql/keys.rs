use eyrie_types::{KeyId, TenantId};

use super::cells::{Cells, cells};
use super::cql::{Cql, all_of};
use crate::store::keys::TENANT_KEYS_MAX;
use crate::store::{SealedSecret, StoreError, TenantKeyRow};

const KEY: &str = "segment key";
/// Timestamps of a key's row: that it was shredded outlives that it was kept, so a write on its way brings it back never.
const KEPT: i64 = 1;
const SHREDDED: i64 = 2;

impl Cql {
    pub(in crate::store) async fn put_key(
        &self,
        tenant: &TenantId,
        id: KeyId,
        sealed: SealedSecret,
    ) -> Result<(), StoreError> {
        if self.insert_key(tenant, id, &sealed).await? { Ok(()) } else { Err(StoreError::Immutable(KEY)) }
    }

    pub(in crate::store) async fn put_keys(
        &self,
        keys: Vec<(TenantId, KeyId, SealedSecret)>,
        wanted: impl Fn(KeyId) -> bool + Send + 'static,
    ) -> Result<Vec<KeyId>, StoreError> {
        let wanted: Vec<_> = keys.into_iter().filter(|(_, id, _)| wanted(*id)).collect();
        let puts = wanted.iter().map(|(tenant, id, sealed)| async move {
            let kept = self.insert_key(tenant, *id, sealed).await?;
            Ok::<_, StoreError>((!kept).then_some(*id))
        });
        Ok(all_of(puts.collect()).await?.into_iter().flatten().collect())
    }

    /// Keeps a row; `false` when other bytes are there. Ids are random and each is used by one recorder, so what is there is looked
    /// at first, without a transaction.
    async fn insert_key(&self, tenant: &TenantId, id: KeyId, sealed: &SealedSecret) -> Result<bool, StoreError> {
        if let Some(stored) = self.key(tenant, id).await? {
            return Ok(stored == *sealed);
        }
        let text = "INSERT INTO key_rows (tenant, id, sealed) VALUES (?, ?, ?) USING TIMESTAMP ?";
        self.run(text, cells![tenant, id, sealed, KEPT]).await?;
        Ok(true)
    }

    pub(in crate::store) async fn key(&self, tenant: &TenantId, id: KeyId) -> Result<Option<SealedSecret>, StoreError> {
        let text = "SELECT sealed FROM key_rows WHERE tenant = ? AND id = ?";
        self.one(KEY, text, cells![tenant, id]).await?.map(|mut row| row.get(0)).transpose()
    }

    pub(in crate::store) async fn shred_key(&self, tenant: &TenantId, id: KeyId) -> Result<bool, StoreError> {
        let there = self.key(tenant, id).await?.is_some();
        let text = "DELETE FROM key_rows USING TIMESTAMP ? WHERE tenant = ? AND id = ?";
        self.run(text, cells![SHREDDED, tenant, id]).await?;
        Ok(there)
    }

    pub(in crate::store) async fn create_tenant_key(&self, key: TenantKeyRow) -> Result<(), StoreError> {
        let text = "INSERT INTO tenant_keys (tenant, version, public, wrapped, created_us) VALUES (?, ?, ?, ?, ?)
                    IF NOT EXISTS";
        let TenantKeyRow { tenant, version, public, wrapped, created_at } = key;
        let made = self.run_if(text, cells![tenant, version, public, wrapped, created_at]).await?;
        if made { Ok(()) } else { Err(StoreError::AlreadyExists("tenant key")) }
    }

    pub(in crate::store) async fn tenant_keys(&self, tenant: &TenantId) -> Result<Vec<TenantKeyRow>, StoreError> {
        let text = "SELECT tenant, version, public, wrapped, created_us FROM tenant_keys WHERE tenant = ?
                    ORDER BY version DESC";
        let mut keys = self.all("tenant key", text, cells![tenant], read).await?;
        keys.truncate(TENANT_KEYS_MAX as usize);
        Ok(keys)
    }

    pub(in crate::store) async fn rewrap_tenant_key(
        &self,
        tenant: &TenantId,
        version: u32,
        wrapped: SealedSecret,
    ) -> Result<(), StoreError> {
        let text = "UPDATE tenant_keys SET wrapped = ? WHERE tenant = ? AND version = ? IF EXISTS";
        let changed = self.run_if(text, cells![wrapped, tenant, version]).await?;
        if changed { Ok(()) } else { Err(StoreError::NotFound("tenant key")) }
    }
}

fn read(mut row: Cells) -> Result<TenantKeyRow, StoreError> {
    Ok(TenantKeyRow {
        tenant: row.get(0)?,
        version: row.get(1)?,
        public: row.get(2)?,
        wrapped: row.get(3)?,
        created_at: row.get(4)?,
    })
}
