//! Which partitions there are, for those who go along them: a list of numbers and names for each owner. An entry is written with
//! the first row of its partition, and again by every process once; one too many leads to an empty partition and is taken out
//! by whoever finds it.

use std::sync::{Mutex, PoisonError};

use eyrie_types::{CameraId, NodeId, TenantId, UserId};
use lru::LruCache;

use super::cells::{Cell, Cells, ToCell as _, cells};
use super::cql::{Cql, Walk};
use crate::store::StoreError;

/// Entries remembered as written, so that a row that is refreshed every ten seconds costs no second write: some days of 10,000
/// cameras, 20 MB at most.
const KNOWN_MAX: usize = 200_000;
/// An entry is taken out as of so long ago: what another process wrote meanwhile, by a clock not quite the same, stays.
const REMOVED_AS_OF_US: i64 = 60_000_000;

/// Whose list.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Of<'a> {
    /// All tenants, by name.
    Tenants,
    /// A tenant's cameras that have segments, by id.
    RecordedCameras(&'a TenantId),
    /// The days on which a camera's segments began.
    RecordedDays(&'a TenantId, CameraId),
    /// The days on which a node opened segments.
    OpenDays(NodeId),
    /// The hours of a tenant's audit log.
    AuditHours(&'a TenantId),
    /// The weeks of the markers of a camera, or of all.
    MarkerWeeks(&'a TenantId, Option<CameraId>),
    /// The months of a camera's incidents, with the latest end of each as the value.
    IncidentMonths(&'a TenantId, CameraId),
    /// A user's sessions, by id.
    Sessions(&'a TenantId, UserId),
    /// The sessions that were to end on a day, by tenant and id.
    EndingSessions(u32),
    /// The chunks of a step of facts.
    FactChunks(u32),
    /// Whose facts a chunk of a step holds.
    FactOwners(u32, i64),
    /// One number each: how far housekeeping has come.
    Progress(&'static str),
}

impl Of<'_> {
    fn key(self) -> Vec<Cell> {
        let none: [u8; 0] = [];
        match self {
            Self::Tenants => cells!["tenants", "", none],
            Self::RecordedCameras(tenant) => cells!["recorded cameras", tenant, none],
            Self::RecordedDays(tenant, camera) => cells!["recorded days", tenant, camera],
            Self::OpenDays(node) => cells!["open days", "", node],
            Self::AuditHours(tenant) => cells!["audit hours", tenant, none],
            Self::MarkerWeeks(tenant, Some(camera)) => cells!["marker weeks", tenant, camera],
            Self::MarkerWeeks(tenant, None) => cells!["marker weeks", tenant, none],
            Self::IncidentMonths(tenant, camera) => cells!["incident months", tenant, camera],
            Self::Sessions(tenant, user) => cells!["sessions", tenant, user],
            Self::EndingSessions(day) => cells!["ending sessions", "", day.to_be_bytes()],
            Self::FactChunks(step) => cells!["fact chunks", "", step.to_be_bytes()],
            Self::FactOwners(step, chunk) => {
                let owner = [&step.to_be_bytes()[..], &chunk.to_be_bytes()].concat();
                cells!["fact owners", "", owner]
            }
            Self::Progress(what) => cells!["progress", "", what.as_bytes()],
        }
    }
}

/// The entries this process has written.
#[derive(Debug)]
pub(in crate::store) struct Known(Mutex<LruCache<[u8; 16], ()>>);

impl Default for Known {
    fn default() -> Self {
        let most = std::num::NonZeroUsize::new(KNOWN_MAX).unwrap_or(std::num::NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(most)))
    }
}

impl Known {
    fn has(&self, key: [u8; 16]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).is_some()
    }

    fn add(&self, key: [u8; 16]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, ());
    }

    fn forget(&self, key: [u8; 16]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop(&key);
    }
}

fn hash(key: &[Cell], number: i64, name: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{key:?} {number} ").as_bytes());
    hasher.update(name);
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    hash
}

impl Cql {
    /// Adds an entry, unless this process did before.
    pub(in crate::store) async fn list(&self, of: Of<'_>, number: i64, name: &[u8]) -> Result<(), StoreError> {
        if self.is_listed(of, number, name) { Ok(()) } else { self.list_anew(of, number, name).await }
    }

    /// Whether this process has written an entry.
    pub(in crate::store) fn is_listed(&self, of: Of<'_>, number: i64, name: &[u8]) -> bool {
        self.0.known.has(hash(&of.key(), number, name))
    }

    /// Adds an entry, even if this process did before.
    pub(in crate::store) async fn list_anew(&self, of: Of<'_>, number: i64, name: &[u8]) -> Result<(), StoreError> {
        let key = of.key();
        let hash = hash(&key, number, name);
        let text = "INSERT INTO directories (list, tenant, owner, number, name) VALUES (?, ?, ?, ?, ?)";
        self.run(text, with(key, cells![number, name])).await?;
        self.0.known.add(hash);
        Ok(())
    }

    /// Adds entry `number` with at least `value`: the highest stays.
    pub(in crate::store) async fn list_most(&self, of: Of<'_>, number: i64, value: i64) -> Result<(), StoreError> {
        let text = "INSERT INTO directories (list, tenant, owner, number, name, value) VALUES (?, ?, ?, ?, ?, ?)
                    USING TIMESTAMP ?";
        let none: [u8; 0] = [];
        self.run(text, with(of.key(), cells![number, none, value, value.max(1)])).await
    }

    /// Takes an entry out, unless it was written within the last minute.
    pub(in crate::store) async fn unlist(&self, of: Of<'_>, number: i64, name: &[u8]) -> Result<(), StoreError> {
        let key = of.key();
        self.0.known.forget(hash(&key, number, name));
        let text =
            "DELETE FROM directories USING TIMESTAMP ? WHERE list = ? AND tenant = ? AND owner = ? AND number = ?
                    AND name = ?";
        let mut values = cells![self.timestamp() - REMOVED_AS_OF_US];
        values.extend(with(key, cells![number, name]));
        self.run(text, values).await
    }

    /// Takes an entry out at once, for lists where it cannot have been written anew.
    pub(in crate::store) async fn unlist_now(&self, of: Of<'_>, number: i64, name: &[u8]) -> Result<(), StoreError> {
        let key = of.key();
        self.0.known.forget(hash(&key, number, name));
        let text = "DELETE FROM directories WHERE list = ? AND tenant = ? AND owner = ? AND number = ? AND name = ?";
        self.run(text, with(key, cells![number, name])).await
    }

    /// The numbers of a list from `first` to `last`, rising.
    pub(in crate::store) async fn numbers(&self, of: Of<'_>, first: i64, last: i64) -> Result<Vec<i64>, StoreError> {
        let text = "SELECT number FROM directories WHERE list = ? AND tenant = ? AND owner = ? AND number >= ?
                    AND number <= ?";
        let mut numbers = self.all("entry", text, with(of.key(), cells![first, last]), |mut row| row.get(0)).await?;
        numbers.dedup();
        Ok(numbers)
    }

    /// The numbers of a list with their values, rising.
    pub(in crate::store) async fn numbers_with_values(&self, of: Of<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
        let text = "SELECT number, value FROM directories WHERE list = ? AND tenant = ? AND owner = ?";
        let read = |mut row: Cells| Ok((row.get(0)?, row.get::<Option<i64>>(1)?.unwrap_or(i64::MAX)));
        self.all("entry", text, of.key(), read).await
    }

    /// The names of a list, those under number 0, sorted, after `after`.
    pub(in crate::store) async fn names(&self, of: Of<'_>, after: Option<&[u8]>) -> Result<Vec<Vec<u8>>, StoreError> {
        self.some_names(of, after, usize::MAX).await
    }

    /// The first `limit` of them.
    pub(in crate::store) async fn some_names(
        &self,
        of: Of<'_>,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let text =
            "SELECT name FROM directories WHERE list = ? AND tenant = ? AND owner = ? AND number = 0 AND name > ?";
        let mut names = Vec::new();
        // No name is empty, so the empty one stands before all.
        let from = after.unwrap_or(&[]).to_cell();
        let mut values = of.key();
        values.push(from);
        if limit > 0 {
            self.walk("entry", text, values, |mut row| {
                names.push(row.get(0)?);
                Ok(if names.len() < limit { Walk::On } else { Walk::Enough })
            })
            .await?;
        }
        Ok(names)
    }

    /// Makes `tenant` one of [`Of::Tenants`].
    pub(in crate::store) async fn know_tenant(&self, tenant: &TenantId) -> Result<(), StoreError> {
        self.list(Of::Tenants, 0, tenant.as_str().as_bytes()).await
    }
}

fn with(mut key: Vec<Cell>, more: Vec<Cell>) -> Vec<Cell> {
    key.extend(more);
    key
}

/// Open segments are remembered with the entries: what leads to them is written as rarely.
impl Cql {
    pub(in crate::store) fn knows_open(&self, node: NodeId, segment: &[u8]) -> bool {
        self.is_listed(Of::OpenDays(node), -1, segment)
    }

    pub(in crate::store) fn know_open(&self, node: NodeId, segment: &[u8]) {
        self.0.known.add(hash(&Of::OpenDays(node).key(), -1, segment));
    }
}
