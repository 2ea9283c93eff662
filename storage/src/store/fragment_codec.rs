//! How a chunk of the fragment table stands in its column: a version byte, then 109 bytes an entry, big-endian:
//!
//! ```text
//! number u32 | offset u64 | length u32 | start µs i64 | duration µs u32 | flags u8 | leaf 32 | stored 32 | keyframe 16
//! ```
//!
//! flags: bit 0 `starts_gop`, bit 1 `discontinuity`, the others zero.

use eyrie_types::{FragmentEntry, WallTime};

use crate::segment::FragmentFlags;

const VERSION: u8 = 1;
const ENTRY_BYTES: usize = 4 + 8 + 4 + 8 + 4 + 1 + 32 + 32 + 16;

pub(super) fn encode(entries: &[FragmentEntry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + entries.len() * ENTRY_BYTES);
    bytes.push(VERSION);
    for entry in entries {
        bytes.extend_from_slice(&entry.number.to_be_bytes());
        bytes.extend_from_slice(&entry.offset.to_be_bytes());
        bytes.extend_from_slice(&entry.length.to_be_bytes());
        bytes.extend_from_slice(&entry.start.as_unix_us().to_be_bytes());
        bytes.extend_from_slice(&entry.duration_us.to_be_bytes());
        let FragmentEntry { starts_gop, discontinuity, .. } = *entry;
        bytes.push(FragmentFlags { starts_gop, discontinuity }.bits());
        bytes.extend_from_slice(&entry.leaf);
        bytes.extend_from_slice(&entry.stored_hash);
        bytes.extend_from_slice(&entry.keyframe_hash);
    }
    bytes
}

/// Reads back what [`encode`] wrote; `None` for anything else.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<FragmentEntry>> {
    let (&version, rest) = bytes.split_first()?;
    if version != VERSION || rest.len() % ENTRY_BYTES != 0 {
        return None;
    }
    rest.chunks_exact(ENTRY_BYTES).map(entry).collect()
}

fn entry(mut bytes: &[u8]) -> Option<FragmentEntry> {
    let bytes = &mut bytes;
    let number = u32::from_be_bytes(take(bytes)?);
    let offset = u64::from_be_bytes(take(bytes)?);
    let length = u32::from_be_bytes(take(bytes)?);
    let start = WallTime::from_unix_us(i64::from_be_bytes(take(bytes)?));
    let duration_us = u32::from_be_bytes(take(bytes)?);
    let [flags] = take(bytes)?;
    let flags = FragmentFlags::read(flags.into())?;
    Some(FragmentEntry {
        number,
        offset,
        length,
        start,
        duration_us,
        starts_gop: flags.starts_gop,
        discontinuity: flags.discontinuity,
        leaf: take(bytes)?,
        stored_hash: take(bytes)?,
        keyframe_hash: take(bytes)?,
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn entries_read_back_and_their_bytes_stay_as_they_are() {
        let entry = FragmentEntry {
            number: 1,
            offset: 2,
            length: 3,
            start: WallTime::from_unix_us(4),
            duration_us: 5,
            starts_gop: true,
            discontinuity: true,
            leaf: [6; 32],
            stored_hash: [7; 32],
            keyframe_hash: [8; 16],
        };
        let bytes = encode(&[entry, FragmentEntry { starts_gop: false, ..entry }]);
        let head = "01 00000001 0000000000000002 00000003 0000000000000004 00000005 03 0606".replace(' ', "");
        assert!(hex::encode(&bytes).starts_with(&head), "{}", hex::encode(&bytes));
        assert_eq!(decode(&bytes), Some(vec![entry, FragmentEntry { starts_gop: false, ..entry }]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Some(entries) = decode(&bytes) {
                prop_assert_eq!(entries.len(), bytes.len() / ENTRY_BYTES);
            }
        }
    }
}
