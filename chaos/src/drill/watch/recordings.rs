use std::collections::BTreeMap;
use std::path::PathBuf;

use eyrie_camsim::au_number::{AuStamp, scan};
use eyrie_storage::segment::{SegmentError, SegmentReader, walk};
use eyrie_types::CameraId;

/// What lies on the disks of all nodes of a cell, by the numbers that simulated cameras put into their access units: the truth
/// about what was recorded, whatever the nodes say of themselves. Recordings must not be sealed.
#[derive(Debug)]
pub struct Recordings {
    roots: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Read>,
    units: BTreeMap<CameraId, BTreeMap<u64, Unit>>,
}

/// How far a file was read.
#[derive(Debug, Clone, Copy, Default)]
struct Read {
    bytes: u64,
    fragments: usize,
}

#[derive(Debug, Clone, Copy)]
struct Unit {
    sent_unix_us: u64,
    copies: u32,
}

impl Recordings {
    /// Of the recordings directories of all nodes. Nothing is read yet.
    pub fn new(roots: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { roots: roots.into_iter().collect(), files: BTreeMap::new(), units: BTreeMap::new() }
    }

    /// Forgets what was read: disks have lost some of it.
    pub(crate) fn forget(&mut self) {
        self.files.clear();
        self.units.clear();
    }

    /// Reads what has come since the last time. Blocks on the disks.
    ///
    /// # Errors
    /// When a fragment that lies there whole cannot be read.
    pub fn refresh(&mut self) -> Result<(), SegmentError> {
        // What a walk skips is not a segment yet: its header is still being written.
        let found: Vec<_> = self.roots.iter().flat_map(walk).filter_map(Result::ok).collect();
        for segment in found {
            let read = self.files.entry(segment.path.clone()).or_default();
            if read.bytes == segment.bytes {
                continue;
            }
            let reader = SegmentReader::open(&segment.path, None)?;
            let fragments = reader.scan(u64::MAX)?.fragments;
            let units = self.units.entry(segment.head.placement.camera).or_default();
            for entry in fragments.iter().skip(read.fragments) {
                for AuStamp { number, sent_unix_us } in scan(&reader.fragment(entry)?) {
                    units.entry(number).or_insert(Unit { sent_unix_us, copies: 0 }).copies += 1;
                }
            }
            *read = Read { bytes: segment.bytes, fragments: fragments.len() };
        }
        Ok(())
    }

    /// The units of a camera, each once, by their numbers.
    pub fn units(&self, camera: CameraId) -> impl DoubleEndedIterator<Item = AuStamp> {
        let units = self.units.get(&camera).into_iter().flatten();
        units.map(|(number, unit)| AuStamp { number: *number, sent_unix_us: unit.sent_unix_us })
    }

    /// How many units of a camera were recorded twice or more.
    pub fn doubled(&self, camera: CameraId) -> usize {
        self.units.get(&camera).map_or(0, |units| units.values().filter(|unit| unit.copies > 1).count())
    }

    /// How many units of a camera are missing between the first and the last.
    pub fn missing(&self, camera: CameraId) -> u64 {
        self.gaps(camera).iter().map(UnitGap::missing).sum()
    }

    /// What is missing of a camera between the first unit and the last.
    pub fn gaps(&self, camera: CameraId) -> Vec<UnitGap> {
        self.gaps_from(camera, 0)
    }

    /// The same from the unit of this number on.
    pub(crate) fn gaps_from(&self, camera: CameraId, number: u64) -> Vec<UnitGap> {
        let from = || self.units(camera).skip_while(move |unit| unit.number < number);
        let pairs = from().zip(from().skip(1)).filter(|(before, after)| after.number > before.number + 1);
        pairs.map(|(before, after)| UnitGap { before, after }).collect()
    }
}

/// Units are missing between these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitGap {
    /// The last one before.
    pub before: AuStamp,
    /// The first one after.
    pub after: AuStamp,
}

impl UnitGap {
    /// How many are missing.
    pub fn missing(&self) -> u64 {
        self.after.number.saturating_sub(self.before.number + 1)
    }
}
