//! Records of the log, one an entry:
//!
//! ```text
//! ┌────────┬────────┬──────┬─────────────────
//! │ length │ CRC32C │ kind │ payload: the entry, postcard      little-endian; the CRC is over all but itself
//! └────────┴────────┴──────┴─────────────────
//!   4        4        1      length
//! ```

use crate::raft::types::Entry;

/// Bytes of a record before its payload.
pub(super) const HEAD_BYTES: usize = 9;
/// Largest payload: an entry of the largest batch has some 100 KiB.
pub(in crate::raft) const RECORD_BYTES_MAX: usize = 8 << 20;
const KIND_ENTRY: u8 = 1;

/// Appends the record of an encoded entry to `buffer`.
pub(super) fn write(buffer: &mut Vec<u8>, payload: &[u8]) {
    let length = (payload.len() as u32).to_le_bytes();
    buffer.extend(length);
    buffer.extend(crc(&length, KIND_ENTRY, payload).to_le_bytes());
    buffer.push(KIND_ENTRY);
    buffer.extend(payload);
}

fn crc(length: &[u8], kind: u8, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(length), &[kind]), payload)
}

/// Reads the record at the start of `bytes`: the entry, and how long the record is.
pub(super) fn read(bytes: &[u8]) -> Result<(Entry, usize), &'static str> {
    let Some((head, rest)) = bytes.split_at_checked(HEAD_BYTES) else { return Err("a record is cut within its head") };
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    if length > RECORD_BYTES_MAX {
        return Err("a record claims more bytes than ever written");
    }
    let Some(payload) = rest.get(..length) else { return Err("a record is cut") };
    if crc(&head[..4], head[8], payload).to_le_bytes() != head[4..8] {
        return Err("the checksum of a record is wrong");
    }
    if head[8] != KIND_ENTRY {
        return Err("a record of a kind that only a later release knows");
    }
    let entry = postcard::from_bytes(payload).map_err(|_| "an entry that only another release can read")?;
    Ok((entry, HEAD_BYTES + length))
}
