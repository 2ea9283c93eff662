use eyrie_storage::footage::OpenTail;
use eyrie_types::{FragmentEntry, SegmentRow};

/// The version of these bytes; it rises when they change.
const VERSION: u8 = 1;
/// What a node says of a camera's tails at most: some segments with tables of an hour each, as wait when the index is down.
pub(super) const TAILS_BYTES_MAX: usize = 4 << 20;

/// A version byte, then the rows with their entries in postcard; `None` when that takes more than [`TAILS_BYTES_MAX`].
pub(super) fn encode(tails: &[OpenTail]) -> Option<Vec<u8>> {
    let told: Vec<(&SegmentRow, &[FragmentEntry])> = tails.iter().map(|tail| (&tail.row, &*tail.entries)).collect();
    let bytes = postcard::to_extend(&told, vec![VERSION]).ok()?;
    (bytes.len() <= TAILS_BYTES_MAX).then_some(bytes)
}

/// Reads back what [`encode`] wrote; `None` for anything else.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<OpenTail>> {
    let (&version, rest) = bytes.split_first()?;
    if version != VERSION {
        return None;
    }
    let (told, rest) = postcard::take_from_bytes::<Vec<(SegmentRow, Vec<FragmentEntry>)>>(rest).ok()?;
    rest.is_empty().then(|| told.into_iter().map(|(row, entries)| OpenTail { row, entries }).collect())
}

#[cfg(test)]
mod tests {
    use eyrie_types::{
        CameraId, Epoch, KeyId, NodeId, Placement, SegmentId, SegmentState, Slot, TenantId, TimeRange, WallTime,
    };
    use proptest::prelude::*;

    use super::*;

    const GOLDEN: &str = "\
        01010764656661756c7410000000000000000000000000000000010187808080101000000000000000000000000000000002\
        1000000000000000000000000000000003001b323032362d30312d30315430303a30303a30302e3030303030305a1b323032\
        362d30312d30315430303a30303a30312e3030303030305a011b323032362d30312d30315430303a30303a30302e30303030\
        30305a1b323032362d30312d30315430303a30303a30312e3030303030305a02050000010102031b323032362d30312d3031\
        5430303a30303a30302e3030303030305a050100060606060606060606060606060606060606060606060606060606060606\
        0606070707070707070707070707070707070707070707070707070707070707070708080808080808080808080808080808";

    fn tail() -> OpenTail {
        let at = |s: i64| WallTime::from_unix_us(1_767_225_600_000_000 + s * 1_000_000);
        let id = |n: u128| uuid::Uuid::from_u128(n);
        let entry = FragmentEntry {
            number: 1,
            offset: 2,
            length: 3,
            start: at(0),
            duration_us: 5,
            starts_gop: true,
            discontinuity: false,
            leaf: [6; 32],
            stored_hash: [7; 32],
            keyframe_hash: [8; 16],
        };
        let row = SegmentRow {
            placement: Placement {
                tenant: TenantId::default_tenant(),
                camera: CameraId::from_uuid(id(1)),
                slot: Slot::TWIN,
                epoch: Epoch::new(1, 7).unwrap(),
            },
            segment: SegmentId::from_uuid(id(2)),
            node: NodeId::from_uuid(id(3)),
            state: SegmentState::Open,
            start: at(0),
            end: at(1),
            runs: vec![TimeRange { start: at(0), end: at(1) }],
            fragments: 2,
            bytes: 5,
            key: None::<KeyId>,
            merkle_root: None,
        };
        OpenTail { row, entries: vec![entry] }
    }

    #[test]
    fn tails_read_back_and_their_bytes_stay_as_they_are() {
        let bytes = encode(&[tail()]).unwrap();
        assert_eq!(decode(&bytes), Some(vec![tail()]));
        // What this release sends, the releases before and after it read.
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, GOLDEN);
        assert_eq!(decode(&[&bytes[..], &[0]].concat()), None, "nothing may follow");
        assert_eq!(decode(&[&[2], &bytes[1..]].concat()), None, "another version is not read");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(tails) = decode(&bytes) {
                prop_assert!(encode(&tails).is_some());
            }
        }
    }
}
