//! Sealed segment keys and the tenants' key pairs they are sealed to. The store can open neither.

use eyrie_types::{KeyId, TenantId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{SealedSecret, Store, StoreError};

/// Most versions of a tenant's key pair: a rotation a week for a decade.
pub(super) const TENANT_KEYS_MAX: u32 = 520;

/// A tenant's key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantKeyRow {
    /// Whose.
    pub tenant: TenantId,
    /// Which of its pairs; segment keys are sealed to the highest.
    pub version: u32,
    /// The public key.
    pub public: Vec<u8>,
    /// The private key, wrapped by the master key.
    pub wrapped: SealedSecret,
    /// When it was made.
    pub created_at: WallTime,
}

impl Store {
    /// Stores a sealed segment key. Key rows are immutable: storing the same bytes again is no error, other bytes are.
    ///
    /// # Errors
    /// [`StoreError::Immutable`].
    pub async fn put_key(&self, tenant: &TenantId, id: KeyId, sealed: SealedSecret) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.put_key(tenant, id, sealed));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let kept = insert(connection, tenant, id, &sealed)?;
            if kept { Ok(()) } else { Err(StoreError::Immutable("segment key")) }
        })
        .await
    }

    /// Stores sealed segment keys, all together; those of which `wanted` says no at the moment of writing are left out. Answers
    /// the ids under which other bytes are stored already, and stay.
    pub async fn put_keys(
        &self,
        keys: Vec<(TenantId, KeyId, SealedSecret)>,
        wanted: impl Fn(KeyId) -> bool + Send + 'static,
    ) -> Result<Vec<KeyId>, StoreError> {
        let db = sqlite_or!(self, cql => cql.put_keys(keys, wanted));
        db.write(move |connection| {
            let mut refused = Vec::new();
            for (tenant, id, sealed) in keys {
                if wanted(id) && !insert(connection, tenant, id, &sealed)? {
                    refused.push(id);
                }
            }
            Ok(refused)
        })
        .await
    }

    /// The sealed segment key `id`; `None` when there is none, or when it was shredded.
    pub async fn key(&self, tenant: &TenantId, id: KeyId) -> Result<Option<SealedSecret>, StoreError> {
        let db = sqlite_or!(self, cql => cql.key(tenant, id));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let mut found = connection.prepare_cached("SELECT sealed FROM key_rows WHERE tenant = ?1 AND id = ?2")?;
            let sealed = found.query_row(params![Col(tenant), Col(id)], |row| row.get(0)).optional()?;
            Ok(sealed.map(SealedSecret::new))
        })
        .await
    }

    /// Destroys a segment key's row. `false` when there was none. A row may also wait in the spool: whoever shreds a key does it
    /// through [`crate::keys::KeyRows::shred`].
    pub async fn shred_key(&self, tenant: &TenantId, id: KeyId) -> Result<bool, StoreError> {
        let db = sqlite_or!(self, cql => cql.shred_key(tenant, id));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let gone = connection
                .prepare_cached("DELETE FROM key_rows WHERE tenant = ?1 AND id = ?2")?
                .execute(params![Col(tenant), Col(id)])?;
            Ok(gone > 0)
        })
        .await
    }

    /// Stores a tenant's key pair. Of two that make the same version at once, the first wins.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for its version.
    pub async fn create_tenant_key(&self, key: TenantKeyRow) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.create_tenant_key(key));
        db.write(move |connection| {
            let made = connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO tenant_keys (tenant, version, public, wrapped, created_us)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    Col(key.tenant),
                    key.version,
                    key.public,
                    key.wrapped.as_bytes(),
                    Col(key.created_at)
                ])?;
            if made == 0 { Err(StoreError::AlreadyExists("tenant key")) } else { Ok(()) }
        })
        .await
    }

    /// All key pairs of a tenant, the newest first.
    pub async fn tenant_keys(&self, tenant: &TenantId) -> Result<Vec<TenantKeyRow>, StoreError> {
        let db = sqlite_or!(self, cql => cql.tenant_keys(tenant));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = "SELECT tenant, version, public, wrapped, created_us FROM tenant_keys WHERE tenant = ?1
                       ORDER BY version DESC LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let keys = statement.query_map(params![Col(tenant), TENANT_KEYS_MAX], read)?.collect::<Result<_, _>>()?;
            Ok(keys)
        })
        .await
    }

    /// Replaces the wrapped private key of one version: the master key was rotated. The pair itself stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn rewrap_tenant_key(
        &self,
        tenant: &TenantId,
        version: u32,
        wrapped: SealedSecret,
    ) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.rewrap_tenant_key(tenant, version, wrapped));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let changed = connection
                .prepare_cached("UPDATE tenant_keys SET wrapped = ?3 WHERE tenant = ?1 AND version = ?2")?
                .execute(params![Col(tenant), version, wrapped.as_bytes()])?;
            if changed == 0 { Err(StoreError::NotFound("tenant key")) } else { Ok(()) }
        })
        .await
    }
}

/// Inserts a key row; `false` when other bytes are stored under its id.
fn insert(connection: &Connection, tenant: TenantId, id: KeyId, sealed: &SealedSecret) -> Result<bool, StoreError> {
    let tenant = Col(tenant);
    connection
        .prepare_cached("INSERT OR IGNORE INTO key_rows (tenant, id, sealed) VALUES (?1, ?2, ?3)")?
        .execute(params![tenant, Col(id), sealed.as_bytes()])?;
    let same = "SELECT 1 FROM key_rows WHERE tenant = ?1 AND id = ?2 AND sealed = ?3";
    Ok(connection.prepare_cached(same)?.exists(params![tenant, Col(id), sealed.as_bytes()])?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<TenantKeyRow> {
    Ok(TenantKeyRow {
        tenant: col(row, 0)?,
        version: row.get(1)?,
        public: row.get(2)?,
        wrapped: SealedSecret::new(row.get(3)?),
        created_at: col(row, 4)?,
    })
}
