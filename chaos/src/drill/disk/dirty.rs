use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::sim::Dice;

/// What of a file was not synced: how to bring it back to what is durable.
#[derive(Debug)]
pub(super) struct Dirty {
    /// Its durable length.
    length: u64,
    /// What is overwritten below this has to be kept: the durable length, or what a sync that runs will make of it.
    cover: u64,
    /// What was overwritten, oldest first.
    old: Vec<Old>,
    /// How many of `old` have been dropped since the beginning.
    dropped: u64,
    /// A sync failed: what was not durable by then never will be, whatever later syncs say. So it is on Linux.
    failed: bool,
}

#[derive(Debug)]
struct Old {
    at: u64,
    bytes: Vec<u8>,
}

/// Where a file stood when a sync began.
#[derive(Debug, Clone, Copy)]
pub(super) struct SyncMark {
    length: u64,
    old: u64,
}

impl Dirty {
    /// A file of which so much is durable, and nothing else has been written yet.
    pub(super) fn new(length: u64) -> Self {
        Self { length, cover: length, old: Vec::new(), dropped: 0, failed: false }
    }

    /// Keeps what lies where `length` bytes at `at` are going to be written or cut off. Answers how many bytes it keeps.
    pub(super) fn keep(&mut self, file: &File, at: u64, length: u64) -> io::Result<u64> {
        let end = at.saturating_add(length).min(self.cover);
        let kept = |old: &Old| old.at <= at && end <= old.at + old.bytes.len() as u64;
        if end <= at || self.old.last().is_some_and(kept) {
            return Ok(0);
        }
        let mut bytes = vec![0; usize::try_from(end - at).map_err(io::Error::other)?];
        let mut read = 0;
        while read < bytes.len() {
            match file.read_at(&mut bytes[read..], at + read as u64)? {
                0 => break,
                more => read += more,
            }
        }
        bytes.truncate(read);
        self.old.push(Old { at, bytes });
        Ok(read as u64)
    }

    /// A sync begins, of a file of this length.
    pub(super) fn sync_begins(&mut self, length: u64) -> SyncMark {
        self.cover = self.cover.max(length);
        SyncMark { length, old: self.dropped + self.old.len() as u64 }
    }

    /// A sync is over. Answers how many bytes need not be kept any more.
    pub(super) fn sync_ended(&mut self, mark: SyncMark, succeeded: bool) -> u64 {
        self.failed |= !succeeded;
        // Another one that began later was over first.
        if self.failed || mark.old < self.dropped {
            return 0;
        }
        let freed = usize::try_from(mark.old - self.dropped).unwrap_or(usize::MAX).min(self.old.len());
        self.dropped = mark.old;
        self.length = mark.length;
        self.old.drain(..freed).map(|old| old.bytes.len() as u64).sum()
    }

    /// What was overwritten counts as durable: a kernel writes back by itself, too. Answers how many bytes need not be kept any
    /// more.
    pub(super) fn written_back(&mut self) -> u64 {
        self.dropped += self.old.len() as u64;
        self.old.drain(..).map(|old| old.bytes.len() as u64).sum()
    }

    /// Nothing would be lost of a file of this length.
    pub(super) fn is_clean(&self, length: u64) -> bool {
        self.old.is_empty() && self.length == length
    }

    /// Brings the file back to what is durable. With dice, a part of what is not stays, as if it had been written back by chance.
    /// Answers how many bytes of its end are gone.
    pub(super) fn lose(self, file: &File, dice: Option<&mut Dice>) -> io::Result<u64> {
        let written = file.metadata()?.len();
        let Some(dice) = dice else {
            for old in self.old.iter().rev() {
                file.write_all_at(&old.bytes, old.at)?;
            }
            file.set_len(self.length)?;
            return Ok(written.saturating_sub(self.length));
        };
        for old in self.old.iter().rev() {
            if dice.chance(500) {
                file.write_all_at(&old.bytes, old.at)?;
            }
        }
        if written <= self.length {
            file.set_len(self.length)?;
            return Ok(0);
        }
        let stays = match dice.within(0..3) {
            0 => self.length,
            1 => written,
            _ => dice.within(self.length..written + 1),
        };
        file.set_len(stays)?;
        Ok(written - stays)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file
    }

    fn text(file: &File) -> Vec<u8> {
        let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    }

    fn write(dirty: &mut Dirty, file: &File, at: u64, bytes: &[u8]) {
        dirty.keep(file, at, bytes.len() as u64).unwrap();
        file.write_all_at(bytes, at).unwrap();
    }

    #[test]
    fn what_was_appended_overwritten_and_cut_off_since_the_last_sync_is_undone() {
        let file = file(b"0123456789");
        let mut dirty = Dirty::new(10);
        write(&mut dirty, &file, 8, b"abcd");
        dirty.keep(&file, 5, u64::MAX).unwrap();
        file.set_len(5).unwrap();
        write(&mut dirty, &file, 3, b"xyzxyz");
        assert_eq!(text(&file), b"012xyzxyz");
        dirty.lose(&file, None).unwrap();
        assert_eq!(text(&file), b"0123456789");
    }

    #[test]
    fn what_a_sync_found_stays_and_what_came_while_it_ran_goes() {
        let file = file(b"");
        let mut dirty = Dirty::new(0);
        write(&mut dirty, &file, 0, b"first");
        let mark = dirty.sync_begins(5);
        write(&mut dirty, &file, 3, b"XXmore");
        dirty.sync_ended(mark, true);
        assert!(!dirty.is_clean(9));
        dirty.lose(&file, None).unwrap();
        assert_eq!(text(&file), b"first");
    }

    #[test]
    fn after_a_failed_sync_nothing_more_becomes_durable() {
        let file = file(b"");
        let mut dirty = Dirty::new(0);
        write(&mut dirty, &file, 0, b"first");
        let mark = dirty.sync_begins(5);
        dirty.sync_ended(mark, false);
        let mark = dirty.sync_begins(5);
        dirty.sync_ended(mark, true);
        assert_eq!(dirty.lose(&file, None).unwrap(), 5);
        assert_eq!(text(&file), b"");
    }

    #[test]
    fn a_torn_end_is_between_what_is_durable_and_what_was_written() {
        let mut lengths = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let file = file(b"durable");
            let mut dirty = Dirty::new(7);
            write(&mut dirty, &file, 7, b" and not");
            dirty.lose(&file, Some(&mut Dice::new(seed))).unwrap();
            assert!(text(&file).starts_with(b"durable") && b"durable and not".starts_with(&text(&file)));
            lengths.insert(text(&file).len());
        }
        assert!(lengths.len() > 4 && lengths.contains(&7) && lengths.contains(&15), "{lengths:?}");
    }
}
