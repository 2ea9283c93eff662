use std::collections::VecDeque;

use eyrie_media::Fragment;
use eyrie_types::ByteSize;

/// Most bytes of fragments a recorder holds because they are not durable yet: what a disk syncs late (5 s) of a 12 Mbit/s
/// camera. At the limit the recorder stops reading, and the ring buffers on.
pub(crate) const PENDING_FRAGMENT_BYTES_MAX: ByteSize = ByteSize::mib(8);

/// Fragments that are not durable yet, oldest first; the first `written` of them are in the open segment. After a failed write
/// or sync they are written again into another segment, for what a failed fsync left on the disk is not known.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    fragments: VecDeque<Fragment>,
    bytes: u64,
    written: usize,
}

impl Pending {
    /// Adds a fragment behind the others.
    pub(crate) fn push(&mut self, fragment: Fragment) {
        self.bytes += fragment.bytes();
        self.fragments.push_back(fragment);
    }

    /// Whether another one may be added.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes < PENDING_FRAGMENT_BYTES_MAX.as_u64()
    }

    /// The next one to write.
    pub(crate) fn next_unwritten(&self) -> Option<&Fragment> {
        self.fragments.get(self.written)
    }

    /// The next one was written.
    pub(crate) fn mark_written(&mut self) {
        self.written = (self.written + 1).min(self.fragments.len());
    }

    /// The oldest written one became durable, and leaves.
    pub(crate) fn pop_durable(&mut self) -> Option<Fragment> {
        self.written = self.written.checked_sub(1)?;
        self.pop()
    }

    /// The next one cannot be written whatever the disk does, and leaves.
    pub(crate) fn drop_unwritten(&mut self) -> Option<Fragment> {
        let fragment = self.fragments.remove(self.written)?;
        self.bytes = self.bytes.saturating_sub(fragment.bytes());
        Some(fragment)
    }

    /// The open segment is suspect: all must be written again.
    pub(crate) fn rewind(&mut self) {
        self.written = 0;
    }

    /// The oldest one.
    pub(crate) fn first(&self) -> Option<&Fragment> {
        self.fragments.front()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn pop(&mut self) -> Option<Fragment> {
        let fragment = self.fragments.pop_front()?;
        self.bytes = self.bytes.saturating_sub(fragment.bytes());
        Some(fragment)
    }
}
