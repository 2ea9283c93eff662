use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::RaftDiskError;
use super::mark::{Mark, Marked};
use super::record;
use super::sealed_file::{self, Kind, sync_directory};
use super::segment::{SEGMENT_HEADER_BYTES, Segment, number_of};
use crate::raft::types::{Entry, LogId};

/// A segment this long is followed by a new one: whole segments are what purging removes.
const SEGMENT_BYTES: u64 = 1 << 20;

/// The entries of Raft's log on the disk: segments that are only ever appended to, cut at the end, or removed as a whole.
#[derive(Debug)]
pub(in crate::raft) struct DiskLog {
    dir: PathBuf,
    /// Oldest first; the last is the one written to.
    segments: Vec<Segment>,
    active: File,
    mark: Mark,
    segment_bytes: u64,
    failed: bool,
}

/// What the log held when it was opened.
#[derive(Debug, Default)]
pub(in crate::raft) struct LogContent {
    /// The last purged entry.
    pub(in crate::raft) purged: Option<LogId>,
    /// The entries after it, without a hole; with the bytes each takes.
    pub(in crate::raft) entries: BTreeMap<u64, (Entry, usize)>,
    /// The last entry known to be committed, if the log still has it.
    pub(in crate::raft) committed: Option<LogId>,
    /// Bytes of unacknowledged records that were cut off the end.
    pub(in crate::raft) torn_bytes: u64,
}

impl DiskLog {
    /// Reads the log in `dir`, and cuts off what was being written when the process died.
    ///
    /// # Errors
    /// [`RaftDiskError::Corrupt`] when something is wrong with what had been acknowledged.
    pub(in crate::raft) fn open(dir: &Path) -> Result<(Self, LogContent), RaftDiskError> {
        Self::open_with(dir, SEGMENT_BYTES)
    }

    fn open_with(dir: &Path, segment_bytes: u64) -> Result<(Self, LogContent), RaftDiskError> {
        let purged = read_purged(dir)?;
        let mut mark = Mark::open(&dir.join("mark"))?;
        let marked = mark.value();
        let numbers = segment_numbers(dir)?;
        let newest = numbers.last().copied();
        if marked.segment > newest.unwrap_or(0) {
            let path = dir.join(super::segment::file_name(marked.segment));
            return Err(RaftDiskError::corrupt(&path, 0, "this segment of the log is missing"));
        }
        let mut content = LogContent { purged, ..LogContent::default() };
        let mut segments = Vec::new();
        let mut expected = numbers.first().copied();
        for number in numbers {
            let scanned = Segment::scan(dir, number)?;
            if expected != Some(number) {
                let reason = "the segment of the log before this one is missing";
                return Err(RaftDiskError::corrupt(&scanned.segment.path, 0, reason));
            }
            expected = Some(number + 1);
            let segment = scanned.segment;
            let synced = if newest != Some(number) {
                u64::MAX
            } else if marked.segment == number {
                marked.synced_bytes
            } else {
                0
            };
            if let Some(reason) = scanned.damage {
                if segment.bytes < synced {
                    return Err(RaftDiskError::corrupt(&segment.path, segment.bytes, reason));
                }
                content.torn_bytes = cut(&segment)?;
                if segment.bytes == 0 {
                    // It was being made.
                    continue;
                }
            } else if segment.bytes < synced && synced != u64::MAX {
                let reason = format!("the file ends here, and {synced} bytes had been written safely");
                return Err(RaftDiskError::corrupt(&segment.path, segment.bytes, reason));
            }
            for (entry, (_, offset)) in scanned.entries.into_iter().zip(&segment.offsets) {
                place(&mut content, entry).map_err(|why| RaftDiskError::corrupt(&segment.path, *offset, why))?;
            }
            segments.push(segment);
        }
        content.committed = marked.committed.filter(|id| content.has(id));
        let active = match segments.last() {
            Some(last) => File::options().read(true).write(true).open(&last.path),
            None => {
                let (segment, file) = Segment::create(dir, newest.map_or(1, |newest| newest.max(1)))?;
                segments.push(segment);
                Ok(file)
            }
        };
        let active = active.map_err(RaftDiskError::io(dir, "the last segment of the log cannot be opened"))?;
        let last = segments.last().expect("one was made above");
        // What was read may have come from the page cache alone: acknowledged it becomes only when synced.
        active.sync_data().map_err(RaftDiskError::io(&last.path, "cannot be synced"))?;
        mark.set(Marked { segment: last.number, synced_bytes: last.bytes, committed: content.committed })?;
        let mut log = Self { dir: dir.to_owned(), segments, active, mark, segment_bytes, failed: false };
        log.remove_purged(content.purged)?;
        Ok((log, content))
    }

