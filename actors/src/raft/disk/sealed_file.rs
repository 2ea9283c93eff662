//! Small files that are replaced as a whole: the vote, the identity, the purge mark, the snapshot.
//!
//! ```text
//! 0        4      5         8        16      20
//! ┌────────┬──────┬─────────┬────────┬───────┬─────────
//! │ "EYRF" │ kind │ 1, 0, 0 │ length │ CRC32C│ payload     little-endian; the CRC is over all but itself
//! └────────┴──────┴─────────┴────────┴───────┴─────────
//! ```

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::RaftDiskError;

const MAGIC: &[u8; 4] = b"EYRF";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 20;
/// The largest sealed file is a snapshot; a cell of 50,000 cameras has about 12 MiB.
pub(in crate::raft) const SEALED_BYTES_MAX: usize = 64 << 20;

/// What a sealed file holds, so that a renamed one is not mistaken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Who the directory belongs to.
    Identity = 1,
    /// The last vote.
    Vote = 2,
    /// The last purged entry.
    Purged = 3,
    /// The state machine.
    Snapshot = 4,
}

/// Replaces `path`: written beside it, synced, renamed, the directory synced. When it returns, the new content is durable.
pub(super) fn replace(path: &Path, kind: Kind, payload: &[u8]) -> Result<(), RaftDiskError> {
    let beside = beside(path);
    let write = || -> io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(&header(kind, payload))?;
        file.write_all(payload)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        sync_directory(path.parent().unwrap_or(Path::new(".")))
    };
    write().map_err(RaftDiskError::io(path, "cannot be replaced"))
}

/// Reads `path`; `None` when there is none.
pub(super) fn read(path: &Path, kind: Kind) -> Result<Option<Vec<u8>>, RaftDiskError> {
    let length = match fs::metadata(path) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RaftDiskError::io(path, "cannot be read")(error)),
    };
    if length > (SEALED_BYTES_MAX + HEADER_BYTES) as u64 {
        return Err(RaftDiskError::corrupt(path, 0, format!("{length} bytes are more than ever written")));
    }
    let mut bytes = fs::read(path).map_err(RaftDiskError::io(path, "cannot be read"))?;
    let wrong = |reason: &str| RaftDiskError::corrupt(path, 0, reason);
    if bytes.len() < HEADER_BYTES {
        return Err(wrong("it is shorter than its header"));
    }
    if &bytes[..4] != MAGIC || bytes[4] != kind as u8 {
        return Err(wrong("it does not begin as such a file does"));
    }
    if bytes[5] != VERSION {
        return Err(wrong("it was written by a later release"));
    }
    let payload = bytes.split_off(HEADER_BYTES);
    if header(kind, &payload) != bytes[..] {
        return Err(wrong("its checksum is wrong"));
    }
    Ok(Some(payload))
}

/// Removes what a crash within [`replace`] left.
pub(super) fn remove_unfinished(path: &Path) -> Result<(), RaftDiskError> {
    match fs::remove_file(beside(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(RaftDiskError::io(path, "cannot be removed")(error))
        }
        _ => Ok(()),
    }
}

/// Makes the names in `directory` durable.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn header(kind: Kind, payload: &[u8]) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(MAGIC);
    header[4] = kind as u8;
    header[5] = VERSION;
    header[8..16].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&header[..16]), payload);
    header[16..].copy_from_slice(&crc.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_and_any_cut_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vote");
        assert_eq!(read(&path, Kind::Vote).unwrap(), None);
        replace(&path, Kind::Vote, b"before").unwrap();
        replace(&path, Kind::Vote, b"content").unwrap();
        assert_eq!(read(&path, Kind::Vote).unwrap().as_deref(), Some(&b"content"[..]));
        assert!(matches!(read(&path, Kind::Snapshot), Err(RaftDiskError::Corrupt { .. })), "another kind");
        let good = fs::read(&path).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bad).unwrap();
            assert!(matches!(read(&path, Kind::Vote), Err(RaftDiskError::Corrupt { .. })), "bit {bit}");
        }
        for length in 0..good.len() {
            fs::write(&path, &good[..length]).unwrap();
            assert!(matches!(read(&path, Kind::Vote), Err(RaftDiskError::Corrupt { .. })), "cut at {length}");
        }
    }
}
