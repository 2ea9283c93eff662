//! Segments for the tests of this module, built in memory and the same each time.

use bytes::Bytes;
use eyrie_types::{CameraId, Epoch, FragmentEntry, KeyId, Placement, SegmentId, Slot, TenantId, WallTime};
use uuid::Uuid;

use super::{NewFragment, NewSegment, SegmentEncoder};
use crate::keys::SegmentKey;

pub(super) fn placement() -> Placement {
    Placement {
        tenant: TenantId::default_tenant(),
        camera: CameraId::from_uuid(Uuid::from_u128(0xca)),
        slot: Slot::OWNER,
        epoch: Epoch::from_u64(7).unwrap(),
    }
}

pub(super) fn key() -> SegmentKey {
    SegmentKey::new(KeyId::from_uuid(Uuid::from_u128(0x4e)), [0x42; 32])
}

pub(super) fn start() -> WallTime {
    "2026-01-31T12:34:56.789Z".parse().unwrap()
}

pub(super) fn new_segment(key: Option<SegmentKey>) -> NewSegment {
    NewSegment {
        placement: placement(),
        segment: SegmentId::from_uuid(Uuid::from_u128(0x5e)),
        start: start(),
        key,
        init: Bytes::from_static(b"\0\0\0\x10ftypiso6\0\0\0\0\0\0\0\x0cmoovinit"),
    }
}

/// A fragment of `bytes` bytes in three pieces, different for each `seed`.
pub(super) fn fragment(seed: u8, bytes: usize) -> NewFragment {
    let data: Bytes = (0..bytes).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed)).collect();
    let (a, b) = (bytes / 3, bytes / 2);
    NewFragment {
        chunks: vec![data.slice(..a), data.slice(a..b), data.slice(b..)],
        start: start().offset_us(i64::from(seed) * 1_000_000),
        duration_us: 1_000_000,
        starts_gop: seed.is_multiple_of(2),
        discontinuity: seed == 1,
        keyframe_hash: [seed; 16],
    }
}

/// A file with these fragments, closed or not.
pub(super) fn file(new: NewSegment, fragments: &[NewFragment], closed: bool) -> (Vec<u8>, Vec<FragmentEntry>) {
    let (mut encoder, mut file) = SegmentEncoder::new(new).unwrap();
    let mut sealed = Vec::new();
    let mut entries = Vec::new();
    for fragment in fragments {
        let (entry, head) = encoder.fragment(fragment, &mut sealed).unwrap();
        file.extend_from_slice(&head);
        if encoder.is_sealed() {
            file.extend_from_slice(&sealed);
        } else {
            fragment.chunks.iter().for_each(|chunk| file.extend_from_slice(chunk));
        }
        entries.push(entry);
        assert_eq!(encoder.offset(), file.len() as u64);
    }
    if closed {
        file.extend_from_slice(&encoder.finish().unwrap().0);
    }
    (file, entries)
}