    /// Writes entries, each with its encoded form, and syncs them: when it returns, they are durable.
    pub(in crate::raft) fn append(&mut self, entries: &[(LogId, Vec<u8>)]) -> Result<(), RaftDiskError> {
        self.guarded(|log| {
            if log.last().bytes >= log.segment_bytes {
                let (segment, file) = Segment::create(&log.dir, log.last().number + 1)?;
                log.segments.push(segment);
                log.active = file;
            }
            let mut records = Vec::new();
            let mut offsets = Vec::with_capacity(entries.len());
            for (id, payload) in entries {
                offsets.push((id.index, log.last().bytes + records.len() as u64));
                record::write(&mut records, payload);
            }
            let before = (log.last().bytes, log.last().offsets.len());
            let active = &log.active;
            let segment = log.segments.last_mut().expect("there is always one");
            let written = segment.append(active, &records, offsets);
            let written = written.map_err(RaftDiskError::io(&segment.path, "cannot be written"));
            let noted = written.and_then(|()| log.note_synced());
            if noted.is_err() {
                // It is going to be appended again.
                let segment = log.segments.last_mut().expect("there is always one");
                segment.bytes = before.0;
                segment.offsets.truncate(before.1);
            }
            noted
        })
    }

    /// Removes the entries from `index` on.
    pub(in crate::raft) fn truncate(&mut self, index: u64) -> Result<(), RaftDiskError> {
        self.guarded(|log| {
            // From the end, so that a crash in between leaves no hole.
            while log.segments.len() > 1 && log.last().offsets.first().is_none_or(|(first, _)| *first >= index) {
                let last = log.segments.pop().expect("more than one");
                log.note_synced()?;
                log.mark.sync()?;
                fs::remove_file(&last.path).map_err(RaftDiskError::io(&last.path, "cannot be removed"))?;
                sync_directory(&log.dir).map_err(RaftDiskError::io(&log.dir, "cannot be synced"))?;
                let path = &log.last().path;
                let open = File::options().read(true).write(true).open(path);
                log.active = open.map_err(RaftDiskError::io(path, "cannot be opened"))?;
            }
            let segment = log.segments.last_mut().expect("there is always one");
            let keep = segment.offsets.partition_point(|(kept, _)| *kept < index);
            let Some((_, offset)) = segment.offsets.get(keep).copied() else { return Ok(()) };
            segment.offsets.truncate(keep);
            segment.bytes = offset;
            let path = segment.path.clone();
            log.note_synced()?;
            // The mark first: it must never promise more than the file holds.
            log.mark.sync()?;
            let cut = log.active.set_len(offset).and_then(|()| log.active.sync_all());
            cut.map_err(RaftDiskError::io(&path, "cannot be cut"))
        })
    }

    /// Forgets the entries up to `id`, which a snapshot holds.
    pub(in crate::raft) fn purge(&mut self, id: LogId) -> Result<(), RaftDiskError> {
        self.guarded(|log| {
            sealed_file::replace(&log.dir.join("purged"), Kind::Purged, &encode(&id))?;
            log.remove_purged(Some(id))
        })
    }

    /// Notes how far the log is committed; not synced: known late, it is learnt again from the leader.
    pub(in crate::raft) fn note_committed(&mut self, committed: Option<LogId>) -> Result<(), RaftDiskError> {
        let value = Marked { committed, ..self.mark.value() };
        self.mark.set(value)
    }

    fn last(&self) -> &Segment {
        self.segments.last().expect("there is always one")
    }

    fn note_synced(&mut self) -> Result<(), RaftDiskError> {
        let (segment, synced_bytes) = (self.last().number, self.last().bytes);
        self.mark.set(Marked { segment, synced_bytes, ..self.mark.value() })
    }

    /// After a failed write or sync nobody knows what is on the disk: the log is mended before anything else is done.
    fn guarded(&mut self, work: impl FnOnce(&mut Self) -> Result<(), RaftDiskError>) -> Result<(), RaftDiskError> {
        if self.failed {
            self.mend()?;
        }
        let result = work(self);
        self.failed = result.is_err();
        result
    }

