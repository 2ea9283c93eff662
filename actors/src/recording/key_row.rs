//! How the store keeps a sealed segment key: its id and tenant are the row's key, the rest is one value.
//!
//! ```text
//! version (1) ‖ segment (16) ‖ tenant key version (4, big-endian) ‖ KEM output (32) ‖ sealed key and tag (48)
//! ```

use eyrie_storage::keys::KeyRow;
use eyrie_storage::store::SealedSecret;
use eyrie_types::{KeyId, SegmentId, TenantId};

const VERSION: u8 = 1;

/// The value stored for `row`.
pub fn to_stored(row: &KeyRow) -> SealedSecret {
    let mut value = vec![VERSION];
    value.extend_from_slice(row.segment.as_uuid().as_bytes());
    value.extend_from_slice(&row.tenant_key_version.to_be_bytes());
    value.extend_from_slice(&row.kem_output);
    value.extend_from_slice(&row.sealed_key);
    SealedSecret::new(value)
}

/// The row whose value was stored under `tenant` and `key`; `None` when the value has another length or version.
pub fn from_stored(tenant: &TenantId, key: KeyId, stored: &SealedSecret) -> Option<KeyRow> {
    let (version, rest) = stored.as_bytes().split_first()?;
    let (segment, rest) = rest.split_first_chunk::<16>()?;
    let (tenant_key_version, rest) = rest.split_first_chunk::<4>()?;
    let (kem_output, rest) = rest.split_first_chunk::<32>()?;
    let sealed_key = rest.try_into().ok()?;
    (*version == VERSION).then(|| KeyRow {
        key,
        tenant: tenant.clone(),
        segment: SegmentId::from_uuid(uuid::Uuid::from_bytes(*segment)),
        tenant_key_version: u32::from_be_bytes(*tenant_key_version),
        kem_output: *kem_output,
        sealed_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_key_row_reads_back_and_nothing_else_does() {
        let row = KeyRow {
            key: KeyId::random(),
            tenant: TenantId::default_tenant(),
            segment: SegmentId::generate(),
            tenant_key_version: 7,
            kem_output: [3; 32],
            sealed_key: [9; 48],
        };
        let stored = to_stored(&row);
        assert_eq!(from_stored(&row.tenant, row.key, &stored).as_ref(), Some(&row));
        let mut bytes = stored.as_bytes().to_vec();
        bytes.push(0);
        assert_eq!(from_stored(&row.tenant, row.key, &SealedSecret::new(bytes)), None);
        assert_eq!(from_stored(&row.tenant, row.key, &SealedSecret::new(Vec::new())), None);
    }
}
