use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{KeyId, TenantId};

use super::{KeyRow, KeySpool, SpoolError};
use crate::store::{Store, StoreError};

/// How long a segment waits for the store to take its key's row before the spool does: a commit on a busy disk, and a small part
/// of what the ring can hold.
pub const STORE_WITHIN: Duration = Duration::from_millis(500);
/// Rows handed from the spool to the store in one transaction: some milliseconds of work.
pub const DRAIN_BATCH: usize = 256;

/// Why a key row could be kept nowhere, or not be destroyed.
#[derive(Debug, thiserror::Error)]
pub enum KeyRowError {
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spool refuses.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// Both refuse to keep the row.
    #[error("{spool}, and {store}")]
    Neither {
        /// What the spool said.
        spool: SpoolError,
        /// What the store said.
        store: StoreError,
    },
}

/// Where segment keys' rows are: in the store, or in the spool until the store takes them. Whoever keeps, looks up or destroys a
/// row does it here; the store alone does not know of those that wait.
#[derive(Debug)]
pub struct KeyRows {
    store: Arc<Store>,
    spool: KeySpool,
}

impl KeyRows {
    /// The rows of `store`, and those that wait for it in `spool`.
    pub fn new(store: Arc<Store>, spool: KeySpool) -> Self {
        Self { store, spool }
    }

    /// Keeps a row: durable, here or there, when this answers. The store is asked first, for [`STORE_WITHIN`]; while rows wait for
    /// it already, it is not asked.
    ///
    /// # Errors
    /// When neither takes it.
    pub async fn put(&self, row: &KeyRow) -> Result<(), KeyRowError> {
        if !self.spool.is_waiting() {
            let stored = self.store.put_key(&row.tenant, row.key, row.to_stored());
            match tokio::time::timeout(STORE_WITHIN, stored).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) if !error.is_unavailable() => return Err(error.into()),
                // It may still take the row later: the same row twice is no error.
                Ok(Err(error)) => tracing::warn!(%error, "the store takes no key rows; they wait in the key spool"),
                Err(_) => {
                    tracing::warn!(waited = ?STORE_WITHIN, "the store is slow to take key rows; they wait in the key spool")
                }
            }
        }
        match self.spool.put(row.clone()).await {
            Ok(()) => {
                metrics::counter!("eyrie_key_spool_rows_total").increment(1);
                Ok(())
            }
            Err(spool) => {
                metrics::counter!("eyrie_key_spool_refused_total").increment(1);
                // Nothing is left but to wait for the store, however long it takes.
                let stored = self.store.put_key(&row.tenant, row.key, row.to_stored()).await;
                stored.map_err(|store| KeyRowError::Neither { spool, store })
            }
        }
    }

    /// The row of a segment's key; `None` when there is none, or when it was shredded. One that waits is found without the store.
    ///
    /// # Errors
    /// When the store does not answer, or the row is damaged.
    pub async fn get(&self, tenant: &TenantId, key: KeyId) -> Result<Option<KeyRow>, StoreError> {
        if let Some(row) = self.spool.get(tenant, key) {
            return Ok(Some(row));
        }
        let Some(stored) = self.store.key(tenant, key).await? else {
            return Ok(None);
        };
        let row = KeyRow::from_stored(tenant, key, &stored);
        row.map(Some).ok_or_else(|| StoreError::damaged("segment key", "it has another length or version"))
    }

    /// Destroys a row, wherever it is: what the key sealed can never be read again. `false` when there was none. After an error
    /// it may be gone here and not there: try again until this answers.
    ///
    /// The caller forgets what it opened with the key: see [`super::KeyRing::forget`] and [`crate::footage::Footage::forget`].
    ///
    /// # Errors
    /// When spool or store cannot be written.
    pub async fn shred(&self, tenant: &TenantId, key: KeyId) -> Result<bool, KeyRowError> {
        // The spool first: what it has let go of is not handed to the store any more, and what it handed over before is in the
        // store's queue of writes ahead of this one.
        let waited = self.spool.get(tenant, key).is_some();
        if waited {
            self.spool.remove(vec![key]).await?;
        }
        let stored = self.store.shred_key(tenant, key).await?;
        Ok(waited || stored)
    }

    /// Returns once rows wait for the store.
    pub async fn waiting(&self) {
        self.spool.filled().await;
    }

    /// Whether rows wait for the store.
    pub fn is_waiting(&self) -> bool {
        self.spool.is_waiting()
    }

    /// How many rows lie in the spool.
    pub fn spooled(&self) -> usize {
        self.spool.rows()
    }

    /// Hands some of the rows that wait to the store, and lets go of them. Answers how many it took.
    ///
    /// # Errors
    /// When the store takes none, or the spool cannot be written; the rows still wait then.
    pub async fn drain(&self) -> Result<usize, KeyRowError> {
        let rows = self.spool.waiting(DRAIN_BATCH);
        let keys: Vec<_> = rows.iter().map(|row| row.key).collect();
        let values = rows.iter().map(|row| (row.tenant.clone(), row.key, row.to_stored())).collect();
        // A row that is shredded meanwhile must not come back: whether it still waits is asked on the store's own thread.
        let refused = self.store.put_keys(values, self.spool.watch()).await?;
        for key in &refused {
            metrics::counter!("eyrie_key_spool_conflicts_total").increment(1);
            tracing::error!(%key, "the store holds another row under the id of a key in the spool; the spool keeps its own");
            self.spool.refuse(*key);
        }
        let taken: Vec<_> = keys.into_iter().filter(|key| !refused.contains(key)).collect();
        let count = taken.len();
        self.spool.remove(taken).await?;
        Ok(count)
    }
}
