//! The bytes of a slot, 512 of them: one sector, so that a write that is cut short damages no other slot.
//!
//! ```text
//! "EKS1" (4) ‖ key id (16) ‖ length of the tenant's name (1) ‖ tenant's name ‖ stored value (101, see `stored`)
//!            ‖ zeros ‖ CRC32C of all before (4, big-endian)
//! ```
//!
//! A free slot is all zeros.

use eyrie_types::{KeyId, TenantId};
use uuid::Uuid;

use crate::keys::KeyRow;
use crate::store::SealedSecret;

/// Length of a slot.
pub(super) const SLOT_BYTES: usize = 512;
/// What a free slot holds.
pub(super) const FREE: [u8; SLOT_BYTES] = [0; SLOT_BYTES];
const MAGIC: [u8; 4] = *b"EKS1";
/// Length of a stored row.
const VALUE_BYTES: usize = 101;

/// What a slot was found to hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Nothing.
    Free,
    /// A row.
    Row(Box<KeyRow>),
    /// Neither: a write that a crash cut short, whose row was never announced, or a damaged file.
    Damaged,
}

/// The bytes of a slot that holds `row`.
pub(super) fn encode(row: &KeyRow) -> [u8; SLOT_BYTES] {
    let tenant = row.tenant.as_str().as_bytes();
    let mut bytes = Vec::with_capacity(SLOT_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(row.key.as_uuid().as_bytes());
    // A tenant's name has at most 63 characters, all ASCII.
    bytes.push(tenant.len() as u8);
    bytes.extend_from_slice(tenant);
    bytes.extend_from_slice(row.to_stored().as_bytes());
    bytes.resize(SLOT_BYTES - 4, 0);
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_be_bytes());
    let mut slot = FREE;
    slot.copy_from_slice(&bytes);
    slot
}

/// What `bytes` hold.
pub(super) fn decode(bytes: &[u8; SLOT_BYTES]) -> Slot {
    if *bytes == FREE {
        return Slot::Free;
    }
    row(bytes).map_or(Slot::Damaged, |row| Slot::Row(Box::new(row)))
}

fn row(bytes: &[u8; SLOT_BYTES]) -> Option<KeyRow> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    let (magic, rest) = body.split_first_chunk::<4>()?;
    if *magic != MAGIC || crc32c::crc32c(body) != u32::from_be_bytes(*crc) {
        return None;
    }
    let (key, rest) = rest.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first()?;
    let (tenant, rest) = rest.split_at_checked(usize::from(*length))?;
    let (value, zeros) = rest.split_at_checked(VALUE_BYTES)?;
    let tenant: TenantId = std::str::from_utf8(tenant).ok()?.parse().ok()?;
    let key = KeyId::from_uuid(Uuid::from_bytes(*key));
    let row = KeyRow::from_stored(&tenant, key, &SealedSecret::new(value.to_vec()))?;
    zeros.iter().all(|byte| *byte == 0).then_some(row)
}

#[cfg(test)]
mod tests {
    use eyrie_types::SegmentId;

    use super::*;

    fn a_row(tenant: &str) -> KeyRow {
        KeyRow {
            key: KeyId::random(),
            tenant: tenant.parse().unwrap(),
            segment: SegmentId::generate(),
            tenant_key_version: 3,
            kem_output: [7; 32],
            sealed_key: [8; 48],
        }
    }

    #[test]
    fn what_is_written_reads_back_for_the_shortest_and_the_longest_tenant() {
        for tenant in ["t", &"t".repeat(63)] {
            let row = a_row(tenant);
            assert_eq!(decode(&encode(&row)), Slot::Row(Box::new(row)));
        }
        assert_eq!(decode(&FREE), Slot::Free);
    }

    #[test]
    fn every_flipped_bit_and_every_write_cut_short_is_found() {
        let slot = encode(&a_row("default"));
        for bit in 0..SLOT_BYTES * 8 {
            let mut bad = slot;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&bad), Slot::Damaged, "bit {bit}");
        }
        for written in 1..SLOT_BYTES {
            let (mut put, mut freed) = (FREE, slot);
            put[..written].copy_from_slice(&slot[..written]);
            freed[..written].fill(0);
            assert_eq!(decode(&put), Slot::Damaged, "{written} bytes of a row written");
            assert_eq!(decode(&freed), Slot::Damaged, "{written} bytes of a row overwritten");
        }
    }
}
