use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::RaftDiskError;
use super::record;
use super::sealed_file::sync_directory;
use crate::raft::types::Entry;

const MAGIC: &[u8; 8] = b"EYRLOG01";
/// Bytes before the first record: magic, number, CRC32C of both.
pub(super) const SEGMENT_HEADER_BYTES: u64 = 20;

/// One file of the log.
#[derive(Debug)]
pub(super) struct Segment {
    /// Its place among the segments; part of its name.
    pub(super) number: u64,
    pub(super) path: PathBuf,
    /// Bytes up to the end of the last whole record.
    pub(super) bytes: u64,
    /// Where each entry's record begins: (index, offset), rising.
    pub(super) offsets: Vec<(u64, u64)>,
}

/// What reading a segment found.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) segment: Segment,
    pub(super) entries: Vec<Entry>,
    /// Why reading ended before the end of the file, at `segment.bytes`.
    pub(super) damage: Option<&'static str>,
}

/// The file name of segment `number`.
pub(super) fn file_name(number: u64) -> String {
    format!("log-{number:012}")
}

/// The number in a segment's file name.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix("log-").filter(|digits| digits.len() == 12)?.parse().ok()
}

impl Segment {
    /// Makes the durable, empty segment `number`.
    pub(super) fn create(dir: &Path, number: u64) -> Result<(Self, File), RaftDiskError> {
        let path = dir.join(file_name(number));
        let make = || {
            let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
            file.write_all(&header(number))?;
            file.sync_all()?;
            sync_directory(dir)?;
            Ok(file)
        };
        let file = make().map_err(RaftDiskError::io(&path, "cannot be made"))?;
        Ok((Self { number, path, bytes: SEGMENT_HEADER_BYTES, offsets: Vec::new() }, file))
    }

    /// Reads a segment up to its end or to the first damage.
    pub(super) fn scan(dir: &Path, number: u64) -> Result<Scanned, RaftDiskError> {
        let path = dir.join(file_name(number));
        let bytes = std::fs::read(&path).map_err(RaftDiskError::io(&path, "cannot be read"))?;
        let mut segment = Self { number, path, bytes: 0, offsets: Vec::new() };
        let mut entries = Vec::new();
        if bytes.get(..SEGMENT_HEADER_BYTES as usize) != Some(&header(number)[..]) {
            return Ok(Scanned { segment, entries, damage: Some("it does not begin as a segment of the log does") });
        }
        let mut at = SEGMENT_HEADER_BYTES as usize;
        let mut damage = None;
        while at < bytes.len() {
            match record::read(&bytes[at..]) {
                Ok((entry, length)) => {
                    segment.offsets.push((entry.log_id.index, at as u64));
                    entries.push(entry);
                    at += length;
                }
                Err(reason) => {
                    damage = Some(reason);
                    break;
                }
            }
        }
        segment.bytes = at as u64;
        Ok(Scanned { segment, entries, damage })
    }

    pub(super) fn last_index(&self) -> Option<u64> {
        self.offsets.last().map(|(index, _)| *index)
    }

    /// Writes records at the end and syncs them.
    pub(super) fn append(&mut self, file: &File, records: &[u8], offsets: Vec<(u64, u64)>) -> std::io::Result<()> {
        file.write_all_at(records, self.bytes)?;
        file.sync_data()?;
        self.bytes += records.len() as u64;
        self.offsets.extend(offsets);
        Ok(())
    }
}

fn header(number: u64) -> [u8; SEGMENT_HEADER_BYTES as usize] {
    let mut header = [0; SEGMENT_HEADER_BYTES as usize];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&number.to_le_bytes());
    let crc = crc32c::crc32c(&header[..16]);
    header[16..].copy_from_slice(&crc.to_le_bytes());
    header
}
