//! What Raft keeps on the disk. Blocking; used by one thread, see [`super::log_store`].
//!
//! The log is append-only files of our own rather than a key-value store: an entry is one `write` and one `fdatasync`, nothing
//! else is ever rewritten, and damage can be told from a write that a crash interrupted (docs/adr/0009-raft-log.md).

mod directory;
mod error;
mod log;
mod mark;
mod record;
mod sealed_file;
mod segment;

pub(super) use directory::{RaftDirectory, SnapshotFile};
pub use error::RaftDiskError;
pub(super) use log::{DiskLog, LogContent, encode};
pub(super) use record::RECORD_BYTES_MAX;
pub(super) use sealed_file::SEALED_BYTES_MAX;
