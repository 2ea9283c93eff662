//! A record of the mirror's file. Records begin at multiples of 64 bytes, so that the next is found behind one whose length is
//! damaged.
//!
//! ```text
//! "EMR1" (4) ‖ length of what follows the checksum (4, big-endian) ‖ CRC32C of both and of what follows (4, big-endian)
//!            ‖ sealed entry, see `entry` ‖ zeros up to the next multiple of 64
//! ```

use std::sync::Arc;

use super::entry::SEALED_BYTES_MAX;

const MAGIC: [u8; 4] = *b"EMR1";
const HEAD: usize = 12;
/// Records begin at multiples of this.
const ALIGN: usize = 64;

/// Bytes a record of an entry of `sealed` bytes takes in the file.
pub(super) fn record_bytes(sealed: usize) -> usize {
    (HEAD + sealed).next_multiple_of(ALIGN)
}

/// Appends the record of `sealed` to `out`, whose length is a multiple of 64.
pub(super) fn encode(sealed: &[u8], out: &mut Vec<u8>) {
    let end = out.len() + record_bytes(sealed.len());
    let length = (sealed.len() as u32).to_be_bytes();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(&length, sealed).to_be_bytes());
    out.extend_from_slice(sealed);
    out.resize(end, 0);
}

fn checksum(length: &[u8; 4], sealed: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(&MAGIC), length), sealed)
}

/// What was found in a file.
pub(super) struct Found {
    /// The sealed entries, in order.
    pub(super) entries: Vec<Arc<[u8]>>,
    /// Stretches between them, or behind them, that hold none.
    pub(super) damaged: u64,
}

/// Reads all records of `bytes`, passing over what is none.
pub(super) fn read_all(bytes: &[u8]) -> Found {
    let mut found = Found { entries: Vec::new(), damaged: 0 };
    let (mut at, mut lost) = (0, false);
    while at < bytes.len() {
        match decode(&bytes[at..]) {
            Some(sealed) => {
                at += record_bytes(sealed.len());
                found.entries.push(sealed.into());
                lost = false;
            }
            None => {
                found.damaged += u64::from(!lost);
                lost = true;
                at += ALIGN;
            }
        }
    }
    found
}

fn decode(bytes: &[u8]) -> Option<&[u8]> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let bytes = u32::from_be_bytes(*length) as usize;
    if *magic != MAGIC || bytes > SEALED_BYTES_MAX {
        return None;
    }
    let sealed = rest.get(..bytes)?;
    // The padding counts as part of a record: one that is cut short within it would put the next off its place.
    let zeros = rest.get(bytes..record_bytes(bytes) - HEAD)?;
    (checksum(length, sealed) == u32::from_be_bytes(*crc) && zeros.iter().all(|byte| *byte == 0)).then_some(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(entries: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for entry in entries {
            encode(entry, &mut out);
        }
        out
    }

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, u64) {
        let found = read_all(bytes);
        (found.entries.iter().map(|entry| entry.to_vec()).collect(), found.damaged)
    }

    #[test]
    fn every_flipped_bit_costs_one_record_and_no_other() {
        let entries = [vec![1; 100], vec![2; 52], vec![3; 53], Vec::new(), vec![5; 300]];
        let bytes = file(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(read(&bytes), (entries.to_vec(), 0));
        let mut starts = vec![0];
        for entry in &entries {
            starts.push(starts.last().unwrap() + record_bytes(entry.len()));
        }
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let hit = starts.iter().rposition(|start| *start <= bit / 8).unwrap();
            let mut left = entries.to_vec();
            left.remove(hit);
            assert_eq!(read(&bad), (left, 1), "bit {bit}");
        }
    }

    #[test]
    fn a_file_cut_short_anywhere_gives_all_whole_records() {
        let entries = [vec![1; 100], vec![2; 52], vec![3; 53]];
        let bytes = file(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut ends = vec![0];
        for entry in &entries {
            ends.push(ends.last().unwrap() + record_bytes(entry.len()));
        }
        for length in 0..bytes.len() {
            let whole = ends.iter().rposition(|end| *end <= length).unwrap();
            let torn = u64::from(ends[whole] != length);
            assert_eq!(read(&bytes[..length]), (entries[..whole].to_vec(), torn), "{length} bytes");
        }
    }
}