    /// Cuts off all that was not acknowledged, and begins a new segment: what a kernel could not write it may call clean, so that
    /// no later sync of the same bytes proves anything.
    fn mend(&mut self) -> Result<(), RaftDiskError> {
        // The mark first: it must never promise more than the file holds.
        self.note_synced()?;
        self.mark.sync()?;
        let last = self.last();
        for number in segment_numbers(&self.dir)?.into_iter().filter(|number| *number > last.number) {
            let path = self.dir.join(super::segment::file_name(number));
            fs::remove_file(&path).map_err(RaftDiskError::io(&path, "cannot be removed"))?;
        }
        let cut = File::options().write(true).open(&last.path).and_then(|file| {
            file.set_len(last.bytes)?;
            file.sync_all()
        });
        cut.map_err(RaftDiskError::io(&last.path, "cannot be cut"))?;
        let (segment, file) = Segment::create(&self.dir, last.number + 1)?;
        self.segments.push(segment);
        self.active = file;
        self.note_synced()?;
        self.failed = false;
        Ok(())
    }

    fn remove_purged(&mut self, purged: Option<LogId>) -> Result<(), RaftDiskError> {
        let Some(purged) = purged else { return Ok(()) };
        let mut removed = false;
        while self.segments.len() > 1 && self.segments[0].last_index().is_none_or(|last| last <= purged.index) {
            let oldest = self.segments.remove(0);
            fs::remove_file(&oldest.path).map_err(RaftDiskError::io(&oldest.path, "cannot be removed"))?;
            removed = true;
        }
        if removed {
            sync_directory(&self.dir).map_err(RaftDiskError::io(&self.dir, "cannot be synced"))?;
        }
        Ok(())
    }
}

impl LogContent {
    fn has(&self, id: &LogId) -> bool {
        self.purged.is_some_and(|purged| purged == *id)
            || self.entries.get(&id.index).is_some_and(|(entry, _)| entry.log_id == *id)
    }

    /// The last entry, purged or not.
    pub(in crate::raft) fn last(&self) -> Option<LogId> {
        self.entries.last_key_value().map(|(_, (entry, _))| entry.log_id).or(self.purged)
    }
}

/// Adds an entry that was read, if it was not purged.
fn place(content: &mut LogContent, entry: Entry) -> Result<(), String> {
    let index = entry.log_id.index;
    let first = content.purged.map_or(0, |purged| purged.index + 1);
    if index < first {
        return Ok(());
    }
    let expected = content.entries.last_key_value().map_or(first, |(last, _)| last + 1);
    if index != expected {
        return Err(format!("entry {index} stands where entry {expected} should"));
    }
    let bytes = encode(&entry).len();
    content.entries.insert(index, (entry, bytes));
    Ok(())
}

/// Encodes an entry or an id.
pub(in crate::raft) fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("plain values always encode")
}

fn read_purged(dir: &Path) -> Result<Option<LogId>, RaftDiskError> {
    let path = dir.join("purged");
    let Some(bytes) = sealed_file::read(&path, Kind::Purged)? else { return Ok(None) };
    let id = postcard::from_bytes(&bytes);
    id.map(Some).map_err(|_| RaftDiskError::corrupt(&path, 0, "it does not hold the id of an entry"))
}

fn segment_numbers(dir: &Path) -> Result<Vec<u64>, RaftDiskError> {
    let io = || RaftDiskError::io(dir, "cannot be listed");
    let mut numbers = Vec::new();
    for found in fs::read_dir(dir).map_err(io())? {
        numbers.extend(found.map_err(io())?.file_name().to_str().and_then(number_of));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Cuts a torn tail off, or removes a segment that was being made; answers how many bytes it had.
fn cut(segment: &Segment) -> Result<u64, RaftDiskError> {
    let doing = "its torn end cannot be cut off";
    let work = || {
        let length = fs::metadata(&segment.path)?.len();
        if segment.bytes < SEGMENT_HEADER_BYTES {
            fs::remove_file(&segment.path)?;
        } else {
            let file = File::options().write(true).open(&segment.path)?;
            file.set_len(segment.bytes)?;
            file.sync_all()?;
        }
        Ok(length - segment.bytes)
    };
    work().map_err(RaftDiskError::io(&segment.path, doing))
}

#[cfg(test)]
mod tests;
