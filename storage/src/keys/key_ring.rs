use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eyrie_types::{KeyId, SegmentId, TenantId};

use super::tenant_key::TenantKey;
use super::{KeyError, KeyRow, MasterKey, Sealer, SegmentKey, TenantKeyRow};

/// Opened segment keys kept at hand: playback of an hour touches a handful, so this serves some hundred viewers, at 100 bytes each.
const OPENED_KEYS_MAX: usize = 1024;

/// The keys of a node: the master key, tenants' key pairs, and the segment keys opened last.
pub struct KeyRing {
    master: MasterKey,
    tenants: Mutex<BTreeMap<(TenantId, u32), Arc<TenantKey>>>,
    opened: Mutex<Opened>,
}

impl KeyRing {
    /// A ring over the tenants' `rows`, all wrapped by `master`.
    ///
    /// # Errors
    /// When a row was changed or is wrapped by another master key.
    pub fn new(master: MasterKey, rows: &[TenantKeyRow]) -> Result<Self, KeyError> {
        let mut tenants = BTreeMap::new();
        for row in rows {
            let key = TenantKey::unwrap(row, &master)?;
            tenants.insert((row.tenant.clone(), row.version), Arc::new(key));
        }
        Ok(Self { master, tenants: Mutex::new(tenants), opened: Mutex::default() })
    }

    /// A sealer for small secrets under the ring's master key.
    pub fn sealer(&self) -> Sealer {
        Sealer::new(self.master.clone())
    }

    /// Whether the tenant has a key pair.
    pub fn has_tenant(&self, tenant: &TenantId) -> bool {
        self.newest(tenant).is_ok()
    }

    /// Makes the tenant's next key pair. Its row must be durable before [`KeyRing::add`] puts it to use.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn new_tenant_key(&self, tenant: &TenantId) -> Result<TenantKeyRow, KeyError> {
        let version = self.newest(tenant).map_or(1, |key| key.version().saturating_add(1));
        TenantKey::generate(tenant, version)?.wrap(&self.master)
    }

    /// Puts a tenant's key pair to use: the highest version seals, all open.
    ///
    /// # Errors
    /// When the row was changed or is wrapped by another master key.
    pub fn add(&self, row: &TenantKeyRow) -> Result<(), KeyError> {
        let key = TenantKey::unwrap(row, &self.master)?;
        lock(&self.tenants).insert((row.tenant.clone(), row.version), Arc::new(key));
        Ok(())
    }

    /// Draws the key for a new segment and seals it to the tenant's public key. The row must be durable before the segment is
    /// written.
    ///
    /// # Errors
    /// When the tenant has no key pair.
    pub fn new_segment_key(&self, tenant: &TenantId, segment: SegmentId) -> Result<(SegmentKey, KeyRow), KeyError> {
        let tenant_key = self.newest(tenant)?;
        let key = SegmentKey::generate()?;
        let row = tenant_key.seal(&key, segment)?;
        Ok((key, row))
    }

    /// Opens a segment's key. The keys opened last are kept at hand.
    ///
    /// # Errors
    /// When the row was changed, moved to another tenant or segment, or is sealed to a pair unknown here.
    pub fn open(&self, row: &KeyRow) -> Result<SegmentKey, KeyError> {
        if let Some(key) = lock(&self.opened).get(row) {
            return Ok(key);
        }
        let (tenant, version) = (row.tenant.clone(), row.tenant_key_version);
        let tenant_key = lock(&self.tenants).get(&(tenant.clone(), version)).cloned();
        let tenant_key = tenant_key.ok_or(KeyError::UnknownTenantKey { tenant, version })?;
        let key = tenant_key.open(row)?;
        lock(&self.opened).put(row, key.clone());
        Ok(key)
    }

    /// Forgets an opened key: part of shredding, once its row is gone.
    pub fn forget(&self, key: KeyId) {
        lock(&self.opened).keys.remove(&key);
    }

    fn newest(&self, tenant: &TenantId) -> Result<Arc<TenantKey>, KeyError> {
        let tenants = lock(&self.tenants);
        let range = (tenant.clone(), 0)..=(tenant.clone(), u32::MAX);
        let newest = tenants.range(range).next_back().map(|(_, key)| key.clone());
        newest.ok_or_else(|| KeyError::UnknownTenantKey { tenant: tenant.clone(), version: 1 })
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRing({})", self.master.id())
    }
}

/// Every critical section leaves the map whole, so a panic elsewhere while it was held does no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The segment keys opened last; the one not used for the longest time goes first.
#[derive(Default)]
struct Opened {
    keys: HashMap<KeyId, (KeyRow, SegmentKey, u64)>,
    uses: u64,
}

impl Opened {
    /// The key of exactly this row: a row that differs in any part must be opened, and refused, anew.
    fn get(&mut self, row: &KeyRow) -> Option<SegmentKey> {
        self.uses += 1;
        let (_, key, used) = self.keys.get_mut(&row.key).filter(|(cached, ..)| cached == row)?;
        *used = self.uses;
        Some(key.clone())
    }

