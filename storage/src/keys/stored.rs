//! How the store, which opens nothing, keeps key rows: as values of bytes.
//!
//! ```text
//! segment key: version (1) ‖ segment (16) ‖ tenant key version (4, big-endian) ‖ KEM output (32) ‖ sealed key and tag (48)
//! tenant key:  version (1) ‖ master key id (8) ‖ nonce, wrapped private key and tag (60)
//! ```

use eyrie_types::{KeyId, SegmentId, TenantId, WallTime};
use uuid::Uuid;

use super::{KeyRow, MasterKeyId, TenantKeyRow};
use crate::store::{SealedSecret, TenantKeyRow as StoredTenantKey};

const VERSION: u8 = 1;

impl KeyRow {
    /// The value stored under this row's tenant and key.
    pub fn to_stored(&self) -> SealedSecret {
        let mut value = vec![VERSION];
        value.extend_from_slice(self.segment.as_uuid().as_bytes());
        value.extend_from_slice(&self.tenant_key_version.to_be_bytes());
        value.extend_from_slice(&self.kem_output);
        value.extend_from_slice(&self.sealed_key);
        SealedSecret::new(value)
    }

    /// The row whose value was stored under `tenant` and `key`; `None` when the value has another length or version.
    pub fn from_stored(tenant: &TenantId, key: KeyId, stored: &SealedSecret) -> Option<Self> {
        let (version, rest) = stored.as_bytes().split_first()?;
        let (segment, rest) = rest.split_first_chunk::<16>()?;
        let (tenant_key_version, rest) = rest.split_first_chunk::<4>()?;
        let (kem_output, rest) = rest.split_first_chunk::<32>()?;
        let sealed_key = rest.try_into().ok()?;
        (*version == VERSION).then(|| Self {
            key,
            tenant: tenant.clone(),
            segment: SegmentId::from_uuid(Uuid::from_bytes(*segment)),
            tenant_key_version: u32::from_be_bytes(*tenant_key_version),
            kem_output: *kem_output,
            sealed_key,
        })
    }
}

impl TenantKeyRow {
    /// The row as stored, made at `created_at`.
    pub fn to_stored(&self, created_at: WallTime) -> StoredTenantKey {
        let mut wrapped = vec![VERSION];
        wrapped.extend_from_slice(&self.master_key.0);
        wrapped.extend_from_slice(&self.wrapped_private_key);
        StoredTenantKey {
            tenant: self.tenant.clone(),
            version: self.version,
            public: self.public_key.to_vec(),
            wrapped: SealedSecret::new(wrapped),
            created_at,
        }
    }

    /// The row that was stored; `None` when its values have other lengths or another version.
    pub fn from_stored(stored: &StoredTenantKey) -> Option<Self> {
        let (version, rest) = stored.wrapped.as_bytes().split_first()?;
        let (master_key, rest) = rest.split_first_chunk::<8>()?;
        let public_key = stored.public.as_slice().try_into().ok()?;
        let wrapped_private_key = rest.try_into().ok()?;
        (*version == VERSION).then(|| Self {
            tenant: stored.tenant.clone(),
            version: stored.version,
            public_key,
            master_key: MasterKeyId(*master_key),
            wrapped_private_key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_segment_key_reads_back_and_nothing_else_does() {
        let row = KeyRow {
            key: KeyId::random(),
            tenant: TenantId::default_tenant(),
            segment: SegmentId::generate(),
            tenant_key_version: 7,
            kem_output: [3; 32],
            sealed_key: [9; 48],
        };
        let stored = row.to_stored();
        assert_eq!(KeyRow::from_stored(&row.tenant, row.key, &stored).as_ref(), Some(&row));
        let longer = SealedSecret::new([stored.as_bytes(), &[0]].concat());
        assert_eq!(KeyRow::from_stored(&row.tenant, row.key, &longer), None);
        assert_eq!(KeyRow::from_stored(&row.tenant, row.key, &SealedSecret::new(Vec::new())), None);
    }

    #[test]
    fn a_stored_tenant_key_reads_back_and_nothing_else_does() {
        let row = TenantKeyRow {
            tenant: TenantId::default_tenant(),
            version: 2,
            public_key: [1; 32],
            master_key: MasterKeyId([2; 8]),
            wrapped_private_key: [3; 60],
        };
        let stored = row.to_stored(WallTime::EPOCH);
        assert_eq!(TenantKeyRow::from_stored(&stored).as_ref(), Some(&row));
        let shorter = StoredTenantKey { public: vec![1; 31], ..stored };
        assert_eq!(TenantKeyRow::from_stored(&shorter), None);
    }
}
