//! Second copies of others' segments, below the directory `.copies` of a recordings directory: a file each, in which fragments lie
//! where their recorder put them. What is not in the copy is a hole. Nothing that was recorded here is ever touched.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rustix::fs::OFlags;

use super::file::{create_directories, directories_between, sync_directory};
use super::{Disk, DiskError};
use crate::segment::{STORED_HEAD_BYTES_MAX, SegmentPath};

/// Where copies lie below a recordings directory. Walks pass over names with a dot at the top.
pub(crate) const COPIES: &str = ".copies";

/// Where the copy of a segment lies below the recordings directory `root`.
pub(crate) fn copy_path(root: &Path, segment: &SegmentPath) -> PathBuf {
    root.join(COPIES).join(segment.relative())
}

impl Disk {
    /// Puts fragments of another node's segment into the copy of it, each at its place, and makes them durable. `head` is what the
    /// file begins with, up to the first fragment. All must have been verified. Only then may the index say that they are here.
    ///
    /// # Errors
    /// When the disk refuses, or would not keep `spare_bytes` free beyond its reserve. What was in the copy before stays.
    pub async fn keep_copy(
        &self,
        segment: &SegmentPath,
        head: Bytes,
        fragments: Vec<(u64, Bytes)>,
        spare_bytes: u64,
    ) -> Result<(), DiskError> {
        let bytes: u64 = fragments.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        self.check_spare(bytes.saturating_add(spare_bytes))?;
        let (shared, segment) = (self.inner.shared.clone(), segment.clone());
        // None of the two threads that recorders wait for is to wait for this.
        let keeping = tokio::task::spawn_blocking(move || {
            let kept = keep(&shared.config.root, &segment, &head, &fragments);
            shared.measure();
            kept
        });
        keeping.await.unwrap_or(Err(DiskError::ShutDown))
    }

    /// Whether it has room for `bytes` beyond what must stay free.
    ///
    /// # Errors
    /// [`DiskError::NoRoom`].
    pub fn check_spare(&self, bytes: u64) -> Result<(), DiskError> {
        let (health, config) = (self.health(), self.config());
        // A file system that does not tell its size has room until it refuses.
        if health.total_bytes == 0 || health.free_bytes >= config.reserve.as_u64().saturating_add(bytes) {
            return Ok(());
        }
        let free = eyrie_types::ByteSize::bytes(health.free_bytes);
        Err(DiskError::NoRoom { root: config.root.clone(), free, reserve: config.reserve })
    }

    /// Deletes the copy of a segment, and makes that durable. `false` when there was none.
    ///
    /// # Errors
    /// As [`Disk::delete`].
    pub async fn delete_copy(&self, segment: &SegmentPath) -> Result<bool, DiskError> {
        let (shared, segment) = (self.inner.shared.clone(), segment.clone());
        let deleting = tokio::task::spawn_blocking(move || {
            let deleted = super::file::delete_segment(&shared.config.root.join(COPIES), &segment);
            shared.measure();
            deleted
        });
        deleting.await.unwrap_or(Err(DiskError::ShutDown))
    }

    /// Where copies of segments lie on this disk, for [`crate::segment::walk`].
    pub fn copies_root(&self) -> PathBuf {
        self.config().root.join(COPIES)
    }
}

fn keep(root: &Path, segment: &SegmentPath, head: &[u8], fragments: &[(u64, Bytes)]) -> Result<(), DiskError> {
    let path = copy_path(root, segment);
    let directories = directories_between(root, &path);
    if let Some(directory) = directories.first() {
        create_directories(directory).map_err(DiskError::io("create", directory))?;
    }
    let write = || -> io::Result<()> {
        let flags = OFlags::NOFOLLOW.bits() as i32;
        let open = || {
            File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .custom_flags(flags)
                .open(&path)
        };
        let file = open()?;
        if !begins_with(&file, head)? {
            file.write_all_at(head, 0)?;
        }
        for (offset, bytes) in fragments {
            file.write_all_at(bytes, *offset)?;
        }
        file.sync_data()
    };
    write().map_err(DiskError::io("write", &path))?;
    directories.iter().try_for_each(|directory| sync_directory(directory).map_err(DiskError::io("sync", directory)))
}

fn begins_with(file: &File, head: &[u8]) -> io::Result<bool> {
    debug_assert!(head.len() as u64 <= STORED_HEAD_BYTES_MAX, "heads are checked before");
    let mut there = vec![0; head.len()];
    match file.read_exact_at(&mut there, 0) {
        Ok(()) => Ok(there == head),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