    fn put(&mut self, row: &KeyRow, key: SegmentKey) {
        if self.keys.len() >= OPENED_KEYS_MAX
            && let Some(oldest) = self.keys.iter().min_by_key(|(_, (.., used))| *used).map(|(id, _)| *id)
        {
            self.keys.remove(&oldest);
            metrics::counter!("eyrie_keys_evicted_total").increment(1);
        }
        self.keys.insert(row.key, (row.clone(), key, self.uses));
        metrics::gauge!("eyrie_keys_opened").set(self.keys.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(seed: u8) -> (KeyRing, TenantKeyRow) {
        let ring = KeyRing::new(MasterKey::from_bytes(&[seed; 32]), &[]).unwrap();
        let row = ring.new_tenant_key(&TenantId::default_tenant()).unwrap();
        ring.add(&row).unwrap();
        (ring, row)
    }

    #[test]
    fn a_segment_key_opens_again_after_a_restart() {
        let tenant = TenantId::default_tenant();
        let (before, tenant_row) = ring(1);
        let (key, row) = before.new_segment_key(&tenant, SegmentId::generate()).unwrap();
        let after = KeyRing::new(MasterKey::from_bytes(&[1; 32]), &[tenant_row]).unwrap();
        let opened = after.open(&row).unwrap();
        assert_eq!((opened.id(), opened.expose()), (key.id(), key.expose()));
    }

    #[test]
    fn a_row_moved_to_another_segment_tenant_or_key_is_refused() {
        let tenant = TenantId::default_tenant();
        let (ring, _) = ring(1);
        let acme: TenantId = "acme".parse().unwrap();
        ring.add(&ring.new_tenant_key(&acme).unwrap()).unwrap();
        let (_, row) = ring.new_segment_key(&tenant, SegmentId::generate()).unwrap();
        ring.open(&row).unwrap();
        for moved in [
            KeyRow { segment: SegmentId::generate(), ..row.clone() },
            KeyRow { tenant: acme, ..row.clone() },
            KeyRow { key: KeyId::random(), ..row.clone() },
        ] {
            assert!(matches!(ring.open(&moved), Err(KeyError::RowRefused(_))), "{moved:?}");
        }
        let unknown = KeyRow { tenant_key_version: 2, ..row.clone() };
        assert!(matches!(ring.open(&unknown), Err(KeyError::UnknownTenantKey { .. })));
        for bit in 0..48 * 8 {
            let mut bad = row.clone();
            bad.sealed_key[bit / 8] ^= 1 << (bit % 8);
            assert!(ring.open(&bad).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn rotation_of_the_master_key_rewraps_and_loses_nothing() {
        let tenant = TenantId::default_tenant();
        let (old, new) = (MasterKey::from_bytes(&[1; 32]), MasterKey::from_bytes(&[2; 32]));
        let (before, tenant_row) = ring(1);
        let (key, row) = before.new_segment_key(&tenant, SegmentId::generate()).unwrap();
        let rewrapped = tenant_row.rewrap(&old, &new).unwrap();
        assert_eq!(rewrapped.public_key, tenant_row.public_key);
        let after = KeyRing::new(new, std::slice::from_ref(&rewrapped)).unwrap();
        assert_eq!(after.open(&row).unwrap().expose(), key.expose());
        assert!(matches!(KeyRing::new(old, &[rewrapped]), Err(KeyError::OtherMasterKey { .. })));
    }

    #[test]
    fn a_new_pair_seals_and_the_old_one_still_opens() {
        let tenant = TenantId::default_tenant();
        let (ring, _) = ring(1);
        let (old_key, old_row) = ring.new_segment_key(&tenant, SegmentId::generate()).unwrap();
        ring.add(&ring.new_tenant_key(&tenant).unwrap()).unwrap();
        let (_, new_row) = ring.new_segment_key(&tenant, SegmentId::generate()).unwrap();
        assert_eq!((old_row.tenant_key_version, new_row.tenant_key_version), (1, 2));
        assert_eq!(ring.open(&old_row).unwrap().expose(), old_key.expose());
    }

    #[test]
    fn a_changed_tenant_row_is_refused() {
        let (_, row) = ring(1);
        let master = MasterKey::from_bytes(&[1; 32]);
        for bad in [
            TenantKeyRow { tenant: "acme".parse().unwrap(), ..row.clone() },
            TenantKeyRow { version: 2, ..row.clone() },
            TenantKeyRow { public_key: [9; 32], ..row.clone() },
        ] {
            assert!(matches!(KeyRing::new(master.clone(), &[bad]), Err(KeyError::Refused(_))));
        }
    }

    #[test]
    fn opened_keys_are_bounded_and_forgotten_on_demand() {
        let tenant = TenantId::default_tenant();
        let (ring, _) = ring(1);
        let (key, row) = ring.new_segment_key(&tenant, SegmentId::generate()).unwrap();
        for _ in 0..=OPENED_KEYS_MAX {
            let id = KeyId::random();
            lock(&ring.opened).put(&KeyRow { key: id, ..row.clone() }, SegmentKey::new(id, [0; 32]));
        }
        assert_eq!(lock(&ring.opened).keys.len(), OPENED_KEYS_MAX);
        ring.open(&row).unwrap();
        ring.forget(key.id());
        assert!(lock(&ring.opened).get(&row).is_none());
    }
}
