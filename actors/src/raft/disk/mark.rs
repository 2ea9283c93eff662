use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use openraft::CommittedLeaderId;

use super::RaftDiskError;
use crate::raft::types::LogId;

/// Two slots a sector apart, written in turn: a write torn by a power cut spoils one of them at most.
const SLOT_DISTANCE: u64 = 512;
const SLOT_BYTES: usize = 60;

/// What is known of the log without being part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marked {
    /// The segment written to last.
    pub(super) segment: u64,
    /// Up to here, that segment was synced: what is damaged before it was damaged later.
    pub(super) synced_bytes: u64,
    /// The last entry known to be committed.
    pub(super) committed: Option<LogId>,
}

/// A file that says how far the log was synced, and how far committed.
///
/// It is written after each sync, and not synced itself: killed, the process leaves it exact; after a power cut it may say too
/// little, never too much. So a damaged record before the mark was acknowledged, and one after it was not.
#[derive(Debug)]
pub(super) struct Mark {
    file: File,
    path: PathBuf,
    sequence: u64,
    value: Marked,
}

impl Mark {
    /// Opens or makes the file.
    pub(super) fn open(path: &Path) -> Result<Self, RaftDiskError> {
        let io = RaftDiskError::io(path, "cannot be opened");
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        let length = file.metadata().map_err(RaftDiskError::io(path, "cannot be read"))?.len();
        let slots = [0, SLOT_DISTANCE].map(|at| {
            let mut slot = [0; SLOT_BYTES];
            file.read_exact_at(&mut slot, at).ok().and_then(|()| decode(&slot))
        });
        let newest = slots.into_iter().flatten().max_by_key(|(sequence, _)| *sequence);
        match newest {
            Some((sequence, value)) => Ok(Self { file, path: path.to_owned(), sequence, value }),
            // A first write may have been torn, too; it is one slot long.
            None if length <= SLOT_DISTANCE => {
                Ok(Self { file, path: path.to_owned(), sequence: 0, value: Marked::default() })
            }
            None => Err(RaftDiskError::corrupt(path, 0, "neither of its two slots has a right checksum")),
        }
    }

    /// One that cannot be written, as on a disk that fails.
    #[cfg(test)]
    pub(super) fn read_only(path: &Path) -> Self {
        let file = File::open(path).unwrap();
        Self { file, ..Self::open(path).unwrap() }
    }

    pub(super) fn value(&self) -> Marked {
        self.value
    }

    /// Notes `value`; not synced.
    pub(super) fn set(&mut self, value: Marked) -> Result<(), RaftDiskError> {
        // The other slot is whole until this one is: after a failure this one is written again.
        let sequence = self.sequence + 1;
        let slot = encode(sequence, value);
        let written = self.file.write_all_at(&slot, (sequence % 2) * SLOT_DISTANCE);
        written.map_err(RaftDiskError::io(&self.path, "cannot be written"))?;
        (self.sequence, self.value) = (sequence, value);
        Ok(())
    }

    /// Makes what was noted durable: before the log gets shorter than the mark says.
    pub(super) fn sync(&self) -> Result<(), RaftDiskError> {
        self.file.sync_data().map_err(RaftDiskError::io(&self.path, "cannot be synced"))
    }
}

fn encode(sequence: u64, value: Marked) -> [u8; SLOT_BYTES] {
    let committed = value.committed.map_or([0; 4], |id| [1, id.leader_id.term, id.leader_id.node_id, id.index]);
    let fields = [[sequence, value.segment, value.synced_bytes].as_slice(), &committed].concat();
    let mut slot = [0; SLOT_BYTES];
    for (bytes, field) in slot.chunks_exact_mut(8).zip(fields) {
        bytes.copy_from_slice(&field.to_le_bytes());
    }
    let crc = crc32c::crc32c(&slot[..SLOT_BYTES - 4]);
    slot[SLOT_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    slot
}

fn decode(slot: &[u8; SLOT_BYTES]) -> Option<(u64, Marked)> {
    let (fields, crc) = slot.split_at(SLOT_BYTES - 4);
    if crc32c::crc32c(fields).to_le_bytes() != crc {
        return None;
    }
    let mut fields = fields.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().expect("chunks of 8")));
    let mut next = || fields.next().unwrap_or_default();
    let (sequence, segment, synced_bytes) = (next(), next(), next());
    let has_committed = next() == 1;
    let id = LogId::new(CommittedLeaderId::new(next(), next()), next());
    Some((sequence, Marked { segment, synced_bytes, committed: has_committed.then_some(id) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_mark_is_read_back_and_a_torn_one_gives_way_to_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        let id = LogId::new(CommittedLeaderId::new(3, 4), 5);
        let values = [
            Marked { segment: 1, synced_bytes: 20, committed: None },
            Marked { segment: 2, synced_bytes: 7, committed: Some(id) },
        ];
        let mut mark = Mark::open(&path).unwrap();
        assert_eq!(mark.value(), Marked::default());
        for value in values {
            mark.set(value).unwrap();
        }
        assert_eq!(Mark::open(&path).unwrap().value(), values[1]);
        // The second write went to slot 0.
        mark.file.write_all_at(&[0xff], 3).unwrap();
        assert_eq!(Mark::open(&path).unwrap().value(), values[0]);
        mark.file.write_all_at(&[0xff], SLOT_DISTANCE + 3).unwrap();
        assert!(matches!(Mark::open(&path), Err(RaftDiskError::Corrupt { .. })));
    }
}
