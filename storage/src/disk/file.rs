//! The few things done to files: create, append, sync.

use std::fs::{DirBuilder, File};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::DiskError;
use crate::segment::SegmentPath;

/// Creates a directory and those above it, for the owner alone.
pub(super) fn create_directories(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Creates a file that must not exist yet, for the owner alone.
pub(super) fn create_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Appends all of `parts` with as few calls as the system takes.
pub(super) fn append(mut file: &File, mut parts: &mut [IoSlice<'_>]) -> io::Result<()> {
    // Drops empty parts, of which alone a write would answer 0.
    IoSlice::advance_slices(&mut parts, 0);
    while !parts.is_empty() {
        match file.write_vectored(parts) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut parts, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Deletes the file of a segment below `root` and makes that durable; `false` when there was none.
///
/// # Errors
/// When the system refuses.
pub fn delete_segment(root: &Path, segment: &SegmentPath) -> Result<bool, DiskError> {
    let path = root.join(segment.relative());
    let deleted = match std::fs::remove_file(&path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(DiskError::io("delete", &path)(error)),
    };
    // Also where it was gone: whoever deleted it may have died before this.
    if let Some(directory) = path.parent().filter(|directory| directory.is_dir()) {
        sync_directory(directory).map_err(DiskError::io("sync", directory))?;
    }
    Ok(deleted)
}

/// The directories whose entries lead from `root` to `file`: all must be durable for the file to be found again.
pub(super) fn directories_between(root: &Path, file: &Path) -> Vec<PathBuf> {
    file.ancestors().skip(1).take_while(|directory| directory.starts_with(root)).map(Path::to_owned).collect()
}
