use std::collections::VecDeque;

use eyrie_storage::disk::Disk;
use eyrie_storage::segment::{FoundSegment, Walk, walk};

/// The second copies on this node's disks, one after the other. What cannot be read as one is passed over: it is made anew.
pub(super) struct Copies {
    disks: VecDeque<Disk>,
    files: Option<(Disk, Walk)>,
}

impl Copies {
    /// Those on `disks`.
    pub(super) fn on(disks: &[Disk]) -> Self {
        Self { disks: disks.iter().cloned().collect(), files: None }
    }

    /// The next one and its disk; `None` when there are no more.
    pub(super) async fn next(&mut self) -> Option<(Disk, FoundSegment)> {
        loop {
            let (disk, mut files) = match self.files.take() {
                Some(files) => files,
                None => {
                    let disk = self.disks.pop_front()?;
                    let root = disk.copies_root();
                    if !root.is_dir() {
                        continue;
                    }
                    (disk, walk(root))
                }
            };
            // A thread that panicked took its walk with it; the next pass goes on.
            let Ok((next, files)) = tokio::task::spawn_blocking(move || (files.next(), files)).await else { continue };
            match next {
                None => continue,
                Some(Ok(found)) => {
                    self.files = Some((disk.clone(), files));
                    return Some((disk, found));
                }
                Some(Err(skipped)) => {
                    tracing::debug!(?skipped, "a second copy cannot be read");
                    self.files = Some((disk, files));
                }
            }
        }
    }
}
