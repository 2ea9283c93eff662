//! A recordings directory and its two threads: one seals, hashes and appends; one makes durable what was appended, all dirty
//! files together every sync interval. Neither is of tokio's pool, so a disk that hangs takes no other work with it.
//!
//! bytes → `fdatasync` of the file → `fsync` of its directories → [`Durability`] is announced → (the caller) index row.
//!
//! A segment whose write or sync failed is never touched again: [`Durability::failed`] says so together with what is durable, and
//! the caller writes the rest from memory into a new segment.

mod config;
mod copies;
mod durability;
mod error;
mod file;
mod handle;
mod health;
mod metric;
mod open_segment;
mod segment_writer;
mod syncer;
mod writer;

pub use config::DiskConfig;
pub(crate) use copies::copy_path;
pub use durability::Durability;
pub use error::DiskError;
pub use file::delete_segment;
pub use handle::Disk;
pub use health::{DiskHealth, DiskState};
pub use segment_writer::SegmentWriter;
